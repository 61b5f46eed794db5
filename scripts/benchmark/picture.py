"""The medians of wall time as bars (SVG), readable on light and on dark ground; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from benchmark.figures import Measure, Row, ratio, shown
from benchmark.table import OURS, Line

WIDTH, LABEL, VALUE = 760, 130, 150
"""Of the picture, of the tools' names on the left, and of the numbers on the right."""
BAR, GAP, HEAD, SPACE = 14, 5, 24, 14
"""Height of a bar, between bars, of a title, and between scenarios."""
CAPTION = 18
"""Height of a line of the caption."""
STYLE = """\
.ground { fill: #ffffff }
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.quiet { fill: #57606a }
.bar { fill: #8c959f }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117 }
  text { fill: #e6edf3 }
  .quiet { fill: #9198a1 }
  .bar { fill: #656c76 }
  .ours { fill: #4493f8 }
}"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a tool's median, or the word for what it did instead."""

    label: str
    value: float | None
    text: str


def svg(lines: Sequence[Line], labels: Sequence[str], caption: Sequence[str]) -> str:
    """Return the picture: a group of bars for each scenario, each to the scale of its longest.

    ``caption`` stands beneath, line by line.
    """
    parts, y = [], SPACE
    for line in lines:
        bars = _bars(line.row, labels)
        parts.append(f'<text class="title" x="0" y="{y + 12}">{escape(_plain(line.title))}</text>')
        parts += _group(bars, y + HEAD)
        y += HEAD + len(bars) * (BAR + GAP) + SPACE
    for text in caption:
        parts.append(f'<text class="quiet" x="0" y="{y + 12}">{escape(text)}</text>')
        y += CAPTION
    height = y + SPACE
    extent = f'width="{WIDTH + 2 * SPACE}" height="{height}"'
    box = f'viewBox="{-SPACE} 0 {WIDTH + 2 * SPACE} {height}"'
    # A ground of its own: not every viewer tells a picture whether it is dark around it.
    ground = f'<rect class="ground" x="{-SPACE}" y="0" {extent}/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {extent} {box} role="img">'
    style = f"<style>\n{STYLE}\n</style>"
    return "\n".join([head, style, ground, *parts, "</svg>"]) + "\n"


def _bars(row: Row, labels: Sequence[str]) -> list[Bar]:
    ours = row[OURS].median(Measure.WALL) if OURS in row else None
    return [_bar(label, row, ours) for label in labels if label in row]


def _bar(label: str, row: Row, ours: float | None) -> Bar:
    figures = row[label]
    value = figures.median(Measure.WALL)
    if value is None:
        return Bar(label, None, figures.outcome.value)
    text = shown(value, Measure.WALL)
    return Bar(
        label, value, text if label == OURS or not ours else f"{text}, {ratio(value / ours)}"
    )


def _group(bars: Sequence[Bar], top: int) -> list[str]:
    longest = max((bar.value for bar in bars if bar.value is not None), default=0.0) or 1.0
    room = WIDTH - LABEL - VALUE
    parts = []
    for number, bar in enumerate(bars):
        y = top + number * (BAR + GAP)
        # A tool that gave up has the longest bar of all: it took at least as long.
        length = room if bar.value is None else max(1.0, room * bar.value / longest)
        kind = "bar ours" if bar.label == OURS else "bar"
        hollow = ' fill-opacity="0.3"' if bar.value is None else ""
        extent = f'x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}"'
        place = f'x="{LABEL + length + 6:.1f}" y="{y + 11}"'
        parts += [
            f'<text x="0" y="{y + 11}">{escape(bar.label)}</text>',
            f'<rect class="{kind}" {extent}{hollow}/>',
            f'<text class="quiet" {place}>{escape(bar.text)}</text>',
        ]
    return parts


def _plain(title: str) -> str:
    return title.replace("`", "")
