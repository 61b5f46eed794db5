"""What each run used and added: one line a run, appended at its end; a lookup itself never writes.

{"at": 1700000000.0, "store": [...], "wheels": [...], "grew": 1234}
{"merged": {"store": {NAME: [count, last]}, "wheels": {...}}, "size": 123456}

The second form stands for all lines before it, and for what was measured then.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pipwrap.cache import disk
from pipwrap.cache.layout import Layout
from pipwrap.values import frozen

STORE = "store"
WHEELS = "wheels"
CLONES = "clones"

Grown = Callable[[int], None]
"""Hears how many bytes were added to the cache."""


def uncounted(size: int) -> None:
    """Count nothing: for what no cache keeps."""
    del size


@frozen
class Use:
    """How often something was used, and when last (seconds since the epoch)."""

    count: int = 0
    last: float = 0.0

    def __add__(self, other: Use) -> Use:
        """Return both together."""
        return Use(self.count + other.count, max(self.last, other.last))


class Usage:
    """Collects what a run uses and adds, and writes it down at the end."""

    def __init__(self, layout: Layout, clock: Callable[[], float]) -> None:
        """Start with nothing used."""
        self._layout = layout
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[str, set[str]] = {}
        self._grew = 0

    def note(self, kind: str, name: str) -> None:
        """Remember that something was used."""
        with self._lock:
            self._used.setdefault(kind, set()).add(name)

    def grew(self, size: int) -> None:
        """Count bytes that were added."""
        with self._lock:
            self._grew += size

    def flush(self) -> None:
        """Append this run's line; a cache that cannot be written goes without."""
        if not self._used and not self._grew:
            return
        used = {kind: sorted(names) for kind, names in self._used.items()}
        line = json.dumps({"at": self._clock(), **used, "grew": self._grew}) + "\n"
        with disk.locked(self._layout.lock, shared=True):
            self._append(line.encode("utf-8"))

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


def read(layout: Layout, kind: str) -> dict[str, Use]:
    """Return what was used of a kind, by name; lines that cannot be read are left out."""
    uses: dict[str, Use] = {}
    for line in _lines(layout):
        try:
            found = _uses(line, kind)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        for name, use in found.items():
            uses[name] = uses.get(name, Use()) + use
    return uses


def estimated_size(layout: Layout) -> int | None:
    """Return what was measured last and was added since; ``None`` when nobody ever measured."""
    size: int | None = None
    for line in _lines(layout):
        grew = line.get("grew")
        if isinstance(line.get("size"), int):
            size = line["size"]
        elif size is not None and isinstance(grew, int):
            size += grew
    return size


def merge(layout: Layout, size: int) -> None:
    """Put one line in the place of all, with the ``size`` that was measured.

    What is not in the cache any more is left out. To be called with the cache's lock held alone.
    """
    stored, built = read(layout, STORE), read(layout, WHEELS)
    merged = {
        STORE: {
            name: (use.count, use.last)
            for name, use in stored.items()
            if os.path.isdir(layout.stored_wheel(name))
        },
        WHEELS: {name: (use.count, use.last) for name, use in built.items() if os.path.isdir(name)},
    }
    line = json.dumps({"merged": merged, "size": size}) + "\n"
    disk.write(layout.usage, line.encode("utf-8"), layout.temporary)


def _uses(line: dict[str, Any], kind: str) -> dict[str, Use]:
    if "merged" in line:
        merged = line["merged"].get(kind, {})
        return {str(name): Use(int(count), float(at)) for name, (count, at) in merged.items()}
    use = Use(1, float(line["at"]))
    return dict.fromkeys(map(str, line.get(kind, [])), use)


def _lines(layout: Layout) -> Iterator[dict[str, Any]]:
    """Yield the lines that can be read."""
    try:
        with open(layout.usage, encoding="utf-8", errors="replace") as stream:
            lines = stream.readlines()
    except OSError:
        return
    for line in lines:
        try:
            run = json.loads(line)
        except ValueError:
            continue
        if isinstance(run, dict):
            yield run
