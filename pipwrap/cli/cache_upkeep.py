"""The actions of ``cache`` that pip does not have: explain, log, verify and prune."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from msgspec import Struct
from packaging.version import Version

from pipwrap import errors
from pipwrap.cache import locks
from pipwrap.cache.build_host import BuildHost, include_directories
from pipwrap.cache.layout import Layout
from pipwrap.cache.store import WheelStore
from pipwrap.cache.upkeep import prune, sizes, usage, verify
from pipwrap.cache.upkeep.limit import enforce
from pipwrap.cache.upkeep.prune import PruneItem, PruneLimits
from pipwrap.cache.wheels import AssessedWheel, BuiltWheel, BuiltWheels
from pipwrap.cli.cache_listing import details, kind
from pipwrap.events import Info
from pipwrap.model.environment import Environment
from pipwrap.model.requirement import Requirement
from pipwrap.model.size import format_size
from pipwrap.model.wheel import split_filename
from pipwrap.operations.context import CommandContext
from pipwrap.options.options import Options
from pipwrap.report.console import Console

ACTIONS = ("explain", "log", "verify", "prune")


class UpkeepContext(Struct, frozen=True):
    """What an action works with."""

    options: Options
    console: Console
    layout: Layout
    wheels: BuiltWheels
    environment: Environment
    environ: Mapping[str, str]


def run(work: UpkeepContext, action: str, arguments: Sequence[str]) -> int:
    """Carry out an action and return the exit status."""
    if action == "verify":
        return _verify(work)
    if action == "prune":
        return _prune(work)
    if not arguments:
        raise errors.CommandError(f"Please name what to {action}")
    return _explain(work, arguments[0]) if action == "explain" else _log(work, arguments[0])


def _explain(work: UpkeepContext, text: str) -> int:
    """Say whether a built wheel would be used, and what of its evidence holds."""
    requirement = Requirement.parse(text)
    entries = [
        entry
        for entry in sizes.matching(work.wheels, requirement.name)
        if requirement.specifier.contains(_version(entry), prereleases=True)
    ]
    if not entries:
        work.console.line(f"No wheel of {requirement.text} was built here.")
        return 1
    world = BuildHost(work.environ, work.layout, include_directories(work.environment))
    seen: set[str] = set()
    for entry in entries:
        key = os.path.dirname(entry.directory)
        if key not in seen:
            seen.add(key)
            _explain_key(work, work.wheels.siblings(entry, world))
    return 0


def _explain_key(work: UpkeepContext, found: list[AssessedWheel]) -> None:
    first = found[0]
    console = work.console
    for each in found:
        entry = each.entry
        console.line(f"{entry.filename} ({kind(entry)})")
        for line in details(entry, None)[:4]:
            console.line(f"  {line}")
        for confirmed in each.assessment.confirmed:
            console.line(f"  holds: {confirmed}")
        for difference in each.assessment.differences:
            console.line(f"  does not hold: {difference.reason}")
        if each.is_settled:
            console.line("  settled: building again for that left this wheel in use")
    if first.entry.abi != work.environment.compatibility.abi:
        console.line(f"It was built for another Python than {work.environment.executable}.")
    elif first.is_usable:
        console.line(f"It would be used: {first.entry.name}")
    else:
        reasons = "; ".join(each.reason for each in first.assessment.differences)
        console.line(f"It would be built again: {reasons}")


def _log(work: UpkeepContext, name: str) -> int:
    """Print the build log of an entry, by its name or by its project's."""
    entries = [entry for entry in work.wheels.all() if entry.name == name]
    entries = entries or sizes.matching(work.wheels, name)
    if not entries:
        raise errors.CommandError(f"No built wheel is called {name}")
    newest = max(entries, key=lambda entry: entry.built_at)
    try:
        with open(newest.log, encoding="utf-8", errors="replace") as stream:
            work.console.line(stream.read().rstrip("\n"))
    except FileNotFoundError:
        raise errors.CommandError(f"{newest.filename} has no log") from None
    return 0


def _verify(work: UpkeepContext) -> int:
    """Hash everything; with --repair remove what is damaged. Exit 1 for damage that stays."""
    store = WheelStore(work.layout, work.console, time.time)
    with locks.locked(work.layout.lock, shared=True):
        found = list(verify.verify(work.layout, store, work.wheels))
    for damage in found:
        work.console.line(f"{damage.path}: {damage.reason}")
    if not found:
        work.console.line("The cache is whole.")
        return 0
    if not work.options.upkeep.repair:
        work.console.line(f"{len(found)} damaged; remove them with: pip cache verify --repair")
        return 1
    with locks.locked(work.layout.lock):
        for damage in found:
            verify.repair(work.layout, damage)
    work.console.line(f"{len(found)} removed; they are fetched or built again when needed.")
    return 0


def _prune(work: UpkeepContext) -> int:
    """Remove by size, age or kind, least recently used first."""
    distribution = work.options.upkeep
    limits = PruneLimits(
        prune.parse_size(distribution.max_size) if distribution.max_size else None,
        prune.parse_age(distribution.unused_for) if distribution.unused_for else None,
        degraded=distribution.only_degraded,
        for_ci=distribution.for_ci,
    )
    if limits == PruneLimits():
        raise errors.CommandError(
            "Say what is to go: --max-size SIZE, --unused-for AGE, --degraded or --ci"
        )
    with locks.locked(work.layout.lock):
        prune.sweep(work.layout)
        found = prune.items(work.layout, work.wheels)
        going = prune.selected(found, limits, time.time())
        size = sum(item.size for item in going)

        def tell(item: PruneItem) -> None:
            if work.options.verbosity > 0 or distribution.dry_run:
                work.console.line(f"{item.kind} {item.path} ({format_size(item.size)})")

        if distribution.dry_run:
            for item in going:
                tell(item)
            work.console.line(f"Would remove {len(going)} entries ({format_size(size)})")
            return 0
        prune.remove(work.layout, going, tell)
        usage.merge(work.layout, sum(item.size for item in found) - size)
    work.console.line(f"Removed {len(going)} entries ({format_size(size)})")
    return 0


def keep_below(context: CommandContext, limit: int) -> None:
    """Make room in a cache that has grown beyond its limit; tell it at -v."""
    layout, console = context.place.layout, context.console
    wheels = BuiltWheels(layout, console, time.time)
    try:
        gone = enforce(layout, wheels, limit, time.time())
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


def _version(entry: BuiltWheel) -> Version:
    return Version(split_filename(entry.filename)[1])
