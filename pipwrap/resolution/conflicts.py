"""Which decisions are taken back: those that many conflicts are caused by; pure.

A resolver that goes back step by step takes the newest decision back first. Where an early one is
the reason (``urllib3`` is decided, and no version of ``botocore`` fits it), every version of
everything that depends on it is tried in vain: thousands of steps, and a solution with a release of
years ago. So, as uv does it (its ``ConflictTracker``):

    a conflict       has an *affected* package, whose version is taken back, and a *culprit*: the
                     last decision before it that the conflict needs
    5 for a culprit  the resolution goes back to before the culprit; what it affected is decided
                     early from then on, and the culprit late
    once each        what is decided early is never made late: two packages that are each other's
                     culprit do not alternate for ever

Nothing is ruled out by that: only the order of decisions changes.
"""

from __future__ import annotations

from collections import Counter
from enum import IntEnum

from nab_resolver.resolver import ResolverObserver
from nab_resolver.types import Incompatibility

CONFLICT_THRESHOLD = 5
"""Conflicts with one decision until it is taken back; uv's number."""


class DecisionOrder(IntEnum):
    """When a package is decided, before everything else that is known of it."""

    EARLY = 0
    USUAL = 1
    LATE = 2


class ConflictTracker(ResolverObserver[str, int]):
    """Observes the core and finds the decisions that are to be taken back."""

    def __init__(self) -> None:
        """Begin without conflicts."""
        self._trail: list[tuple[int, str]] = []
        """(level, package) of the decisions that hold."""
        self._affected, self._level_before = "", 0
        self._counts: Counter[str] = Counter()
        self._affected_by: dict[str, set[str]] = {}
        self._orders: dict[str, DecisionOrder] = {}
        self._culprits: list[str] = []

    def order(self, package: str) -> DecisionOrder:
        """Return when a package is decided."""
        return self._orders.get(package, DecisionOrder.USUAL)

    def take_culprits(self) -> list[str]:
        """Return the packages whose decisions are to be taken back now, each of them once."""
        culprits, self._culprits = self._culprits, []
        return culprits

    # Events of the core

    def on_decision(self, package: str, version: int, level: int) -> None:
        """Record a decision; those of its level and above no longer hold."""
        del version
        self._remove_decisions(level)
        self._trail.append((level, package))

    def on_conflict_step(
        self,
        incompatibility: Incompatibility[str, int],
        *,
        satisfier_package: str,
        satisfier_is_decision: bool,
        satisfier_level: int,
        previous_level: int,
        can_backjump: bool,
    ) -> None:
        """Record what one conflict is about; of several steps the last one counts."""
        del incompatibility, satisfier_is_decision, satisfier_level, can_backjump
        self._affected, self._level_before = satisfier_package, previous_level

    def on_backjump(self, from_level: int, to_level: int) -> None:
        """Count the conflict whose steps were recorded."""
        del from_level
        level = self._level_before
        culprit = next((package for each, package in self._trail if each == level), None)
        self._remove_decisions(to_level + 1)
        if culprit is not None:
            self._count(culprit, self._affected)

    def _remove_decisions(self, level: int) -> None:
        while self._trail and self._trail[-1][0] >= level:
            self._trail.pop()

    def _count(self, culprit: str, affected: str) -> None:
        self._counts[culprit] += 1
        self._affected_by.setdefault(culprit, set()).add(affected)
        if (
            self._counts[culprit] < CONFLICT_THRESHOLD
            or self.order(culprit) is not DecisionOrder.USUAL
        ):
            return
        self._orders[culprit] = DecisionOrder.LATE
        for package in self._affected_by[culprit]:
            self._orders.setdefault(package, DecisionOrder.EARLY)
        self._culprits.append(culprit)
