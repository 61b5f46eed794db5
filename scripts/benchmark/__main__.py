"""Measure pip, uv and pipwrap side by side on a loopback index of real files.

What the tools ask of the index is recorded once, into .scratch/bench-data; later runs need no
network. Rounds are interleaved: each tool once, then each again. POSIX only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmark import machine, made, report, requirement_lists, table
from benchmark.directories import PROJECT, RunningIndex, Site, configured_index, serving
from benchmark.figures import Measure
from benchmark.rounds import PreparationFailed, Stage
from benchmark.scenarios import SCENARIOS, Scenario
from benchmark.table import Line

PROGRAMS = ("pip", "uv", "pipwrap")


def parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    grammar = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    grammar.add_argument("--rounds", type=_count, default=3, metavar="N", help="default: 3")
    grammar.add_argument(
        "--only",
        type=_names,
        metavar="NAME,...",
        help="these scenarios; resolve means all whose names begin with resolve-",
    )
    grammar.add_argument("--tools", type=_programs, default=PROGRAMS, metavar="pip,uv,pipwrap")
    grammar.add_argument(
        "--latency", type=_count, default=50, metavar="MS", help="of the scenario of that name"
    )
    grammar.add_argument(
        "--scratch",
        type=os.path.abspath,
        default=os.path.join(PROJECT, ".scratch"),
        metavar="DIR",
        help="where recorded files are kept (bench-data) and the work is done; default: .scratch",
    )
    grammar.add_argument("--list", action="store_true", help="print the scenarios and end")
    grammar.add_argument(
        "--write",
        action="store_true",
        help="write docs/benchmarks.md, its picture, and the figures of the README",
    )
    return grammar


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number: give 1 or more")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    """Return the names; one that several begin with means all of them."""
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


def chosen_scenarios(
    names: Sequence[str] | None, programs: Sequence[str], latency: int
) -> list[Scenario]:
    """Return the scenarios by these names (None: all) with the tools that are asked for."""
    found = []
    for scenario in SCENARIOS:
        if names is None or scenario.name in names:
            tools = [one for one in scenario.tools if one.program not in PROGRAMS]
            tools += [one for one in scenario.tools if one.program in programs]
            changed = replace(scenario, tools=tuple(tools))
            if scenario.delay:
                title = scenario.title.replace("50 ms", f"{latency} ms")
                changed = replace(changed, delay=latency / 1000, title=title)
            found.append(changed)
    return found


def measured(site: Site, scenarios: Sequence[Scenario], rounds: int) -> Iterator[Line]:
    """Yield the scenarios as they are done; one that cannot be prepared is told and left out."""
    words = {word for one in scenarios for word in one.arguments}
    made.make_small(site.made, max((one.small_wheels for one in scenarios), default=0))
    for scenario in scenarios:
        requirement_lists.make_small(site, scenario.small_wheels)
    if made.BIG_NAME in words:
        made.make_big(site.made)
    upstream = configured_index()
    with serving(site, 0, upstream) as index:
        if any("jupyterlab-new" in word for word in words):
            requirement_lists.make_pins(site, index, "jupyterlab")
        for scenario in scenarios:
            print(f"{scenario.name} ...", file=sys.stderr, flush=True)
            try:
                with _index_for(site, scenario, index) as its:
                    row = Stage(site, its, scenario).perform(rounds)
            except PreparationFailed as error:
                print(f"{scenario.name} is left out: {error}", file=sys.stderr)
                continue
            cells = [f"{label} {table.cell(row, label, Measure.WALL)}" for label in row]
            print(f"  {'; '.join(cells)}", file=sys.stderr, flush=True)
            yield Line(scenario.name, scenario.title, row, scenario.budget)


@contextlib.contextmanager
def _index_for(site: Site, scenario: Scenario, index: RunningIndex) -> Iterator[RunningIndex]:
    """Give the index with the scenario's delay."""
    if scenario.delay:
        with serving(site, scenario.delay, configured_index()) as slower:
            yield slower
    else:
        yield index


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for and print the tables; return 1 when a scenario had to be left out."""
    grammar = parser()
    asked = grammar.parse_args(arguments)
    if asked.list:
        print("\n".join(f"{one.name:<20}{one.title}" for one in SCENARIOS))
        return 0
    if asked.write and (asked.only or set(asked.tools) != set(PROGRAMS)):
        grammar.error("--write is for the whole: leave --only and --tools out")
    chosen = chosen_scenarios(asked.only, asked.tools, asked.latency)
    os.makedirs(asked.scratch, exist_ok=True)
    work = tempfile.mkdtemp(prefix="bench-", dir=asked.scratch)
    try:
        lines = list(measured(Site.below(asked.scratch, work), chosen, asked.rounds))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    setting = report.Setting(
        machine.today(), machine.description(), machine.versions(asked.tools), asked.rounds
    )
    print(report.terminal(lines, setting))
    if asked.write:
        drawn = {"md": report.page(lines, setting), "svg": report.drawing(lines, setting)}
        for kind, text in drawn.items():
            path = os.path.join(PROJECT, "docs", f"benchmarks.{kind}")
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
        readme = os.path.join(PROJECT, "README.md")
        with open(readme, encoding="utf-8") as stream:
            text = report.summary(lines, setting, stream.read())
        with open(readme, "w", encoding="utf-8") as stream:
            stream.write(text)
    return 0 if len(lines) == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
