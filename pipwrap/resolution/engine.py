"""From root requirements to pins and edges, or to the reasons why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct
from nab_resolver.errors import ResolutionError, ResolutionTerminatedError
from nab_resolver.resolver import Resolver, Solution
from nab_resolver.types import RangeProtocol

from pipwrap import errors
from pipwrap.events import Listener
from pipwrap.model.requirement import UserRequirement
from pipwrap.resolution.causes import DerivationReader
from pipwrap.resolution.choice import Choice
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.explain import Cause
from pipwrap.resolution.outcome import Resolution
from pipwrap.resolution.packages import PYTHON, split_package
from pipwrap.resolution.ports import MetadataProvider
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.provider import Provider
from pipwrap.resolution.ranges import RankRange
from pipwrap.resolution.requirement_ranges import ConstraintRanges
from pipwrap.resolution.restart import Restart, RestartReason, RestartRequired
from pipwrap.resolution.state import ResolutionRules, ResolverState

_ITERATIONS = 200_000


class Unsolvable(Exception):
    """No choice satisfies everything; ``causes`` says what requires what."""

    def __init__(self, causes: tuple[Cause, ...]) -> None:
        """Carry the reasons."""
        super().__init__(causes)
        self.causes = causes


class Ports(Struct, frozen=True):
    """The version maps of a resolution, and what it reads and reports through."""

    projects: Projects
    artifacts: MetadataProvider
    listener: Listener


def resolve(
    root_requirements: Sequence[UserRequirement],
    rules: ResolutionRules,
    ports: Ports,
    known: Mapping[Choice, Dependencies],
) -> Resolution:
    """Return the resolution, requesting only what is needed.

    ``known`` is what the user's direct references require. Raises ``Unsolvable`` with the reasons.

    The core reasons about ranges of ranks, which hold as long as the version maps are what they
    were. An attempt begins with the smallest maps: what is installed, preferred or named by a URL
    stands for its whole project. When that turns out to be too small, the maps are dropped and the
    next attempt makes them larger; ``ResolverState`` keeps what was read and reported::

                      +---------------- the maps are dropped <------------------+
                      v                                                         |
        begin ---> attempt --- PREFERENCE_REJECTED: one is dropped -------------+
                      |    --- VERSIONS_REQUIRED: the project's map gets whole --+
                      |    --- DIRECT_REFERENCE_ADDED: its map gets the URL -----+
                      |    --- NO_SOLUTION, with maps of one version: get whole -+
                      |    --- NOT_REQUESTED: the projects become strict --------+
                      |
                      +--> Resolution
                      +--> Unsolvable, when no map can become larger
                      +--> ResolutionImpossible, when the core gives up

    Every restart drops a preference, or adds a project to one of the three sets, or a URL; so they
    come to an end.
    """
    state = ResolverState(dict(known))
    while True:
        outcome = _attempt(root_requirements, rules, ports, state)
        if isinstance(outcome, Resolution):
            return outcome
        state.restarts.append(outcome)
        ports.projects.start_again()


def _attempt(
    root_requirements: Sequence[UserRequirement],
    rules: ResolutionRules,
    ports: Ports,
    state: ResolverState,
) -> Resolution | Restart:
    """Run the core once; return what it comes to, or why it has to begin again."""
    projects = ports.projects
    provider = Provider(rules, projects, ports.artifacts, ports.listener, state)
    try:
        try:
            solution = _solve(provider, root_requirements)
        except ResolutionError:
            projects.preferences.reject_all()
            raise
        if not _active_specifiers(provider, solution):
            projects.preferences.reject_all()
    except RestartRequired as required:
        return required.restart
    except ResolutionTerminatedError as error:
        raise errors.ResolutionImpossible(
            f"The resolution was given up: {error}",
            hint="Pin some of the packages to narrow the search.",
        ) from error
    except ResolutionError as error:
        widened = projects.widen()
        if widened:
            return Restart(RestartReason.NO_SOLUTION, widened)
        reader = DerivationReader(projects, provider.record, state)
        raise Unsolvable(reader.causes(error.incompatibility)) from error
    not_requested = provider.admission.not_requested(solution.pins) - state.strict
    if not_requested:
        state.strict |= not_requested
        return Restart(RestartReason.NOT_REQUESTED, frozenset(not_requested))
    return _resolution(provider, solution, state)


def _solve(provider: Provider, root_requirements: Sequence[UserRequirement]) -> Solution[str, int]:
    provider.prefetcher.prefetch(
        each.requirement
        for each in root_requirements
        if each.requirement is not None and each.source is None
    )
    roots = [root for each in root_requirements for root in provider.ranges.root(each)]
    roots.sort(key=lambda root: "[" in root.package)
    ranges = cast("type[RangeProtocol[int]]", RankRange)
    core = Resolver(provider, provider.conflicts, _ITERATIONS, ranges)
    return core.solve(roots, ConstraintRanges(provider.projects))


def _active_specifiers(provider: Provider, solution: Solution[str, int]) -> Mapping[str, str]:
    record = provider.record
    return record.active_specifiers.at_decisions(record.by_version, solution.pins)


def _resolution(
    provider: Provider, solution: Solution[str, int], state: ResolverState
) -> Resolution:
    """Return a solution of the core as choices by project."""
    choices: dict[str, Choice] = {}
    extras: dict[str, set[str]] = {}
    for package, rank in solution.pins.items():
        if package != PYTHON:
            project, extra = split_package(package)
            choices[project] = provider.projects[project].ranked_versions[rank].choice
            if extra is not None:
                extras.setdefault(project, set()).add(extra)
    edges = (
        (split_package(parent)[0], split_package(child)[0])
        for parent, child in solution.edges
        if PYTHON not in {parent, child}
    )
    read_ahead = (each for each, known in state.read_ahead.items() if known)
    return Resolution(
        choices,
        tuple(dict.fromkeys(edge for edge in edges if edge[0] != edge[1])),
        {project: tuple(sorted(names)) for project, names in extras.items()},
        {project: state.template(project).name for project in choices},
        (*state.dependencies, *read_ahead),
        _active_specifiers(provider, solution) if state.is_straight else {},
    )
