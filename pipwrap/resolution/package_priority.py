"""The order in which packages are decided, by what is required of them; pure."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from pipwrap.model.requirement import Requirement

CONFLICT_THRESHOLD = 5
"""Conflicts after which a package is decided before everything else."""


class PackagePriority(Struct):
    """What the requirements of a package say together."""

    direct: bool = False
    pinned: bool = False
    upper_bounded: bool = False
    bounded: bool = False
    requested: int = 1 << 30

    def add(self, requirement: Requirement) -> None:
        """Add what a requirement says."""
        for clause in requirement.specifier:
            self.bounded = True
            wildcard = clause.version.endswith(".*")
            if clause.operator.startswith("==") and not wildcard:
                self.pinned = True
            elif clause.operator in {"<", "<=", "~=", "=="}:
                self.upper_bounded = True
        self.direct |= requirement.url is not None


class PackagePriorities:
    """The priorities of all packages, and which of them have changed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._priorities: dict[str, PackagePriority] = {}
        self._changed: set[str] = set()

    def add_root(
        self, package: str, requirement: Requirement, number: int, *, is_direct: bool
    ) -> None:
        """Add a requirement of the user; ``number`` is its position among them."""
        self.add(package, requirement)
        priority = self._priorities[package]
        priority.direct |= is_direct
        priority.requested = min(priority.requested, number)

    def add(self, package: str, requirement: Requirement) -> None:
        """Add what a requirement says of a package."""
        self._priorities.setdefault(package, PackagePriority()).add(requirement)
        self.mark_changed(package)

    def mark_changed(self, package: str) -> None:
        """Note that the order may have changed for a reason that is not recorded here."""
        self._changed.add(package)

    def take_changed(self) -> Callable[[str], bool]:
        """Return a test for packages whose order may have changed since the last call."""
        changed, self._changed = self._changed, set()
        return changed.__contains__

    def order(self, package: str, conflicts: int) -> tuple[object, ...]:
        """Return pip's order: conflicts first, then direct, pinned, bounded, as requested."""
        priority = self._priorities.get(package) or PackagePriority()
        return (
            conflicts < CONFLICT_THRESHOLD,
            not priority.direct,
            not priority.pinned,
            not priority.upper_bounded,
            priority.requested,
            not priority.bounded,
            package,
        )
