"""What each run used and added: one line a run, appended at its end; a lookup itself never writes.

{"at": 1700000000.0, "store-v1": [...], "wheels-v1": [...], "grew": 1234}
{"merged": {"store-v1": {NAME: [count, last]}, "wheels-v1": {...}}, "size": 123456}

The second form stands for all lines before it, and for what was measured then. What was used is
named by the bucket that it is in, and by its own name there.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from enum import Enum

from msgspec import Raw, Struct

from pipwrap.cache import disk, locks, records
from pipwrap.cache.layout import (
    BODIES,
    GIT,
    METADATA,
    RESOLUTIONS,
    SIDECARS,
    STORE,
    WHEELS,
    Layout,
)


class UsageKind(Enum):
    """What a run may use; the value is the bucket."""

    UNPACKED = STORE
    """A wheel in the store, by its sha256: its body counts as used too."""
    BUILT = WHEELS
    """An entry of built wheels, by ``KEY/ENTRY``."""
    CLONE = GIT
    BODY = BODIES
    METADATA = METADATA
    SIDECAR = SIDECARS
    RESOLUTION = RESOLUTIONS

    def exists(self, layout: Layout, name: str) -> bool:
        """Return whether something of this kind is in the cache; names are those of its bucket."""
        bucket = layout.bucket(self.value)
        there = os.path.exists(os.path.join(bucket, name[:2], name))
        return there or (self is UsageKind.UNPACKED and UsageKind.BODY.exists(layout, name))


Note = Callable[[UsageKind, str], None]
"""Called with what was used."""
Grown = Callable[[int], None]
"""Called with the number of bytes that were added to the cache."""


def unnoted(kind: UsageKind, name: str) -> None:
    """Note nothing: for files that are not in a cache."""
    del kind, name


def uncounted(size: int) -> None:
    """Count nothing: for files that are not in a cache."""
    del size


class LastUse(Struct, frozen=True):
    """How often something was used, and when last (seconds since the epoch)."""

    count: int = 0
    last: float = 0.0

    def __add__(self, other: LastUse) -> LastUse:
        """Return both together."""
        return LastUse(self.count + other.count, max(self.last, other.last))


class _Growth(Struct, frozen=True):
    """What a line says of the size of the cache."""

    size: int | None = None
    """Bytes, as they were measured; of a merged line."""
    grew: int = 0


class Usage:
    """Collects what a run uses and adds, and writes it down at the end."""

    def __init__(self, layout: Layout, clock: Callable[[], float]) -> None:
        """Start with nothing used."""
        self._layout = layout
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[UsageKind, set[str]] = {}
        self._grew = 0

    def note(self, kind: UsageKind, name: str) -> None:
        """Record that something was used."""
        with self._lock:
            self._used.setdefault(kind, set()).add(name)

    def grew(self, size: int) -> None:
        """Count bytes that were added."""
        with self._lock:
            self._grew += size

    def flush(self) -> None:
        """Append this run's line; a cache that cannot be written is no error."""
        if not self._used and not self._grew:
            return
        used = {kind.value: sorted(names) for kind, names in self._used.items()}
        line = records.encode({"at": self._clock(), **used, "grew": self._grew}) + b"\n"
        with locks.locked(self._layout.lock, shared=True):
            self._append(line)

    def _append(self, line: bytes) -> None:
        try:
            disk.make_directory(os.path.dirname(self._layout.usage))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            descriptor = os.open(self._layout.usage, flags, disk.FILE_MODE)
        except OSError:
            return
        try:
            os.write(descriptor, line)
        except OSError:
            return
        finally:
            os.close(descriptor)


def read(layout: Layout, kind: UsageKind) -> dict[str, LastUse]:
    """Return what was used of a kind, by name; lines that cannot be read are left out."""
    uses: dict[str, LastUse] = {}
    for line in _lines(layout):
        try:
            found = _uses(line, kind)
        except ValueError:
            continue
        for name, use in found.items():
            uses[name] = uses.get(name, LastUse()) + use
    return uses


def estimated_size(layout: Layout) -> int | None:
    """Return what was measured last and was added since; ``None`` without a measurement."""
    size: int | None = None
    for line in _lines(layout):
        try:
            growth = records.decode(line, _Growth)
        except ValueError:
            continue
        if growth.size is not None:
            size = growth.size
        elif size is not None:
            size += growth.grew
    return size


def merge(layout: Layout, size: int) -> None:
    """Put one line in the place of all, with the ``size`` that was measured.

    What is not in the cache any more is left out. To be called with the cache's lock held alone.
    """
    merged = {
        kind.value: {
            name: (use.count, use.last)
            for name, use in read(layout, kind).items()
            if kind.exists(layout, name)
        }
        for kind in UsageKind
    }
    line = records.encode({"merged": merged, "size": size}) + b"\n"
    disk.write(layout.usage, line, layout.temporary)


def _uses(line: bytes, kind: UsageKind) -> dict[str, LastUse]:
    """Return what a line says was used of a kind; ``ValueError`` for what is no such line."""
    fields = records.decode(line, dict[str, Raw])
    if "merged" in fields:
        merged = records.decode(fields["merged"], dict[str, dict[str, tuple[int, float]]])
        return {name: LastUse(*use) for name, use in merged.get(kind.value, {}).items()}
    if kind.value not in fields:
        return {}
    use = LastUse(1, records.decode(fields.get("at", Raw()), float))
    return dict.fromkeys(records.decode(fields[kind.value], tuple[str, ...]), use)


def _lines(layout: Layout) -> list[bytes]:
    """Return the lines of all runs."""
    try:
        with open(layout.usage, "rb") as stream:
            return stream.read().splitlines()
    except OSError:
        return []
