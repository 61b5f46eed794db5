"""What is removed to keep the cache small: old, unused, degraded, or cheap to fetch again."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache import disk, locks
from pipwrap.cache.http.entries import read_head
from pipwrap.cache.layout import (
    BODIES,
    FORMER,
    GIT,
    HTTP,
    LOGS,
    SATISFIED,
    STORE,
    TEMPORARY,
    Layout,
)
from pipwrap.cache.upkeep import usage
from pipwrap.cache.upkeep.sizes import measure
from pipwrap.cache.upkeep.usage import LastUse, UsageKind
from pipwrap.cache.wheels import BuiltWheels

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{0,9})?"
_SIZES = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9}
_AGES = {"h": 3600, "d": 86400, "w": 7 * 86400, "m": 30 * 86400, "y": 365 * 86400}


class PruneItem(Struct, frozen=True):
    """Something that can be removed by itself."""

    path: str
    size: int
    last_used: float
    """Seconds since the epoch."""
    kind: str
    """``store``, ``wheel``, ``body``, ``response``, ``clone``, ``metadata``,
    ``resolution``, ``answer`` or ``log``."""
    degraded: bool = False
    in_use: bool = False
    """A run that goes on relies upon it: it stays."""


class PruneLimits(Struct, frozen=True):
    """What may stay; ``None`` does not limit."""

    max_size: int | None = None
    """Bytes."""
    unused_for: float | None = None
    """Seconds."""
    degraded: bool = False
    """Degraded wheels go."""
    for_ci: bool = False
    """What an index offers goes; what was built here stays."""


def parse_size(text: str) -> int:
    """Return the bytes that ``500MB`` or ``2g`` means; raises ``errors.CommandError``."""
    match = re.fullmatch(rf"({_NUMBER})\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in _SIZES:
        raise errors.CommandError(f"{text!r} is not a size", hint="Write it like 500MB or 2GB.")
    return int(float(match[1]) * _SIZES[match[2]])


def parse_age(text: str) -> float:
    """Return the seconds that ``30d`` or ``12h`` means; raises ``errors.CommandError``."""
    match = re.fullmatch(rf"({_NUMBER})\s*([a-z])[a-z]*", text.strip().lower())
    if match is None or match[2] not in _AGES:
        raise errors.CommandError(f"{text!r} is not an age", hint="Write it like 12h, 30d or 2w.")
    return float(match[1]) * _AGES[match[2]]


def items(layout: Layout, wheels: BuiltWheels) -> list[PruneItem]:
    """Return everything that can be removed."""
    stored, bodies = usage.read(layout, UsageKind.UNPACKED), usage.read(layout, UsageKind.BODY)
    for name, use in stored.items():
        bodies[name] = bodies.get(name, LastUse()) + use
    return [
        *_unpacked(layout, stored),
        *_built(layout, wheels),
        *_bodies(layout, bodies),
        *_responses(layout, bodies),
        *_clones(layout),
        *_kept(layout, UsageKind.METADATA, "metadata"),
        *_kept(layout, UsageKind.SIDECAR, "metadata"),
        *_kept(layout, UsageKind.RESOLUTION, "resolution"),
        *_files(disk.within(layout.bucket(SATISFIED)), "answer"),
        *_files(disk.within(layout.bucket(LOGS)), "log"),
    ]


def _files(
    paths: Iterable[str], kind: str, uses: Mapping[str, LastUse] | None = None
) -> Iterator[PruneItem]:
    for path in paths:
        used = (uses or {}).get(os.path.basename(path), LastUse()).last
        yield PruneItem(path, _size(path), max(_mtime(path), used), kind)


def _kept(layout: Layout, kind: UsageKind, word: str) -> Iterator[PruneItem]:
    return _files(disk.sharded(layout, kind.value), word, usage.read(layout, kind))


def _clones(layout: Layout) -> Iterator[PruneItem]:
    uses = usage.read(layout, UsageKind.CLONE)
    for path in disk.sharded(layout, GIT):
        used = max(_mtime(path), uses.get(os.path.basename(path), LastUse()).last)
        yield PruneItem(path, measure(path).size, used, "clone")


def _unpacked(layout: Layout, uses: Mapping[str, LastUse]) -> Iterator[PruneItem]:
    for path in disk.sharded(layout, STORE):
        used = max(_mtime(path), uses.get(os.path.basename(path), LastUse()).last)
        in_use = locks.is_pinned(os.path.join(path, "entry.json"))
        yield PruneItem(path, measure(path).size, used, "store", in_use=in_use)


def _built(layout: Layout, wheels: BuiltWheels) -> Iterator[PruneItem]:
    uses = usage.read(layout, UsageKind.BUILT)
    for entry in wheels.all():
        used = max(entry.built_at, uses.get(entry.place, LastUse()).last)
        size, degraded = (
            measure(entry.directory).size,
            entry.provenance.quality.degraded is not None,
        )
        in_use = locks.is_pinned(entry.path)
        yield PruneItem(entry.directory, size, used, "wheel", degraded, in_use)


def _bodies(layout: Layout, uses: Mapping[str, LastUse]) -> Iterator[PruneItem]:
    for path in disk.sharded(layout, BODIES):
        used = max(_pinned_at(path), uses.get(os.path.basename(path), LastUse()).last)
        yield PruneItem(path, _size(path), used, "body", in_use=locks.is_pinned(path))


def _responses(layout: Layout, uses: Mapping[str, LastUse]) -> Iterator[PruneItem]:
    """Yield the responses of each URL, used when a body of theirs was."""
    for path in disk.sharded(layout, HTTP):
        digests = list(_bodies_of(path))
        bodies = list(map(layout.body, digests))
        noted = (uses.get(digest, LastUse()).last for digest in digests)
        used = max(_mtime(path), *map(_pinned_at, bodies), *noted, 0.0)
        in_use = any(map(locks.is_pinned, bodies))
        yield PruneItem(path, measure(path).size, used, "response", in_use=in_use)


def _bodies_of(directory: str) -> Iterator[str]:
    """Yield the digests of the bodies that the heads in a directory name."""
    for name in disk.listed(directory):
        try:
            head = read_head(os.path.join(directory, name))
        except (OSError, ValueError):
            continue
        if head is not None:
            yield head.body


def condemned(found: list[PruneItem], limits: PruneLimits, now: float) -> list[PruneItem]:
    """Return what goes, least recently used first; pure. What is in use stays."""
    going: dict[str, PruneItem] = {}
    free = sorted((item for item in found if not item.in_use), key=lambda each: each.last_used)
    for item in free:
        old = limits.unused_for is not None and now - item.last_used > limits.unused_for
        cheap = limits.for_ci and item.kind != "wheel"
        if old or cheap or (limits.degraded and item.degraded):
            going[item.path] = item
    if limits.max_size is not None:
        left = sum(item.size for item in found if item.path not in going)
        for item in free:
            if left <= limits.max_size:
                break
            if item.path not in going:
                going[item.path] = item
                left -= item.size
    return list(going.values())


def sweep(layout: Layout) -> None:
    """Remove what runs that died have pinned, which is not in use any more, and former buckets."""
    for name in FORMER:
        disk.remove_tree(layout.bucket(name), through=layout.temporary)
    for path in locks.abandoned_directories(layout.bucket(TEMPORARY)):
        disk.remove_tree(path)


def _untold(item: PruneItem) -> None:
    del item


def remove(
    layout: Layout, going: list[PruneItem], told: Callable[[PruneItem], None] = _untold
) -> None:
    """Remove items; each is renamed away first, so that nobody sees it half removed."""
    for item in going:
        if os.path.isdir(item.path) and not os.path.islink(item.path):
            disk.remove_tree(item.path, through=layout.temporary)
        else:
            disk.unlink(item.path)
        told(item)


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0


def _mtime(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return 0.0


def _pinned_at(path: str) -> float:
    """Return when a run pinned a file last: a second name, come or gone, changes the inode.

    Where files have one name only, that is when it was written.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return 0.0
    return max(found.st_mtime, found.st_ctime)
