"""Why a version was chosen: what was required of its project at the time; pure.

A resolution that never backtracked chose the best version of each project that all active
specifiers admitted. So it would choose the same again wherever that is still the best one, whatever
else an index has come to offer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.specifiers import SpecifierSet

SpecifiersByProject = Mapping[str, str]
"""By project, the specifiers that were active when its version was chosen, joined by commas."""


class ActiveSpecifiers:
    """What is required of each project, as long as the attempt has not backtracked."""

    def __init__(self) -> None:
        """Begin with no requirement."""
        self._clauses: dict[str, dict[str, None]] = {}
        self._at_decision: dict[str, str] = {}

    def add(self, project: str, clauses: str) -> None:
        """Record what the user, or a version that was chosen, requires of a project."""
        if clauses:
            self._clauses.setdefault(project, {})[clauses] = None

    def of(self, project: str, constraint: SpecifierSet) -> str:
        """Return what is required now, the user's ``constraint`` included."""
        return ",".join(
            dict.fromkeys(filter(None, (*self._clauses.get(project, ()), str(constraint))))
        )

    def decide(self, project: str, specifiers: str) -> None:
        """Record what was required of a project when its version was first chosen."""
        self._at_decision.setdefault(project, specifiers)

    def at_decisions(
        self, looked_at: Iterable[tuple[str, int]], pins: Mapping[str, int]
    ) -> SpecifiersByProject:
        """Return the specifiers behind a solution; nothing where the attempt backtracked.

        ``looked_at`` is every (package, rank) whose requirements were read.
        """
        straight = all(pins.get(package) == rank for package, rank in looked_at)
        return dict(self._at_decision) if straight else {}
