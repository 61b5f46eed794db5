"""The figures as Markdown; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.figures import Budget, Measure, Outcome, Row, ratio, shown

OURS = "pipwrap"


@dataclass(frozen=True, slots=True)
class Line:
    """One scenario as the report needs it."""

    name: str
    title: str
    row: Row
    budget: Budget | None = None


def markdown(
    lines: Sequence[Line],
    labels: Sequence[str],
    references: Sequence[str],
    measure: Measure,
    *,
    budgeted: bool = False,
) -> str:
    """Return a table: a line for each scenario, a column for each tool, medians and ratios.

    Ratios are to pipwrap. A table that is ``budgeted`` has the budget as well, whether it is kept
    (of whatever measure it is), and what it is counted from.
    """
    columns = [label for label in labels if any(label in line.row for line in lines)]
    head = ["", *columns, *(("counted from", "budget", "kept") if budgeted else ())]
    rows = [head, ["---"] + ["---:"] * len(columns) + ["---"] * (3 * budgeted)]
    for line in lines:
        cells = [line.title, *(cell(line.row, label, measure) for label in columns)]
        if budgeted:
            cells += [_references(line.row, references), *_budget(line)]
        rows.append(cells)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def cell(row: Row, label: str, measure: Measure) -> str:
    """Return a median and how many times pipwrap's it is."""
    if label not in row:
        return ""
    value = row[label].median(measure)
    if value is None:
        return row[label].outcome.value
    ours = row[OURS].median(measure) if OURS in row else None
    if label == OURS or not ours:
        return shown(value, measure)
    return f"{shown(value, measure)} ({ratio(value / ours)})"


def _references(row: Row, references: Sequence[str]) -> str:
    """Return what the budget is counted from, with time and peak."""
    found = []
    for label in references:
        if label in row:
            wall, peak = row[label].median(Measure.WALL), row[label].median(Measure.PEAK)
            numbers = [(wall, Measure.WALL), (peak, Measure.PEAK)]
            told = [shown(value, measure) for value, measure in numbers if value is not None]
            found.append(f"{label}: {', '.join(told) or row[label].outcome.value}")
    return "; ".join(found)


def _budget(line: Line) -> tuple[str, str]:
    return (line.budget.text, line.budget.verdict(line.row, OURS)) if line.budget else ("", "")


def growth(lines: Sequence[Line], sizes: dict[str, int], labels: Sequence[str]) -> list[str]:
    """Return what one wheel more takes each tool, between the smallest set and the largest.

    ``sizes`` has the number of wheels by the names of scenarios.
    """
    measured = sorted((sizes[line.name], line.row) for line in lines if line.name in sizes)
    if len(measured) < 2:  # noqa: PLR2004 - it takes two points
        return []
    (few, first), (many, last) = measured[0], measured[-1]
    found = []
    for label in labels:
        if label in first and label in last:
            begin, end = first[label].median(Measure.WALL), last[label].median(Measure.WALL)
            if begin is not None and end is not None:
                each = (end - begin) / (many - few) * 1000
                found.append(f"{label}: {each:.2f} ms for each wheel from {few} to {many:,}")
    return found


def unlike(lines: Sequence[Line], references: Sequence[str]) -> list[str]:
    """Return where tools did not do the same work, by the count of distributions afterwards."""
    told = []
    for line in lines:
        counts = {
            label: one.installed
            for label, one in line.row.items()
            if label not in references and one.outcome is Outcome.DONE
        }
        if len(set(counts.values())) > 1:
            left = ", ".join(f"{label} {count}" for label, count in counts.items())
            told.append(f"{line.title}: distributions there afterwards: {left}")
    return told
