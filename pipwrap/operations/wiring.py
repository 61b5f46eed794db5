"""The composition root: concrete tools are made and joined here, and nowhere else.

Everything below takes its tools as arguments, so what a command is made of is seen in one place,
and a test can put another tool in. There are four modules of this kind, by what a command needs:

    network        every command that uses a server   transport, credentials, HTTP cache
    wiring         every command that resolves        link collector, store, session
    builders       where something is missing         archives, metadata, builds, preparer
    cache_context  ``cache``                          built wheels, store, host

What only some command lines need is made at its first use (``OnDemand``): to import it takes longer
than to answer from the cache. A command whose wheels are all stored never loads ``builders``.

A build needs requirements resolved and installed, and resolving may need a build. The circle closes
here, by a port that carries the projects whose build is under way (``build.requirements``):

    make_session -> Preparer -> SourceBuild -> BuildDispatch -> make_session, one level deeper
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pipwrap.cache.layout import Layout
from pipwrap.cache.resolutions import Resolutions
from pipwrap.cache.store import WheelStore
from pipwrap.cache.upkeep.usage import Usage
from pipwrap.distribution.results import SaveOptions
from pipwrap.events import Listener
from pipwrap.index.candidates import Offers
from pipwrap.index.link_collector import LinkCollector
from pipwrap.index.project_links import ProjectLinks
from pipwrap.index.scope import SearchScope
from pipwrap.index.selection import Selector
from pipwrap.install.bytecode import Compiler
from pipwrap.install.bytecode_settings import read_settings
from pipwrap.model.environment import Environment
from pipwrap.operations.context import CommandContext
from pipwrap.operations.metadata_provider import DistributionMetadataProvider
from pipwrap.operations.network import open_network
from pipwrap.operations.on_demand import OnDemand
from pipwrap.operations.plan_installer import PlanInstaller
from pipwrap.operations.request import UserRequest
from pipwrap.operations.resolution_cache import ResolutionCache
from pipwrap.operations.resolution_key import ResolutionInputs
from pipwrap.operations.session import InstallSession
from pipwrap.operations.shared_state import SessionSettings, SharedState, TargetVersions
from pipwrap.operations.wheel_provider import WheelProvider, prefetches
from pipwrap.options.build_options import build_rules
from pipwrap.options.options import SearchOptions
from pipwrap.options.target_python import TargetPython, targeted

if TYPE_CHECKING:
    from pipwrap.cache.sidecars import Sidecars
    from pipwrap.distribution.preparer import Preparer
    from pipwrap.distribution.sidecars import SidecarLookup
    from pipwrap.operations.builders import PreparerFactory


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
        collector = LinkCollector(
            SearchScope(
                search.index_urls, search.find_links, search.trusted_hosts, search.refreshed
            ),
            responses,
            context.events,
            usage.note,
        )
        stack.callback(collector.close)
        store = WheelStore(layout, context.events, time.time, usage.grew)
        private = WheelStore(Layout(context.place.scratch("private-")), context.events, time.time)

        target_versions = TargetVersions()

        def preparer_factory() -> PreparerFactory:
            from pipwrap.operations.builders import PreparerFactory, PreparerResources  # noqa: PLC0415 - where it is used

            made = PreparerFactory(
                PreparerResources(
                    context,
                    search,
                    transport,
                    responses,
                    collector,
                    usage,
                    store,
                    private,
                    target_versions,
                )
            )
            stack.callback(made.close)
            return made

        def sidecars() -> Sidecars:
            from pipwrap.cache.sidecars import Sidecars  # noqa: PLC0415 - where one is used

            made = Sidecars(layout, context.events, usage.note)
            stack.callback(made.flush)
            return made

        yield SharedState(
            context,
            search,
            collector,
            store,
            private,
            OnDemand(sidecars),
            usage,
            OnDemand(preparer_factory),
            target_versions=target_versions,
        )


def store_of(context: CommandContext) -> WheelStore:
    """Return the store for a plan that only removes."""
    return WheelStore(context.place.layout, context.events, time.time)


def open_session(
    shared: SharedState, request: UserRequest, saving: SaveOptions | None = None
) -> InstallSession:
    """Return the session for what the user asked for."""
    context = shared.context
    constraints = request.build_constraints
    locked = {project: ProjectLinks((link,)) for project, link in request.locked.items()}
    settings = SessionSettings(
        request.hash_policy,
        request.search.format_control,
        build_rules(
            context.options.build, request.root_requirements, request.constraints, constraints
        ),
        saving=saving,
    )
    shared = replace(shared, build_constraints=constraints, locked=locked)
    return make_session(shared, context.environment, context.events, settings)


def make_session(
    shared: SharedState, environment: Environment, listener: Listener, settings: SessionSettings
) -> InstallSession:
    """Return the parts of a session joined; nothing is fetched yet."""
    options = shared.context.options

    def read_before() -> SidecarLookup:
        from pipwrap.distribution.sidecars import SidecarLookup  # noqa: PLC0415 - where metadata is needed

        return SidecarLookup(shared.sidecars(), settings.policy)

    described = OnDemand(read_before)

    def make_preparer() -> Preparer:
        from pipwrap.operations.build_dispatch import BuildDispatch  # noqa: PLC0415 - where it is used

        dispatch = BuildDispatch(partial(make_session, shared), shared)
        factory = shared.preparer_factory()
        return factory.preparer(environment, described(), dispatch, settings, listener)

    def make_compiler() -> Compiler:
        bytecode = read_settings(environment, shared.context.environ)
        return Compiler(environment, shared.store, bytecode)

    preparer = OnDemand(make_preparer)
    compiles = options.compile and prefetches(shared.context, settings)
    compiler = OnDemand(make_compiler) if compiles else None
    wheels = WheelProvider(shared, settings, listener, preparer, compiler)
    target = targeted(
        environment, TargetPython() if settings.is_for_build else options.target_python
    )
    offers = _offers(shared, target, settings)
    provider = DistributionMetadataProvider(
        target,
        listener,
        offers,
        _resolution_cache(shared, target, offers, settings),
        wheels,
        preparer,
        described if settings.saving is None else None,
        saves_archives=settings.saving is not None and settings.saving.archives,
    )
    return InstallSession(
        provider,
        wheels,
        PlanInstaller(shared, environment, listener, wheels, compiler),
        preparer,
        compiler,
        settings.is_for_build,
        shared.target_versions,
    )


def _offers(shared: SharedState, target: Environment, settings: SessionSettings) -> Offers:
    """Return the candidates of all projects; target options do not apply to build requirements."""
    options, search = shared.context.options, shared.search
    selector = Selector(
        {tag: rank for rank, tag in enumerate(target.tags)},
        target.python_version,
        ignore_requires_python=options.ignore_requires_python and not settings.is_for_build,
        prefer_binary=search.prefer_binary,
        uploaded_prior_to=search.uploaded_prior_to,
    )
    return Offers(
        shared.collector,
        selector,
        settings.formats,
        settings.policy.preferred,
        {} if settings.is_for_build else shared.locked,
    )


def _resolution_cache(
    shared: SharedState, target: Environment, offers: Offers, settings: SessionSettings
) -> ResolutionCache:
    context, store = shared.context, shared.store
    return ResolutionCache(
        context,
        Resolutions(context.place.layout, context.events),
        offers,
        ResolutionInputs(
            (shared.search, settings.formats, settings.policy, target.compatibility.markers),
            reports=not settings.is_for_build,
            saves=settings.saving is not None,
        ),
        is_stored=lambda sha256: bool(sha256) and store.find(sha256) is not None,
        note=shared.usage.note,
    )
