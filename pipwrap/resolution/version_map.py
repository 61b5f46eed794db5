"""The versions of one project, numbered; specifiers as ranges of numbers; pip's order; pure.

Ranks are given once and never change: ranges of ranks are only comparable as long as they mean the
same versions. Whatever needs other ranks (a version that was not looked for, a URL that is found
late) makes a new map and starts the resolution again (``resolution.restart``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from operator import neg

from msgspec import Struct
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.link import Link
from pipwrap.model.requirement import is_pinned
from pipwrap.model.source import Source
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.ranges import RankRange, Ranks


class RankedVersion(Struct, frozen=True):
    """One numbered version and the best choice that provides it."""

    version: Version
    choice: Choice

    @property
    def is_plain(self) -> bool:
        """Return whether it may be chosen whatever is required (PEP 440, PEP 592)."""
        if isinstance(self.choice, Candidate):
            return self.choice.is_plain
        return isinstance(self.choice, InstalledCandidate)


class VersionMap:
    """All versions of one project that a resolution may use."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        installed: InstalledCandidate | None = None,
        direct: Sequence[DirectChoice] = (),
        *,
        is_partial: bool = False,
        direct_only: bool = False,
    ) -> None:
        """Give the versions their numbers; ``candidates`` come in pip's order, best first."""
        best: dict[Version, Choice] = {}
        for candidate in candidates:
            best.setdefault(candidate.version, candidate)
        order = list(best)
        if installed is not None:
            best[installed.version] = installed
            order = _with_installed(order, installed.version)
        ranked_versions = [RankedVersion(version, best[version]) for version in sorted(best)]
        rank = {ranked.version: number for number, ranked in enumerate(ranked_versions)}
        self.first_direct = len(ranked_versions)
        self.ranked_versions: tuple[RankedVersion, ...] = (
            *ranked_versions,
            *(RankedVersion(each.version, each) for each in direct),
        )
        self._falling = _falling([rank[version] for version in order])
        self.installed_rank = rank[installed.version] if installed is not None else None
        self.is_partial = is_partial
        """It holds one version, which is taken without a look at others."""
        self.direct_only = direct_only
        """It holds nothing but direct references."""
        self._versions = [ranked.version for ranked in ranked_versions]
        self._ranges: dict[SpecifierSet, Ranks] = {}
        self._clauses: dict[Specifier, Ranks] = {}

    @property
    def is_whole(self) -> bool:
        """Return whether it holds what an index offers."""
        return not (self.is_partial or self.direct_only)

    def range_of(self, specifier: SpecifierSet) -> Ranks:
        """Return the versions that a specifier admits, pre-releases included."""
        known = self._ranges.get(specifier)
        if known is None:
            known = RankRange.joined([(0, len(self.ranked_versions))])
            for clause in specifier:
                known &= self._range_of_clause(clause)
            self._ranges[specifier] = known
        return known

    def _range_of_clause(self, clause: Specifier) -> Ranks:
        if clause not in self._clauses:
            direct = (
                (rank, rank + 1)
                for rank in range(self.first_direct, len(self.ranked_versions))
                if clause.contains(self.ranked_versions[rank].version, prereleases=True)
            )
            self._clauses[clause] = RankRange.joined(chain(_runs(clause, self._versions), direct))
        return self._clauses[clause]

    def range_of_source(self, source: Source) -> Ranks:
        """Return the one version that comes from ``source``; empty when it is not known."""
        return self._range_of_direct(lambda each: each.identity == source.identity)

    def range_of_link(self, link: Link) -> Ranks:
        """Return every version that comes from ``link``, editable or not."""
        return self._range_of_direct(lambda each: each.link.identity == link.identity)

    def _range_of_direct(self, matches: Callable[[Source], bool]) -> Ranks:
        direct = enumerate(self.ranked_versions[self.first_direct :], self.first_direct)
        return RankRange.of(
            rank
            for rank, ranked in direct
            if isinstance(ranked.choice, DirectChoice) and matches(ranked.choice.source)
        )

    def direct_in(self, allowed: Ranks) -> int | None:
        """Return the direct version when ``allowed`` holds nothing but direct versions."""
        if not any(rank in allowed for rank in range(self.first_direct)):
            for rank in range(self.first_direct, len(self.ranked_versions)):
                if rank in allowed:
                    return rank
        return None

    def only(self, allowed: Ranks) -> Candidate | None:
        """Return the file of an index that is all that a range leaves, if that is so."""
        ranks = tuple(islice(self.best_first(allowed), 2))
        choice = self.ranked_versions[ranks[0]].choice if len(ranks) == 1 else None
        return choice if isinstance(choice, Candidate) else None

    def best_first(self, allowed: Ranks) -> Iterator[int]:
        """Yield the ranks of ``allowed`` in pip's order, direct versions left out."""
        for ranks in self._falling:
            for low, above in RankRange.runs(allowed, len(self.ranked_versions)):
                first = bisect_left(ranks, 1 - above, key=neg)
                yield from ranks[first : bisect_left(ranks, 1 - low, first, key=neg)]

    def matching(self, specifier: SpecifierSet, *, prereleases: bool | None) -> frozenset[int]:
        """Return the ranks that pip would consider under all active specifiers together.

        Pre-releases count when a specifier names one or when nothing else matches (PEP 440);
        yanked files when the version is pinned and everything that matches is yanked (PEP 592).
        """
        pool = [
            (rank, ranked.choice)
            for rank, ranked in enumerate(self.ranked_versions[: self.first_direct])
            if isinstance(ranked.choice, Candidate)
        ]
        matching = list(
            specifier.filter(pool, prereleases=prereleases, key=lambda each: each[1].version)
        )
        all_yanked = all(choice.is_yanked for _, choice in matching)
        if not (all_yanked and is_pinned(specifier)):
            matching = [each for each in matching if not each[1].is_yanked]
        return frozenset(rank for rank, _ in matching)


def _runs(clause: Specifier, versions: Sequence[Version]) -> Iterable[tuple[int, int]]:
    """Return what a clause admits among ascending versions: positions, ``(low, above)``.

    That is one run (PEP 440 orders what belongs together side by side), or everything else for
    ``!=``; so its ends are searched for. Only ``===``, which compares text, is tested on every one.
    """

    def admits(version: Version) -> bool:
        return clause.contains(version, prereleases=True)

    def refuses(version: Version) -> bool:
        return not clause.contains(version, prereleases=True)

    count = len(versions)
    match clause.operator:
        case ">" | ">=":
            return [(bisect_left(versions, True, key=admits), count)]  # noqa: FBT003
        case "<" | "<=":
            return [(0, bisect_left(versions, True, key=refuses))]  # noqa: FBT003
        case "==" | "~=":
            first = bisect_left(versions, _lowest(clause.version))
            return [(first, bisect_left(versions, True, first, key=refuses))]  # noqa: FBT003
        case "!=":
            first = bisect_left(versions, _lowest(clause.version))
            after = bisect_left(versions, True, first, key=admits)  # noqa: FBT003
            return [(0, first), (after, count)]
    return ((rank, rank + 1) for rank, version in enumerate(versions) if admits(version))


def _lowest(text: str) -> Version:
    """Return the lowest version that an ``==`` can admit."""
    return Version(f"{text.removesuffix('.*')}.dev0" if text.endswith(".*") else text)


def _falling(order: Sequence[int]) -> list[list[int]]:
    """Return the order, cut where a rank is higher than the one before it."""
    runs: list[list[int]] = []
    for rank in order:
        if runs and runs[-1][-1] > rank:
            runs[-1].append(rank)
        else:
            runs.append([rank])
    return runs


def _with_installed(order: Sequence[Version], installed: Version) -> list[Version]:
    """Return the order with the installed version before the first that is not newer."""
    result: list[Version] = []
    placed = False
    for version in order:
        if not placed and version <= installed:
            result.append(installed)
            placed = True
        if version != installed:
            result.append(version)
    return result if placed else [*result, installed]
