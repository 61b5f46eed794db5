"""What a run of the benchmark says: on the terminal, and in docs/benchmarks.*; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark import picture, scenarios, table, tools
from benchmark.figures import Measure
from benchmark.table import Line

LABELS = tuple(one.label for one in tools.ALL)
REFERENCES = tuple(one.label for one in tools.REFERENCES)
SIZES = {f"growth-{count}": count for count in scenarios.GROWTH}
PICTURED = (
    "no-op",
    "warm",
    "cold",
    "latency",
    "resolve-boto3",
    "sdist-ten",
    "replace",
    "uninstall",
)
"""The scenarios of the picture; the table has all."""
SUMMARISED = ("no-op", "warm", "cold", "resolve-boto3", "sdist-ten", "replace")
"""Those of the README, which is short."""
HEADINGS = {
    Measure.WALL: "Wall time",
    Measure.CPU: "CPU time (user and system, all processes)",
    Measure.PEAK: "Peak memory (the largest process)",
}
SUMMARY = ("<!-- written by scripts/bench --write -->", "<!-- to here -->")
"""Between these the README has its figures."""
METHOD = """\
`scripts/bench` measures this and `scripts/bench --write` writes this page. Each number is a median;
in brackets is how many times pipwrap's it is. The tools take turns, round after round, each on the
same work: an index on the loopback serves real pages and files that were recorded from the public
index, with the headers that it sends (pages: `max-age=600` and an ETag; files: immutable; metadata
beside every wheel, PEP 658; pages compressed). Latency is a wait before each answer.

- pipwrap is installed as a user would have it: not editable, with its bytecode. It always compiles
  what it installs, as pip does; uv does so only when told.
- pip runs in the environment itself, so it does not start twice as with `--python`.
- Each tool has its own cache and knows no configuration but that, the index and the environment.
  *Cold*: the cache is empty. *Warm*: the same command has run before. An environment is new for
  each run, except for the no-op.
- *Resolution* is a dry run in an empty environment with a warm cache. A tool that needs more than
  {limit:.0f} s *gave up*.
- *Sdists*: the cache holds the build backends and nothing of the sdists. *bare hooks* is the time
  inside the same backends' hooks (requirements, metadata, wheel), one sdist after another.
- Nothing is deleted while anything is measured: ext4 looks past inodes that were just freed, so
  that whatever is made after a deletion takes several times as long.
- Peak memory is the largest resident size of any single process (`ru_maxrss` of wait4).
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """When and where it was measured, and how often."""

    date: str
    machine: str
    versions: str
    rounds: int

    @property
    def line(self) -> str:
        """Return all of it."""
        return f"{self.date}; {self.machine}; {self.versions}; {self.rounds} rounds"


def terminal(lines: Sequence[Line], setting: Setting) -> str:
    """Return the tables, and what there is to say of them."""
    return f"{setting.line}\n\n{_tables(lines)}"


def page(lines: Sequence[Line], setting: Setting) -> str:
    """Return docs/benchmarks.md."""
    limit = max(one.limit for one in scenarios.SCENARIOS if one.action is tools.Action.RESOLVE)
    return (
        "# Benchmarks\n\n<!-- written by scripts/bench --write; do not edit -->\n\n"
        f"{setting.line}.\n\n"
        "![Wall time of pip, uv and pipwrap as bars](benchmarks.svg)\n\n"
        f"{_tables(lines)}\n## Method\n\n{METHOD.format(limit=limit)}"
    )


def drawing(lines: Sequence[Line], setting: Setting) -> str:
    """Return docs/benchmarks.svg."""
    pictured = [line for line in lines if line.name in PICTURED]
    return picture.svg(pictured, LABELS, (f"{setting.date}; {setting.versions}", setting.machine))


def summary(lines: Sequence[Line], setting: Setting, readme: str) -> str:
    """Return the README with some figures and the picture between its two marks."""
    begin, _, rest = readme.partition(SUMMARY[0])
    _, _, end = rest.partition(SUMMARY[1])
    chosen = [line for line in lines if line.name in SUMMARISED]
    table_of = _table(chosen, Measure.WALL)
    return (
        f"{begin}{SUMMARY[0]}\n\n{table_of}\n"
        "![Wall time of pip, uv and pipwrap as bars](docs/benchmarks.svg)\n\n"
        f"Medians of wall time; in brackets, how many times pipwrap's. {setting.line}.\n"
        f"{SUMMARY[1]}{end}"
    )


def _table(lines: Sequence[Line], measure: Measure, *, budgeted: bool = False) -> str:
    return table.markdown(lines, LABELS, REFERENCES, measure, budgeted=budgeted)


def _tables(lines: Sequence[Line]) -> str:
    parts = [
        f"## {heading}\n\n{_table(lines, measure, budgeted=measure is Measure.WALL)}\n"
        for measure, heading in HEADINGS.items()
    ]
    growth = table.growth(lines, SIZES, LABELS)
    if growth:
        parts.append("## Growth\n\n" + "".join(f"- {one}\n" for one in growth) + "\n")
    unlike = table.unlike(lines, REFERENCES)
    if unlike:
        parts.append("## Not the same work\n\n" + "".join(f"- {one}\n" for one in unlike) + "\n")
    return "".join(parts)
