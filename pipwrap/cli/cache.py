"""``cache``: which action is meant, and whether the line names what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipwrap import errors
from pipwrap.cache.layout import Layout
from pipwrap.events import ErrorMessage
from pipwrap.model.environment import Environment
from pipwrap.operations import cache_contents, cache_explain, cache_upkeep
from pipwrap.operations.cache_context import CacheContext, cache_context, claim
from pipwrap.options.options import Options
from pipwrap.report.console import Console

Action = Callable[[CacheContext, str | None], int]
_Named = Callable[[CacheContext, tuple[str, ...]], int]

_PIPS: Mapping[str, Action] = {
    "dir": cache_contents.print_directory,
    "info": cache_contents.print_info,
    "list": cache_contents.list_wheels,
    "purge": cache_contents.purge,
    "remove": cache_contents.remove_wheels,
}
"""pip's own, which its error names."""
_ACTIONS: Mapping[str, Action] = {
    **_PIPS,
    "log": cache_upkeep.print_log,
    "verify": cache_upkeep.verify_all,
    "prune": cache_upkeep.prune_entries,
}
_NAMED: Mapping[str, tuple[int, _Named]] = {
    "explain": (1, cache_explain.explain),
    "why": (2, cache_explain.why),
}
"""Actions about what is named, and the number of names that each takes."""
_CHANGING = ("purge", "remove", "prune", "verify")
_TAKES_ARGUMENT = ("list", "remove", "log")
_NEEDS_ARGUMENT = ("log",)


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
    if not options.arguments or options.arguments[0] not in {*_ACTIONS, *_NAMED}:
        console(ErrorMessage(f"Need an action ({', '.join(_PIPS)}) to perform."))
        return 1
    action, *rest = options.arguments
    count, about = _NAMED.get(action, (int(action in _TAKES_ARGUMENT), None))
    if len(rest) > count:
        raise errors.CommandError("Too many arguments")
    layout = Layout(root)
    if action in _CHANGING:
        claim(layout)
    if (action in _NEEDS_ARGUMENT or about is not None) and not rest:
        raise errors.CommandError(f"Please name what to {action}")
    context = cache_context(options, console, layout, environment, environ)
    if about is not None:
        if len(rest) < count:
            raise errors.CommandError(
                f"Please name {count} entries: pip cache {action} ENTRY ENTRY"
            )
        return about(context, tuple(rest))
    return _ACTIONS[action](context, rest[0] if rest else None)
