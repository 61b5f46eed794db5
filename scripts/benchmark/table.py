"""The figures as Markdown; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.figures import Budget, Figures, Measure, Outcome, Row, ratio, shown

OURS = "pipwrap"


@dataclass(frozen=True, slots=True)
class Line:
    """One scenario as the report needs it."""

    name: str
    title: str
    row: Row
    budget: Budget | None = None


def markdown(lines: Sequence[Line], labels: Sequence[str], measure: Measure) -> str:
    """Return a table: a line for each scenario, a column for each tool, medians and ratios.

    The ratio is to pipwrap; the budget stands in the table of wall time alone.
    """
    columns = [label for label in labels if any(label in line.row for line in lines)]
    budgeted = measure is Measure.WALL
    head = ["", *columns, *(("budget", "kept") if budgeted else ())]
    rows = [head, ["---"] + ["---:"] * len(columns) + ["---"] * (2 * budgeted)]
    for line in lines:
        cells = [line.title, *(cell(line.row, label, measure) for label in columns)]
        if budgeted:
            cells += (
                [line.budget.text, line.budget.verdict(line.row, OURS)] if line.budget else ["", ""]
            )
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


def remarks(lines: Sequence[Line]) -> list[str]:
    """Return where tools did not do the same work, by the count of distributions afterwards."""
    return [
        f"{line.title}: {', '.join(f'{label} left {count}' for label, count in counts.items())}"
        for line in lines
        if len(set((counts := _counts(line.row)).values())) > 1
    ]


def _counts(row: Mapping[str, Figures]) -> dict[str, int]:
    counted = {label: one for label, one in row.items() if not label.startswith("bare ")}
    return {label: one.installed for label, one in counted.items() if one.outcome is Outcome.DONE}
