"""Rows, columns, cells and how a cell is judged; pure, but for the functions that rows hold."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lie_matrix.world import World

Change = Callable[[World], object]


class Expect(enum.Enum):
    """What a row demands of a column."""

    MUST = "must rebuild"
    MUST_NOT = "must not rebuild"
    OPEN = "cannot tell"


class Verdict(enum.Enum):
    """What a tool did in one cell, with its mark in the table."""

    RIGHT = "."
    LIE = "L"
    NEEDLESS = "n"
    OPEN = "~"
    FAILED = "F"
    ABSENT = ""

    @property
    def meaning(self) -> str:
        """Return the words below the table."""
        return _MEANINGS[self]


_MEANINGS = {
    Verdict.RIGHT: "right",
    Verdict.LIE: "a lie: what is installed is not what a build now gives",
    Verdict.NEEDLESS: "built again for nothing",
    Verdict.OPEN: "cannot tell",
    Verdict.FAILED: "the command failed",
    Verdict.ABSENT: "does not apply, or cannot be arranged here",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A change between the first installation and the second."""

    name: str
    title: str
    change: Change
    touches: frozenset[str] = frozenset()
    """Inputs that it changes; a column that reads one of them must be built again."""
    prepare: Change | None = None
    """What differs from the usual state at the first installation."""
    between: Change | None = None
    """A state in which it is installed once more before ``change``."""
    if_read: Expect = Expect.MUST
    if_not: Expect | None = Expect.MUST_NOT
    """For columns that read nothing of it; ``None`` where the row says nothing of them."""
    by_build: bool = False
    """The bytes are the same, so that having built again is what is judged."""
    by_rule: bool = False
    """It must not be built again although that may give another wheel: docs/cache.md says why."""
    needs: Callable[[World], str | None] = field(default=lambda _: None)
    """Returns what is missing on this machine for this row."""


@dataclass(frozen=True, slots=True)
class Column:
    """An sdist or repository and what its build reads."""

    name: str
    title: str
    reads: frozenset[str]
    requirement: str
    make: Change
    """Writes it into the world."""
    overrides: Mapping[str, Expect | None] = field(default_factory=dict)
    """Expectations of rows by name that the inputs do not tell."""
    programs: tuple[str, ...] = ()
    """Programs without which the column is skipped."""
    may_read: frozenset[str] = frozenset()
    """Inputs of the tools that it runs, which count whenever these ran; nothing changes here."""
    measured: bool = False
    """Whether a change that should be read is one, only a build tells."""
    wheels: tuple[str, ...] = ()
    """Build requirements, as pip takes them, that have to be in the directory of wheels."""
    only: frozenset[str] | None = None
    """The rows that apply, where not all do."""

    @property
    def distribution(self) -> str:
        """Return the name of what is installed."""
        return self.requirement.partition("==")[0].partition(" @ ")[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one installation left."""

    built: bool
    digest: str | None
    """Of what is installed; ``None`` when the command failed."""
    output: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One row, column and tool."""

    row: str
    column: str
    tool: str
    expect: Expect
    verdict: Verdict
    built: bool = False
    note: str = ""


def expectation(row: Row, column: Column) -> Expect | None:
    """Return what a cell demands; ``None`` when the row does not apply."""
    if column.only is not None and row.name not in column.only:
        return None
    if row.name in column.overrides:
        return column.overrides[row.name]
    if row.touches & column.reads:
        return row.if_read
    return Expect.OPEN if row.touches & column.may_read else row.if_not


def judge(expect: Expect, outcome: Outcome, fresh: str | None, *, by_build: bool) -> Verdict:
    """Return the verdict; ``fresh`` is the digest of what a build without a cache gives now."""
    if outcome.digest is None:
        return Verdict.FAILED
    if expect is Expect.MUST:
        right = outcome.built if by_build else outcome.digest == fresh
        return Verdict.RIGHT if right else Verdict.LIE
    if expect is Expect.MUST_NOT:
        return Verdict.NEEDLESS if outcome.built else Verdict.RIGHT
    return Verdict.OPEN
