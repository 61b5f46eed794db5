"""The versions of one project, numbered; what a specifier means among them; which one is liked.

Numbers are given once and never change: ranges of numbers are only comparable as long as they
mean the same versions. What would need other numbers (a version that was not looked for, a URL
that turns up late) makes a new universe and starts the resolution again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.requirement import is_pinned
from pipwrap.model.source import Source
from pipwrap.resolution.choice import Choice, Direct
from pipwrap.resolution.ranges import RankRange, Ranks
from pipwrap.values import frozen


@frozen
class Point:
    """One numbered version and the best thing that provides it."""

    version: Version
    choice: Choice

    @property
    def is_plain(self) -> bool:
        """Tell what may be chosen whatever the requirements say of pre-releases and yanks."""
        if isinstance(self.choice, InstalledCandidate):
            return True
        if isinstance(self.choice, Direct):
            return False
        return self.choice.link.yanked is None and not self.version.is_prerelease


class Universe:
    """All versions of one project that a resolution may use."""

    def __init__(
        self,
        candidates: Sequence[Candidate],
        installed: InstalledCandidate | None = None,
        direct: Sequence[Direct] = (),
        *,
        installed_only: bool = False,
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
        points = [Point(version, best[version]) for version in sorted(best)]
        rank = {point.version: number for number, point in enumerate(points)}
        self.first_direct = len(points)
        self.points: tuple[Point, ...] = (
            *points,
            *(Point(each.version, each) for each in direct),
        )
        self.preference: tuple[int, ...] = tuple(rank[version] for version in order)
        self.installed_rank = rank[installed.version] if installed is not None else None
        self.installed_only = installed_only
        self.direct_only = direct_only
        self.candidates: tuple[Candidate, ...] = tuple(candidates)
        self._ranges: dict[SpecifierSet, Ranks] = {}

    def range_of(self, specifier: SpecifierSet) -> Ranks:
        """Return the versions that a specifier admits, pre-releases included."""
        if specifier not in self._ranges:
            if len(specifier):
                ranks = (
                    rank
                    for rank, point in enumerate(self.points)
                    if specifier.contains(point.version, prereleases=True)
                )
                self._ranges[specifier] = RankRange.of(ranks)
            else:
                self._ranges[specifier] = RankRange.of(range(len(self.points)))
        return self._ranges[specifier]

    def range_of_source(self, source: Source) -> Ranks:
        """Return the one version that comes from ``source``; empty when it is not known."""
        for rank in range(self.first_direct, len(self.points)):
            choice = self.points[rank].choice
            if isinstance(choice, Direct) and choice.source.url == source.url:
                return RankRange.singleton(rank)
        return RankRange.of(())

    def direct_in(self, allowed: Ranks) -> int | None:
        """Return the direct version when ``allowed`` holds nothing but direct versions."""
        if not any(rank in allowed for rank in range(self.first_direct)):
            for rank in range(self.first_direct, len(self.points)):
                if rank in allowed:
                    return rank
        return None

    def liked(self, allowed: Ranks) -> Iterator[int]:
        """Yield the ranks of ``allowed``, best first, direct versions left out."""
        return (rank for rank in self.preference if rank in allowed)

    def admitted(self, specifier: SpecifierSet, *, prereleases: bool | None) -> frozenset[int]:
        """Return the ranks that pip would consider under all active specifiers together.

        Pre-releases count when a specifier names one or when nothing else matches (PEP 440);
        yanked files when the version is pinned and everything that matches is yanked (PEP 592).
        """
        pool = [
            (rank, point.choice)
            for rank, point in enumerate(self.points[: self.first_direct])
            if isinstance(point.choice, Candidate)
        ]
        kept = list(
            specifier.filter(pool, prereleases=prereleases, key=lambda each: each[1].version)
        )
        all_yanked = all(choice.link.yanked is not None for _, choice in kept)
        if not (all_yanked and is_pinned(specifier)):
            kept = [each for each in kept if each[1].link.yanked is None]
        return frozenset(rank for rank, _ in kept)


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
