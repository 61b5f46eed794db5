"""Wheels that we built: one directory for each key, one entry in it for each build.

<identity>/<entry>/NAME.whl       as the backend made it
<identity>/<entry>/entry.json     what it is, where its source came from, when it was built
<identity>/<entry>/build.log      everything the backend printed
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from pipwrap.cache import disk
from pipwrap.cache.keys import BuildKey
from pipwrap.cache.layout import WHEELS, Layout
from pipwrap.events import Listener, Warned

_VERSION = 1
_ENTRY = "entry.json"
_LOG = "build.log"


@dataclass(frozen=True, slots=True)
class BuiltWheel:
    """One entry."""

    path: str
    """Of the wheel file."""
    filename: str
    sha256: str
    size: int
    source_url: str
    """Where the sdist came from, without credentials."""
    source_sha256: str
    built_at: float
    """Seconds since the epoch."""

    @property
    def directory(self) -> str:
        """Return the entry's directory."""
        return os.path.dirname(self.path)


class BuiltWheels:
    """Finds and keeps built wheels; an entry is published whole or not at all."""

    def __init__(self, layout: Layout, listener: Listener, clock: Callable[[], float]) -> None:
        """Keep the ports; nothing is read yet."""
        self._layout = layout
        self._listener = listener
        self._clock = clock

    def find(self, key: BuildKey) -> BuiltWheel | None:
        """Return the newest usable entry of a key."""
        entries = list(self._entries(self._layout.built_wheels(key.identity)))
        return max(entries, key=lambda entry: entry.built_at, default=None)

    def add(self, key: BuildKey, wheel: str, source_url: str, log: str | None = None) -> BuiltWheel:
        """Copy a wheel (and its build's log) into the cache and return its entry.

        Raises ``OSError`` when the cache cannot be written.
        """
        disk.make_directory(self._layout.temporary)
        prepared = disk.unused_name(self._layout.temporary)
        os.mkdir(prepared, disk.DIRECTORY_MODE)
        try:
            filename = os.path.basename(wheel)
            digest = _copy(wheel, os.path.join(prepared, filename))
            if log is not None and os.path.exists(log):
                _copy(log, os.path.join(prepared, _LOG))
            target = disk.unused_name(self._layout.built_wheels(key.identity))
            entry = BuiltWheel(
                path=os.path.join(target, filename),
                filename=filename,
                sha256=digest,
                size=os.path.getsize(wheel),
                source_url=source_url,
                source_sha256=key.source_sha256,
                built_at=self._clock(),
            )
            self._write(os.path.join(prepared, _ENTRY), entry)
            disk.publish_directory(prepared, target)
        except BaseException:
            disk.remove_tree(prepared)
            raise
        return entry

    def all(self) -> list[BuiltWheel]:
        """Return every entry there is, in no order."""
        root = self._layout.bucket(WHEELS)
        return [
            entry
            for shard in _listdir(root)
            for identity in _listdir(os.path.join(root, shard))
            for entry in self._entries(os.path.join(root, shard, identity))
        ]

    def discard(self, entry: BuiltWheel) -> None:
        """Remove an entry that turned out to be broken."""
        disk.remove_tree(entry.directory, through=self._layout.temporary)

    def _entries(self, directory: str) -> Iterator[BuiltWheel]:
        for name in _listdir(directory):
            path = os.path.join(directory, name)
            if os.path.isdir(path) and (entry := self._read(path)) is not None:
                yield entry

    def _read(self, directory: str) -> BuiltWheel | None:
        """Return the entry in a directory; a broken one is a miss with a warning."""
        try:
            with open(os.path.join(directory, _ENTRY), "rb") as stream:
                fields = json.load(stream)
            if fields.pop("version") != _VERSION:
                return None
            fields["path"] = os.path.join(directory, os.path.basename(fields["filename"]))
            entry = BuiltWheel(**fields)
            whole = os.path.getsize(entry.path) == entry.size
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            self._listener(
                Warned(f"Cache entry {directory} is not readable and is ignored: {error}")
            )
            return None
        if not whole:
            self._listener(Warned(f"Cache entry {directory} is truncated and is ignored."))
            return None
        return entry

    @staticmethod
    def _write(path: str, entry: BuiltWheel) -> None:
        fields = asdict(entry)
        del fields["path"]
        with open(path, "x", encoding="utf-8") as stream:
            json.dump({"version": _VERSION, **fields}, stream, indent=1, sort_keys=True)


def _copy(source: str, target: str) -> str:
    """Copy a file and return the sha256 of what was copied."""
    digest = hashlib.sha256()
    with open(source, "rb") as reading, open(target, "xb") as writing:
        os.chmod(target, disk.FILE_MODE)
        while chunk := reading.read(1 << 20):
            digest.update(chunk)
            writing.write(chunk)
    return digest.hexdigest()


def _listdir(path: str) -> list[str]:
    try:
        return sorted(os.listdir(path))
    except (FileNotFoundError, NotADirectoryError):
        return []
