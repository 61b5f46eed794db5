"""Sets of ranks as half-open intervals: neighbours join and equal sets are equal; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nab_resolver.ranges import NEGATIVE_INFINITY, POSITIVE_INFINITY, Range

Ranks = Range[int]
"""A set of the numbers of a project's versions."""


class RankRange(Range[int]):
    """The range type given to the core, whose own single versions are closed intervals."""

    @classmethod
    def singleton(cls, version: int) -> Ranks:
        """Return the range of one rank, as ``[rank, rank + 1)``."""
        return Range(((version, True, version + 1, False),))

    @classmethod
    def of(cls, ranks: Iterable[int]) -> Ranks:
        """Return the range of ascending, distinct ranks."""
        return cls.joined((rank, rank + 1) for rank in ranks)

    @classmethod
    def joined(cls, runs: Iterable[tuple[int, int]]) -> Ranks:
        """Return the range of ascending runs ``(low, above)``, which may touch or be empty."""
        found: list[tuple[int, bool, int, bool]] = []
        for low, above in runs:
            if found and found[-1][2] == low:
                found[-1] = (found[-1][0], True, max(low, above), False)
            elif low < above:
                found.append((low, True, above, False))
        return Range(tuple(found))

    @staticmethod
    def runs(ranks: Ranks, count: int) -> Iterator[tuple[int, int]]:
        """Yield the intervals of a range as ``(low, above)``, highest first, below ``count``."""
        for low, low_counts, high, high_counts in reversed(ranks._intervals):  # noqa: SLF001 - the core has no other way to walk a range
            first = 0 if low is NEGATIVE_INFINITY else low + (not low_counts)
            yield first, count if high is POSITIVE_INFINITY else high + high_counts
