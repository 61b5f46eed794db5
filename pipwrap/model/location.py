"""Paths and file URLs, one into the other (RFC 8089); pure."""

from __future__ import annotations

import os
from urllib.parse import quote, unquote_to_bytes, urlsplit

from pipwrap.model.link import ARCHIVE_EXTENSIONS

_WINDOWS = os.sep == "\\"


def path_to_url(path: str) -> str:
    """Return the file URL of an absolute, normalised path."""
    if _WINDOWS:
        path = "/" + path.replace("\\", "/")
    return "file://" + quote(os.fsencode(path), safe="/:" if _WINDOWS else "/")


def url_to_path(url: str) -> str:
    """Return the path that a ``file:`` URL means; ``ValueError`` for a host that is not here."""
    parts = urlsplit(url)
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if _WINDOWS:
        host = f"\\\\{parts.netloc}" if parts.netloc not in {"", "localhost"} else ""
        return host + path.lstrip("/" if not host else "").replace("/", "\\")
    if parts.netloc not in {"", "localhost"}:
        raise ValueError(f"non-local file URIs are not supported on this platform: {url!r}")
    return path


def absolute_url(url: str, directory: str) -> str:
    """Return ``url``; a relative ``file:`` begins at ``directory``, for pip the working one."""
    if not url.lower().startswith("file:"):
        return url
    path = url_to_path(url)
    return (
        url if os.path.isabs(path) else path_to_url(os.path.normpath(os.path.join(directory, path)))
    )


def is_archive(name: str) -> bool:
    """Return whether pip takes a file of this name for a distribution."""
    return name.lower().endswith(ARCHIVE_EXTENSIONS)
