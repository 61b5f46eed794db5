"""The one door to the core: wishes to pins and edges, or to the reasons why there are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct
from nab_resolver.errors import ResolutionError, ResolutionTerminatedError
from nab_resolver.resolver import Resolver
from nab_resolver.types import Incompatibility, IncompatibilityCause, RangeProtocol

from pipwrap import errors
from pipwrap.events import Listener
from pipwrap.model.location import url_to_path
from pipwrap.model.requirement import Constraint, UserRequirement
from pipwrap.model.source import Source
from pipwrap.resolution.admission import split_package
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.explain import Cause
from pipwrap.resolution.outcome import Resolution
from pipwrap.resolution.projects import PreferenceRejected, Projects, Restart
from pipwrap.resolution.provider import PYTHON, Provider
from pipwrap.resolution.ranges import RankRange
from pipwrap.resolution.state import MetadataProvider, ResolutionRules, ResolverState
from pipwrap.resolution.version_map import VersionMap

_ITERATIONS = 200_000


class Unsolvable(Exception):
    """No choice satisfies everything; ``causes`` is who wants what."""

    def __init__(self, causes: tuple[Cause, ...]) -> None:
        """Keep the reasons."""
        super().__init__(causes)
        self.causes = causes


class Ports(Struct, frozen=True):
    """What a resolution reaches the world through."""

    projects: Projects
    artifacts: MetadataProvider
    listener: Listener


class _Constraints(Mapping[str, RangeProtocol[int]]):
    """Constraints as ranges, made when the core asks: most of a file is never needed."""

    def __init__(self, projects: Projects, constraints: Mapping[str, Constraint]) -> None:
        self._projects = projects
        self._constraints = constraints

    def __getitem__(self, package: str) -> RangeProtocol[int]:
        project, _ = split_package(package)
        constraint = self._constraints[project]
        allowed = self._projects[project].range_of(constraint.specifier)
        for source in constraint.sources:
            allowed &= self._projects.range_of_constraint(project, source)
        return allowed

    def __iter__(self) -> Iterator[str]:
        return iter(self._constraints)

    def __len__(self) -> int:
        return len(self._constraints)


def resolve(
    wishes: Sequence[UserRequirement],
    constraints: Mapping[str, Constraint],
    rules: ResolutionRules,
    ports: Ports,
    known: Mapping[Choice, Dependencies],
) -> Resolution:
    """Return the resolution, asking the index only for what is needed.

    ``known`` is what the user's direct references need. Raises ``Unsolvable`` with the reasons.
    """
    memory = ResolverState(dict(known))
    while True:
        provider = Provider(rules, ports.projects, ports.artifacts, ports.listener, memory)
        try:
            try:
                return _attempt(provider, wishes, constraints, memory)
            except ResolutionError:
                ports.projects.presume_nothing()
                raise
        except PreferenceRejected:
            # Every step until then was one that would have been gone without.
            ports.projects.start_again()
        except Restart:
            memory.restarts += 1
            ports.projects.start_again()
        except ResolutionTerminatedError as error:
            raise errors.ResolutionImpossible(
                f"The resolution was given up: {error}",
                hint="Pin some of the packages to narrow the search.",
            ) from error
        except ResolutionError as error:
            if ports.projects.widen():
                ports.projects.start_again()
                continue
            raise Unsolvable(_causes(error, provider, memory)) from error


def _attempt(
    provider: Provider,
    wishes: Sequence[UserRequirement],
    constraints: Mapping[str, Constraint],
    memory: ResolverState,
) -> Resolution:
    provider.prefetch(
        tuple(
            wish.requirement
            for wish in wishes
            if wish.requirement is not None and wish.source is None
        )
    )
    roots = [root for number, wish in enumerate(wishes) for root in provider.root(number, wish)]
    roots.sort(key=lambda root: "[" in root.package)
    ranges = cast("type[RangeProtocol[int]]", RankRange)
    core = Resolver(provider, provider.conflicts, _ITERATIONS, ranges)
    solution = core.solve(roots, _Constraints(provider.projects, constraints))
    grounds = provider.in_force.grounds(provider.wanted, solution.pins)
    if not grounds:
        provider.projects.presume_nothing()
    unasked = provider.admission.unasked(solution.pins) - memory.strict
    if unasked:
        memory.strict |= unasked
        raise Restart
    choices: dict[str, Choice] = {}
    extras: dict[str, set[str]] = {}
    for package, rank in solution.pins.items():
        if package != PYTHON:
            project, extra = split_package(package)
            choices[project] = provider.projects[project].points[rank].choice
            if extra is not None:
                extras.setdefault(project, set()).add(extra)
    edges = (
        (split_package(parent)[0], split_package(child)[0])
        for parent, child in solution.edges
        if PYTHON not in {parent, child}
    )
    return Resolution(
        choices,
        tuple(dict.fromkeys(edge for edge in edges if edge[0] != edge[1])),
        {project: tuple(sorted(names)) for project, names in extras.items()},
        {project: memory.template(project).name for project in choices},
        (*memory.dependencies, *(each for each, known in memory.foreseen.items() if known)),
        {} if memory.restarts else grounds,
    )


def _causes(error: ResolutionError, provider: Provider, memory: ResolverState) -> tuple[Cause, ...]:
    """Return the facts at the leaves of the proof."""
    if error.incompatibility is None:
        return ()
    causes: list[Cause] = []
    for clause in error.incompatibility.walk():
        if clause.cause is IncompatibilityCause.ROOT:
            causes.extend(_root_causes(clause, provider))
        elif clause.cause is IncompatibilityCause.DEPENDENCY:
            causes.extend(_dependency_causes(clause, provider, memory))
    # The user's own wishes come first, in the order in which they were written.
    return tuple(sorted(causes, key=lambda each: each.position))


def _root_causes(clause: Incompatibility[str, int], provider: Provider) -> Iterator[Cause]:
    wish = clause.origin
    if not isinstance(wish, UserRequirement) or wish.requirement is None:
        return
    requirement = wish.requirement
    term = clause.terms[-1]
    universe = provider.projects[requirement.name]
    shown = _shown(requirement.name, wish.source, universe) if wish.source else requirement.text
    satisfiable = not (term.constraint & universe.range_of(requirement.specifier)).is_empty
    position = provider.wishes.index(wish)
    yield Cause(requirement.name, shown, trigger=shown, satisfiable=satisfiable, position=position)


def _shown(project: str, source: Source, universe: VersionMap) -> str:
    """Return how pip names a direct reference in a conflict: by version and place."""
    versions = [
        str(point.version)
        for point in universe.points[universe.first_direct :]
        if isinstance(point.choice, DirectChoice)
        and point.choice.source.identity == source.identity
    ]
    return f"{' '.join((project, *versions))} (from {_place(source)})"


def _place(source: Source) -> str:
    """Return what pip calls the place of a direct reference: its path or URL."""
    link = source.link
    place = url_to_path(link.url) if link.scheme == "file" else link.redacted_whole
    return f"{'editable ' * source.editable}{place}"


def _dependency_causes(
    clause: Incompatibility[str, int], provider: Provider, memory: ResolverState
) -> Iterator[Cause]:
    """Yield what the newest of the parent's versions in the clause asks for."""
    parent = clause.terms[0]
    project, extra = split_package(parent.package)
    child = clause.terms[-1].package
    if child == parent.package:
        child = PYTHON if extra is None else child
    universe = provider.projects[project]
    ranks = [rank for rank in range(len(universe.points)) if rank in parent.constraint]
    looked_at = [rank for rank in ranks if provider.asked(parent.package, rank) is not None]
    if not looked_at:
        return
    rank = looked_at[-1]
    version = str(universe.points[rank].version)
    trigger = _trigger(project, version, universe.points[rank].choice, memory)
    if child == PYTHON:
        requires = provider.requires_python(parent.package, rank)
        if requires is not None:
            yield Cause("", requires, project, version, trigger, satisfiable=False)
        return
    wanted_project, _ = split_package(child)
    for requirement in provider.asked(parent.package, rank) or ():
        if requirement.name == wanted_project:
            wanted = provider.projects[wanted_project]
            satisfiable = not wanted.range_of(requirement.specifier).is_empty
            shown = requirement.text
            if requirement.url is not None:
                direct = memory.sources.get((wanted_project, requirement.url))
                shown = f"{wanted_project} (unavailable)"
                if direct is not None:
                    shown = f"{wanted_project} {direct.version} (from {_place(direct.source)})"
            yield Cause(wanted_project, shown, project, version, trigger, satisfiable=satisfiable)


def _trigger(project: str, version: str, choice: Choice, memory: ResolverState) -> str:
    """Return what the user would recognise: where the parent comes from."""
    template = memory.template(project)
    if isinstance(choice, DirectChoice) or template.chain is None:
        return f"{project}=={version}"
    return template.parent or template.chain
