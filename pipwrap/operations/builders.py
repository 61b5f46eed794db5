"""The composition root's other half: what is needed only where something is fetched or built.

A command whose wheels all lie in the store never loads this module.
"""

from __future__ import annotations

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from pipwrap.build.environment_pool import EnvironmentPool
from pipwrap.build.hooks import HookProcessPool
from pipwrap.build.requirements import BuildRequirements
from pipwrap.build.source_build import BuildContext
from pipwrap.cache.build_host import BuildHost, include_directories
from pipwrap.cache.clones import Clones
from pipwrap.cache.http.client import ResponseCache
from pipwrap.cache.metadata import MetadataCache
from pipwrap.cache.store import WheelStore
from pipwrap.cache.unpackers import Unpackers
from pipwrap.cache.upkeep.usage import Usage
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.concurrency.background import BackgroundTasks, Executors, PrefetchTasks
from pipwrap.concurrency.worker_process import MOST, processors
from pipwrap.distribution.archives import Archives
from pipwrap.distribution.built_wheels import BuiltWheelLookup, ReuseSettings
from pipwrap.distribution.described import Described
from pipwrap.distribution.lazy_wheel import LazyWheels
from pipwrap.distribution.preparer import FETCHED_AHEAD, Preparer
from pipwrap.distribution.wheel_stores import WheelStores
from pipwrap.events import Listener
from pipwrap.index.candidates import has_native
from pipwrap.index.repository import Repository
from pipwrap.model.environment import Environment
from pipwrap.network.ranges import Ranges
from pipwrap.network.transport import Transport
from pipwrap.operations.cache_session import kept_directory
from pipwrap.operations.context import CommandContext
from pipwrap.operations.shared_state import SessionSettings
from pipwrap.options.options import SearchOptions
from pipwrap.vcs.git import GitSettings
from pipwrap.vcs.repositories import Repositories

_PATIENCE = 5.0
"""Seconds that a build whose hooks were ended may take to end as well."""


class PreparerResources(Struct, frozen=True):
    """What the rest of a command has in hand already."""

    context: CommandContext
    search: SearchOptions
    transport: Transport
    responses: ResponseCache
    repository: Repository
    usage: Usage
    store: WheelStore
    private: WheelStore


class PreparerFactory:
    """What all preparations of one command share, those of build requirements included."""

    def __init__(self, resources: PreparerResources) -> None:
        """Join the ports; nothing is fetched yet."""
        context, usage = resources.context, resources.usage
        layout, caching = context.place.layout, context.options.caching
        repository = resources.repository
        kept = MetadataCache(layout, context.console, usage.note)
        ranges = Ranges(resources.transport, resources.search.trusted_hosts)
        self._resources = resources
        self._processes, self._pool = HookProcessPool(), EnvironmentPool()
        self._builds: list[BackgroundTasks] = []
        self._remover = ThreadPoolExecutor(1, thread_name_prefix="remove")
        self._unpackers = Unpackers(min(processors(), MOST))
        self._archives = Archives(resources.responses)
        self._stores = WheelStores(
            resources.store,
            resources.private,
            LazyWheels(ranges, kept, offline=caching.offline),
            BuiltWheelLookup(
                BuiltWheels(layout, context.console, time.time, usage.grew),
                kept,
                BuildHost(context.environ, layout, include_directories(context.environment)),
                context.console,
                usage,
                ReuseSettings(
                    caching.rebuild,
                    caching.require_native,
                    offline=caching.offline,
                    index_has_native=lambda candidate: has_native(repository, candidate),
                ),
            ),
            self._unpackers.unpack,
        )

    def close(self) -> None:
        """End the hooks of all builds, those that run and those to come."""
        self._processes.close()
        self._unpackers.close()
        for builds in self._builds:
            builds.settle(_PATIENCE)
        self._remover.shutdown()

    def preparer(
        self,
        environment: Environment,
        settings: SessionSettings,
        described: Described,
        listener: Listener,
        requirements: BuildRequirements,
    ) -> Preparer:
        """Return what prepares wheels for one environment."""
        context = self._resources.context
        place = context.place
        build_context = BuildContext(
            target=environment,
            scratch=place.scratch if context.options.build.cleans else kept_directory,
            keep_log=place.keep_log,
            requirements=requirements,
            listener=listener,
            remove=self._remove,
            rules=settings.rules,
            processes=self._processes,
            pool=self._pool,
            repositories=Repositories(
                git_settings(context),
                Clones(place.layout, listener, self._resources.usage),
                place.scratch,
                listener,
            ),
            allows_editables=context.options.command == "install",
            building=settings.building,
        )
        builds = BackgroundTasks(context.console, processors(), "build")
        self._builds.append(builds)
        executors = Executors(builds, PrefetchTasks(context.console, FETCHED_AHEAD, "ahead"))
        return Preparer(
            self._archives,
            self._stores,
            described,
            build_context,
            settings.policy,
            listener,
            executors,
            settings.saving,
        )

    def _remove(self, path: str) -> None:
        """Remove a tree in the background, unless --no-clean is given."""
        if self._resources.context.options.build.cleans:
            self._remover.submit(shutil.rmtree, path, ignore_errors=True)


def git_settings(context: CommandContext) -> GitSettings:
    """Return how git is run, and where clones of editables live."""
    options, environment = context.options, context.environment
    home = environment.prefix if environment.is_virtual else context.working_directory
    return GitSettings(
        no_input=options.network.no_input,
        verbosity=options.verbosity,
        source_directory=options.src_dir or os.path.join(home, "src"),
        show_path=context.show_path,
        offline=options.caching.offline,
    )
