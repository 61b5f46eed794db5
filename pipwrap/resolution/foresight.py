"""What untried versions of a project need, once several in a row turned out to be impossible.

A long way back is hundreds of versions that are chosen only to be refused, each for a reason that
the core knows already. So their metadata is read side by side, as far as the index offers it as a
file of its own, and the core refuses by itself what contradicts the rest. Only projects whose
versions are known are spoken of: nothing more is asked of an index.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from itertools import islice

from nab_resolver.types import Incompatibility, IncompatibilityCause, Term

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata
from pipwrap.model.requirement import Requirement
from pipwrap.resolution.admission import packages_of, split_package
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.memory import Artifacts, Memory, Rules
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.ranges import RankRange, Ranks
from pipwrap.values import field, mutable

PATIENCE = 5
"""Versions of a project that are tried one by one."""
_MOST = 64
"""Versions that are read at a time; as many as two to the number of tries before that."""


@mutable
class Foresight:
    """Reads ahead for one provider."""

    rules: Rules
    projects: Projects
    artifacts: Artifacts
    memory: Memory
    asked: dict[tuple[str, int], tuple[Requirement, ...]] = field(default_factory=dict)
    """What each (package, rank) that was read ahead needs."""
    _tries: Counter[str] = field(default_factory=Counter)

    def ask(self, metadata: Metadata) -> None:
        """Begin to ask for the projects that metadata names which has arrived ahead of its turn.

        Called from any thread.
        """
        if self.rules.ignore_dependencies:
            return
        try:
            known = Dependencies.of(metadata)
        except errors.UnusableMetadata:  # told when it is really wanted
            return
        for each in known.needed(dict(self.rules.markers), None):
            pending = self.projects.prefetch(each.name, each.specifier) if not each.url else None
            if pending is not None:
                pending.add_done_callback(partial(self._ask_best, each))

    def _ask_best(self, requirement: Requirement, page: Future[object]) -> None:
        """Begin to get the metadata of what a page that has arrived offers for a requirement."""
        if page.cancelled() or page.exception() is not None:
            return
        try:
            best = self.projects.best_ahead(requirement.name, requirement.specifier)
        except errors.PipwrapError:  # told when it is really wanted
            return
        if best is not None and best not in self.memory.dependencies:
            self.artifacts.prefetch(best, self.ask)

    def clauses(self, package: str, rank: int) -> Iterator[Incompatibility[str, int]]:
        """Yield what versions behind ``rank`` need, if enough were tried before it."""
        self._tries[package] += 1
        tries = self._tries[package]
        if tries < PATIENCE or self.rules.ignore_dependencies:
            return
        project, extra = split_package(package)
        behind = self._behind(package, rank, min(2**tries, _MOST))
        self._read([choice for _, choice in behind])
        environment = dict(self.rules.markers)
        asking: dict[tuple[str, Ranks], list[int]] = {}
        for other, choice in behind:
            known = self.memory.foreseen[choice]
            requirements = known.needed(environment, extra) if known else ()
            self.asked[package, other] = requirements
            for requirement in requirements:
                if requirement.name != project:
                    for needed in self._needs(requirement):
                        asking.setdefault(needed, []).append(other)
        for (child, allowed), ranks in asking.items():
            terms = [
                Term[str, int](package, RankRange.of(sorted(set(ranks)))),
                Term[str, int](child, allowed, positive=False),
            ]
            yield Incompatibility[str, int](terms, IncompatibilityCause.DEPENDENCY)

    def _behind(self, package: str, rank: int, count: int) -> list[tuple[int, Candidate]]:
        """Return the versions that pip likes next, without those that were read before."""
        universe = self.projects[split_package(package)[0]]
        liked = (
            (other, choice)
            for other in universe.liked(RankRange.joined([(0, rank)]))
            if universe.points[other].is_plain
            and (package, other) not in self.asked
            and isinstance(choice := universe.points[other].choice, Candidate)
        )
        return list(islice(liked, count))

    def _read(self, choices: list[Candidate]) -> None:
        """Read what was not read before; what cannot be had so, or used, is remembered as such."""
        new = [choice for choice in choices if choice not in self.memory.foreseen]
        for choice, metadata in zip(new, self.artifacts.described(new), strict=True):
            try:
                self.memory.foreseen[choice] = Dependencies.of(metadata) if metadata else None
            except errors.UnusableMetadata:
                self.memory.foreseen[choice] = None

    def _needs(self, requirement: Requirement) -> Iterator[tuple[str, Ranks]]:
        """Yield what is needed, where its project has all of its versions already."""
        if requirement.url is not None or not self.projects.is_whole(requirement.name):
            return
        allowed = self.projects[requirement.name].range_of(requirement.specifier)
        for package in packages_of(requirement.name, requirement.extras):
            yield package, allowed
