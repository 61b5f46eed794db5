"""Content with its own digest before it, for derived files that no other digest covers."""

from __future__ import annotations

import hashlib

_LENGTH = 64


def checksummed(content: bytes) -> bytes:
    """Return the bytes of a file that holds ``content``."""
    return hashlib.sha256(content).hexdigest().encode("ascii") + b"\n" + content


def read(path: str) -> memoryview:
    """Return the content of such a file; ``OSError`` or ``ValueError`` where it cannot be read."""
    with open(path, "rb") as stream:
        written = memoryview(stream.read())
    content = written[_LENGTH + 1 :]
    if written[:_LENGTH] != hashlib.sha256(content).hexdigest().encode("ascii"):
        raise ValueError("it is not as it was written")
    return content
