"""The actions of ``cache`` that pip does not have: explain, log, verify and prune."""

from __future__ import annotations

import os
import time

from packaging.version import Version

from pipwrap import errors
from pipwrap.cache import locks
from pipwrap.cache.upkeep import prune, sizes, usage, verify
from pipwrap.cache.upkeep.prune import PruneItem, PruneLimits
from pipwrap.cache.wheels import AssessedWheel, BuiltWheel
from pipwrap.model.requirement import Requirement
from pipwrap.model.size import format_size
from pipwrap.model.wheel import split_filename
from pipwrap.operations.cache_context import CacheContext
from pipwrap.operations.cache_listing import details, kind


def explain(context: CacheContext, text: str | None) -> int:
    """Print whether a built wheel would be used, and what of its evidence holds."""
    requirement = Requirement.parse(text or "")
    entries = [
        entry
        for entry in sizes.matching(context.wheels, requirement.name)
        if requirement.specifier.contains(_version(entry), prereleases=True)
    ]
    if not entries:
        context.console.line(f"No wheel of {requirement.text} was built here.")
        return 1
    host = context.host()
    seen: set[str] = set()
    for entry in entries:
        key = os.path.dirname(entry.directory)
        if key not in seen:
            seen.add(key)
            _explain_key(context, context.wheels.siblings(entry, host))
    return 0


def _explain_key(context: CacheContext, found: list[AssessedWheel]) -> None:
    first = found[0]
    console = context.console
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
    if first.entry.abi != context.environment.compatibility.abi:
        console.line(f"It was built for another Python than {context.environment.executable}.")
    elif first.is_usable:
        console.line(f"It would be used: {first.entry.name}")
    else:
        reasons = "; ".join(each.reason for each in first.assessment.differences)
        console.line(f"It would be built again: {reasons}")


def print_log(context: CacheContext, name: str | None) -> int:
    """Print the build log of an entry, by its name or by its project's."""
    entries = [entry for entry in context.wheels.all() if entry.name == name]
    entries = entries or sizes.matching(context.wheels, name)
    if not entries:
        raise errors.CommandError(f"No built wheel is called {name}")
    newest = max(entries, key=lambda entry: entry.built_at)
    try:
        with open(newest.log, encoding="utf-8", errors="replace") as stream:
            context.console.line(stream.read().rstrip("\n"))
    except FileNotFoundError:
        raise errors.CommandError(f"{newest.filename} has no log") from None
    return 0


def verify_all(context: CacheContext, _: str | None) -> int:
    """Hash everything; with --repair remove what is damaged. Exit 1 for damage that stays."""
    store = context.store()
    with locks.locked(context.layout.lock, shared=True):
        found = list(verify.verify(context.layout, store, context.wheels))
    for damage in found:
        context.console.line(f"{damage.path}: {damage.reason}")
    if not found:
        context.console.line("The cache is whole.")
        return 0
    if not context.options.upkeep.repair:
        context.console.line(f"{len(found)} damaged; remove them with: pip cache verify --repair")
        return 1
    with locks.locked(context.layout.lock):
        for damage in found:
            verify.repair(context.layout, damage)
    context.console.line(f"{len(found)} removed; they are fetched or built again when needed.")
    return 0


def prune_entries(context: CacheContext, _: str | None) -> int:
    """Remove by size, age or kind, least recently used first."""
    options = context.options.upkeep
    limits = PruneLimits(
        prune.parse_size(options.max_size) if options.max_size else None,
        prune.parse_age(options.unused_for) if options.unused_for else None,
        degraded=options.only_degraded,
        for_ci=options.for_ci,
    )
    if limits == PruneLimits():
        raise errors.CommandError(
            "Say what is to go: --max-size SIZE, --unused-for AGE, --degraded or --ci"
        )
    with locks.locked(context.layout.lock):
        prune.sweep(context.layout)
        found = prune.items(context.layout, context.wheels)
        going = prune.selected(found, limits, time.time())
        size = sum(item.size for item in going)

        def report(item: PruneItem) -> None:
            if context.options.verbosity > 0 or options.dry_run:
                context.console.line(f"{item.kind} {item.path} ({format_size(item.size)})")

        if options.dry_run:
            for item in going:
                report(item)
            context.console.line(f"Would remove {len(going)} entries ({format_size(size)})")
            return 0
        prune.remove(context.layout, going, report)
        usage.merge(context.layout, sum(item.size for item in found) - size)
    context.console.line(f"Removed {len(going)} entries ({format_size(size)})")
    return 0


def _version(entry: BuiltWheel) -> Version:
    return Version(split_filename(entry.filename)[1])
