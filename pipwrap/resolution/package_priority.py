"""What is asked of packages that are not decided yet, and the order that follows from it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from pipwrap.model.requirement import Requirement

PATIENCE = 5
"""Conflicts after which a package is decided before everything else."""


class PackagePriority(Struct):
    """What is known of a package before it is decided: pip's order of preference."""

    direct: bool = False
    pinned: bool = False
    upper_bounded: bool = False
    bounded: bool = False
    requested: int = 1 << 30

    def learn(self, requirement: Requirement) -> None:
        """Take in what a requirement says."""
        for clause in requirement.specifier:
            self.bounded = True
            wildcard = clause.version.endswith(".*")
            if clause.operator.startswith("==") and not wildcard:
                self.pinned = True
            elif clause.operator in {"<", "<=", "~=", "=="}:
                self.upper_bounded = True
        self.direct |= requirement.url is not None


class PackagePriorities:
    """Those of all packages."""

    def __init__(self) -> None:
        """Know of none."""
        self._priorities: dict[str, PackagePriority] = {}
        self._moved: set[str] = set()

    def ask(self, package: str, requirement: Requirement, number: int, *, direct: bool) -> None:
        """Take in one thing that the user asks for; ``number`` is its place in line."""
        self.learn(package, requirement)
        root_requirement = self._priorities[package]
        root_requirement.direct |= direct
        root_requirement.requested = min(root_requirement.requested, number)

    def learn(self, package: str, requirement: Requirement) -> None:
        """Take in what a requirement says of a package."""
        self._priorities.setdefault(package, PackagePriority()).learn(requirement)
        self.move(package)

    def move(self, package: str) -> None:
        """Note that the order may be another, for a reason that only we know."""
        self._moved.add(package)

    def moved(self) -> Callable[[str], bool]:
        """Return what tells whether the order may have changed since this was called before."""
        moved, self._moved = self._moved, set()
        return moved.__contains__

    def order(self, package: str, conflicts: int) -> tuple[object, ...]:
        """Return pip's order: conflicts first, then direct, pinned, bounded, as requested."""
        root_requirement = self._priorities.get(package) or PackagePriority()
        return (
            conflicts < PATIENCE,
            not root_requirement.direct,
            not root_requirement.pinned,
            not root_requirement.upper_bounded,
            root_requirement.requested,
            not root_requirement.bounded,
            package,
        )
