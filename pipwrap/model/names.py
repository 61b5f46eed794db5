"""Names of projects and extras as they are compared (the packaging specification, names); pure."""

from __future__ import annotations


def canonicalize_name(name: str) -> str:
    """Return the normalised form of a name: what ``packaging.utils.canonicalize_name`` does.

    That one loads half of ``packaging`` and ``logging``, and everything here compares names.
    """
    value = name.lower().replace("_", "-").replace(".", "-")
    while "--" in value:
        value = value.replace("--", "-")
    return value
