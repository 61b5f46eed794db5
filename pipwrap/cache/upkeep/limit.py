"""The size limit of the cache, enforced at the end of a run where no other process holds its lock.

What each run adds is in its line of usage, so that only a cache that seems too large is measured.
"""

from __future__ import annotations

from pipwrap.cache import locks
from pipwrap.cache.layout import Layout
from pipwrap.cache.upkeep import prune, usage
from pipwrap.cache.upkeep.prune import PruneItem, PruneLimits
from pipwrap.cache.wheels import BuiltWheels

_GOAL = 0.9
"""Of the limit, so that not every run has to make room."""


def enforce(layout: Layout, wheels: BuiltWheels, limit: int, now: float) -> list[PruneItem]:
    """Remove what was used least recently until the cache is below ``limit``; return that.

    Nothing is removed that a run which has not ended uses, nor anything while the cache's lock is
    held: the next run enforces the limit then. Raises ``OSError`` for a cache that cannot be
    written.
    """
    estimate = usage.estimated_size(layout)
    if estimate is not None and estimate <= limit:
        return []
    with locks.try_locked(layout.lock) as locked:
        if not locked:
            return []
        prune.sweep(layout)
        found = prune.items(layout, wheels)
        size = sum(item.size for item in found)
        going = []
        if size > limit:
            going = prune.selected(found, PruneLimits(max_size=int(limit * _GOAL)), now)
        prune.remove(layout, going)
        usage.merge(layout, size - sum(item.size for item in going))
        return going
