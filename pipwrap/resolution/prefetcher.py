"""What untried versions of a project need, once several in a row turned out to be impossible.

A long way back is hundreds of versions that are chosen only to be refused, each for a reason that
the core knows already. So their metadata is read side by side, as far as no file has to be fetched
whole for it, and the core is told of those that can never be chosen. Only projects whose versions
are known are spoken of: no more pages are asked for.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from itertools import islice

from msgspec import Struct, field
from nab_resolver.types import Incompatibility, IncompatibilityCause, Term

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata
from pipwrap.model.requirement import Requirement
from pipwrap.resolution.admission import packages_of, split_package
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.ranges import RankRange, Ranks
from pipwrap.resolution.state import MetadataProvider, ResolutionRules, ResolverState

PATIENCE = 5
"""Versions of a project that are tried one by one."""
_MOST = 64
"""Versions that are read at a time; as many as two to the number of tries before that."""


@contextlib.contextmanager
def _left_to_the_turn() -> Iterator[None]:
    """Leave every error to whoever really wants the answer: it is made again then, and told."""
    try:
        yield
    except Exception:  # noqa: BLE001 - in a thread of nobody's; nothing rests on this answer
        return


class Prefetcher(Struct):
    """Reads ahead for one provider."""

    rules: ResolutionRules
    projects: Projects
    artifacts: MetadataProvider
    state: ResolverState
    wanted: dict[tuple[str, int], tuple[Requirement, ...]]
    """What each (package, rank) needs, which is added of those that are read ahead."""
    _tries: Counter[str] = field(default_factory=Counter)
    _obliged: dict[str, Ranks] = field(default_factory=dict)
    """What the user leaves of packages, whatever is decided."""
    _open: dict[str, dict[int, list[tuple[str, Ranks]]]] = field(default_factory=dict)
    """By package and rank, what versions need that were read and may be possible."""
    _impossible: dict[str, set[int]] = field(default_factory=dict)
    """By package, versions that can never be chosen."""
    _refused: Counter[str] = field(default_factory=Counter)
    """By package, of how many versions a clause was given."""

    def oblige(self, package: str, allowed: Ranks) -> None:
        """Learn what the user himself asks of a package."""
        before = self._obliged.get(package)
        self._obliged[package] = allowed if before is None else before & allowed

    def possible(self, package: str, allowed: Ranks) -> Ranks:
        """Return what the user leaves of a range."""
        obliged = self._obliged.get(package)
        return allowed if obliged is None else allowed & obliged

    def refused(self, package: str) -> int:
        """Return how many versions were refused untried, each of which would be a conflict."""
        return self._refused[package]

    def ask(self, metadata: Metadata) -> None:
        """Begin to ask for the projects that metadata names which has arrived ahead of its turn.

        Called from any thread.
        """
        if self.rules.ignore_dependencies:
            return
        with _left_to_the_turn():
            self._ask(metadata)

    def _ask(self, metadata: Metadata) -> None:
        known = Dependencies.of(metadata)
        for each in known.needed(dict(self.rules.markers), None):
            pending = self.projects.prefetch(each.name, each.specifier) if not each.url else None
            if pending is not None:
                pending.add_done_callback(partial(self._ask_best, each))

    def _ask_best(self, requirement: Requirement, page: Future[object]) -> None:
        """Begin to get the metadata of what a page that has arrived offers for a requirement."""
        if page.cancelled() or page.exception() is not None:
            return
        with _left_to_the_turn():
            best = self.projects.best_ahead(requirement.name, requirement.specifier)
            if best is not None and best not in self.state.dependencies:
                self.artifacts.prefetch(best, self.ask)

    def clauses(self, package: str, rank: int) -> Iterator[Incompatibility[str, int]]:
        """Yield why versions behind ``rank`` are impossible, if enough were tried before it.

        Only what nothing that is decided can change counts: a version that needs what the user
        forbids, or what was found impossible so. One that is out because of another decision is
        tried in its turn, as that decision may be the one that falls.
        """
        self._tries[package] += 1
        tries = self._tries[package]
        if tries < PATIENCE or self.rules.ignore_dependencies:
            return
        project, extra = split_package(package)
        behind = self._behind(package, rank, min(2**tries, _MOST))
        self._read([choice for _, choice in behind])
        environment = dict(self.rules.markers)
        known_open = self._open.setdefault(package, {})
        known_open.pop(rank, None)
        for other, choice in behind:
            known = self.state.foreseen[choice]
            if known is None:
                continue
            requirements = self.wanted[package, other] = known.needed(environment, extra)
            known_open[other] = [
                needed
                for requirement in requirements
                if requirement.name != project
                for needed in self._needs(requirement)
            ]
        # The first of them is tried: its conflict lets go of decisions that stand in the way, which
        # is how one by one would go on.
        spared = False
        refused: dict[tuple[str, Ranks], list[int]] = {}
        for other, needs in known_open.items():
            needed = next((each for each in needs if self._is_impossible(*each)), None)
            if needed is None:
                continue
            self._impossible.setdefault(package, set()).add(other)
            if spared:
                refused.setdefault(needed, []).append(other)
            spared = True
        for (child, allowed), ranks in refused.items():
            self._refused[package] += len(ranks)
            for other in ranks:
                del known_open[other]
            terms = [
                Term[str, int](package, RankRange.of(sorted(ranks))),
                Term[str, int](child, allowed, positive=False),
            ]
            yield Incompatibility[str, int](terms, IncompatibilityCause.DEPENDENCY)

    def _is_impossible(self, package: str, allowed: Ranks, *, looks: bool = True) -> bool:
        """Tell whether no version of a range can be chosen, whatever is decided.

        ``looks`` at what those of them need that were tried; no further, for needs go in circles.
        """
        possible = self.possible(package, allowed)
        known = self._impossible.get(package, set())
        count = len(self.projects[split_package(package)[0]].ranked_versions)
        return all(
            rank in known or (looks and self._turned_out_impossible(package, rank))
            for low, above in RankRange.runs(possible, count)
            for rank in range(low, above)
        )

    def _turned_out_impossible(self, package: str, rank: int) -> bool:
        project, _ = split_package(package)
        found = any(
            self._is_impossible(*needed, looks=False)
            for requirement in self.wanted.get((package, rank), ())
            if requirement.name != project
            for needed in self._needs(requirement)
        )
        if found:
            self._impossible.setdefault(package, set()).add(rank)
        return found

    def _behind(self, package: str, rank: int, count: int) -> list[tuple[int, Candidate]]:
        """Return the versions that pip likes next, without those that were read before.

        Nor those of which nothing could be read.
        """
        version_map = self.projects[split_package(package)[0]]
        liked = (
            (other, choice)
            for other in version_map.liked(RankRange.joined([(0, rank)]))
            if version_map.ranked_versions[other].is_plain
            and (package, other) not in self.wanted
            and isinstance(choice := version_map.ranked_versions[other].choice, Candidate)
            and self.state.foreseen.get(choice, choice) is not None
        )
        return list(islice(liked, count))

    def _read(self, choices: list[Candidate]) -> None:
        """Read what was not read before; what cannot be had so, or used, is remembered as such."""
        new = [choice for choice in choices if choice not in self.state.foreseen]
        for choice, metadata in zip(new, self.artifacts.described(new), strict=True):
            try:
                self.state.foreseen[choice] = Dependencies.of(metadata) if metadata else None
            except errors.UnusableMetadata:
                self.state.foreseen[choice] = None

    def _needs(self, requirement: Requirement) -> Iterator[tuple[str, Ranks]]:
        """Yield what is needed, where its project has all of its versions already."""
        if requirement.url is not None or not self.projects.is_whole(requirement.name):
            return
        allowed = self.projects[requirement.name].range_of(requirement.specifier)
        for package in packages_of(requirement.name, requirement.extras):
            yield package, allowed
