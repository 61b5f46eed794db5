"""``cache``: dir, info, list, remove and purge, in pip's words."""

from __future__ import annotations

import os
import time

from pipwrap import errors
from pipwrap.cache import upkeep
from pipwrap.cache.layout import HTTP, WHEELS, Layout
from pipwrap.cache.upkeep import Extent
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.cli.options import Options
from pipwrap.events import Failed, Warned
from pipwrap.model.size import format_size
from pipwrap.report.console import Console

_ACTIONS = ("dir", "info", "list", "purge", "remove")
_TAKES_PATTERN = ("list", "remove")


def run(options: Options, console: Console, root: str | None) -> int:
    """Carry out an action on the cache at ``root`` and return the exit status."""
    if root is None:
        raise errors.CommandError("pip cache commands can not function since cache is disabled.")
    if not options.arguments or options.arguments[0] not in _ACTIONS:
        console(Failed(f"Need an action ({', '.join(_ACTIONS)}) to perform."))
        return 1
    action, *rest = options.arguments
    if len(rest) > (action in _TAKES_PATTERN):
        raise errors.CommandError("Too many arguments")
    layout = Layout(root)
    wheels = BuiltWheels(layout, console, time.time)
    if action == "dir":
        console.line(root)
    elif action == "info":
        _info(layout, wheels, console)
    elif action == "list":
        _list(wheels, rest[0] if rest else None, options.list_format, console)
    elif action == "remove":
        if not rest:
            raise errors.CommandError("Please provide a pattern")
        _remove(layout, wheels, rest[0], console)
    else:
        _tell_removed(upkeep.purge(layout), "", console)
    return 0


def _info(layout: Layout, wheels: BuiltWheels, console: Console) -> None:
    """Print pip's seven lines."""
    http = upkeep.responses(layout)
    built = wheels.all()
    console.line(f"Package index page cache location (pip v23.3+): {layout.bucket(HTTP)}")
    older = os.path.join(layout.root, "http")
    console.line(f"Package index page cache location (older pips): {older}")
    console.line(f"Package index page cache size: {format_size(http.size)}")
    console.line(f"Number of HTTP files: {http.files}")
    console.line(f"Locally built wheels location: {layout.bucket(WHEELS)}")
    console.line(f"Locally built wheels size: {format_size(sum(entry.size for entry in built))}")
    console.line(f"Number of locally built wheels: {len(built)}")


def _list(wheels: BuiltWheels, pattern: str | None, form: str, console: Console) -> None:
    entries = upkeep.matching(wheels, pattern)
    if form == "abspath":
        for entry in entries:
            console.line(entry.path)
        return
    if not entries:
        console.line("No locally built wheels cached.")
        return
    console.line("Cache contents:\n")
    for entry in entries:
        console.line(f" - {entry.filename} ({format_size(entry.size)})")


def _remove(layout: Layout, wheels: BuiltWheels, pattern: str, console: Console) -> None:
    """Remove the wheels of a project; ``*`` removes everything, as in pip."""
    if pattern == "*":
        _tell_removed(upkeep.purge(layout), "", console)
        return
    removed = upkeep.remove_wheels(wheels, upkeep.matching(wheels, pattern))
    _tell_removed(removed, f' for pattern "{pattern}"', console)


def _tell_removed(removed: Extent, pattern: str, console: Console) -> None:
    if not removed.files:
        console(Warned(f"No matching packages{pattern}"))
    console.line(f"Files removed: {removed.files} ({format_size(removed.size)})")
    console.line(f"Directories removed: {removed.directories}")
