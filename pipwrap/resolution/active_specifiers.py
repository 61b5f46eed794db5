"""Why a version was chosen: what was asked of its project at the time.

A resolution that never turned back chose the best version of each project that all clauses in
force admitted. So it would choose the same again wherever that is still the best one, whatever
else an index has come to offer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pipwrap.model.candidate import InstalledCandidate
from pipwrap.model.release_control import ReleaseControl
from pipwrap.resolution.admission import Admission
from pipwrap.resolution.choice import Choice
from pipwrap.resolution.projects import CandidateProvider, InstalledCandidates, Projects

SpecifiersByProject = Mapping[str, str]
"""By project, the specifiers that were in force when its version was chosen, joined by commas."""


class ActiveSpecifiers:
    """What is asked of each project, as long as the way has not turned back."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self._clauses: dict[str, dict[str, None]] = {}
        self._at_decision: dict[str, str] = {}

    def ask(self, project: str, clauses: str) -> None:
        """Take in what a wish, or a version that was chosen, asks of a project."""
        if clauses:
            self._clauses.setdefault(project, {})[clauses] = None

    def of(self, project: str, constraint: SpecifierSet) -> str:
        """Return what is asked now, the user's ``constraint`` included."""
        return ",".join(
            dict.fromkeys(filter(None, (*self._clauses.get(project, ()), str(constraint))))
        )

    def decide(self, project: str, asked: str) -> None:
        """Take in what was asked of a project when its version was chosen at first."""
        self._at_decision.setdefault(project, asked)

    def active_specifiers(
        self, looked_at: Iterable[tuple[str, int]], pins: Mapping[str, int]
    ) -> SpecifiersByProject:
        """Return the grounds of a solution; nothing where the way to it turned back.

        ``looked_at`` is every (package, rank) of which it was asked what it needs.
        """
        straight = all(pins.get(package) == rank for package, rank in looked_at)
        return dict(self._at_decision) if straight else {}


def is_still_best(
    choice: Choice,
    specifier: str,
    offers: CandidateProvider,
    installed: Mapping[str, InstalledCandidate],
    releases: ReleaseControl,
) -> bool:
    """Tell whether a version is still the first of all that its grounds admit.

    ``False`` as well for what is chosen only because somebody asks for it (``Admission``), and for
    damaged grounds.
    """
    project = choice.project
    projects = Projects(offers, InstalledCandidates(installed, lambda _: False), {})
    try:
        clauses = SpecifierSet(specifier)
    except InvalidSpecifier:
        return False
    version_map = projects.version_map(project, clauses)
    admission = Admission(projects, releases, set())
    admission.roots[project] = [clauses]
    rank = admission.first(project, version_map.range_of(clauses))
    if rank is None:
        return False
    ranked = version_map.ranked_versions[rank]
    return ranked.is_plain and ranked.choice == choice
