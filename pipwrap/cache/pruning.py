"""What is removed to keep the cache small: old, unused, degraded, or cheap to fetch again."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

from pipwrap import errors
from pipwrap.cache import disk, usage
from pipwrap.cache.layout import (
    BODIES,
    GIT,
    HTTP,
    LOGS,
    METADATA,
    RESOLUTIONS,
    SATISFIED,
    STORE,
    Layout,
)
from pipwrap.cache.upkeep import measure
from pipwrap.cache.wheels import BuiltWheels

_SIZES = {"": 1, "b": 1, "k": 10**3, "kb": 10**3, "m": 10**6, "mb": 10**6, "g": 10**9, "gb": 10**9}
_AGES = {"h": 3600, "d": 86400, "w": 7 * 86400, "m": 30 * 86400, "y": 365 * 86400}


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be removed by itself."""

    path: str
    size: int
    last_used: float
    """Seconds since the epoch."""
    kind: str
    """``store``, ``wheel``, ``body``, ``response``, ``clone``, ``metadata``, ``resolution``,
    ``answer`` or ``log``."""
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
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
    match = re.fullmatch(r"([\d.]+)\s*([a-z]*)", text.strip().lower())
    if match is None or match[2] not in _SIZES:
        raise errors.CommandError(f"{text!r} is not a size", hint="Write it like 500MB or 2GB.")
    return int(float(match[1]) * _SIZES[match[2]])


def parse_age(text: str) -> float:
    """Return the seconds that ``30d`` or ``12h`` means; raises ``errors.CommandError``."""
    match = re.fullmatch(r"([\d.]+)\s*([a-z])[a-z]*", text.strip().lower())
    if match is None or match[2] not in _AGES:
        raise errors.CommandError(f"{text!r} is not an age", hint="Write it like 12h, 30d or 2w.")
    return float(match[1]) * _AGES[match[2]]


def items(layout: Layout, wheels: BuiltWheels) -> list[Item]:
    """Return everything that can be removed."""
    stored = usage.read(layout, usage.STORE)
    built = usage.read(layout, usage.WHEELS)
    found = [
        Item(
            path,
            measure(path).size,
            max(_mtime(path), stored.get(os.path.basename(path), _NEVER).last),
            "store",
        )
        for path in disk.sharded(layout, STORE)
    ]
    found += [
        Item(
            entry.directory,
            measure(entry.directory).size,
            max(entry.built_at, built.get(entry.directory, _NEVER).last),
            "wheel",
            entry.quality.degraded is not None,
        )
        for entry in wheels.all()
    ]
    found += [
        Item(path, _size(path), _mtime(path), "body") for path in disk.sharded(layout, BODIES)
    ]
    found += [
        Item(path, measure(path).size, _mtime(path), "response")
        for path in disk.sharded(layout, HTTP)
    ]
    cloned = usage.read(layout, usage.CLONES)
    found += [
        Item(
            path,
            measure(path).size,
            max(_mtime(path), cloned.get(os.path.basename(path), _NEVER).last),
            "clone",
        )
        for path in disk.sharded(layout, GIT)
    ]
    found += [
        Item(path, _size(path), _mtime(path), kind)
        for bucket, kind in ((METADATA, "metadata"), (RESOLUTIONS, "resolution"))
        for path in disk.sharded(layout, bucket)
    ]
    for bucket, kind in ((LOGS, "log"), (SATISFIED, "answer")):
        directory = layout.bucket(bucket)
        paths = [os.path.join(directory, name) for name in disk.listed(directory)]
        found += [Item(path, _size(path), _mtime(path), kind) for path in paths]
    return found


_NEVER = usage.Use()


def condemned(found: list[Item], limits: Limits, now: float) -> list[Item]:
    """Return what goes, least recently used first; pure."""
    going: dict[str, Item] = {}
    for item in sorted(found, key=lambda each: each.last_used):
        old = limits.unused_for is not None and now - item.last_used > limits.unused_for
        cheap = limits.for_ci and item.kind != "wheel"
        if old or cheap or (limits.degraded and item.degraded):
            going[item.path] = item
    if limits.max_size is not None:
        left = sum(item.size for item in found if item.path not in going)
        for item in sorted(found, key=lambda each: each.last_used):
            if left <= limits.max_size:
                break
            if item.path not in going:
                going[item.path] = item
                left -= item.size
    return list(going.values())


def remove(layout: Layout, going: list[Item], told: Callable[[Item], None]) -> None:
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
