"""What the real pip chooses in a world in memory: its own provider on its own resolvelib."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from pip._internal.resolution.resolvelib.base import Constraint
from pip._internal.resolution.resolvelib.provider import PipProvider
from pip._internal.resolution.resolvelib.requirements import ExplicitRequirement
from pip._vendor.resolvelib import BaseReporter, ResolutionImpossible, Resolver

from resolution.worlds import MARKERS, File

_MOST_ROUNDS = 200_000
"""pip's own limit."""


@dataclass(frozen=True)
class _Needed:
    """A requirement as pip's provider asks of it: one name, one specifier."""

    name: str
    project: str
    specifier: SpecifierSet

    def get_candidate_lookup(self) -> tuple[None, _Needed]:
        return None, self

    def is_satisfied_by(self, candidate: _Chosen) -> bool:
        return self.project == candidate.project and self.specifier.contains(
            candidate.version, prereleases=True
        )


class _Exactly(ExplicitRequirement):
    """The base of a candidate with extras."""

    def __init__(self, candidate: _Chosen) -> None:
        self.candidate = candidate  # type: ignore[assignment]

    @property
    def name(self) -> str:
        return self.candidate.name

    def get_candidate_lookup(self) -> tuple[Any, None]:
        return self.candidate, None

    def is_satisfied_by(self, candidate: Any) -> bool:
        return bool(candidate == self.candidate)


@dataclass(frozen=True)
class _Chosen:
    """A version of a project, with some of its extras."""

    name: str
    project: str
    extras: tuple[str, ...]
    version: Version
    world: _Factory

    def iter_dependencies(self, with_requires: bool) -> Iterator[_Needed | _Exactly]:  # noqa: FBT001
        assert with_requires
        if self.extras:
            yield _Exactly(self.world.chosen(self.project, (), self.version))
        for text in self.world.file(self.project, self.version).requires:
            requirement = Requirement(text)
            if not self.extras:
                if _applies(requirement, ""):
                    yield from needed(requirement)
            elif any(_applies(requirement, extra) for extra in self.extras):
                yield from needed(requirement)


@functools.cache
def _marker_holds(marker: str, extra: str) -> bool:
    parsed = Requirement(f"x; {marker}").marker
    return parsed is None or parsed.evaluate({**MARKERS, "extra": extra})


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or _marker_holds(str(requirement.marker), extra)


def needed(requirement: Requirement) -> Iterator[_Needed]:
    """Yield what pip makes of a requirement: with extras and a specifier, two."""
    project = canonicalize_name(requirement.name)
    extras = ",".join(sorted(canonicalize_name(each) for each in requirement.extras))
    if extras and requirement.specifier:
        yield _Needed(project, project, requirement.specifier)
    name = f"{project}[{extras}]" if extras else project
    yield _Needed(name, project, requirement.specifier)


class _Factory:
    """Stands for pip's factory: candidates from a world, best first."""

    def __init__(self, index: Mapping[str, Sequence[File]]) -> None:
        self._index = index
        self._made: dict[tuple[str, tuple[str, ...], Version], _Chosen] = {}
        self._files: dict[str, dict[Version, File]] = {}
        self._found: dict[tuple[str, str], list[Version]] = {}
        self.visited: list[str] = []

    def files(self, project: str) -> dict[Version, File]:
        """Return the versions of a project, newest first."""
        if project not in self._files:
            found = {Version(each.version): each for each in self._index[project]}
            self._files[project] = dict(sorted(found.items(), reverse=True))
        return self._files[project]

    def file(self, project: str, version: Version) -> File:
        self.visited.append(f"{project}=={version}")
        return self.files(project)[version]

    def chosen(self, project: str, extras: tuple[str, ...], version: Version) -> _Chosen:
        """Return the one candidate; pip tells candidates apart by their identity."""
        key = (project, extras, version)
        if key not in self._made:
            name = f"{project}[{','.join(extras)}]" if extras else project
            self._made[key] = _Chosen(name, project, extras, version, self)
        return self._made[key]

    def find_candidates(
        self,
        identifier: str,
        requirements: Mapping[str, Iterable[Any]],
        incompatibilities: Mapping[str, Iterator[_Chosen]],
        constraint: Constraint,
        prefers_installed: bool,  # noqa: FBT001
        is_satisfied_by: Callable[[Any, _Chosen], bool],
    ) -> Iterable[_Chosen]:
        project, _, rest = identifier.partition("[")
        extras = tuple(rest.removesuffix("]").split(",")) if rest else ()
        asked = list(requirements[identifier])
        if extras:
            asked += requirements.get(project, ())
        exact = [each.candidate for each in asked if isinstance(each, _Exactly)]
        specifier = SpecifierSet()
        for each in asked:
            if isinstance(each, _Needed):
                specifier &= each.specifier
        refused = set(map(id, incompatibilities[identifier]))
        versions = [each.version for each in exact] or self._matching(project, specifier)
        return (
            candidate
            for version in versions
            if id(candidate := self.chosen(project, extras, version)) not in refused
            and all(
                each.is_satisfied_by(self.chosen(project, (), version))
                if isinstance(each, _Exactly)
                else is_satisfied_by(each, candidate)
                for each in asked
            )
        )

    def _matching(self, project: str, specifier: SpecifierSet) -> list[Version]:
        """Return what pip's finder would, newest first."""
        key = (project, str(specifier))
        if key not in self._found:
            files = self.files(project).items()
            offered = [version for version, file in files if file.yanked is None]
            self._found[key] = list(specifier.filter(offered))
        return self._found[key]


def choices(
    index: Mapping[str, Sequence[File]], *root_requirements: str, visited: list[str] | None = None
) -> dict[str, str] | None:
    """Return ``{project: version}`` as pip chooses; ``None`` where it finds no solution."""
    factory = _Factory(index)
    roots = [each for text in root_requirements for each in needed(Requirement(text))]
    order: dict[str, int] = {}
    for each in roots:
        order.setdefault(each.name, len(order))
    provider = PipProvider(
        factory=factory,  # type: ignore[arg-type]
        constraints={},
        ignore_dependencies=False,
        only_dependencies=False,
        upgrade_strategy="to-satisfy-only",
        user_requested=order,
    )
    resolver: Any = Resolver(provider, BaseReporter())
    try:
        result = resolver.resolve(roots, max_rounds=_MOST_ROUNDS)
    except ResolutionImpossible:
        return None
    finally:
        PipProvider.is_satisfied_by.cache_clear()
        if visited is not None:
            visited += factory.visited
    return {candidate.project: str(candidate.version) for candidate in result.mapping.values()}
