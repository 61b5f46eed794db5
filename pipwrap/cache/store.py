"""Unpacked wheels by digest, with their bytecode, ready to be linked into environments.

store-v1/AA/<sha256>/entry.json            size, mtime, mode and sha256 of each file in ``tree``
store-v1/AA/<sha256>/tree/                 the wheel's files
store-v1/AA/<sha256>/bytecode/<tag>/       compiled modules, laid out like ``tree``; the tag names
                                           all that decides how they are compiled
store-v1/AA/<sha256>/bytecode/<tag>/.json  what is there, as in entry.json

An entry is immutable and appears by one rename. To link a file is to compare its stat with the
entry first; ``StoredWheelChanged`` says that the entry must be discarded and added again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipwrap.cache import disk, locks, records
from pipwrap.cache.layout import Layout
from pipwrap.cache.upkeep.usage import Grown, uncounted
from pipwrap.concurrency.warn_once import WarnOnce
from pipwrap.events import Listener, WarningMessage
from pipwrap.model.wheel import STORED_FORMAT, StoredFile, StoredWheel, StoredWheelRecord

if TYPE_CHECKING:
    from pipwrap.cache.unpackers import Unpack

MANIFEST = ".json"


class StoredWheelChanged(Exception):
    """Files of a stored wheel are not as they were: discard it, add it again, try again."""

    def __init__(self, wheel: StoredWheel, path: str) -> None:
        """Take the entry, and one file of it for the message."""
        super().__init__(f"The cached files of {wheel.filename} were changed: {path}")
        self.wheel = wheel


class WheelStore:
    """The store below one cache directory."""

    def __init__(
        self,
        layout: Layout,
        listener: Listener,
        clock: Callable[[], float],
        grown: Grown = uncounted,
    ) -> None:
        """Read nothing yet; ``clock`` gives the time (seconds) that unpacked files get."""
        self._layout = layout
        self._grown = grown
        self._listener = listener
        self._warn = WarnOnce(listener)
        self._clock = clock
        self._known: dict[str, tuple[tuple[int, int], StoredWheel]] = {}

    @property
    def root(self) -> str:
        """Return the cache directory that it is in."""
        return self._layout.root

    def find(self, sha256: str) -> StoredWheel | None:
        """Return a wheel's entry; ``None`` when there is none, or (warned once) a corrupt one."""
        root = self._layout.stored_wheel(sha256)
        try:
            return self._read(root, root, sha256)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            message = f"Ignoring a corrupt entry of the wheel store: {root}: {error}"
            self._warn(message, about=root)
            return None

    def holds(self, sha256: str) -> bool:
        """Return whether there is an entry, whole or not; nothing is read."""
        return os.path.exists(self._layout.stored_wheel(sha256) + "/entry.json")

    def _read(self, directory: str, root: str, sha256: str) -> StoredWheel:
        """Return the entry that is in a directory, read once as long as it is the same file."""
        with open(directory + "/entry.json", "rb") as stream:
            found = os.fstat(stream.fileno())
            version = (found.st_ino, found.st_mtime_ns)
            known = self._known.get(sha256)
            if known is not None and known[0] == version:
                return known[1]
            wheel = _parse(stream.read(), root, sha256)
        self._known[sha256] = (version, wheel)
        return wheel

    def add(
        self, wheel_path: str, filename: str, sha256: str, unpack: Unpack | None = None
    ) -> StoredWheel:
        """Unpack a wheel file and return its entry, or the one that is there already.

        ``unpack`` does it elsewhere than here.

        ``HashMismatch`` when the bytes are not those of ``sha256``, ``InvalidDistribution`` when
        they are no proper wheel, ``DiskFull``. Nothing is left behind by a failure.
        """
        found = self.find(sha256)
        if found is None:
            with disk.filling(f"unpack {filename}", self.root):
                found = self._add(wheel_path, filename, sha256, unpack)
        self._pin(found)
        return found

    def _add(
        self, wheel_path: str, filename: str, sha256: str, unpack: Unpack | None
    ) -> StoredWheel:
        from pipwrap.cache import unpacking  # noqa: PLC0415 - most wheels are there already

        root = self._layout.stored_wheel(sha256)
        prepared = disk.unused_name(self._layout.temporary)
        disk.make_directory(prepared)
        try:
            work = unpack or unpacking.unpack_file
            unpacked = work(wheel_path, filename, sha256, prepared, self._clock())
            for message in unpacked.warnings:
                self._listener(WarningMessage(message))
            wheel = self._read(prepared, root, sha256)
            self._publish(prepared, root)
        except BaseException:
            disk.remove_tree(prepared)
            raise
        self._grown(unpacked.size)
        return self.find(sha256) or wheel

    def _pin(self, wheel: StoredWheel) -> None:
        """Mark an entry as used by this run, for the removal of others (``locks.is_pinned``)."""
        with contextlib.suppress(FileNotFoundError):
            locks.pin(f"{wheel.root}/entry.json", self._layout)

    def find_pinned(self, sha256: str) -> StoredWheel | None:
        """Return a wheel's entry, which this run then uses and no other removes."""
        found = self.find(sha256)
        if found is not None:
            self._pin(found)
        return found

    def discard(self, sha256: str) -> None:
        """Remove an entry; absent is fine."""
        root = self._layout.stored_wheel(sha256)
        disk.remove_tree(root, through=self._layout.temporary)

    def read_dist_info(self, wheel: StoredWheel, name: str) -> str | None:
        """Return a text file of its .dist-info directory, if it is there as it was unpacked."""
        stored = wheel.dist_info_file(name)
        if stored is None:
            return None
        try:
            with open(f"{wheel.tree}/{stored.path}", "rb") as stream:
                found = os.fstat(stream.fileno())
                is_as_stored = (found.st_size, found.st_mtime_ns) == (stored.size, stored.mtime_ns)
                return stream.read().decode("utf-8", "replace") if is_as_stored else None
        except OSError:
            return None

    def find_bytecode(self, wheel: StoredWheel, tag: str) -> tuple[StoredFile, ...] | None:
        """Return the compiled modules for one kind of interpreter; ``None`` when to be compiled."""
        try:
            with open(f"{wheel.bytecode(tag)}/{MANIFEST}", "rb") as stream:
                return records.decode(stream.read(), tuple[StoredFile, ...])
        except (OSError, ValueError):
            return None

    def new_bytecode_directory(self) -> str:
        """Return a new directory in which bytecode may be prepared."""
        prepared = disk.unused_name(self._layout.temporary)
        disk.make_directory(prepared)
        return prepared

    def add_bytecode(
        self, wheel: StoredWheel, tag: str, prepared: str, paths: tuple[str, ...]
    ) -> tuple[StoredFile, ...]:
        """Publish the directory ``prepared``, which holds ``paths``; return what is there then."""
        files = tuple(_stored_file(prepared, path) for path in paths)
        with open(f"{prepared}/{MANIFEST}", "wb") as stream:
            stream.write(records.encode(files))
        self._publish(prepared, wheel.bytecode(tag))
        self._grown(sum(each.size for each in files))
        return self.find_bytecode(wheel, tag) or files

    def _publish(self, prepared: str, path: str) -> None:
        """Rename into place; what another process put there stays, a corrupt entry does not."""
        os.chmod(prepared, disk.DIRECTORY_MODE)
        if os.path.isdir(path) and not _is_whole(path):
            disk.remove_tree(path, through=self._layout.temporary)
        disk.publish_directory(prepared, path)


def _is_whole(path: str) -> bool:
    """Return whether a published directory still has the file that says what is in it."""
    for name, kind in (("entry.json", StoredWheelRecord), (MANIFEST, tuple[StoredFile, ...])):
        try:
            with open(f"{path}/{name}", "rb") as stream:
                records.decode(stream.read(), kind)
        except (OSError, ValueError):
            continue
        return True
    return False


def _stored_file(root: str, path: str) -> StoredFile:
    """Return what bytecode looks like on disk; nothing needs its digest."""
    stat = os.stat(f"{root}/{path}")
    return StoredFile(path, stat.st_size, stat.st_mtime_ns, stat.st_mode & 0o7777, False, "")  # noqa: FBT003


def _parse(content: bytes, root: str, sha256: str) -> StoredWheel:
    """Return the wheel that entry.json describes; ``ValueError`` when it is not that one."""
    record = records.decode(content, StoredWheelRecord)
    if record.format != STORED_FORMAT or record.sha256 != sha256:
        raise ValueError("not the entry of this wheel")
    return StoredWheel(
        sha256, record.filename, root, record.dist_info, record.root_is_purelib, record.files
    )
