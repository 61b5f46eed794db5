"""Which requirements an attempt has met: those of the user, and those of versions; pure."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field
from packaging.specifiers import SpecifierSet

from pipwrap.model.requirement import Requirement, UserRequirement
from pipwrap.resolution.active_specifiers import ActiveSpecifiers
from pipwrap.resolution.package_priority import PackagePriorities
from pipwrap.resolution.packages import packages_of
from pipwrap.resolution.ranges import Ranks


class RequirementRecord(Struct):
    """What is required, and by what; each attempt begins a new one."""

    roots: list[UserRequirement] = field(default_factory=list)
    """The user's requirements, in order."""
    root_specifiers: dict[str, list[SpecifierSet]] = field(default_factory=dict)
    """By project, what the user requires of it."""
    root_ranges: dict[str, Ranks] = field(default_factory=dict)
    """By package, what the user leaves of it, whatever is decided."""
    by_version: dict[tuple[str, int], tuple[Requirement, ...]] = field(default_factory=dict)
    """What each (package, rank) requires whose metadata was read, ahead of its turn or in it."""
    priorities: PackagePriorities = field(default_factory=PackagePriorities)
    active_specifiers: ActiveSpecifiers = field(default_factory=ActiveSpecifiers)

    def add_root(self, user: UserRequirement, requirement: Requirement, allowed: Ranks) -> None:
        """Record one requirement of the user and the range that it stands for."""
        number, project = len(self.roots), requirement.name
        self.roots.append(user)
        self.root_specifiers.setdefault(project, []).append(requirement.specifier)
        self.active_specifiers.add(project, requirement.clauses)
        is_direct = user.source is not None
        for package in packages_of(project, requirement.extras):
            self.priorities.add_root(package, requirement, number, is_direct=is_direct)
            self.root_ranges[package] = self.within_roots(package, allowed)

    def within_roots(self, package: str, allowed: Ranks) -> Ranks:
        """Return what the user leaves of a range."""
        root_range = self.root_ranges.get(package)
        return allowed if root_range is None else allowed & root_range

    def dependents(self, project: str) -> Iterator[tuple[str, int]]:
        """Yield the (package, rank) pairs that require a project."""
        for key, requirements in self.by_version.items():
            if any(requirement.name == project for requirement in requirements):
                yield key
