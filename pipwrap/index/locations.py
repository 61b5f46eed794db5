"""Directories of distributions, as --find-links names them."""

from __future__ import annotations

import os

from pipwrap.model.link import Link
from pipwrap.model.location import path_to_url


class FlatDirectory:
    """A find-links directory: its archives by project, and its HTML pages."""

    def __init__(self, path: str) -> None:
        """Store the path; it is read at the first lookup."""
        self._path = os.path.abspath(path)
        self._archives: dict[str, list[str]] | None = None
        self._pages: list[str] = []

    def archives(self, project: str) -> list[Link]:
        """Return the wheels and sdists whose names are of ``project``."""
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
            if is_page(entry.name):
                self._pages.append(entry.path)
            elif project := _project_of(entry.name):
                archives.setdefault(project, []).append(entry.path)
        self._archives = archives
        return archives


def is_page(name: str) -> bool:
    """Return whether pip takes a local file of this name for a page, which it guesses by MIME type.

    That may depend on the system's tables, and leaves out what a page is compressed with.
    """
    import mimetypes  # noqa: PLC0415 - where directories are read

    return mimetypes.guess_type(f"/{name}", strict=False)[0] == "text/html"


def _project_of(filename: str) -> str | None:
    """Return the project of a wheel, or of an sdist that ends in .tar.gz or .zip.

    Other archives count only where a page or an option names them.
    """
    from packaging.utils import (  # noqa: PLC0415 - where directories are read
        InvalidSdistFilename,
        InvalidWheelFilename,
        parse_sdist_filename,
        parse_wheel_filename,
    )

    try:
        return parse_wheel_filename(filename)[0]
    except InvalidWheelFilename:
        pass
    try:
        return parse_sdist_filename(filename)[0]
    except InvalidSdistFilename:
        return None


def path_state(path: str) -> str:
    """Return what distinguishes the states of a file or directory; nothing for none."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
