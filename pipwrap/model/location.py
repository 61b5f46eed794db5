"""Paths and file URLs, one into the other."""

from __future__ import annotations

import os
import sys
from urllib.parse import urlsplit
from urllib.request import pathname2url, url2pathname

from pipwrap.model.link import ARCHIVE_EXTENSIONS


def path_to_url(path: str) -> str:
    """Return the file URL of an absolute path."""
    return "file://" + pathname2url(os.path.normpath(path))


def url_to_path(url: str) -> str:
    """Return the path that a ``file:`` URL means; ``ValueError`` for a host that is not here."""
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"} and sys.platform != "win32":
        raise ValueError(f"non-local file URIs are not supported on this platform: {url!r}")
    return url2pathname(parts.path)


def is_archive(name: str) -> bool:
    """Tell whether pip takes a file of this name for a distribution."""
    return name.lower().endswith(ARCHIVE_EXTENSIONS)
