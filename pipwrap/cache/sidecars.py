"""Files of metadata apart from their wheels (PEP 658), read: those of a project in one file.

    sidecars-v1/AA/<sha256 of the project's name>.json

Each is known by its own digest, which the index names: whatever else changes, it says the same. The
files themselves are among the bodies; to find, hash and parse a thousand of them takes a second.
"""

from __future__ import annotations

import hashlib
import os
import threading

from msgspec import Struct
from msgspec.json import Decoder, encode

from pipwrap.cache import checksummed, disk
from pipwrap.cache.layout import Layout
from pipwrap.cache.upkeep.usage import Note, UsageKind
from pipwrap.events import Listener
from pipwrap.model.metadata import Metadata

_VERSION = 1


class Sidecar(Struct, frozen=True, array_like=True):
    """What a file of metadata says of the wheel beside it, in the order of the entry's rows."""

    size: int
    """Of the file, in bytes."""
    name: str
    version: str
    requires_dist: tuple[str, ...]
    requires_python: str | None
    provides_extra: tuple[str, ...]
    metadata_version: str

    @classmethod
    def of(cls, metadata: Metadata, size: int) -> Sidecar:
        """Return what is stored of metadata in a file of so many bytes."""
        return cls(
            size,
            metadata.name,
            metadata.version,
            metadata.requires_dist,
            metadata.requires_python,
            metadata.provides_extra,
            metadata.metadata_version,
        )

    @property
    def metadata(self) -> Metadata:
        """Return its fields; the text is not kept."""
        return Metadata(
            self.name,
            self.version,
            self.requires_dist,
            self.requires_python,
            self.provides_extra,
            self.metadata_version,
        )


class _Entry(Struct):
    """A file of the bucket."""

    version: int
    project: str
    sidecars: dict[str, Sidecar]


_ENTRY = Decoder(_Entry)


class Sidecars:
    """Finds and stores them; used from all threads. What is new is written at the end."""

    def __init__(self, layout: Layout, listener: Listener, note: Note) -> None:
        """Store the ports; ``note`` is called with the name of every entry that was used."""
        self._layout = layout
        self._listener = listener
        self._note = note
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Sidecar]] = {}
        self._changed: set[str] = set()

    def find(self, project: str, sha256: str) -> Sidecar | None:
        """Return what the file with this digest says, if it was read before."""
        with self._lock:
            if project not in self._known:
                self._known[project] = self._read(project)
            return self._known[project].get(sha256)

    def add(self, project: str, sha256: str, sidecar: Sidecar) -> None:
        """Record what a file with this digest says."""
        with self._lock:
            self._known.setdefault(project, {})[sha256] = sidecar
            self._changed.add(project)

    def flush(self) -> None:
        """Write what is new, beside what other runs wrote, if the cache can be written."""
        with self._lock:
            for project in sorted(self._changed):
                rows = {**self._read(project), **self._known[project]}
                written = checksummed.checksummed(encode(_Entry(_VERSION, project, rows)))
                try:
                    disk.write(self._path(project), written, self._layout.temporary)
                except OSError:
                    return
            self._changed.clear()

    def _path(self, project: str) -> str:
        return self._layout.sidecars(hashlib.sha256(project.encode()).hexdigest())

    def _read(self, project: str) -> dict[str, Sidecar]:
        """Return the entry of a project; nothing for none, or (warned) for a damaged one."""
        path = self._path(project)
        try:
            entry = _ENTRY.decode(checksummed.read(path))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as error:
            if project not in self._changed:
                self._listener(disk.damaged(path, error))
            return {}
        if entry.version != _VERSION or entry.project != project:
            return {}
        self._note(UsageKind.SIDECAR, os.path.basename(path))
        return entry.sidecars
