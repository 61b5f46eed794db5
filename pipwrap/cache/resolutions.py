"""Resolutions that were found before, each with the evidence it rests on.

    resolutions-v1/AA/<sha256 of the question>.json

A key holds everything that is asked: requirements, constraints, options, target, installed set. The
evidence is what was seen of the world: the pages of indexes by status and digest, local places and
the metadata of installed distributions by their stat. Whether it still holds is for those to say
who look at pages and places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipwrap.cache import disk
from pipwrap.cache.layout import Layout
from pipwrap.events import Listener, WarningMessage

VERSION = 3


class PageState(NamedTuple):
    """One thing that an answer rests on, and the state in which it was."""

    kind: str
    """``page`` or ``path``."""
    place: str
    """URL of a page as it was asked for, or an absolute path."""
    state: str
    """Of a page status, type, URL after redirects and sha256; inode, size and times of a path.

    Nothing where there is no such path.
    """


class Resolutions:
    """The resolutions kept below one cache directory."""

    def __init__(self, layout: Layout, listener: Listener) -> None:
        """Touch nothing."""
        self._layout = layout
        self._listener = listener

    def read(self, key: str) -> tuple[tuple[PageState, ...], Mapping[str, Any]] | None:
        """Return the evidence and the fields of a kept resolution.

        ``None`` when there is none, or (warned) a damaged one.
        """
        path = self._layout.resolution(key)
        try:
            with open(path, "rb") as stream:
                content = json.loads(stream.read())
            if content["version"] != VERSION or content["key"] != key:
                return None
            evidence = tuple(PageState(*map(str, row)) for row in content["evidence"])
            fields: Mapping[str, Any] = content["fields"]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError, KeyError):
            self.warn(key)
            return None
        return evidence, fields

    def warn(self, key: str) -> None:
        """Say that an entry is damaged; the next resolution takes its place."""
        path = self._layout.resolution(key)
        self._listener(
            WarningMessage(f"Cache entry {path} is damaged; the resolution is made again.")
        )

    def write(self, key: str, evidence: Sequence[PageState], fields: Mapping[str, Any]) -> None:
        """Keep a resolution; a cache that cannot be written goes without."""
        content = {"version": VERSION, "key": key, "evidence": evidence, "fields": fields}
        try:
            disk.write(
                self._layout.resolution(key),
                json.dumps(content, separators=(",", ":")).encode("ascii"),
                self._layout.temporary,
            )
        except OSError:
            return
