"""The size limit of the cache, kept at the end of a command."""

from __future__ import annotations

import time

from pipwrap.cache.upkeep.limit import enforce
from pipwrap.events import Info
from pipwrap.model.size import format_size
from pipwrap.operations.cache_context import built_wheels
from pipwrap.operations.context import CommandContext


def apply_limit(context: CommandContext, limit: int) -> None:
    """Make room in a cache that has grown beyond its limit; report it at -v."""
    layout, console = context.place.layout, context.events
    try:
        gone = enforce(layout, built_wheels(layout, console), limit, time.time())
    except OSError as error:
        console(Info(f"The cache could not be kept below {format_size(limit)}: {error}", 1))
        return
    if gone:
        size = format_size(sum(item.size for item in gone))
        of = f"{size}, least recently used"
        console(
            Info(
                f"Removed {len(gone)} entries ({of}) to keep the cache below {format_size(limit)}",
                1,
            )
        )
