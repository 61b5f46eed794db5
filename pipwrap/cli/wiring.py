"""The composition root: the only place that makes concrete objects and joins the ports."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipwrap import errors
from pipwrap.artifacts.archives import Archives
from pipwrap.artifacts.build_env import BuildEnvironment
from pipwrap.artifacts.consistency import refuse_direct_references
from pipwrap.artifacts.hashes import HashPolicy
from pipwrap.artifacts.prepare import Preparer, Shelves
from pipwrap.artifacts.remote_wheel import RemoteWheels
from pipwrap.artifacts.repositories import Repositories
from pipwrap.artifacts.reuse import Reuse, ReuseRules
from pipwrap.artifacts.source_build import BuildRules, Checked, Workshop
from pipwrap.artifacts.wanted import Obtained, Saving
from pipwrap.cache import disk
from pipwrap.cache.clones import Clones
from pipwrap.cache.layout import Layout
from pipwrap.cache.metadata import MetadataCache
from pipwrap.cache.resolutions import Resolutions
from pipwrap.cache.responses import ResponseCache
from pipwrap.cache.store import Store, StoredWheelChanged
from pipwrap.cache.surroundings import Surroundings
from pipwrap.cache.usage import STORE, Usage
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.cli import cache_upkeep, planning, real_pip
from pipwrap.cli.build_options import build_rules, texts_of
from pipwrap.cli.cache_place import kept_directory
from pipwrap.cli.connecting import open_network
from pipwrap.cli.context import Context, git_settings
from pipwrap.cli.direct_references import source_of_url
from pipwrap.cli.options import SearchOptions
from pipwrap.cli.question import Question
from pipwrap.cli.recollection import Recollection, resolution_of
from pipwrap.cli.request import Request
from pipwrap.cli.target_python import TargetPython, targeted
from pipwrap.events import (
    DownloadFinished,
    DownloadProgressed,
    DownloadStarted,
    Event,
    Listener,
    Told,
    Warned,
)
from pipwrap.index.offers import Offers, has_native
from pipwrap.index.repository import Found, Repository, SearchScope
from pipwrap.index.selection import Selector
from pipwrap.install import installed, transaction
from pipwrap.install.plan import Plan
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.environment import Environment, InstalledDistribution
from pipwrap.model.format_control import FormatControl
from pipwrap.model.metadata import Metadata
from pipwrap.model.requirement import Constraint, Requirement, UserRequirement
from pipwrap.model.source import Source
from pipwrap.model.wheel import StoredWheel
from pipwrap.network.origins import is_secure_origin
from pipwrap.network.ranges import Ranges

_NAME = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Shared:
    """What all resolutions of one command use together, those of build requirements included."""

    context: Context
    search: SearchOptions
    responses: ResponseCache
    repository: Repository
    archives: Archives
    shelves: Shelves
    usage: Usage
    build_constraints: Mapping[str, Constraint] = field(default_factory=dict)
    locked: Mapping[str, Found] = field(default_factory=dict)
    """The files that lock files name; build requirements are not held to them."""


class Bench:
    """The tools for one resolution and what follows it, on one environment."""

    def __init__(
        self,
        shared: Shared,
        environment: Environment,
        policy: HashPolicy,
        listener: Listener,
        *,
        formats: FormatControl,
        rules: BuildRules,
        building: tuple[str, ...] = (),
        saving: Saving | None = None,
    ) -> None:
        """Join the ports for ``environment``; nothing is fetched yet."""
        context = shared.context
        self.shared = shared
        target = context.options.target_python if not building else TargetPython()
        self.environment = targeted(environment, target)
        self._installs_into = environment
        self.listener = listener
        self.offers = Offers(
            shared.repository,
            Selector(
                {tag: rank for rank, tag in enumerate(self.environment.tags)},
                self.environment.python_version,
                ignore_requires_python=context.options.ignore_requires_python and not building,
                prefer_binary=shared.search.prefer_binary,
                uploaded_prior_to=shared.search.uploaded_prior_to,
            ),
            formats,
            policy.allowed,
            shared.locked if not building else {},
        )
        workshop = Workshop(
            target=environment,
            scratch=context.place.scratch if context.options.build.cleans else kept_directory,
            keep_log=context.place.keep_log,
            requirements=_BuildRequirements(shared),
            listener=listener,
            rules=rules,
            repositories=Repositories(
                git_settings(context),
                Clones(context.place.layout, listener, shared.usage),
                context.place.scratch,
                listener,
            ),
            allows_editables=context.options.command == "install",
            building=building,
        )
        self.recollection = Recollection(
            context,
            Resolutions(context.place.layout, context.console),
            self.offers,
            (shared.search, formats, policy.allowed, self.environment.markers),
            told=not building,
        )
        self.preparer = Preparer(
            shared.archives,
            shared.shelves,
            workshop,
            policy,
            listener,
            saving,
        )

    def close(self) -> None:
        """End the threads."""
        self.preparer.close()

    def prefetch(self, candidate: Candidate) -> None:
        """Begin to get metadata (``resolution.memory.Artifacts``)."""
        self.preparer.prefetch(candidate)

    def metadata(self, choice: Candidate | Source) -> Obtained:
        """Return metadata, downloading or building if need be."""
        obtained = self.preparer.obtain(choice)
        refuse_direct_references(obtained.metadata, choice.link, real_pip.public_file_hosts)
        return obtained

    def reuses(self, choice: Candidate | Source) -> bool:
        """Tell whether a wheel that was built before will be used."""
        return self.preparer.reuses(choice)

    @staticmethod
    def installed(candidate: InstalledCandidate) -> Metadata:
        """Return the metadata of an installed distribution."""
        return installed.read_metadata(candidate.distribution)

    @staticmethod
    def source(url: str, subdirectory: str | None = None) -> Source:
        """Return the direct reference that a dependency names: it is not the user's own."""
        return source_of_url(url, subdirectory=subdirectory)

    def apply(self, plan: Plan) -> None:
        """Carry out a plan; a stored file that was changed is unpacked again, once each."""
        restored: set[str] = set()
        while True:
            try:
                self._commit(plan)
            except StoredWheelChanged as error:
                if error.wheel.sha256 in restored:
                    raise errors.EnvironmentRefused(f"{error}, and again at once") from error
                restored.add(error.wheel.sha256)
                self.listener(Warned(f"{error}; it is unpacked again"))
                self._discard(error.wheel)
                plan = _with(plan, self.preparer.restore(error.wheel))
            else:
                return

    def _discard(self, changed: StoredWheel) -> None:
        """Remove a stored wheel, while nobody links it; one that was replaced already stays."""
        store = self.shared.shelves.store
        with disk.locked(self.shared.context.place.layout.lock):
            if store.find(changed.sha256) == changed:
                store.discard(changed.sha256)

    def _commit(self, plan: Plan) -> None:
        """Link what is in the store, while no upkeep can take it away."""
        store = self.shared.shelves.store
        with disk.locked(self.shared.context.place.layout.lock, shared=True):
            for each in plan.install:
                is_private = each.wheel.root.startswith(self.shared.shelves.private.root)
                if not is_private and store.find(each.wheel.sha256) is None:
                    plan = _with(plan, self.preparer.restore(each.wheel))
            transaction.apply(plan, self._installs_into, store, self.listener)
        for each in plan.install:
            self.shared.usage.note(STORE, each.wheel.sha256)


def _with(plan: Plan, restored: StoredWheel) -> Plan:
    """Return a plan that installs a wheel from where it was unpacked again."""
    install = tuple(
        replace(each, wheel=restored) if each.wheel.sha256 == restored.sha256 else each
        for each in plan.install
    )
    return replace(plan, install=install)


class _BuildRequirements:
    """Installs build requirements with the same machinery, one level deeper."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def install(
        self, requirements: Sequence[str], into: BuildEnvironment, building: tuple[str, ...]
    ) -> None:
        """Resolve under the build constraints alone, and install (artifacts.source_build)."""
        constraints = self._shared.build_constraints
        environment = into.environment
        wishes = tuple(
            wish
            for wish in map(_build_wish, requirements)
            if wish.requirement and wish.requirement.applies(environment.marker_environment)
        )
        formats = FormatControl(only_binary=self._shared.search.format_control.only_binary)
        bench = Bench(
            self._shared,
            environment,
            HashPolicy({name: each.hashes for name, each in constraints.items() if each.hashes}),
            _quieter(self._shared.context.console),
            formats=formats,
            rules=BuildRules(constraints=texts_of(constraints)),
            building=building,
        )
        try:
            question = Question(wishes, constraints, releases=self._shared.search.releases)
            resolution = resolution_of(bench, question)
            wanted = planning.wanted(resolution, {}, bench.listener)
            wheels = bench.preparer.wheels(wanted, resolution.names)
            plan = planning.make_plan(resolution, wheels, {}, environment.scheme, wishes)
            bench.apply(replace(plan, warn_script_location=False))
        finally:
            bench.close()

    @staticmethod
    def check(requirements: Sequence[str], environment: Environment) -> Checked:
        """Return what is installed in another version, and what is not (artifacts.source_build)."""
        found: dict[str, str] = {
            canonicalize_name(each.name): each.version
            for each in installed.find_installed(environment)
        }
        conflicting, missing = [], []
        for text in sorted(set(requirements)):
            requirement = Requirement.parse(text)
            version = found.get(requirement.name)
            if not requirement.applies(environment.marker_environment):
                continue
            if version is None:
                missing.append(text)
            elif not requirement.specifier.contains(version, prereleases=True):
                conflicting.append((f"{_NAME.split(text, 1)[0]}=={version}", text))
        return Checked(tuple(conflicting), tuple(missing))


def _build_wish(text: str) -> UserRequirement:
    requirement = Requirement.parse(text)
    source = source_of_url(requirement.url) if requirement.url else None
    return UserRequirement(requirement.text, requirement, source, requirement.extras)


def _quieter(listener: Listener) -> Listener:
    """Return a listener that tells at -v what an inner installation does, bars excepted."""

    def told(event: Event, /) -> None:
        if isinstance(event, DownloadStarted | DownloadProgressed | DownloadFinished):
            listener(event)
        elif isinstance(event, Told):
            listener(Told(event.message, event.level + 1, event.indent + 1))
        elif isinstance(event, Warned):
            listener(Told(f"WARNING: {event.message}", 1, 1))

    return told


@contextmanager
def opened(context: Context, search: SearchOptions) -> Iterator[Shared]:
    """Yield the shared tools, and close connections and threads at the end."""
    with ExitStack() as stack:
        layout = context.place.layout
        usage = Usage(layout, time.time)
        stack.callback(usage.flush)
        session, responses = open_network(context, search, usage.grew)
        stack.callback(responses.close)
        stack.callback(session.close)
        trusted = search.trusted_hosts
        repository = Repository(
            SearchScope(search.index_urls, search.find_links),
            responses,
            context.console,
            is_secure=lambda url: is_secure_origin(url, trusted),
            refreshed=search.refreshed,
        )
        stack.callback(repository.close)
        private = Layout(context.place.scratch("private-"))
        kept = MetadataCache(layout, context.console)
        offline = context.options.caching.offline
        shelves = Shelves(
            Store(layout, context.console, time.time, usage.grew),
            Store(private, context.console, time.time),
            RemoteWheels(Ranges(session, trusted), kept, offline=offline),
            Reuse(
                BuiltWheels(layout, context.console, time.time, usage.grew),
                kept,
                Surroundings(
                    context.environ, layout, cache_upkeep.include_directories(context.environment)
                ),
                context.console,
                usage,
                ReuseRules(
                    context.options.caching.rebuild,
                    context.options.caching.require_native,
                    offline=offline,
                    index_has_native=lambda candidate: has_native(repository, candidate),
                ),
            ),
        )
        yield Shared(context, search, responses, repository, Archives(responses), shelves, usage)


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
        rules=build_rules(context.options.build, request.wishes, constraints),
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
