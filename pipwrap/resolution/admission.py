"""Which versions may be chosen although pip leaves them out by default: who asks decides.

Pre-releases (PEP 440), yanked files (PEP 592) and direct references are chosen only when they are
asked for. The core may know that a version is the only one left before those are decided who ask
for it. So whoever was seen to ask and may still be chosen counts, and the whole solution is judged
once more at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from nab_resolver.types import RangeProtocol
from packaging.specifiers import SpecifierSet

from pipwrap.model.release_control import ReleaseControl
from pipwrap.model.requirement import Requirement
from pipwrap.resolution.choice import DirectChoice
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.ranges import Ranks


class Admission(Struct):
    """Judges versions by everything that is asked of their project at the moment."""

    projects: Projects
    releases: ReleaseControl
    strict: set[str]
    """Projects of which nobody but the decided may ask for something special."""
    wanted: dict[tuple[str, int], tuple[Requirement, ...]] = field(default_factory=dict)
    """What each (package, rank) that was looked at needs."""
    roots: dict[str, list[SpecifierSet]] = field(default_factory=dict)
    """What the user asks of a project."""
    _positive: Mapping[str, RangeProtocol[int]] = field(default_factory=dict)
    _decisions: Mapping[str, int] = field(default_factory=dict)

    def look(
        self, positive_ranges: Mapping[str, RangeProtocol[int]], decisions: Mapping[str, int]
    ) -> None:
        """Take in what is decided, and what is left of everything else."""
        self._positive, self._decisions = positive_ranges, decisions

    def first(self, project: str, allowed: Ranks) -> int | None:
        """Return the rank of ``allowed`` that pip likes best and would consider at all."""
        version_map = self.projects[project]
        admitted: frozenset[int] | None = None
        for rank in version_map.liked(allowed):
            if version_map.ranked_versions[rank].is_plain:
                return rank
            if admitted is None:
                admitted = self._admitted(project, self._active(project))
            if rank in admitted:
                return rank
        direct = version_map.direct_in(allowed)
        if direct is not None and self._is_direct(project):
            return direct
        return None if project in self.strict else self._first_hoped_for(project, allowed)

    def parents(self, project: str) -> list[tuple[str, int]]:
        """Return who asks for a project and is decided."""
        return [key for key in self._asking(project) if self._decisions.get(key[0]) == key[1]]

    def unasked(self, pins: Mapping[str, int]) -> set[str]:
        """Return the projects of a solution whose versions nobody in it lets in."""
        self.look({}, pins)
        return {
            project
            for package, rank in pins.items()
            if (project := split_package(package)[0]) == package
            and project in self.projects
            and not self._stands(project, rank)
        }

    def _stands(self, project: str, rank: int) -> bool:
        ranked = self.projects[project].ranked_versions[rank]
        if isinstance(ranked.choice, DirectChoice):
            return self._is_direct(project)
        return ranked.is_plain or rank in self._admitted(project, self._active(project))

    def _admitted(self, project: str, specifier: SpecifierSet) -> frozenset[int]:
        prereleases = self.releases.allows_prereleases(project)
        return self.projects[project].admitted(specifier, prereleases=prereleases)

    def _first_hoped_for(self, project: str, allowed: Ranks) -> int | None:
        """Return what somebody asks for who is not decided and may still be chosen."""
        active, version_map = self._active(project), self.projects[project]
        hoped: set[int] = set()
        for package, rank in self._asking(project):
            if package in self._decisions or rank not in self._positive.get(package, (rank,)):
                continue
            for requirement in self.wanted[package, rank]:
                if requirement.name == project and requirement.url is None:
                    hoped |= self._admitted(project, active & requirement.specifier)
                elif requirement.name == project:
                    hoped.update(range(version_map.first_direct, len(version_map.ranked_versions)))
        liked = next((rank for rank in version_map.liked(allowed) if rank in hoped), None)
        direct = version_map.direct_in(allowed)
        return direct if liked is None and direct in hoped else liked

    def _is_direct(self, project: str) -> bool:
        """Tell whether anybody who is decided asks for a direct reference."""
        return self.projects.is_bound(project) or any(
            requirement.name == project and requirement.url is not None
            for parent in self.parents(project)
            for requirement in self.wanted[parent]
        )

    def _active(self, project: str) -> SpecifierSet:
        """Return everything that is asked of a project now, in one specifier set."""
        combined = self.projects.constraint(project)
        for specifier in self.roots.get(project, ()):
            combined &= specifier
        for parent in self.parents(project):
            for requirement in self.wanted[parent]:
                if requirement.name == project:
                    combined &= requirement.specifier
        return combined

    def _asking(self, project: str) -> Iterator[tuple[str, int]]:
        for key, requirements in self.wanted.items():
            if any(requirement.name == project for requirement in requirements):
                yield key


def split_package(package: str) -> tuple[str, str | None]:
    """Return the project and the extra of a package's name."""
    project, bracket, rest = package.partition("[")
    return project, rest[:-1] if bracket else None


def packages_of(project: str, extras: tuple[str, ...]) -> list[str]:
    """Return the packages that a requirement of a project with extras is about."""
    return [project, *(f"{project}[{extra}]" for extra in extras)]
