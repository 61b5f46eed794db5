"""What the user and the chosen versions require, as ranges over the packages of the core."""

from __future__ import annotations

from nab_resolver.types import RootRequirement

from pipwrap import errors
from pipwrap.model.requirement import Requirement, UserRequirement
from pipwrap.resolution.choice import Choice
from pipwrap.resolution.dependency_reader import DependencyReader
from pipwrap.resolution.packages import PYTHON, packages_of, split_package
from pipwrap.resolution.prefetcher import Prefetcher
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.ranges import RankRange, Ranks
from pipwrap.resolution.requirement_ranges import RequirementRanges
from pipwrap.resolution.requirement_record import RequirementRecord
from pipwrap.resolution.state import ResolverState, Template


class PackageRanges:
    """Records each requirement, has what it leads to prefetched, and returns its ranges."""

    def __init__(
        self,
        projects: Projects,
        state: ResolverState,
        record: RequirementRecord,
        reader: DependencyReader,
        requirement_ranges: RequirementRanges,
        prefetcher: Prefetcher,
    ) -> None:
        """Store the ports; nothing is read yet."""
        self._projects = projects
        self._state = state
        self._record = record
        self._reader = reader
        self._requirement_ranges = requirement_ranges
        self._prefetcher = prefetcher
        self._known: dict[tuple[str, int], dict[str, Ranks]] = {}

    def root(self, user: UserRequirement) -> list[RootRequirement[str, int]]:
        """Return the core's root requirements that one requirement of the user stands for."""
        requirement = user.requirement
        assert requirement is not None  # noqa: S101 - named before the resolution begins
        project = requirement.name
        hashed = bool(user.hashes) or self._projects.constraints.has_hashes(project)
        template = Template(requirement.text, user.comes_from, has_hashes=hashed)
        self._state.templates.setdefault(project, template)
        if user.source is not None:
            self._projects.bound.add(project)
            allowed = self._projects.direct_map(project).range_of_source(user.source)
        else:
            template = self._state.template(project)
            allowed = self._requirement_ranges.range_of(requirement, template)
            self._prefetcher.prebuild_only(project, allowed)
            self._prefetcher.prefetch_best(project, allowed)
        self._record.add_root(user, requirement, allowed)
        return [
            RootRequirement(package, allowed, user)
            for package in packages_of(project, requirement.extras)
        ]

    def is_known(self, package: str, rank: int) -> bool:
        """Return whether ``of_version`` was called for a version before."""
        return (package, rank) in self._known

    def of_version(self, package: str, rank: int) -> dict[str, Ranks]:
        """Return the ranges that a version of a package requires, reading its metadata once."""
        key = (package, rank)
        if key not in self._known:
            self._known[key] = self._read(package, rank)
        return self._known[key]

    def _read(self, package: str, rank: int) -> dict[str, Ranks]:
        project, extra = split_package(package)
        choice = self._projects[project].ranked_versions[rank].choice
        known = self._reader.read(project, choice)
        if isinstance(known, errors.UnusableMetadata):
            return self._impossible(package, rank)
        ranges: dict[str, Ranks] = {}
        if extra is not None:
            ranges[project] = RankRange.singleton(rank)
            self._reader.check_extra(choice, known, extra)
        if not self._reader.supports_python(choice, known):
            return self._impossible(package, rank)
        requirements = self._reader.requirements(known, extra)
        self._record.by_version[package, rank] = requirements
        self._prefetcher.prefetch(requirements)
        for requirement in requirements:
            self._add(ranges, project, choice, requirement)
            self._record.active_specifiers.add(requirement.name, requirement.clauses)
        return ranges

    def _impossible(self, package: str, rank: int) -> dict[str, Ranks]:
        """Return the ranges of a version that cannot be used: no Python satisfies it."""
        self._record.by_version[package, rank] = ()
        return {PYTHON: RankRange.of(())}

    def _add(
        self, ranges: dict[str, Ranks], parent: str, choice: Choice, requirement: Requirement
    ) -> None:
        """Add what one requirement of a version leaves."""
        project = requirement.name
        chain = self._state.template(parent).pinned(choice).origin
        hashed = self._projects.constraints.has_hashes(project)
        template = Template(requirement.text, chain, parent, has_hashes=hashed)
        self._state.templates.setdefault(project, template)
        allowed = self._requirement_ranges.range_of(requirement, template)
        for package in packages_of(project, requirement.extras):
            self._record.priorities.add(package, requirement)
            before = ranges.get(package)
            ranges[package] = allowed if before is None else before & allowed
        self._prefetcher.prefetch_best(project, allowed)
