"""The composition root: the only place that makes concrete objects and joins the ports."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace
from packaging.version import InvalidVersion, Version

from pipwrap.cache.layout import Layout
from pipwrap.cache.store import WheelStore
from pipwrap.cache.upkeep.usage import Usage
from pipwrap.distribution.results import SaveOptions
from pipwrap.events import Listener
from pipwrap.index.repository import Found, Repository
from pipwrap.index.scope import SearchScope
from pipwrap.install import installed
from pipwrap.model.candidate import InstalledCandidate
from pipwrap.model.environment import Environment, InstalledDistribution
from pipwrap.model.names import canonicalize_name
from pipwrap.network.origins import is_secure_origin
from pipwrap.operations.context import CommandContext
from pipwrap.operations.network import open_network
from pipwrap.operations.request import UserRequest
from pipwrap.operations.session import InstallSession, SharedState
from pipwrap.options.build_options import build_rules
from pipwrap.options.options import SearchOptions

if TYPE_CHECKING:
    from pipwrap.cache.listings import Listings
    from pipwrap.cache.sidecars import Sidecars
    from pipwrap.operations.builders import PreparerFactory

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
def opened(context: CommandContext, search: SearchOptions) -> Iterator[SharedState]:
    """Yield the shared tools, and close connections and threads at the end."""
    with ExitStack() as stack:
        layout = context.place.layout
        usage = Usage(layout, time.time)
        stack.callback(usage.flush)
        transport, responses = open_network(context, search, usage.grew)
        stack.callback(responses.close)
        stack.callback(transport.close)
        trusted = search.trusted_hosts

        @_once
        def listings() -> Listings:
            from pipwrap.cache.listings import Listings  # noqa: PLC0415 - where one is wanted

            return Listings(layout, context.console, usage.note)

        repository = Repository(
            SearchScope(search.index_urls, search.find_links),
            responses,
            context.console,
            is_secure=lambda url: is_secure_origin(url, trusted),
            refreshed=search.refreshed,
            listings=listings,
        )
        stack.callback(repository.close)
        store = WheelStore(layout, context.console, time.time, usage.grew)
        private = WheelStore(Layout(context.place.scratch("private-")), context.console, time.time)

        @_once
        def preparer_factory() -> PreparerFactory:
            from pipwrap.operations.builders import PreparerFactory, PreparerResources  # noqa: PLC0415 - where it is wanted

            made = PreparerFactory(
                PreparerResources(
                    context, search, transport, responses, repository, usage, store, private
                )
            )
            stack.callback(made.close)
            return made

        @_once
        def sidecars() -> Sidecars:
            from pipwrap.cache.sidecars import Sidecars  # noqa: PLC0415 - where one is wanted

            made = Sidecars(layout, context.console, usage.note)
            stack.callback(made.flush)
            return made

        yield SharedState(
            context, search, repository, store, private, sidecars, usage, preparer_factory
        )


@contextmanager
def store_of(context: CommandContext) -> Iterator[WheelStore]:
    """Yield the store for a plan that only removes."""
    yield WheelStore(context.place.layout, context.console, time.time)


def open_session(
    shared: SharedState, request: UserRequest, saving: SaveOptions | None = None
) -> InstallSession:
    """Return the tools for what the user asked for."""
    context = shared.context
    constraints = request.build_constraints
    locked = {project: Found((link,)) for project, link in request.locked.items()}
    return InstallSession(
        replace(shared, build_constraints=constraints, locked=locked),
        context.environment,
        request.hash_policy,
        context.console,
        formats=request.search.format_control,
        rules=build_rules(
            context.options.build, request.root_requirements, request.constraints, constraints
        ),
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
