"""The tools for one resolution and what follows it, on one environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.build.settings import BuildSettings
from pipwrap.cache import disk
from pipwrap.cache.resolutions import Resolutions
from pipwrap.cache.store import StoredWheelChanged, WheelStore
from pipwrap.cache.upkeep.usage import Usage, UsageKind
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.distribution.results import PreparedWheel, SaveOptions
from pipwrap.distribution.stored import stored
from pipwrap.events import Listener, WarningMessage
from pipwrap.index.candidates import Offers
from pipwrap.index.repository import Found, Repository
from pipwrap.index.selection import Selector
from pipwrap.install import installed
from pipwrap.install.bytecode import Compiler
from pipwrap.install.bytecode_settings import read_settings
from pipwrap.install.plan import Plan
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.distribution import Distribution
from pipwrap.model.environment import Environment
from pipwrap.model.format_control import FormatControl
from pipwrap.model.metadata import Metadata, MetadataResult
from pipwrap.model.requirement import Constraint
from pipwrap.model.source import Source
from pipwrap.model.wheel import StoredWheel
from pipwrap.operations import real_pip
from pipwrap.operations.context import CommandContext
from pipwrap.operations.resolution_cache import ResolutionCache
from pipwrap.options.options import SearchOptions
from pipwrap.options.target_python import TargetPython, targeted
from pipwrap.requirements.direct_references import source_of_url

if TYPE_CHECKING:
    from pipwrap.cache.sidecars import Sidecars
    from pipwrap.distribution.described import Described
    from pipwrap.distribution.preparer import Preparer
    from pipwrap.operations.builders import PreparerFactory

_UNTIL_THE_END: list[object] = []
"""What ends with the process: taking 14,000 small values apart costs 5 % of an installation."""


class SharedState(Struct, frozen=True):
    """What all resolutions of one command use together, those of build requirements included."""

    context: CommandContext
    search: SearchOptions
    repository: Repository
    store: WheelStore
    private: WheelStore
    """A run's own, for what must leave the cache alone."""
    sidecars: Callable[[], Sidecars]
    usage: Usage
    preparer_factory: Callable[[], PreparerFactory]
    """Where things are fetched and built; made when it is first wanted."""
    build_constraints: Mapping[str, Constraint] = field(default_factory=dict)
    locked: Mapping[str, Found] = field(default_factory=dict)
    """The files that lock files name; build requirements are not held to them."""


class InstallSession:
    """The tools for one resolution and what follows it, on one environment."""

    def __init__(
        self,
        shared: SharedState,
        environment: Environment,
        policy: HashPolicy,
        listener: Listener,
        *,
        formats: FormatControl,
        rules: BuildSettings,
        building: tuple[str, ...] = (),
        saving: SaveOptions | None = None,
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
            policy.preferred,
            shared.locked if not building else {},
        )
        self.resolution_cache = ResolutionCache(
            context,
            Resolutions(context.place.layout, context.console),
            self.offers,
            (shared.search, formats, policy, self.environment.markers),
            told=not building,
            saves=saving is not None,
            is_stored=lambda sha256: bool(sha256) and shared.store.find(sha256) is not None,
            note=shared.usage.note,
        )
        self._policy = policy
        self._rules = rules
        self._building = building
        self._saving = saving
        self._preparer: Preparer | None = None
        self._compiler: Compiler | None = None
        self._installs = not building and _looks_ahead(context)
        self._begun: dict[str, str] = {}
        """URLs of wheels by project."""
        self._stored: dict[str, tuple[Distribution, str]] = {}

    @cached_property
    def _described(self) -> Described:
        """Return what finds metadata that was read before, made when any is wanted."""
        from pipwrap.distribution.described import Described  # noqa: PLC0415

        return Described(self.shared.sidecars(), self._policy)

    @property
    def preparer(self) -> Preparer:
        """Return who fetches and builds, made when there is something to do for him."""
        if self._preparer is None:
            from pipwrap.operations.build_dispatch import BuildDispatch  # noqa: PLC0415

            shared, console = self.shared, self.shared.context.console
            self._preparer = shared.preparer_factory().preparer(
                self._installs_into,
                self._policy,
                self._described,
                self.listener,
                BuildDispatch(
                    partial(InstallSession, shared),
                    shared.search,
                    shared.build_constraints,
                    console,
                ),
                rules=self._rules,
                building=self._building,
                saving=self._saving,
            )
        return self._preparer

    def close(self) -> None:
        """End the threads."""
        if self._preparer is not None:
            self._preparer.close()
        if self._compiler is not None:
            self._compiler.close()

    def wheels(
        self, distribution: dict[str, Distribution], names: Mapping[str, str]
    ) -> dict[str, PreparedWheel]:
        """Return wheels in the store, by project; raises what ``Preparer.wheels`` raises."""
        begun = frozenset(self._begun.values())
        asked = {
            project: each
            for project, each in distribution.items()
            if self._saving is None and isinstance(each, Candidate) and each.link.url not in begun
        }
        there = stored(asked, self.shared.store, self._policy)
        for project, prepared in there.items():
            self._stored[prepared.wheel.sha256] = distribution[project], names[project]
        if len(there) < len(distribution):
            return self.preparer.wheels(distribution, names, there, self._arrived)
        for prepared in there.values():
            for line in prepared.lines:
                self.listener(line)
        return there

    @cached_property
    def _arrived(self) -> Callable[[StoredWheel], None]:
        """Return what is done with each wheel that comes into the store: it is compiled."""
        if self._installs and self.shared.context.options.compile:
            environ = self.shared.context.environ
            settings = read_settings(self._installs_into, environ)
            self._compiler = Compiler(self._installs_into, self.shared.store, settings)
            return self._compiler.begin
        return lambda _: None

    def _begin(self, candidate: Candidate) -> None:
        """Begin to get the wheel that was first chosen of a project, unless it is there.

        The choice may yet change: a second one waits for the end of the resolution.
        """
        if self._installs and candidate.project not in self._begun:
            sha256 = candidate.link.sha256
            # Nothing is told here of an entry that is damaged: whoever wants it will.
            if sha256 is not None and not self.shared.store.holds(sha256):
                self._begun[candidate.project] = candidate.link.url
                self.preparer.begin(candidate, self._arrived)

    def _restored(self, wheel: StoredWheel) -> StoredWheel:
        """Return a stored wheel whose files were changed or taken away, unpacked again."""
        if wheel.sha256 in self._stored:
            return self.preparer.wheel(*self._stored[wheel.sha256]).wheel
        return self.preparer.restore(wheel)

    def prefetch(self, candidate: Candidate, then: Callable[[Metadata], None]) -> None:
        """Begin to get metadata (``resolution.state.Artifacts``)."""
        if self._saving is not None or not self._described.holds(candidate):
            self.preparer.prefetch(candidate, then)

    def prebuild(self, candidate: Candidate) -> None:
        """Begin to get metadata that is certain to be asked for, where it has to be built."""
        if not candidate.is_wheel:
            self.preparer.prebuild(candidate)

    def metadata(self, choice: Candidate | Source) -> MetadataResult:
        """Return metadata, downloading or building if need be."""
        from pipwrap.model.validation import refuse_direct_references  # noqa: PLC0415 - where metadata is read

        result = self._known(choice) or self.preparer.obtain(choice)
        refuse_direct_references(result.metadata, choice.link, real_pip.public_file_hosts)
        if isinstance(choice, Candidate):
            self._begin(choice)
        return result

    def described(self, candidates: Sequence[Candidate]) -> Sequence[Metadata | None]:
        """Return the metadata of wheels that no server has to send whole for it."""
        if self._saving is not None:
            return self.preparer.described(candidates)
        return self._described.all(candidates, self._fetched_apart)

    def _fetched_apart(self, candidates: Sequence[Candidate]) -> Sequence[Metadata | None]:
        return self.preparer.described(candidates)

    def _known(self, choice: Candidate | Source) -> MetadataResult | None:
        """Return what takes no preparer: what was read before of a wheel that is not saved.

        One that is at work may be reading the same for the first time: it is asked.
        """
        if self._saving or self._preparer is not None or not isinstance(choice, Candidate):
            return None
        return self._described.known(choice)

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
        self.resolution_cache.settle()
        if not self._building:  # whose pages are shared with what they are built for
            self.offers.forget()
        if self._compiler is not None:
            self._compiler.finish()
        restored: set[str] = set()
        while True:
            try:
                self._commit(plan)
            except StoredWheelChanged as error:
                if error.wheel.sha256 in restored:
                    raise errors.EnvironmentRefused(f"{error}, and again at once") from error
                restored.add(error.wheel.sha256)
                self.listener(WarningMessage(f"{error}; it is unpacked again"))
                self._discard(error.wheel)
                plan = _with(plan, self._restored(error.wheel))
            else:
                return

    def _discard(self, changed: StoredWheel) -> None:
        """Remove a stored wheel, while nobody links it; one that was replaced already stays."""
        store = self.shared.store
        with disk.locked(self.shared.context.place.layout.lock):
            if store.find(changed.sha256) == changed:
                store.discard(changed.sha256)

    def _commit(self, plan: Plan) -> None:
        """Link what is in the store, while no upkeep can take it away."""
        from pipwrap.install import transaction  # noqa: PLC0415 - no dry run changes anything

        store = self.shared.store
        with disk.locked(self.shared.context.place.layout.lock, shared=True):
            for each in plan.install:
                is_private = each.wheel.root.startswith(self.shared.private.root)
                if not is_private and store.find(each.wheel.sha256) is None:
                    plan = _with(plan, self._restored(each.wheel))
            done = transaction.apply(plan, self._installs_into, store, self.listener)
        _UNTIL_THE_END.append(done)
        for each in plan.install:
            self.shared.usage.note(UsageKind.UNPACKED, each.wheel.sha256)


def _looks_ahead(context: CommandContext) -> bool:
    """Tell a command that installs what is resolved, and all of it.

    Nor is it one whose progress a script reads, which expects one wheel after another.
    """
    options = context.options
    return (
        options.command == "install"
        and not options.dry_run
        and not options.only_deps
        and options.progress_bar != "raw"
    )


def _with(plan: Plan, restored: StoredWheel) -> Plan:
    """Return a plan that installs a wheel from where it was unpacked again."""
    install = tuple(
        replace(each, wheel=restored) if each.wheel.sha256 == restored.sha256 else each
        for each in plan.install
    )
    return replace(plan, install=install)
