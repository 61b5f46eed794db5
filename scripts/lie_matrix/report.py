"""The matrix as Markdown, and as JSON; pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lie_matrix.values import Cell, Column, Expect, Row, Verdict

_MARKS = {Expect.MUST: "!", Expect.MUST_NOT: "=", Expect.OPEN: "?"}


def table(
    cells: Sequence[Cell], rows: Sequence[Row], columns: Sequence[Column], tools: Sequence[str]
) -> str:
    """Return a line for each row and a column for each sdist; marks in the order of the tools."""
    there = [column for column in columns if any(cell.column == column.name for cell in cells)]
    found = {(cell.row, cell.column, cell.tool): cell for cell in cells}
    lines = [["changed", *(column.name for column in there)], ["---"] * (len(there) + 1)]
    for row in rows:
        marks = [_marks(found, row, column, tools) for column in there]
        if any(marks):
            lines.append([row.title, *marks])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _marks(
    found: dict[tuple[str, str, str], Cell], row: Row, column: Column, tools: Sequence[str]
) -> str:
    cells = [found.get((row.name, column.name, tool)) for tool in tools]
    if all(cell is None for cell in cells):
        return ""
    expect = next(cell.expect for cell in cells if cell is not None)
    return _MARKS[expect] + " " + "".join(cell.verdict.value if cell else "-" for cell in cells)


def legend(tools: Sequence[str]) -> str:
    """Return what the marks mean."""
    expects = ", ".join(f"`{_MARKS[expect]}` {expect.value}" for expect in Expect)
    verdicts = ", ".join(
        f"`{one.value}` {one.meaning}" for one in Verdict if one is not Verdict.ABSENT
    )
    return f"Each cell: {expects}; then {', '.join(tools)}: {verdicts}.\n"


def totals(cells: Sequence[Cell], tools: Sequence[str]) -> str:
    """Return how often each tool was wrong, as a table."""
    lines = [["", *tools], ["---"] * (len(tools) + 1)]
    must = [cell for cell in cells if cell.expect is Expect.MUST]
    must_not = [cell for cell in cells if cell.expect is Expect.MUST_NOT]
    counted = (("lies", Verdict.LIE, must), ("needless rebuilds", Verdict.NEEDLESS, must_not))
    for name, verdict, among in counted:
        line = [name]
        for tool in tools:
            own = [cell for cell in among if cell.tool == tool]
            wrong = sum(cell.verdict is verdict for cell in own)
            line.append(f"{wrong} of {len(own)}" + (f" ({wrong / len(own):.0%})" if own else ""))
        lines.append(line)
    failed = [
        str(sum(cell.tool == tool and cell.verdict is Verdict.FAILED for cell in cells))
        for tool in tools
    ]
    lines.append(["failed commands", *failed])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def wrong(cells: Sequence[Cell], tool: str) -> list[str]:
    """Return the cells in which a tool was wrong, in words."""
    kinds = (Verdict.LIE, Verdict.NEEDLESS, Verdict.FAILED)
    return [
        f"{cell.column}, {cell.row}: {cell.verdict.meaning}" + (f" ({cell.note})" * bool(cell.note))
        for cell in cells
        if cell.tool == tool and cell.verdict in kinds
    ]


def as_json(cells: Sequence[Cell], problems: Sequence[str], skipped: Sequence[str]) -> str:
    """Return everything for another program."""
    rows = [
        {
            "row": cell.row,
            "column": cell.column,
            "tool": cell.tool,
            "expect": cell.expect.value,
            "verdict": cell.verdict.name.lower(),
            "built": cell.built,
            "note": cell.note,
        }
        for cell in cells
    ]
    return json.dumps(
        {"cells": rows, "problems": list(problems), "skipped": list(skipped)}, indent=1
    )
