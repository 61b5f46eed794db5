"""pip's rules as a provider for the PubGrub core.

A package of the core is a project (``flask``), a project with one extra (``flask[async]``, which
needs the same version of ``flask``), or the target's Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import cast

from nab_resolver.resolver import BaseProvider
from nab_resolver.types import (
    Incompatibility,
    IncompatibilityCause,
    RangeProtocol,
    RootRequirement,
    Term,
)

from pipwrap import errors
from pipwrap.events import Listener
from pipwrap.index.selection import supports_python
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.requirement import Requirement, UserRequirement
from pipwrap.model.source import Source
from pipwrap.resolution.active_specifiers import ActiveSpecifiers
from pipwrap.resolution.admission import Admission, packages_of, split_package
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.conflicts import ConflictTracker
from pipwrap.resolution.dependencies import Dependencies, check_name, version_of
from pipwrap.resolution.messages import ResolutionMessages, source_of
from pipwrap.resolution.package_priority import PackagePriorities
from pipwrap.resolution.prefetcher import Prefetcher
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.ranges import RankRange, Ranks
from pipwrap.resolution.state import MetadataProvider, ResolutionRules, ResolverState, Template
from pipwrap.resolution.version_map import VersionMap

PYTHON = "<Python from Requires-Python>"
_NOTHING = RankRange.of(())


class Provider(BaseProvider[str, int]):
    """Answers the core's questions about packages and ranks."""

    def __init__(
        self,
        rules: ResolutionRules,
        projects: Projects,
        artifacts: MetadataProvider,
        listener: Listener,
        state: ResolverState,
    ) -> None:
        """Keep the ports; nothing is asked yet."""
        self.projects = projects
        self.admission = Admission(projects, rules.releases, state.strict)
        self.wanted = self.admission.wanted
        self._prefetcher = Prefetcher(rules, projects, artifacts, state, self.wanted)
        self.root_requirements: list[UserRequirement] = []
        """What the user asked for, in order."""
        self._rules = rules
        self._artifacts = artifacts
        self._messages = ResolutionMessages(rules, artifacts, listener, state)
        self._state = state
        self._ranges: dict[tuple[str, int], dict[str, Ranks]] = {}
        self._priorities = PackagePriorities()
        self.conflicts = ConflictTracker()
        self.active_specifiers = ActiveSpecifiers()
        self._positive: Mapping[str, RangeProtocol[int]] = {}
        self._clauses: list[Incompatibility[str, int]] = []

    # Requirements to ranges

    def root(self, number: int, user: UserRequirement) -> Iterator[RootRequirement[str, int]]:
        """Yield the root requirements that one wish of the user stands for."""
        self.root_requirements.append(user)
        requirement = user.requirement
        assert requirement is not None  # noqa: S101 - named before the resolution begins
        project = requirement.name
        hashed = bool(user.hashes) or self.projects.has_hashes(project)
        template = Template(requirement.text, user.comes_from, has_hashes=hashed)
        self._state.templates.setdefault(project, template)
        if user.source is not None:
            self.projects.bind(project)
            allowed = self.projects.range_of_source(project, user.source)
        else:
            allowed = self._range(requirement, self._state.template(project))
            only = self.projects.only(project, allowed)
            if only is not None and only not in self._state.dependencies:
                self._artifacts.prebuild(only)
            self._prefetch_best(project, allowed)
        self.admission.roots.setdefault(project, []).append(requirement.specifier)
        self.active_specifiers.ask(project, requirement.clauses)
        for package in packages_of(project, requirement.extras):
            self._priorities.ask(package, requirement, number, direct=user.source is not None)
            self._prefetcher.oblige(package, allowed)
            yield RootRequirement(package, allowed, user)

    def prefetch(self, requirements: tuple[Requirement, ...]) -> None:
        """Begin to ask for all projects at once."""
        for each in requirements:
            if each.url is None:
                self.projects.prefetch(each.name, each.specifier)

    def _range(self, requirement: Requirement, template: Template) -> Ranks:
        if requirement.url is not None:
            direct = self._direct(requirement, template)
            if direct is None:
                return self.projects.nothing_of(requirement.name)
            self.projects.add_direct(requirement.name, direct.version, direct.source)
            return self.projects.range_of_source(requirement.name, direct.source)
        self._take_constraint(requirement.name)
        version_map = self.projects.version_map(requirement.name, requirement.specifier)
        return version_map.range_of(requirement.specifier)

    def _direct(self, requirement: Requirement, template: Template) -> DirectChoice | None:
        """Return the version behind a dependency's URL, which only its metadata tells.

        ``None`` when that metadata cannot be used, or is of another project.
        """
        url = requirement.url or ""
        key = (requirement.name, url)
        if key not in self._state.sources:
            source = self._artifacts.source(url)
            self._state.sources[key] = self._ask(requirement.name, source, template)
        return self._state.sources[key]

    def _ask(self, project: str, source: Source, template: Template) -> DirectChoice | None:
        """Return the version of a project that a direct reference leads to, if it can be used."""
        self._messages.reading(template, source)
        try:
            result = self._artifacts.metadata(source)
            self._messages.lines(result.lines)
            check_name(project, source, result.metadata)
            direct = DirectChoice(project, version_of(result.metadata), source)
            self._state.dependencies[direct] = Dependencies.of(result.metadata)
        except errors.UnusableMetadata as error:
            self._messages.discarded(template, source, error)
            return None
        return direct

    def _take_constraint(self, project: str) -> None:
        """Make what the user's constraint names outright the only candidate of its project.

        Like pip, only once the project is asked for by name, and nothing where it is unusable.
        """
        for source in self.projects.required_sources(project):
            key = (project, source.identity)
            if key not in self._state.sources:
                template = self._state.template(project)
                supported = self._rules.supports(source)
                asked = self._ask(project, source, template) if supported else None
                self._state.sources[key] = asked
            direct = self._state.sources[key]
            self.projects.bind(project)
            if direct is not None:
                self.projects.add_direct(project, direct.version, direct.source)

    # The core's questions

    def receive_partial_solution_hint(
        self,
        positive_ranges: Mapping[str, RangeProtocol[int]],
        decisions: Mapping[str, int],
    ) -> None:
        """Remember what is decided: pre-releases and yanked files depend on who asks."""
        self._positive = positive_ranges
        self.admission.look(positive_ranges, decisions)

    def choose_version(self, package: str, version_range: RangeProtocol[int]) -> int | None:
        """Return the rank that pip would try first."""
        allowed = cast("Ranks", version_range)
        if package == PYTHON:
            return 0 if 0 in allowed else None
        project, extra = split_package(package)
        if extra is not None:
            base = self._positive.get(project)
            both = allowed & cast("Ranks", base) if base is not None else allowed
            allowed = allowed if both.is_empty else both
        version_map = self.projects[project]
        asked = self.active_specifiers.of(project, self.projects.constraint(project))
        self.projects.check_preference(project, asked)
        there = version_map.installed_rank
        if there is not None and there in allowed:
            self._messages.installed(project, version_map.ranked_versions[there].choice)
        chosen = self._liked(project, version_map, allowed)
        if chosen is None:
            self.projects.drop_preferences()
            if not allowed.is_empty:
                self._refuse(package, project, allowed)
            return None
        self.active_specifiers.decide(project, asked)
        if (package, chosen) not in self._ranges:
            self._clauses.extend(self._prefetcher.clauses(package, chosen))
            self._priorities.move(package)
        return chosen

    def has_satisfying_version(self, package: str, version_range: RangeProtocol[int]) -> bool:
        """Tell whether ``choose_version`` would find one."""
        if package == PYTHON:
            return 0 in version_range
        project, _ = split_package(package)
        return (
            self._liked(project, self.projects[project], cast("Ranks", version_range)) is not None
        )

    def get_dependencies(self, package: str, version: int) -> Mapping[str, RangeProtocol[int]]:
        """Return the ranges that a decided version needs."""
        if package == PYTHON:
            return {}
        key = (package, version)
        if key not in self._ranges:
            self._ranges[key] = self._needs(package, version)
        return self._ranges[key]

    def prioritize(
        self,
        package: str,
        version_range: RangeProtocol[int],
        conflict_counts: Mapping[str, int],
        culprit_counts: Mapping[str, int] | None = None,
    ) -> tuple[object, ...]:
        """Return who gives way, then pip's order: conflicts, direct, pinned, bounded, asked for."""
        del version_range, culprit_counts
        if any(conflict_counts.values()):
            self.projects.drop_preferences()
        conflicts = conflict_counts.get(package, 0) + self._prefetcher.refused(package)
        return (
            package != PYTHON,
            self.conflicts.turn(package),
            *self._priorities.order(package, conflicts),
        )

    def consume_force_backtrack_targets(self) -> list[str]:
        """Return the packages before whose decisions the core is to go back."""
        return self.conflicts.take_culprits()

    def begin_decision_scan(self) -> Callable[[str], bool]:
        """Return what tells of which package ``prioritize`` has to be asked again."""
        return self._priorities.moved()

    def is_ready(self, package: str) -> bool:
        """Have the core ask that: what is learned of a package may leave its range as it was."""
        del package
        return False

    def widen_decision(self, package: str, version: int) -> RangeProtocol[int] | None:
        """Keep exact versions: each has metadata of its own."""
        del package, version
        return None

    def consume_pending_clauses(self) -> list[Incompatibility[str, int]]:
        """Return why a version was refused under the present decisions."""
        clauses, self._clauses = self._clauses, []
        return clauses

    # Choosing

    def _liked(self, project: str, version_map: VersionMap, allowed: Ranks) -> int | None:
        installed = version_map.installed_rank
        if (
            installed is not None
            and installed in allowed
            and self.projects.keeps_installed(project)
        ):
            return installed
        return self.admission.first(project, allowed)

    def _refuse(self, package: str, project: str, allowed: Ranks) -> None:
        """Say that these versions are out as long as the same parents ask for them."""
        parents = self.admission.parents(project)
        if parents:
            terms = [Term[str, int](package, allowed)]
            terms += [Term[str, int](name, RankRange.singleton(rank)) for name, rank in parents]
            clause = Incompatibility[str, int](terms, IncompatibilityCause.NO_VERSIONS)
            self._clauses.append(clause)

    # Dependencies

    def _needs(self, package: str, rank: int) -> dict[str, Ranks]:
        project, extra = split_package(package)
        choice = self.projects[project].ranked_versions[rank].choice
        known = self._dependencies(project, choice)
        if isinstance(known, errors.UnusableMetadata):
            self.wanted[package, rank] = ()
            return {PYTHON: _NOTHING}
        needs: dict[str, Ranks] = {}
        if extra is not None:
            needs[project] = RankRange.singleton(rank)
            self._messages.missing_extra(choice, known, extra)
        if not isinstance(choice, InstalledCandidate) and not self._supports(known):
            self.wanted[package, rank] = ()
            return {PYTHON: _NOTHING}
        ignored = self._rules.ignore_dependencies
        requirements = () if ignored else known.needed(dict(self._rules.markers), extra)
        self.wanted[package, rank] = requirements
        self.prefetch(requirements)
        for requirement in requirements:
            self._add(needs, project, choice, requirement)
            self.active_specifiers.ask(requirement.name, requirement.clauses)
        return needs

    def _add(
        self, needs: dict[str, Ranks], parent: str, choice: Choice, requirement: Requirement
    ) -> None:
        chain = self._state.template(parent).pinned(choice).origin
        hashed = self.projects.has_hashes(requirement.name)
        template = Template(requirement.text, chain, parent, has_hashes=hashed)
        self._state.templates.setdefault(requirement.name, template)
        allowed = self._range(requirement, template)
        for package in packages_of(requirement.name, requirement.extras):
            self._priorities.learn(package, requirement)
            before = needs.get(package)
            needs[package] = allowed if before is None else before & allowed
        self._prefetch_best(requirement.name, allowed)

    def _prefetch_best(self, project: str, allowed: Ranks) -> None:
        version_map = self.projects[project]
        possible = self._prefetcher.possible(project, allowed)
        rank = next((each for each in version_map.liked(possible)), None)
        if rank is not None and version_map.ranked_versions[rank].is_plain:
            choice = version_map.ranked_versions[rank].choice
            if isinstance(choice, Candidate) and choice not in self._state.dependencies:
                self._artifacts.prefetch(choice, self._prefetcher.ask)

    def _supports(self, known: Dependencies) -> bool:
        requires = known.requires_python
        if requires is not None:
            self._messages.odd_requires_python(known)
        return (
            self._rules.ignore_requires_python
            or requires is None
            or supports_python(requires, self._rules.python_version)
        )

    def asked(self, package: str, rank: int) -> tuple[Requirement, ...] | None:
        """Return what a version needs; ``None`` when it was never looked at."""
        return self.wanted.get((package, rank))

    def requires_python(self, package: str, rank: int) -> str | None:
        """Return the Requires-Python of a version that was looked at."""
        choice = self.projects[split_package(package)[0]].ranked_versions[rank].choice
        known = self._state.dependencies.get(choice)
        return known.requires_python if isinstance(known, Dependencies) else None

    def _dependencies(self, project: str, choice: Choice) -> Dependencies | errors.UnusableMetadata:
        known = self._state.dependencies
        if choice not in known:
            known[choice] = self._read(project, choice)
        return known[choice]

    def _read(self, project: str, choice: Choice) -> Dependencies | errors.UnusableMetadata:
        template = self._state.template(project).pinned(choice)
        if isinstance(choice, InstalledCandidate):
            return Dependencies.of(self._artifacts.installed(choice))
        wanted = source_of(choice)
        rejected = self._state.reads[project] + self._prefetcher.refused(project)
        self._messages.rejected(project, rejected)
        self._state.reads[project] += 1
        self._messages.reading(template, wanted)
        if self._rules.requires_hashes and isinstance(choice, Candidate):
            self._refuse_unpinned(template, choice)
        try:
            result = self._artifacts.metadata(wanted)
            self._messages.lines(result.lines)
            return Dependencies.of(result.metadata)
        except errors.UnusableMetadata as error:
            self._messages.discarded(template, wanted, error)
            return error

    @staticmethod
    def _refuse_unpinned(template: Template, candidate: Candidate) -> None:
        """Raise pip's error where files have to have hashes and a dependency has no version."""
        if not (template.has_hashes or Requirement.parse(template.text).is_pinned):
            line = f"{template.text} from {candidate.link.redacted}{template.suffix}"
            raise errors.HashMismatch.unpinned([line])
