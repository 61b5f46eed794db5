"""Which versions may be chosen although pip leaves them out by default; pure.

Pre-releases (PEP 440), yanked files (PEP 592) and direct references are *special*: they are chosen
only when something requests them. The core may learn that a version is the only one left before
the packages are decided that request it. So a request counts as soon as it was read, while the
version that makes it may still be chosen; the whole solution is judged once more at the end. A
project whose special version nothing in the solution requests becomes *strict*, where only decided
packages count, and the resolution starts again (``RestartReason.NOT_REQUESTED``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from msgspec import Struct, field
from nab_resolver.types import RangeProtocol
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pipwrap.model.candidate import InstalledCandidate
from pipwrap.model.release_control import ReleaseControl
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.packages import split_package
from pipwrap.resolution.ports import CandidateProvider
from pipwrap.resolution.projects import InstalledCandidates, Projects
from pipwrap.resolution.ranges import Ranks
from pipwrap.resolution.requirement_record import RequirementRecord


class Admission(Struct):
    """Judges versions by everything that is required of their project at the moment."""

    projects: Projects
    releases: ReleaseControl
    strict: set[str]
    """Projects of which only decided packages may request special versions."""
    record: RequirementRecord
    _positive: Mapping[str, RangeProtocol[int]] = field(default_factory=dict)
    _decisions: Mapping[str, int] = field(default_factory=dict)

    def update(
        self, positive_ranges: Mapping[str, RangeProtocol[int]], decisions: Mapping[str, int]
    ) -> None:
        """Record what is decided, and what is left of every other package."""
        self._positive, self._decisions = positive_ranges, decisions

    def range_left(self, package: str) -> Ranks | None:
        """Return what is left of a package, if anything requires it."""
        return cast("Ranks | None", self._positive.get(package))

    def first(self, project: str, allowed: Ranks) -> int | None:
        """Return the best rank of ``allowed`` that pip would consider at all."""
        version_map = self.projects[project]
        matching: frozenset[int] | None = None
        for rank in version_map.best_first(allowed):
            if version_map.ranked_versions[rank].is_plain:
                return rank
            if matching is None:
                matching = self._matching(project, self._required(project))
            if rank in matching:
                return rank
        direct = version_map.direct_in(allowed)
        if direct is not None and self._is_direct(project):
            return direct
        return None if project in self.strict else self._first_requested(project, allowed)

    def parents(self, project: str) -> list[tuple[str, int]]:
        """Return the decided (package, rank) pairs that require a project."""
        return [
            key for key in self.record.dependents(project) if self._decisions.get(key[0]) == key[1]
        ]

    def not_requested(self, pins: Mapping[str, int]) -> set[str]:
        """Return the projects of a solution with a special version that nothing in it requests."""
        self.update({}, pins)
        return {
            project
            for package, rank in pins.items()
            if (project := split_package(package)[0]) == package
            and project in self.projects
            and not self._is_allowed(project, rank)
        }

    def _is_allowed(self, project: str, rank: int) -> bool:
        ranked = self.projects[project].ranked_versions[rank]
        if isinstance(ranked.choice, DirectChoice):
            return self._is_direct(project)
        return ranked.is_plain or rank in self._matching(project, self._required(project))

    def _matching(self, project: str, specifier: SpecifierSet) -> frozenset[int]:
        prereleases = self.releases.allows_prereleases(project)
        return self.projects[project].matching(specifier, prereleases=prereleases)

    def _first_requested(self, project: str, allowed: Ranks) -> int | None:
        """Return the best rank that a version requests which is not decided and still possible."""
        required, version_map = self._required(project), self.projects[project]
        requested: set[int] = set()
        for package, rank in self.record.dependents(project):
            if package in self._decisions or rank not in self._positive.get(package, (rank,)):
                continue
            for requirement in self.record.by_version[package, rank]:
                if requirement.name != project:
                    continue
                if requirement.url is None:
                    requested |= self._matching(project, required & requirement.specifier)
                else:
                    count = len(version_map.ranked_versions)
                    requested.update(range(version_map.first_direct, count))
        ranks = version_map.best_first(allowed)
        best = next((rank for rank in ranks if rank in requested), None)
        direct = version_map.direct_in(allowed)
        return direct if best is None and direct in requested else best

    def _is_direct(self, project: str) -> bool:
        """Return whether the user or a decided package names a direct reference."""
        return project in self.projects.bound or any(
            requirement.name == project and requirement.url is not None
            for parent in self.parents(project)
            for requirement in self.record.by_version[parent]
        )

    def _required(self, project: str) -> SpecifierSet:
        """Return everything that is required of a project now, in one specifier set."""
        combined = self.projects.constraints.specifier(project)
        for specifier in self.record.root_specifiers.get(project, ()):
            combined &= specifier
        for parent in self.parents(project):
            for requirement in self.record.by_version[parent]:
                if requirement.name == project:
                    combined &= requirement.specifier
        return combined


def is_still_best(
    choice: Choice,
    specifier: str,
    offers: CandidateProvider,
    installed: Mapping[str, InstalledCandidate],
    releases: ReleaseControl,
) -> bool:
    """Return whether a version is still the first of all that its active specifiers admit.

    ``False`` as well for what is chosen only because a version requests it, and for specifiers that
    are damaged.
    """
    project = choice.project
    projects = Projects(offers, InstalledCandidates(installed, lambda _: False), {})
    try:
        clauses = SpecifierSet(specifier)
    except InvalidSpecifier:
        return False
    version_map = projects.version_map(project, clauses)
    record = RequirementRecord(root_specifiers={project: [clauses]})
    admission = Admission(projects, releases, set(), record)
    rank = admission.first(project, version_map.range_of(clauses))
    if rank is None:
        return False
    ranked = version_map.ranked_versions[rank]
    return ranked.is_plain and ranked.choice == choice
