"""The composition root for what fetches and builds.

A command whose wheels are all in the store does not import this module, nor what it imports.
"""

from __future__ import annotations

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from pipwrap.build.build_context import BuildContext, BuildDirectories, no_versions
from pipwrap.build.environment_pool import EnvironmentPool
from pipwrap.build.hooks import HookProcessPool
from pipwrap.build.observer import ObserverLibrary, own_code
from pipwrap.build.requirements import BuildRequirements
from pipwrap.cache.build_host import BuildHost, include_directories
from pipwrap.cache.clones import Clones
from pipwrap.cache.http.client import ResponseCache
from pipwrap.cache.machine import library_directories
from pipwrap.cache.metadata import MetadataCache
from pipwrap.cache.store import WheelStore
from pipwrap.cache.unpackers import Unpackers
from pipwrap.cache.upkeep.usage import Usage
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.concurrency.background import BackgroundTasks, Executors, PrefetchTasks
from pipwrap.concurrency.worker_process import MOST, processors
from pipwrap.distribution.archives import AcquiredArchives, Archives
from pipwrap.distribution.built_wheels import BuiltWheelLookup, ReuseSettings
from pipwrap.distribution.lazy_wheel import LazyWheels
from pipwrap.distribution.metadata import MetadataReader
from pipwrap.distribution.preparer import FETCHED_AHEAD, Preparer
from pipwrap.distribution.sidecars import SidecarLookup
from pipwrap.distribution.source_metadata import SourceMetadataReader
from pipwrap.distribution.sources import Sources
from pipwrap.distribution.wheel_builder import WheelBuilder
from pipwrap.distribution.wheel_files import WheelFiles, WheelStores
from pipwrap.distribution.wheel_metadata import WheelMetadataReader
from pipwrap.events import Listener
from pipwrap.index.candidates import has_native
from pipwrap.index.link_collector import LinkCollector
from pipwrap.model.environment import Environment
from pipwrap.network.ranges import Ranges
from pipwrap.network.transport import Transport
from pipwrap.operations.cache_session import permanent_directory
from pipwrap.operations.context import CommandContext
from pipwrap.operations.shared_state import SessionSettings, TargetVersions
from pipwrap.options.options import SearchOptions
from pipwrap.vcs.git import GitSettings
from pipwrap.vcs.repositories import Repositories

_END_TIMEOUT = 5.0
"""Seconds that a build whose hooks were ended may take to end as well."""


class PreparerResources(Struct, frozen=True):
    """What the rest of a command has constructed already."""

    context: CommandContext
    search: SearchOptions
    transport: Transport
    responses: ResponseCache
    collector: LinkCollector
    usage: Usage
    store: WheelStore
    private: WheelStore
    target_versions: TargetVersions


class PreparerFactory:
    """Makes the preparers of one command, those of build requirements included.

    They share connections, caches, the processes of build hooks and what was decided before.
    """

    def __init__(self, resources: PreparerResources) -> None:
        """Construct what all preparers share; nothing is fetched yet."""
        context, usage = resources.context, resources.usage
        layout, caching = context.place.layout, context.options.caching
        collector = resources.collector
        metadata_cache = MetadataCache(layout, context.events, usage.note)
        ranges = Ranges(resources.transport, resources.search.trusted_hosts)
        self._resources = resources
        self._processes, self._pool = HookProcessPool(), EnvironmentPool()
        self._builds: list[BackgroundTasks] = []
        self._remover = ThreadPoolExecutor(1, thread_name_prefix="remove")
        self._observer = ObserverLibrary(layout, context.environ)
        self._unpackers = Unpackers(min(processors(), MOST))
        self._acquired = AcquiredArchives()
        self._lazy_wheels = LazyWheels(ranges, metadata_cache, offline=caching.offline)
        self._built_wheels = BuiltWheelLookup(
            BuiltWheels(layout, context.events, time.time, usage.grew),
            metadata_cache,
            BuildHost(
                context.environ,
                layout,
                include_directories(context.environment),
                library_directories(context.environment),
            ),
            context.events,
            usage,
            ReuseSettings(
                caching.rebuild,
                caching.require_native,
                offline=caching.offline,
                index_has_native=lambda candidate: has_native(collector, candidate),
            ),
        )

    def close(self) -> None:
        """End the hooks of all builds, those that run and those to come."""
        self._processes.close()
        self._unpackers.close()
        for builds in self._builds:
            builds.settle(_END_TIMEOUT)
        self._remover.shutdown()

    def preparer(
        self,
        environment: Environment,
        sidecars: SidecarLookup,
        requirements: BuildRequirements,
        settings: SessionSettings,
        listener: Listener,
    ) -> Preparer:
        """Return what prepares wheels for one environment."""
        context, resources, saving = self._resources.context, self._resources, settings.saving
        archives = Archives(
            resources.responses,
            settings.policy,
            listener,
            saving.directory if saving else None,
            self._acquired,
        )
        build_context = self._build_context(environment, requirements, settings, listener)
        sources = Sources(build_context, archives)
        wheels = WheelMetadataReader(
            archives, sidecars, resources.store, self._lazy_wheels, listener
        )
        reader = MetadataReader(
            archives,
            wheels,
            SourceMetadataReader(
                archives,
                sources,
                self._built_wheels,
                wheels,
                listener,
                saves_archives=saving is not None and saving.archives,
            ),
        )
        files = WheelFiles(
            archives,
            WheelStores(resources.store, resources.private, self._unpackers.unpack),
            reader,
        )
        builder = WheelBuilder(
            sources, self._built_wheels, files, reader, build_context.directories.scratch, listener
        )
        builds = BackgroundTasks(context.events, processors(), "build")
        self._builds.append(builds)
        executors = Executors(builds, PrefetchTasks(context.events, FETCHED_AHEAD, "ahead"))
        return Preparer(reader, files, builder, executors, listener)

    def _build_context(
        self,
        environment: Environment,
        requirements: BuildRequirements,
        settings: SessionSettings,
        listener: Listener,
    ) -> BuildContext:
        context = self._resources.context
        place = context.place
        return BuildContext(
            target=environment,
            directories=BuildDirectories(
                place.scratch if context.options.build.cleans else permanent_directory,
                place.keep_log,
                self._remove,
                (place.layout.root, *own_code()),
            ),
            requirements=requirements,
            listener=listener,
            rules=settings.rules,
            processes=self._processes,
            pool=self._pool,
            repositories=Repositories(
                git_settings(context),
                Clones(place.layout, listener, self._resources.usage),
                place.scratch,
                listener,
            ),
            host=self._built_wheels.host,
            allows_editables=context.options.command == "install",
            building=settings.building,
            preload=self._observer.path,
            target_versions=no_versions
            if settings.is_for_build
            else self._resources.target_versions,
        )

    def _remove(self, path: str) -> None:
        """Remove a tree on another thread, unless everything is to be left (``--no-clean``)."""
        if self._resources.context.options.build.cleans:
            self._remover.submit(shutil.rmtree, path, ignore_errors=True)


def git_settings(context: CommandContext) -> GitSettings:
    """Return how git is run, and the directory for clones of editables."""
    options, environment = context.options, context.environment
    home = environment.prefix if environment.is_virtual else context.working_directory
    return GitSettings(
        no_input=options.network.no_input,
        verbosity=options.verbosity,
        source_directory=options.src_dir or os.path.join(home, "src"),
        show_path=context.show_path,
        offline=options.caching.offline,
    )
