"""Pages of indexes, read: their files grouped by tags, a group as text until it is wanted.

    listings-v1/AA/<sha256 of URL, type and digest of the page>.json

The page itself lies among the bodies. A listing is bound to its digest, so it says what reading the
page again would; another page has another listing, and pruning takes those that nobody wants.

The first line says how long each group's text is; the texts follow.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from typing import NamedTuple

from pipwrap.cache import checksummed, disk
from pipwrap.cache.layout import Layout
from pipwrap.cache.upkeep.usage import Note, UsageKind
from pipwrap.events import Listener

_VERSION = 1
"""Of what is made of a page, too: another way to read pages is another version."""
Tags = tuple[str, str, str] | None
Groups = tuple[tuple[Tags, str], ...]
"""Tags and text of each."""


class PageKey(NamedTuple):
    """Which page it is."""

    url: str
    """After redirects, without credentials: what is relative on it is so to that."""
    content_type: str
    sha256: str
    """Of its bytes."""


class Listings:
    """Finds and keeps them; used from all threads."""

    def __init__(self, layout: Layout, listener: Listener, note: Note) -> None:
        """Keep the ports; ``note`` hears the name of everything that was of use."""
        self._layout = layout
        self._listener = listener
        self._note = note
        self._lock = threading.Lock()
        self._warned: set[str] = set()

    def find(self, key: PageKey) -> Groups | None:
        """Return the groups of a page; ``None`` for none, or (warned) for damaged ones."""
        path = self._path(key)
        try:
            groups = _groups(checksummed.read(path), key)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            self._warn(path, error)
            return None
        self._note(UsageKind.LISTING, os.path.basename(path))
        self._note(UsageKind.BODY, key.sha256)
        return groups

    def add(self, key: PageKey, groups: Groups) -> None:
        """Keep the groups of a page; a cache that cannot be written goes without."""
        lengths: Sequence[tuple[Tags, int]] = [(tags, len(text)) for tags, text in groups]
        head = json.dumps({"version": _VERSION, "page": key, "groups": lengths})
        content = "\n".join((head, "".join(text for _, text in groups))).encode("ascii")
        try:
            disk.write(self._path(key), checksummed.checksummed(content), self._layout.temporary)
        except OSError:
            return

    def _warn(self, path: str, error: Exception) -> None:
        """Say it once a run."""
        with self._lock:
            said = path in self._warned
            self._warned.add(path)
        if not said:
            self._listener(disk.damaged(path, error))

    def _path(self, key: PageKey) -> str:
        name = json.dumps([_VERSION, *key]).encode("ascii")
        return self._layout.listing(hashlib.sha256(name).hexdigest())


def _groups(content: memoryview, key: PageKey) -> Groups:
    head, _, texts = str(content, "ascii").partition("\n")
    fields = json.loads(head)
    if fields["version"] != _VERSION or PageKey(*fields["page"]) != key:
        raise ValueError("it is of another page")
    groups, begin = [], 0
    for tags, length in fields["groups"]:
        groups.append((tuple(tags) if tags else None, texts[begin : begin + length]))
        begin += length
    return tuple(groups)
