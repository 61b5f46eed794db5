"""Local places of distributions: paths and file URLs, find-links directories."""

from __future__ import annotations

import os
import sys
from urllib.parse import quote, unquote, urlsplit
from urllib.request import pathname2url, url2pathname

from packaging.utils import canonicalize_name

from pipwrap.model.link import ARCHIVE_EXTENSIONS, Link, split_archive_name


def path_to_url(path: str) -> str:
    """Return the file URL of a path, made absolute."""
    return "file://" + pathname2url(os.path.normpath(os.path.abspath(path)))


def url_to_path(url: str) -> str:
    """Return the path that a ``file:`` URL means; ``ValueError`` for a host that is not here."""
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"} and sys.platform != "win32":
        raise ValueError(f"non-local file URIs are not supported on this platform: {url!r}")
    return url2pathname(unquote(quote(parts.path)))


def is_archive(name: str) -> bool:
    """Tell whether pip takes a file of this name for a distribution."""
    return name.lower().endswith(ARCHIVE_EXTENSIONS)


class FlatDirectory:
    """A find-links directory: its archives by project, and its HTML pages."""

    def __init__(self, path: str) -> None:
        """Remember the place; it is read at the first question."""
        self._path = path
        self._archives: dict[str, list[str]] | None = None
        self._pages: list[str] = []

    def archives(self, project: str) -> list[Link]:
        """Return the files that may be distributions of ``project``."""
        return [
            Link(path_to_url(path), comes_from=self._path)
            for path in self._scanned().get(project, ())
        ]

    def pages(self) -> list[str]:
        """Return the HTML files, whose anchors count as links."""
        self._scanned()
        return list(self._pages)

    def _scanned(self) -> dict[str, list[str]]:
        if self._archives is not None:
            return self._archives
        archives: dict[str, list[str]] = {}
        try:
            entries = sorted(os.scandir(self._path), key=lambda entry: entry.name)
        except OSError:
            entries = []
        for entry in entries:
            if entry.name.lower().endswith((".html", ".htm")):
                self._pages.append(entry.path)
            elif is_archive(entry.name):
                for project in _possible_projects(entry.name):
                    archives.setdefault(project, []).append(entry.path)
        self._archives = archives
        return archives


def _possible_projects(filename: str) -> set[str]:
    """Return every project that an archive's name can start with: the dash is ambiguous."""
    stem, _ = split_archive_name(filename)
    return {
        canonicalize_name(stem[:position])
        for position, character in enumerate(stem)
        if character == "-" and position
    }
