"""Lock files by their names, with extras behind (PEP 751); pure."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from pipwrap.model.requirement import Requirement

_NAME = re.compile(r"pylock(\.[^.]+)?\.toml")
_EXTRAS = re.compile(r"^(.+)(\[[^\]]+\])$")


def is_url(location: str) -> bool:
    """Return whether a lock is read from a URL."""
    return location.lower().startswith(("http:", "https:", "file:"))


def is_lock(location: str, *, allows_urls: bool = True) -> bool:
    """Return whether a name, without extras, is that of a lock file."""
    name = os.path.basename(location)
    if is_url(location):
        if not allows_urls:
            return False
        try:
            name = urlsplit(location).path.rpartition("/")[2]
        except ValueError:
            return False
    return bool(_NAME.fullmatch(name))


def split_extras(location: str) -> tuple[str, tuple[str, ...]]:
    """Return ``pylock.toml[extra,...]`` in its two parts."""
    match = _EXTRAS.match(location)
    if match is None:
        return location, ()
    return match[1].rstrip(), Requirement.parse(f"placeholder{match[2].lower()}").extras
