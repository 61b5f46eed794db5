"""What is removed to keep the cache small: old, unused, degraded, or cheap to fetch again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache import disk, usage
from pipwrap.cache.entries import is_sha256
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
from pipwrap.cache.upkeep import measure
from pipwrap.cache.usage import Kind, Use
from pipwrap.cache.wheels import BuiltWheels

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{0,9})?"
_SIZES = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9}
_AGES = {"h": 3600, "d": 86400, "w": 7 * 86400, "m": 30 * 86400, "y": 365 * 86400}


class Item(Struct, frozen=True):
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


class Limits(Struct, frozen=True):
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


def items(layout: Layout, wheels: BuiltWheels) -> list[Item]:
    """Return everything that can be removed."""
    stored, bodies = usage.read(layout, Kind.UNPACKED), usage.read(layout, Kind.BODY)
    for name, use in stored.items():
        bodies[name] = bodies.get(name, Use()) + use
    return [
        *_unpacked(layout, stored),
        *_built(layout, wheels),
        *_bodies(layout, bodies),
        *_responses(layout, bodies),
        *_clones(layout),
        *_kept(layout, Kind.METADATA, "metadata"),
        *_kept(layout, Kind.SIDECAR, "metadata"),
        *_kept(layout, Kind.RESOLUTION, "resolution"),
        *_files(disk.within(layout.bucket(SATISFIED)), "answer"),
        *_files(disk.within(layout.bucket(LOGS)), "log"),
    ]


def _files(
    paths: Iterable[str], kind: str, uses: Mapping[str, Use] | None = None
) -> Iterator[Item]:
    for path in paths:
        used = (uses or {}).get(os.path.basename(path), Use()).last
        yield Item(path, _size(path), max(_mtime(path), used), kind)


def _kept(layout: Layout, kind: Kind, word: str) -> Iterator[Item]:
    return _files(disk.sharded(layout, kind.value), word, usage.read(layout, kind))


def _clones(layout: Layout) -> Iterator[Item]:
    uses = usage.read(layout, Kind.CLONE)
    for path in disk.sharded(layout, GIT):
        used = max(_mtime(path), uses.get(os.path.basename(path), Use()).last)
        yield Item(path, measure(path).size, used, "clone")


def _unpacked(layout: Layout, uses: Mapping[str, Use]) -> Iterator[Item]:
    for path in disk.sharded(layout, STORE):
        used = max(_mtime(path), uses.get(os.path.basename(path), Use()).last)
        in_use = disk.is_pinned(os.path.join(path, "entry.json"))
        yield Item(path, measure(path).size, used, "store", in_use=in_use)


def _built(layout: Layout, wheels: BuiltWheels) -> Iterator[Item]:
    uses = usage.read(layout, Kind.BUILT)
    for entry in wheels.all():
        used = max(entry.built_at, uses.get(entry.place, Use()).last)
        size, degraded = measure(entry.directory).size, entry.quality.degraded is not None
        in_use = disk.is_pinned(entry.path)
        yield Item(entry.directory, size, used, "wheel", degraded, in_use)


def _bodies(layout: Layout, uses: Mapping[str, Use]) -> Iterator[Item]:
    for path in disk.sharded(layout, BODIES):
        used = max(_pinned_at(path), uses.get(os.path.basename(path), Use()).last)
        yield Item(path, _size(path), used, "body", in_use=disk.is_pinned(path))


def _responses(layout: Layout, uses: Mapping[str, Use]) -> Iterator[Item]:
    """Yield the responses of each URL, used when a body of theirs was."""
    for path in disk.sharded(layout, HTTP):
        digests = list(_bodies_of(path))
        bodies = list(map(layout.body, digests))
        noted = (uses.get(digest, Use()).last for digest in digests)
        used = max(_mtime(path), *map(_pinned_at, bodies), *noted, 0.0)
        in_use = any(map(disk.is_pinned, bodies))
        yield Item(path, measure(path).size, used, "response", in_use=in_use)


def _bodies_of(directory: str) -> Iterator[str]:
    """Yield the digests of the bodies that the heads in a directory name."""
    for name in disk.listed(directory):
        try:
            with open(os.path.join(directory, name), "rb") as stream:
                body = str(json.load(stream)["body"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if is_sha256(body):
            yield body


def condemned(found: list[Item], limits: Limits, now: float) -> list[Item]:
    """Return what goes, least recently used first; pure. What is in use stays."""
    going: dict[str, Item] = {}
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
    for path in disk.dead_directories(layout.bucket(TEMPORARY)):
        disk.remove_tree(path)


def _untold(item: Item) -> None:
    del item


def remove(layout: Layout, going: list[Item], told: Callable[[Item], None] = _untold) -> None:
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
