"""Resolutions of earlier runs, each with the evidence that it depends on.

    resolutions-v1/AA/<sha256 of the request>.json

A key holds the whole request: requirements, constraints, options, target, installed set. The
evidence is what was read to answer it: pages of indexes by status and digest, local places and the
metadata of installed distributions by their stat. Whether it still holds is decided where pages
and places are read (``operations.resolution_cache``).
"""

from __future__ import annotations

from msgspec import Struct

from pipwrap.cache import disk, records
from pipwrap.cache.layout import Layout
from pipwrap.events import Listener, WarningMessage
from pipwrap.model.link import Link

VERSION = 4


class PageState(Struct, frozen=True, array_like=True):
    """One thing that an answer depends on, and the state in which it was."""

    kind: str
    """``page`` or ``path``."""
    place: str
    """URL of a page as it was requested, or an absolute path."""
    state: str
    """Of a page status, type, URL after redirects and sha256; inode, size and times of a path.

    Nothing where there is no such path.
    """


class StoredCandidate(Struct, frozen=True, array_like=True):
    """The file of an index that was chosen for a project."""

    version: str
    link: Link
    tag_rank: int
    build: tuple[int, str] | None


class StoredLine(Struct, frozen=True, array_like=True):
    """A line that the resolution printed."""

    message: str
    indent: int
    is_warning: bool


class StoredResolution(Struct, frozen=True):
    """``resolution.outcome.Resolution`` as JSON can have it."""

    choices: dict[str, StoredCandidate | None]
    """``None`` for what was installed."""
    edges: tuple[tuple[str, str], ...]
    extras: dict[str, tuple[str, ...]]
    names: dict[str, str]
    active_specifiers: dict[str, str]


class ResolutionEntry(Struct, frozen=True):
    """One file of the bucket."""

    key: str
    evidence: tuple[PageState, ...]
    resolution: StoredResolution
    lines: tuple[StoredLine, ...]


class Resolutions:
    """The resolutions stored below one cache directory."""

    def __init__(self, layout: Layout, listener: Listener) -> None:
        """Touch nothing."""
        self._layout = layout
        self._listener = listener

    def read(self, key: str) -> ResolutionEntry | None:
        """Return an entry; ``None`` when there is none, or (with a warning) a damaged one."""
        try:
            with open(self._layout.resolution(key), "rb") as stream:
                content = stream.read()
            entry = records.decode_version(content, ResolutionEntry, VERSION)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError):
            self.warn(key)
            return None
        return entry if entry is not None and entry.key == key else None

    def warn(self, key: str) -> None:
        """Report that an entry is damaged; the next resolution takes its place."""
        path = self._layout.resolution(key)
        self._listener(
            WarningMessage(f"Cache entry {path} is damaged; the resolution is made again.")
        )

    def write(self, entry: ResolutionEntry) -> None:
        """Store an entry; nothing where the cache cannot be written."""
        content = records.encode(entry, VERSION)
        try:
            disk.write(self._layout.resolution(entry.key), content, self._layout.temporary)
        except OSError:
            return
