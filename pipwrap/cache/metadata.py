"""Core metadata stored apart from the wheel that it describes, one file for each.

    metadata-v1/AA/<digest>.json

Metadata that was read from parts of a remote wheel is stored by origin: URL and the sha256 that
the index names. Where it names none, the entry depends on the file's ETag. Metadata that a build
backend gave is stored under the key of its wheel, and depends on what the backend was seen to read.
"""

from __future__ import annotations

import hashlib
import os

from msgspec import Struct, convert
from msgspec.structs import asdict

from pipwrap.cache import disk, records
from pipwrap.cache.evidence import Evidence
from pipwrap.cache.layout import Layout
from pipwrap.cache.upkeep.usage import Note, UsageKind, unnoted
from pipwrap.concurrency.warn_once import WarnOnce
from pipwrap.events import Listener
from pipwrap.network.origins import canonical

_VERSION = 1


class CachedMetadata(Struct, frozen=True):
    """One entry."""

    text: str
    source_url: str
    """Of the wheel or sdist, without credentials."""
    evidence: Evidence
    source_sha256: str | None = None
    etag: str | None = None
    """Of the file that it was read from."""


class _Record(CachedMetadata, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int
    sha256: str
    """Of the text."""


class MetadataCache:
    """Finds and stores core metadata; used from all threads."""

    def __init__(self, layout: Layout, listener: Listener, note: Note = unnoted) -> None:
        """Read nothing yet."""
        self._note = note
        self._layout = layout
        self._warn = WarnOnce(listener)

    def find(self, identity: str) -> CachedMetadata | None:
        """Return an entry; ``None`` when there is none, or (warned once) a damaged entry."""
        path = self._layout.metadata(identity)
        try:
            cached = read(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._warn(disk.damaged(path, error).message, about=path)
            return None
        self._note(UsageKind.METADATA, os.path.basename(path))
        return cached

    def add(self, identity: str, cached: CachedMetadata) -> None:
        """Put an entry in the place of what is there.

        A cache that cannot be written is no error here: an entry only saves time.
        """
        record = _Record(**asdict(cached), version=_VERSION, sha256=_digest(cached.text))
        content = records.encode(record)
        try:
            disk.write(self._layout.metadata(identity), content, self._layout.temporary)
        except OSError:
            return

    def discard(self, identity: str) -> None:
        """Remove an entry; absent is fine, and so is a cache that cannot be written."""
        try:
            disk.unlink(self._layout.metadata(identity))
        except OSError:
            return


def origin_identity(url: str, sha256: str | None) -> str:
    """Return the name of the entry of a remote file."""
    # Arguments that are no UTF-8 arrive as surrogates (PEP 383).
    key = f"{canonical(url)} {sha256 or ''}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(key).hexdigest()


def read(path: str) -> CachedMetadata:
    """Return an entry; ``OSError`` or ``ValueError`` for one that cannot be read."""
    with open(path, "rb") as stream:
        record = records.decode(stream.read(), _Record)
    if record.version != _VERSION or record.sha256 != _digest(record.text):
        raise ValueError("its text is another")
    return convert(record, CachedMetadata, from_attributes=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
