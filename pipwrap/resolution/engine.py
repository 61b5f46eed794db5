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
    root_requirements: Sequence[UserRequirement],
    constraints: Mapping[str, Constraint],
    rules: ResolutionRules,
    ports: Ports,
    known: Mapping[Choice, Dependencies],
) -> Resolution:
    """Return the resolution, asking the index only for what is needed.

    ``known`` is what the user's direct references need. Raises ``Unsolvable`` with the reasons.
    """
    state = ResolverState(dict(known))
    while True:
        provider = Provider(rules, ports.projects, ports.artifacts, ports.listener, state)
        try:
            try:
                return _attempt(provider, root_requirements, constraints, state)
            except ResolutionError:
                ports.projects.drop_preferences()
                raise
        except PreferenceRejected:
            # Every step until then was one that would have been gone without.
            ports.projects.start_again()
        except Restart:
            state.restarts += 1
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
            raise Unsolvable(_causes(error, provider, state)) from error


def _attempt(
    provider: Provider,
    root_requirements: Sequence[UserRequirement],
    constraints: Mapping[str, Constraint],
    state: ResolverState,
) -> Resolution:
    provider.prefetch(
        tuple(
            root_requirement.requirement
            for root_requirement in root_requirements
            if root_requirement.requirement is not None and root_requirement.source is None
        )
    )
    roots = [
        root
        for number, root_requirement in enumerate(root_requirements)
        for root in provider.root(number, root_requirement)
    ]
    roots.sort(key=lambda root: "[" in root.package)
    ranges = cast("type[RangeProtocol[int]]", RankRange)
    core = Resolver(provider, provider.conflicts, _ITERATIONS, ranges)
    solution = core.solve(roots, _Constraints(provider.projects, constraints))
    active_specifiers = provider.active_specifiers.active_specifiers(provider.wanted, solution.pins)
    if not active_specifiers:
        provider.projects.drop_preferences()
    unasked = provider.admission.unasked(solution.pins) - state.strict
    if unasked:
        state.strict |= unasked
        raise Restart
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
    return Resolution(
        choices,
        tuple(dict.fromkeys(edge for edge in edges if edge[0] != edge[1])),
        {project: tuple(sorted(names)) for project, names in extras.items()},
        {project: state.template(project).name for project in choices},
        (*state.dependencies, *(each for each, known in state.foreseen.items() if known)),
        {} if state.restarts else active_specifiers,
    )


def _causes(error: ResolutionError, provider: Provider, state: ResolverState) -> tuple[Cause, ...]:
    """Return the facts at the leaves of the proof."""
    if error.incompatibility is None:
        return ()
    causes: list[Cause] = []
    for clause in error.incompatibility.walk():
        if clause.cause is IncompatibilityCause.ROOT:
            causes.extend(_root_causes(clause, provider))
        elif clause.cause is IncompatibilityCause.DEPENDENCY:
            causes.extend(_dependency_causes(clause, provider, state))
    # The user's own wishes come first, in the order in which they were written.
    return tuple(sorted(causes, key=lambda each: each.position))


def _root_causes(clause: Incompatibility[str, int], provider: Provider) -> Iterator[Cause]:
    root_requirement = clause.origin
    if not isinstance(root_requirement, UserRequirement) or root_requirement.requirement is None:
        return
    requirement = root_requirement.requirement
    term = clause.terms[-1]
    version_map = provider.projects[requirement.name]
    shown = (
        _shown(requirement.name, root_requirement.source, version_map)
        if root_requirement.source
        else requirement.text
    )
    satisfiable = not (term.constraint & version_map.range_of(requirement.specifier)).is_empty
    position = provider.root_requirements.index(root_requirement)
    yield Cause(requirement.name, shown, trigger=shown, satisfiable=satisfiable, position=position)


def _shown(project: str, source: Source, version_map: VersionMap) -> str:
    """Return how pip names a direct reference in a conflict: by version and place."""
    versions = [
        str(ranked.version)
        for ranked in version_map.ranked_versions[version_map.first_direct :]
        if isinstance(ranked.choice, DirectChoice)
        and ranked.choice.source.identity == source.identity
    ]
    return f"{' '.join((project, *versions))} (from {_place(source)})"


def _place(source: Source) -> str:
    """Return what pip calls the place of a direct reference: its path or URL."""
    link = source.link
    place = url_to_path(link.url) if link.scheme == "file" else link.redacted_whole
    return f"{'editable ' * source.editable}{place}"


def _dependency_causes(
    clause: Incompatibility[str, int], provider: Provider, state: ResolverState
) -> Iterator[Cause]:
    """Yield what the newest of the parent's versions in the clause asks for."""
    parent = clause.terms[0]
    project, extra = split_package(parent.package)
    child = clause.terms[-1].package
    if child == parent.package:
        child = PYTHON if extra is None else child
    version_map = provider.projects[project]
    ranks = [rank for rank in range(len(version_map.ranked_versions)) if rank in parent.constraint]
    looked_at = [rank for rank in ranks if provider.asked(parent.package, rank) is not None]
    if not looked_at:
        return
    rank = looked_at[-1]
    version = str(version_map.ranked_versions[rank].version)
    trigger = _trigger(project, version, version_map.ranked_versions[rank].choice, state)
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
                direct = state.sources.get((wanted_project, requirement.url))
                shown = f"{wanted_project} (unavailable)"
                if direct is not None:
                    shown = f"{wanted_project} {direct.version} (from {_place(direct.source)})"
            yield Cause(wanted_project, shown, project, version, trigger, satisfiable=satisfiable)


def _trigger(project: str, version: str, choice: Choice, state: ResolverState) -> str:
    """Return what the user would recognise: where the parent comes from."""
    template = state.template(project)
    if isinstance(choice, DirectChoice) or template.chain is None:
        return f"{project}=={version}"
    return template.parent or template.chain
