"""Why a version was chosen: what was asked of its project at the time.

A resolution that never turned back chose the best version of each project that all clauses in
force admitted. So it would choose the same again wherever that is still the best one, whatever
else an index has come to offer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from packaging.specifiers import SpecifierSet

from pipwrap.model.candidate import InstalledCandidate
from pipwrap.model.release_control import ReleaseControl
from pipwrap.model.requirement import Requirement
from pipwrap.resolution.admission import Admission, split_package
from pipwrap.resolution.choice import Choice
from pipwrap.resolution.projects import Installed, Offers, Projects

Grounds = Mapping[str, str]
"""By project, the specifiers that were in force when its version was chosen, joined by commas."""


def grounds_of(
    asked: Iterable[tuple[str, str]],
    wanted: Mapping[tuple[str, int], Iterable[Requirement]],
    pins: Mapping[str, int],
) -> Grounds:
    """Return the grounds of a solution; nothing where the way to it turned back.

    ``asked`` are the specifiers that hold from the beginning, by project; ``wanted`` is what each
    version that was looked at needs, in the order in which they were chosen.
    """
    if any(pins.get(package) != rank for package, rank in wanted):
        return {}
    clauses: dict[str, dict[str, None]] = {}
    for project, specifier in asked:
        clauses.setdefault(project, {})[specifier] = None
    grounds: dict[str, str] = {}
    for (package, _), requirements in wanted.items():
        project, _ = split_package(package)
        if project not in grounds:
            grounds[project] = ",".join(filter(None, clauses.get(project, ())))
        for each in requirements:
            clauses.setdefault(each.name, {})[each.clauses] = None
    return grounds


def stands(
    choice: Choice,
    specifier: str,
    offers: Offers,
    installed: Mapping[str, InstalledCandidate],
    releases: ReleaseControl,
) -> bool:
    """Tell whether a version is still the first of all that its grounds admit.

    ``False`` as well for what is chosen only because somebody asks for it (``Admission``).
    """
    project = choice.project
    projects = Projects(offers, Installed(installed, lambda _: False), {})
    clauses = SpecifierSet(specifier)
    universe = projects.universe(project, clauses)
    admission = Admission(projects, releases, set())
    admission.roots[project] = [clauses]
    rank = admission.first(project, universe.range_of(clauses))
    if rank is None:
        return False
    point = universe.points[rank]
    return point.is_plain and point.choice == choice
