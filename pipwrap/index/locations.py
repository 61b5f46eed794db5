"""Directories of distributions, as --find-links names them."""

from __future__ import annotations

import os

from pipwrap.model.link import Link, split_archive_name
from pipwrap.model.location import is_archive, path_to_url
from pipwrap.model.names import canonicalize_name


class FlatDirectory:
    """A find-links directory: its archives by project, and its HTML pages."""

    def __init__(self, path: str) -> None:
        """Remember the place; it is read at the first question."""
        self._path = os.path.abspath(path)
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


def path_state(path: str) -> str:
    """Return what tells one state of a file or directory from another; nothing for none."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
