"""Measure pip, uv and pipwrap side by side on a loopback index of real files.

What the tools ask of the index is recorded once, into .scratch/bench-data; later runs need no
network. Rounds are interleaved: each tool once, then each again. Linux and macOS only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence

from benchmark import machine, table, tools
from benchmark.figures import Measure
from benchmark.rounds import PreparationFailed, Stage
from benchmark.scenarios import SCENARIOS, Scenario
from benchmark.surroundings import SCRATCH, RunningIndex, Site, serving
from benchmark.table import Line

PROGRAMS = ("pip", "uv", "pipwrap")
HEADINGS = {
    Measure.WALL: "Wall time",
    Measure.CPU: "CPU time (user and system, all processes)",
    Measure.PEAK: "Peak memory (the largest process)",
}


def parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    made = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    made.add_argument("--rounds", type=_count, default=3, metavar="N", help="default: 3")
    made.add_argument(
        "--only", type=_names, metavar="NAME,...", help="the scenarios to run; see --list"
    )
    made.add_argument("--tools", type=_programs, default=PROGRAMS, metavar="pip,uv,pipwrap")
    made.add_argument("--list", action="store_true", help="print the scenarios and end")
    return made


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of rounds: give 1 or more")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    """Return the names; one that is the beginning of several means all of them."""
    known = [one.name for one in SCENARIOS]
    chosen: list[str] = []
    for word in text.split(","):
        found = [name for name in known if name == word or name.startswith(f"{word}-")]
        if not found:
            raise argparse.ArgumentTypeError(f"no scenario {word!r}: {', '.join(known)}")
        chosen += found
    return tuple(chosen)


def _programs(text: str) -> tuple[str, ...]:
    unknown = [name for name in text.split(",") if name not in PROGRAMS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no tool {unknown[0]!r}: {', '.join(PROGRAMS)}")
    return tuple(text.split(","))


def measured(
    site: Site, scenarios: Sequence[Scenario], programs: Sequence[str], rounds: int
) -> Iterator[Line]:
    """Yield the scenarios as they are done; one that cannot be prepared is told and left out."""
    with serving(site, 0) as index:
        for scenario in scenarios:
            chosen = tuple(
                tool
                for tool in scenario.tools
                if tool.program in programs or tool.program not in PROGRAMS
            )
            print(f"{scenario.name} ...", file=sys.stderr, flush=True)
            try:
                with _index_for(site, scenario, index) as its:
                    row = Stage(site, its, scenario).perform(chosen, rounds)
            except PreparationFailed as error:
                print(f"{scenario.name} is left out: {error}", file=sys.stderr)
                continue
            line = Line(scenario.name, scenario.title, row, scenario.budget)
            print(_told(line), file=sys.stderr, flush=True)
            yield line


@contextlib.contextmanager
def _index_for(site: Site, scenario: Scenario, index: RunningIndex) -> Iterator[RunningIndex]:
    """Give the index with the scenario's delay."""
    if scenario.delay:
        with serving(site, scenario.delay) as slower:
            yield slower
    else:
        yield index


def _told(line: Line) -> str:
    cells = [f"{label} {table.cell(line.row, label, Measure.WALL)}" for label in line.row]
    return f"  {'; '.join(cells)}"


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for and print the tables; return 1 when a scenario had to be left out."""
    asked = parser().parse_args(arguments)
    chosen = [one for one in SCENARIOS if asked.only is None or one.name in asked.only]
    if asked.list:
        print("\n".join(f"{one.name:<16} {one.title}" for one in SCENARIOS))
        return 0
    shutil.rmtree(os.path.join(SCRATCH, "bench"), ignore_errors=True)
    site = Site.below(SCRATCH)
    lines = list(measured(site, chosen, asked.tools, asked.rounds))
    print(
        f"{machine.today()}; {machine.description()}; {machine.versions()}; {asked.rounds} rounds"
    )
    for measure, heading in HEADINGS.items():
        print(f"\n{heading}\n\n{table.markdown(lines, [one.label for one in tools.ALL], measure)}")
    for remark in table.remarks(lines):
        print(f"Not the same work: {remark}")
    return 0 if len(lines) == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
