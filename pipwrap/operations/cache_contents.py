"""The actions of ``cache`` that pip has, in its words: dir, info, list, remove and purge."""

from __future__ import annotations

import os

from pipwrap import errors
from pipwrap.cache import locks
from pipwrap.cache.layout import BUCKETS, HTTP, WHEELS
from pipwrap.cache.upkeep import sizes, usage
from pipwrap.cache.upkeep.sizes import BucketSize
from pipwrap.events import Info, WarningMessage
from pipwrap.model.size import format_size
from pipwrap.operations import cache_listing
from pipwrap.operations.cache_context import CacheContext
from pipwrap.report.console import Console


def print_directory(context: CacheContext, _: str | None) -> int:
    """Print where the cache is."""
    context.console(Info(context.layout.root))
    return 0


def print_info(context: CacheContext, _: str | None) -> int:
    """Print pip's seven lines, and two more where a limit is configured."""
    layout = context.layout
    http = sizes.responses(layout)
    built = context.wheels.all()
    older = os.path.join(layout.root, "http")
    lines = [
        f"Package index page cache location (pip v23.3+): {layout.bucket(HTTP)}",
        f"Package index page cache location (older pips): {older}",
        f"Package index page cache size: {format_size(http.size)}",
        f"Number of HTTP files: {http.files}",
        f"Locally built wheels location: {layout.bucket(WHEELS)}",
        f"Locally built wheels size: {format_size(sum(entry.size for entry in built))}",
        f"Number of locally built wheels: {len(built)}",
    ]
    limit = context.options.cache_limit
    if limit is not None:
        whole = sum((sizes.measure(layout.bucket(name)) for name in BUCKETS), start=BucketSize())
        lines.append(f"Size of the whole cache: {format_size(whole.size)}")
        lines.append(f"Size that it is kept below: {format_size(limit)}")
    for line in lines:
        context.console(Info(line))
    return 0


def list_wheels(context: CacheContext, pattern: str | None) -> int:
    """Print the built wheels, or with --http the stored responses."""
    options, console, layout = context.options, context.console, context.layout
    if options.upkeep.only_http:
        cache_listing.list_http(layout, console)
        return 0
    entries = sizes.matching(context.wheels, pattern)
    if options.upkeep.only_degraded:
        entries = [entry for entry in entries if entry.provenance.quality.degraded]
    if options.list_format == "json":
        console(Info(cache_listing.as_json(layout, entries)))
        return 0
    if options.list_format == "abspath":
        for entry in entries:
            console(Info(entry.path))
        return 0
    if not entries:
        console(Info("No locally built wheels cached."))
        return 0
    console(Info("Cache contents:\n"))
    uses = usage.read(layout, usage.UsageKind.BUILT)
    for entry in entries:
        mark = " degraded" if entry.provenance.quality.degraded else ""
        console(Info(f" - {entry.filename} ({format_size(entry.size)}){mark}"))
        if options.verbosity > 0:
            for line in cache_listing.details(entry, uses.get(entry.directory)):
                console(Info(f"     {line}"))
    return 0


def remove_wheels(context: CacheContext, pattern: str | None) -> int:
    """Remove the wheels of a project; ``*`` removes everything, as in pip."""
    only_degraded = context.options.upkeep.only_degraded
    if pattern is None and not only_degraded:
        raise errors.CommandError("Please provide a pattern")
    if pattern == "*" and not only_degraded:
        return purge(context, None)
    entries = sizes.matching(context.wheels, pattern)
    if only_degraded:
        entries = [entry for entry in entries if entry.provenance.quality.degraded]
    with locks.locked(context.layout.lock):
        removed = sizes.remove_wheels(context.wheels, entries)
    shown = "" if only_degraded else f' for pattern "{pattern}"'
    _print_removed(removed, shown, context.console)
    return 0


def purge(context: CacheContext, _: str | None) -> int:
    """Remove everything."""
    with locks.locked(context.layout.lock):
        removed = sizes.purge(context.layout)
    _print_removed(removed, "", context.console)
    return 0


def _print_removed(removed: BucketSize, pattern: str, console: Console) -> None:
    if not removed.files:
        console(WarningMessage(f"No matching packages{pattern}"))
    console(Info(f"Files removed: {removed.files} ({format_size(removed.size)})"))
    console(Info(f"Directories removed: {removed.directories}"))
