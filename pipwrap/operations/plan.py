"""From a resolution to the distributions that it needs, and to an ordered plan; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.version import InvalidVersion, Version

from pipwrap.distribution.results import PreparedWheel
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.install.plan import Installation, Plan
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.distribution import Distribution
from pipwrap.model.environment import InstalledDistribution, Scheme
from pipwrap.model.requirement import UserRequirement
from pipwrap.model.wheel import StoredWheel, split_filename
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.outcome import Resolution

_VISITS = 5
"""pip's limit on how often a node in a cycle is walked through."""


def distribution(
    resolution: Resolution,
    installed: Mapping[str, InstalledDistribution],
    listener: Listener,
    *,
    force: bool = False,
) -> dict[str, Distribution]:
    """Return what has to be fetched or built, by project, in the order in which it was needed."""
    found: dict[str, Distribution] = {}
    for project, choice in resolution.choices.items():
        if isinstance(choice, InstalledCandidate):
            continue
        if not force and _is_there(choice, installed.get(project), listener):
            continue
        _warn_if_yanked(choice, listener)
        found[project] = source_of(choice)
    return found


def distributions_in_order(resolution: Resolution, listener: Listener) -> dict[str, Distribution]:
    """Return everything that was chosen, by project, in the order in which it was first needed."""
    found: dict[str, Distribution] = {}
    for project, choice in resolution.choices.items():
        _warn_if_yanked(choice, listener)
        found[project] = source_of(choice)
    return found


def source_of(choice: Choice) -> Distribution:
    """Return what is fetched for a choice that is not installed."""
    if isinstance(choice, InstalledCandidate):
        message = f"{choice.project} is installed already: there is nothing to fetch"
        raise TypeError(message)
    return choice.source if isinstance(choice, DirectChoice) else choice


def _is_there(choice: Choice, existing: InstalledDistribution | None, listener: Listener) -> bool:
    """Return whether a direct reference to the installed version is left alone, as pip does.

    Local sources and editables are always installed again.
    """
    if not isinstance(choice, DirectChoice) or existing is None or choice.source.editable:
        return False
    if existing.editable_location or existing.version != str(choice.version):
        return False
    is_local = choice.source.link.scheme == "file"
    if is_local and not choice.source.is_wheel:
        return False
    if is_local:
        listener(
            Info(
                f"{choice.project} is already installed with the same version as the provided "
                "wheel. Use --force-reinstall to force an installation of the wheel."
            )
        )
    return True


def _warn_if_yanked(choice: Choice, listener: Listener) -> None:
    if isinstance(choice, Candidate) and choice.is_yanked:
        link = choice.link
        listener(
            WarningMessage(
                "The candidate selected for download or install is a yanked version: "
                f"{choice.project!r} candidate (version {choice.version} at "
                f"{link.shown})\n"
                f"Reason for being yanked: {link.yanked or '<none given>'}"
            )
        )


def make_plan(
    resolution: Resolution,
    wheels: Mapping[str, PreparedWheel],
    installed: Mapping[str, InstalledDistribution],
    scheme: Scheme,
    root_requirements: Sequence[UserRequirement],
) -> Plan:
    """Return the changes, in the order of installation."""
    requested_projects = requested(resolution, root_requirements)
    installations = []
    for project in install_order(resolution):
        if project not in wheels:
            continue
        choice, prepared = resolution.choices[project], wheels[project]
        direct_url = None
        if isinstance(choice, DirectChoice):
            direct_url = choice.source.direct_url(prepared.identity)
        installations.append(
            Installation(
                name=project,
                display_name=resolution.names[project],
                version=_version(choice, prepared.wheel),
                wheel=prepared.wheel,
                requested=project in requested_projects,
                direct_url=direct_url,
                replaces=installed.get(project),
            )
        )
    return Plan(scheme, tuple(installations))


def _version(choice: Choice, wheel: StoredWheel) -> str:
    """Return the version that a wheel's name says: built of an sdist, it may be more local."""
    version = str(choice.version)
    _, named = split_filename(wheel.filename)
    try:
        return version if Version(named) == choice.version else str(Version(named))
    except InvalidVersion:
        return version


def requested(resolution: Resolution, root_requirements: Sequence[UserRequirement]) -> set[str]:
    """Return the projects that the user named, by whatever requirement (PEP 376, REQUESTED)."""
    named = {
        root_requirement.requirement.name
        for root_requirement in root_requirements
        if root_requirement.requirement is not None
    }
    return named | {
        project
        for project, choice in resolution.choices.items()
        if isinstance(choice, DirectChoice)
        and any(root_requirement.source == choice.source for root_requirement in root_requirements)
    }


def install_order(resolution: Resolution) -> list[str]:
    """Return the projects, dependencies before dependents, in pip's order among equals.

    pip prunes leaves round by round, the first the heaviest; what is left are cycles, weighed by
    the longest path from the root. Heavier goes first, then names from Z to A.
    """
    children: dict[str, set[str]] = {project: set() for project in resolution.choices}
    for parent, child in resolution.edges:
        children[parent].add(child)
    weights: dict[str, int] = {}
    left = set(children)
    while leaves := {project for project in left if not children[project] & left}:
        weights.update(dict.fromkeys(leaves, len(left)))
        left -= leaves
    weights.update(_cycle_weights({project: children[project] & left for project in left}))
    return sorted(weights, key=lambda project: (weights[project], project), reverse=True)


def _cycle_weights(children: Mapping[str, set[str]]) -> dict[str, int]:
    """Return the longest walk to each node, without visiting one twice on the way."""
    weights: dict[str, list[int]] = {project: [] for project in children}

    def visit(project: str, path: tuple[str, ...]) -> None:
        if project in path or len(weights[project]) >= _VISITS:
            return
        for child in sorted(children[project]):
            visit(child, (*path, project))
        weights[project].append(len(path) + 1)

    for project in sorted(children):
        visit(project, ())
    return {project: max(found) for project, found in weights.items()}
