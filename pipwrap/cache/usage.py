"""What each run used: one line a run, appended at its end; a lookup itself never writes."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pipwrap.cache import disk
from pipwrap.cache.layout import Layout

STORE = "store"
WHEELS = "wheels"
CLONES = "clones"


@dataclass(frozen=True, slots=True)
class Use:
    """How often something was used, and when last (seconds since the epoch)."""

    count: int = 0
    last: float = 0.0


class Usage:
    """Collects what a run uses and writes it down at the end."""

    def __init__(self, layout: Layout, clock: Callable[[], float]) -> None:
        """Start with nothing used."""
        self._layout = layout
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[str, set[str]] = {}

    def note(self, kind: str, name: str) -> None:
        """Remember that something was used."""
        with self._lock:
            self._used.setdefault(kind, set()).add(name)

    def flush(self) -> None:
        """Append this run's line; a cache that cannot be written goes without."""
        if not self._used:
            return
        used = {kind: sorted(names) for kind, names in self._used.items()}
        line = json.dumps({"at": self._clock(), **used}) + "\n"
        try:
            disk.make_directory(os.path.dirname(self._layout.usage))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            descriptor = os.open(self._layout.usage, flags, disk.FILE_MODE)
        except OSError:
            return
        try:
            os.write(descriptor, line.encode("utf-8"))
        except OSError:
            return
        finally:
            os.close(descriptor)


def read(layout: Layout, kind: str) -> dict[str, Use]:
    """Return what was used of a kind, by name; lines that cannot be read are left out."""
    uses: dict[str, Use] = {}
    try:
        with open(layout.usage, encoding="utf-8", errors="replace") as stream:
            lines = stream.readlines()
    except OSError:
        return uses
    for line in lines:
        try:
            run = json.loads(line)
            at, names = float(run["at"]), run.get(kind, [])
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        for name in names:
            before = uses.get(name, Use())
            uses[name] = Use(before.count + 1, max(before.last, at))
    return uses
