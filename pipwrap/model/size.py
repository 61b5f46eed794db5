"""Numbers of bytes, as pip prints them; pure."""

from __future__ import annotations

_KILO = 1000


def format_size(size: float) -> str:
    """Return a number of bytes in pip's decimal units: ``1.3 MB``, ``22 kB``, ``8.5 kB``."""
    if size > _KILO * _KILO:
        return f"{size / _KILO / _KILO:.1f} MB"
    if size > 10 * _KILO:
        return f"{int(size / _KILO)} kB"
    if size > _KILO:
        return f"{size / _KILO:.1f} kB"
    return f"{int(size)} bytes"
