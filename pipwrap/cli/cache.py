"""``cache``: dir, info, list, remove and purge, in pip's words."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from pipwrap import errors
from pipwrap.cache import locks, ownership
from pipwrap.cache.layout import BUCKETS, HTTP, WHEELS, Layout
from pipwrap.cache.upkeep import sizes, usage
from pipwrap.cache.upkeep.sizes import BucketSize
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.cli import cache_listing, cache_upkeep
from pipwrap.cli.cache_upkeep import UpkeepContext
from pipwrap.events import ErrorMessage, Info, WarningMessage
from pipwrap.model.environment import Environment
from pipwrap.model.size import format_size
from pipwrap.options.options import Options
from pipwrap.report.console import Console

_ACTIONS = ("dir", "info", "list", "purge", "remove")
"""pip's own, which its error names."""
_CHANGING = ("purge", "remove", "prune", "verify")
_TAKES_ARGUMENT = ("list", "remove", "explain", "log")


def run(
    options: Options,
    console: Console,
    root: str | None,
    environment: Environment,
    environ: Mapping[str, str],
) -> int:
    """Carry out an action on the cache at ``root`` and return the exit status."""
    if root is None:
        raise errors.CommandError("pip cache commands can not function since cache is disabled.")
    known = (*_ACTIONS, *cache_upkeep.ACTIONS)
    if not options.arguments or options.arguments[0] not in known:
        console(ErrorMessage(f"Need an action ({', '.join(_ACTIONS)}) to perform."))
        return 1
    action, *rest = options.arguments
    if len(rest) > (action in _TAKES_ARGUMENT):
        raise errors.CommandError("Too many arguments")
    layout = Layout(root)
    if action in _CHANGING:
        _claim(layout)
    wheels = BuiltWheels(layout, console, time.time)
    if action in cache_upkeep.ACTIONS:
        work = UpkeepContext(options, console, layout, wheels, environment, environ)
        return cache_upkeep.run(work, action, rest)
    _carry_out(action, rest, UpkeepContext(options, console, layout, wheels, environment, environ))
    return 0


def _claim(layout: Layout) -> None:
    """Raise ``errors.CommandError`` where buckets are somebody else's: nothing of them may go."""
    try:
        ownership.claim(layout)
    except OSError as error:
        reason = error.strerror or str(error)
        raise errors.CommandError(f"The cache in {layout.root} cannot be used: {reason}") from error


def _carry_out(action: str, rest: Sequence[str], work: UpkeepContext) -> None:
    """Carry out one of pip's own actions."""
    options, console, layout, wheels = work.options, work.console, work.layout, work.wheels
    if action == "dir":
        _tell(console, layout.root)
    elif action == "info":
        _info(layout, wheels, console)
        if options.cache_limit is not None:
            _tell_limit(layout, options.cache_limit, console)
    elif action == "list":
        _list(layout, wheels, rest[0] if rest else None, options, console)
    elif action == "remove":
        if options.upkeep.only_degraded:
            _remove_degraded(layout, wheels, rest[0] if rest else None, console)
            return
        if not rest:
            raise errors.CommandError("Please provide a pattern")
        _remove(layout, wheels, rest[0], console)
    else:
        with locks.locked(layout.lock):
            removed = sizes.purge(layout)
        _tell_removed(removed, "", console)


def _tell(console: Console, text: str) -> None:
    """Print what -q hides, as pip does even with what was asked for."""
    console(Info(text))


def _info(layout: Layout, wheels: BuiltWheels, console: Console) -> None:
    """Print pip's seven lines."""
    http = sizes.responses(layout)
    built = wheels.all()
    _tell(console, f"Package index page cache location (pip v23.3+): {layout.bucket(HTTP)}")
    older = os.path.join(layout.root, "http")
    _tell(console, f"Package index page cache location (older pips): {older}")
    _tell(console, f"Package index page cache size: {format_size(http.size)}")
    _tell(console, f"Number of HTTP files: {http.files}")
    _tell(console, f"Locally built wheels location: {layout.bucket(WHEELS)}")
    _tell(console, f"Locally built wheels size: {format_size(sum(entry.size for entry in built))}")
    _tell(console, f"Number of locally built wheels: {len(built)}")


def _tell_limit(layout: Layout, limit: int, console: Console) -> None:
    """Print what pip has no line for, and only where a limit is configured."""
    whole = sum((sizes.measure(layout.bucket(name)) for name in BUCKETS), start=BucketSize())
    _tell(console, f"Size of the whole cache: {format_size(whole.size)}")
    _tell(console, f"Size that it is kept below: {format_size(limit)}")


def _list(
    layout: Layout,
    wheels: BuiltWheels,
    pattern: str | None,
    options: Options,
    console: Console,
) -> None:
    if options.upkeep.only_http:
        cache_listing.list_http(layout, console)
        return
    entries = sizes.matching(wheels, pattern)
    if options.upkeep.only_degraded:
        entries = [entry for entry in entries if entry.provenance.quality.degraded]
    form = options.list_format
    if form == "json":
        _tell(console, cache_listing.as_json(layout, entries))
        return
    if form == "abspath":
        for entry in entries:
            _tell(console, entry.path)
        return
    if not entries:
        _tell(console, "No locally built wheels cached.")
        return
    _tell(console, "Cache contents:\n")
    uses = usage.read(layout, usage.UsageKind.BUILT)
    for entry in entries:
        mark = " degraded" if entry.provenance.quality.degraded else ""
        _tell(console, f" - {entry.filename} ({format_size(entry.size)}){mark}")
        if options.verbosity > 0:
            for line in cache_listing.details(entry, uses.get(entry.directory)):
                _tell(console, f"     {line}")


def _remove(layout: Layout, wheels: BuiltWheels, pattern: str, console: Console) -> None:
    """Remove the wheels of a project; ``*`` removes everything, as in pip."""
    with locks.locked(layout.lock):
        if pattern == "*":
            removed = sizes.purge(layout)
        else:
            removed = sizes.remove_wheels(wheels, sizes.matching(wheels, pattern))
    _tell_removed(removed, f' for pattern "{pattern}"' if pattern != "*" else "", console)


def _remove_degraded(
    layout: Layout, wheels: BuiltWheels, pattern: str | None, console: Console
) -> None:
    """Remove the wheels that are less than they could be."""
    entries = [each for each in sizes.matching(wheels, pattern) if each.provenance.quality.degraded]
    with locks.locked(layout.lock):
        removed = sizes.remove_wheels(wheels, entries)
    _tell_removed(removed, "", console)


def _tell_removed(removed: BucketSize, pattern: str, console: Console) -> None:
    if not removed.files:
        console(WarningMessage(f"No matching packages{pattern}"))
    _tell(console, f"Files removed: {removed.files} ({format_size(removed.size)})")
    _tell(console, f"Directories removed: {removed.directories}")
