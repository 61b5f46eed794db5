"""Measured numbers, their medians and ratios; pure."""

from __future__ import annotations

import enum
import statistics
from collections.abc import Mapping
from dataclasses import dataclass


class Measure(enum.Enum):
    """What is counted of a run."""

    WALL = "wall"
    CPU = "cpu"
    PEAK = "peak"


class Outcome(enum.Enum):
    """How a run ended."""

    DONE = "done"
    """With the exit status that the scenario expects."""
    GAVE_UP = "gave up"
    """It took longer than the scenario allows, or said itself that it was too much."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Sample:
    """One run."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, user and system, of all processes."""
    peak: float
    """Bytes: the largest resident size of a single process."""
    outcome: Outcome = Outcome.DONE
    installed: int = 0
    """How many distributions the environment had afterwards."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one tool took for one scenario."""

    samples: tuple[Sample, ...]

    @property
    def outcome(self) -> Outcome:
        """Return how its runs ended: the worst of them."""
        worst = [Outcome.FAILED, Outcome.GAVE_UP, Outcome.DONE]
        return min((one.outcome for one in self.samples), key=worst.index)

    @property
    def installed(self) -> int:
        """Return how many distributions were there after the last run."""
        return self.samples[-1].installed

    def median(self, measure: Measure) -> float | None:
        """Return the median of a measure, None unless every run did its work."""
        if self.outcome is not Outcome.DONE:
            return None
        numbers = {
            Measure.WALL: [one.wall for one in self.samples],
            Measure.CPU: [one.cpu for one in self.samples],
            Measure.PEAK: [one.peak for one in self.samples],
        }
        return statistics.median(numbers[measure])


Row = Mapping[str, Figures]
"""Figures of one scenario by the label of the tool."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Ours is at most ``factor`` times theirs, plus ``allowance``."""

    against: str | None
    """The label of the tool; None: the allowance alone counts."""
    factor: float = 1.0
    allowance: float = 0.0
    measure: Measure = Measure.WALL

    def shortfall(self, row: Row, ours: str) -> str | None:
        """Return what is wrong, ``""`` for nothing, None where it was not measured."""
        mine = row[ours].median(self.measure) if ours in row else None
        if mine is None:
            return f"{ours} {row[ours].outcome.value}" if ours in row else None
        if self.against is None:
            return "" if mine <= self.allowance else shown(mine, self.measure)
        if self.against not in row:
            return None
        theirs = row[self.against].median(self.measure)
        if theirs is None or mine <= self.factor * theirs + self.allowance:
            return ""
        if self.allowance:
            return f"{shown(mine - self.factor * theirs, self.measure)} beyond {self.against}"
        return f"{ratio(mine / theirs)} {self.against}"


@dataclass(frozen=True, slots=True)
class Budget:
    """What is promised, in words and as limits."""

    text: str
    limits: tuple[Limit, ...]

    def verdict(self, row: Row, ours: str) -> str:
        """Return ``met``, or what is not, or a dash where something was not measured."""
        found = [limit.shortfall(row, ours) for limit in self.limits]
        wrong = [one for one in found if one]
        if wrong:
            return f"**no**: {', '.join(wrong)}"
        return "-" if None in found else "met"


def shown(value: float, measure: Measure) -> str:
    """Return a value with its unit, three digits that count."""
    if measure is Measure.PEAK:
        return f"{value / 1e6:.0f} MB"
    if round(value, 3) < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"  # noqa: PLR2004 - digits


def ratio(value: float) -> str:
    """Return ``12 ×``, ``1.3 ×`` or ``0.42 ×``."""
    digits = 0 if value >= 10 else 1 if value >= 2 else 2  # noqa: PLR2004 - digits
    return f"{value:.{digits}f} ×"
