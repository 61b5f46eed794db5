"""Versions that can never be chosen, found before they are tried.

Long backtracking means hundreds of versions that are chosen only to be refused, each for a reason
that the core has already. So, once several versions of a package in a row turned out to be
impossible, the metadata of the next ones is read side by side, as far as no file has to be fetched
whole for it, and the core gets a clause for those that can never be chosen. Only what no decision
can change counts:

    root ranges        what the user leaves of each package
    a version          is impossible if it requires a range of which every version is outside the
                       root range or impossible

A version that is out because of another decision is tried in its turn, as that decision may be
taken back. Only projects whose versions are known are looked at: no more pages are requested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct, field
from nab_resolver.types import Incompatibility, IncompatibilityCause, Term

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.requirement import Requirement
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.packages import packages_of, split_package
from pipwrap.resolution.ports import MetadataProvider
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.ranges import RankRange, Ranks
from pipwrap.resolution.requirement_record import RequirementRecord
from pipwrap.resolution.state import ResolutionRules, ResolverState

MIN_TRIES = 5
"""Versions of a package that are tried one by one."""
_MOST = 64
"""Versions that are read at a time; as many as two to the number of tries before that."""

PackageRange = tuple[str, Ranks]
"""A package and the range of it that a version requires."""


class Lookahead(Struct):
    """Reads untried versions for one attempt."""

    rules: ResolutionRules
    projects: Projects
    artifacts: MetadataProvider
    state: ResolverState
    record: RequirementRecord
    _tries: Counter[str] = field(default_factory=Counter)
    _open: dict[str, dict[int, list[PackageRange]]] = field(default_factory=dict)
    """By package and rank, what versions require that were read and may be possible."""
    _impossible: dict[str, set[int]] = field(default_factory=dict)
    """By package, versions that can never be chosen."""
    _refused: Counter[str] = field(default_factory=Counter)
    """By package, of how many versions a clause was given."""

    def refused(self, package: str) -> int:
        """Return how many versions were refused untried, each of which would be a conflict."""
        return self._refused[package]

    def clauses(self, package: str, rank: int) -> Iterator[Incompatibility[str, int]]:
        """Yield why versions after ``rank`` are impossible, if enough were tried before it."""
        self._tries[package] += 1
        tries = self._tries[package]
        if tries < MIN_TRIES or self.rules.ignore_dependencies:
            return
        self._open.setdefault(package, {}).pop(rank, None)
        self._read_next(package, rank, min(2**tries, _MOST))
        for (child, allowed), ranks in self._take_refused(package).items():
            self._refused[package] += len(ranks)
            terms = [
                Term[str, int](package, RankRange.of(sorted(ranks))),
                Term[str, int](child, allowed, positive=False),
            ]
            yield Incompatibility[str, int](terms, IncompatibilityCause.DEPENDENCY)

    def _read_next(self, package: str, rank: int, count: int) -> None:
        """Read what the next versions require that pip would choose."""
        project, extra = split_package(package)
        candidates = self._next(package, rank, count)
        self._read([candidate for _, candidate in candidates])
        environment, known_open = dict(self.rules.markers), self._open[package]
        for other, candidate in candidates:
            known = self.state.read_ahead[candidate]
            if known is None:
                continue
            requirements = known.needed(environment, extra)
            self.record.by_version[package, other] = requirements
            known_open[other] = [
                required
                for requirement in requirements
                if requirement.name != project
                for required in self._ranges(requirement)
            ]

    def _take_refused(self, package: str) -> dict[PackageRange, list[int]]:
        """Return the impossible versions by what makes them so, except the first of them.

        That one is tried: its conflict takes back the decisions that are in the way, as trying one
        version after the other would.
        """
        known_open, is_first = self._open[package], True
        refused: dict[PackageRange, list[int]] = {}
        for rank, required in known_open.items():
            reason = next((each for each in required if self._is_impossible(*each)), None)
            if reason is None:
                continue
            self._impossible.setdefault(package, set()).add(rank)
            if not is_first:
                refused.setdefault(reason, []).append(rank)
            is_first = False
        for ranks in refused.values():
            for rank in ranks:
                del known_open[rank]
        return refused

    def _is_impossible(self, package: str, allowed: Ranks, *, looks: bool = True) -> bool:
        """Return whether no version of a range can be chosen, whatever is decided.

        ``looks`` includes what those of them require that were tried; no deeper, for requirements
        may be circular.
        """
        possible = self.record.within_roots(package, allowed)
        known = self._impossible.get(package, set())
        count = len(self.projects[split_package(package)[0]].ranked_versions)
        return all(
            rank in known or (looks and self._requires_impossible(package, rank))
            for low, above in RankRange.runs(possible, count)
            for rank in range(low, above)
        )

    def _requires_impossible(self, package: str, rank: int) -> bool:
        project, _ = split_package(package)
        found = any(
            self._is_impossible(*required, looks=False)
            for requirement in self.record.by_version.get((package, rank), ())
            if requirement.name != project
            for required in self._ranges(requirement)
        )
        if found:
            self._impossible.setdefault(package, set()).add(rank)
        return found

    def _next(self, package: str, rank: int, count: int) -> list[tuple[int, Candidate]]:
        """Return the versions that follow in pip's order, without those that were read before.

        Nor those of which nothing could be read.
        """
        version_map = self.projects[split_package(package)[0]]
        following = (
            (other, choice)
            for other in version_map.best_first(RankRange.joined([(0, rank)]))
            if version_map.ranked_versions[other].is_plain
            and (package, other) not in self.record.by_version
            and isinstance(choice := version_map.ranked_versions[other].choice, Candidate)
            and self.state.read_ahead.get(choice, choice) is not None
        )
        return list(islice(following, count))

    def _read(self, candidates: list[Candidate]) -> None:
        """Read what was not read before; what cannot be read so, or used, is stored as ``None``."""
        new = [each for each in candidates if each not in self.state.read_ahead]
        for candidate, metadata in zip(new, self.artifacts.metadata_ahead(new), strict=True):
            try:
                known = Dependencies.of(metadata) if metadata else None
            except errors.UnusableMetadata:
                known = None
            self.state.read_ahead[candidate] = known

    def _ranges(self, requirement: Requirement) -> Iterator[PackageRange]:
        """Yield what is required, where the versions of its project are known already."""
        project = requirement.name
        if requirement.url is not None or project not in self.projects:
            return
        version_map = self.projects[project]
        if version_map.is_whole:
            allowed = version_map.range_of(requirement.specifier)
            for package in packages_of(project, requirement.extras):
                yield package, allowed
