"""The composition root: the only place that makes concrete objects and joins the ports."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace
from packaging.version import InvalidVersion, Version

from pipwrap.artifacts.wanted import Saving
from pipwrap.cache.layout import Layout
from pipwrap.cache.store import Store
from pipwrap.cache.usage import Usage
from pipwrap.cli.bench import Bench, Shared
from pipwrap.cli.build_options import build_rules
from pipwrap.cli.connecting import open_network
from pipwrap.cli.context import Context
from pipwrap.cli.options import SearchOptions
from pipwrap.cli.request import Request
from pipwrap.events import Listener
from pipwrap.index.repository import Found, Repository
from pipwrap.index.scope import SearchScope
from pipwrap.install import installed
from pipwrap.model.candidate import InstalledCandidate
from pipwrap.model.environment import Environment, InstalledDistribution
from pipwrap.model.names import canonicalize_name
from pipwrap.network.origins import is_secure_origin

if TYPE_CHECKING:
    from pipwrap.cache.sidecars import Sidecars
    from pipwrap.cli.workroom import Workroom

Made = TypeVar("Made")


def _once(make: Callable[[], Made]) -> Callable[[], Made]:
    """Return what makes a tool when it is first wanted, in whatever thread that is."""
    lock = threading.RLock()
    made: list[Made] = []

    def tool() -> Made:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return tool


@contextmanager
def opened(context: Context, search: SearchOptions) -> Iterator[Shared]:
    """Yield the shared tools, and close connections and threads at the end."""
    with ExitStack() as stack:
        layout = context.place.layout
        usage = Usage(layout, time.time)
        stack.callback(usage.flush)
        transport, responses = open_network(context, search, usage.grew)
        stack.callback(responses.close)
        stack.callback(transport.close)
        trusted = search.trusted_hosts

        repository = Repository(
            SearchScope(search.index_urls, search.find_links),
            responses,
            context.console,
            is_secure=lambda url: is_secure_origin(url, trusted),
            refreshed=search.refreshed,
            note=usage.note,
        )
        stack.callback(repository.close)
        store = Store(layout, context.console, time.time, usage.grew)
        private = Store(Layout(context.place.scratch("private-")), context.console, time.time)

        @_once
        def workroom() -> Workroom:
            from pipwrap.cli.workroom import Stock, Workroom  # noqa: PLC0415 - where it is wanted

            made = Workroom(
                Stock(context, search, transport, responses, repository, usage, store, private)
            )
            stack.callback(made.close)
            return made

        @_once
        def sidecars() -> Sidecars:
            from pipwrap.cache.sidecars import Sidecars  # noqa: PLC0415 - where one is wanted

            made = Sidecars(layout, context.console, usage.note)
            stack.callback(made.flush)
            return made

        yield Shared(context, search, repository, store, private, sidecars, usage, workroom)


@contextmanager
def store_of(context: Context) -> Iterator[Store]:
    """Yield the store for a plan that only removes."""
    yield Store(context.place.layout, context.console, time.time)


def bench_for(shared: Shared, request: Request, saving: Saving | None = None) -> Bench:
    """Return the tools for what the user asked for."""
    context = shared.context
    constraints = request.build_constraints
    locked = {project: Found((link,)) for project, link in request.locked.items()}
    return Bench(
        replace(shared, build_constraints=constraints, locked=locked),
        context.environment,
        request.hash_policy,
        context.console,
        formats=request.search.format_control,
        rules=build_rules(context.options.build, request.wishes, request.constraints, constraints),
        saving=saving,
    )


def installed_candidates(
    environment: Environment, listener: Listener
) -> tuple[dict[str, InstalledDistribution], dict[str, InstalledCandidate]]:
    """Return what is installed by canonical name, and what of it has a version to compare."""
    distributions: dict[str, InstalledDistribution] = {}
    candidates: dict[str, InstalledCandidate] = {}
    for each in installed.find_installed(environment, listener=listener):
        name = canonicalize_name(each.name)
        distributions[name] = each
        try:
            candidates[name] = InstalledCandidate(name, Version(each.version), each)
        except InvalidVersion:
            continue
    return distributions, candidates
