"""Compare what pip, uv and pipwrap install after a change with what a build without a cache gives.

Rows are changes, columns are sources that are made on the spot (--real: sdists of the index). Build
requirements are fetched once, into .scratch/lies-data; later runs need no network. Linux only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence

from lie_matrix import columns, libraries, oracle, real, report, repository, wheels
from lie_matrix.driver import Driver
from lie_matrix.rows import QUICK_ROWS, ROWS
from lie_matrix.tools import PIP, PROJECT, TOOLS, UV
from lie_matrix.values import Cell, Column, Row
from lie_matrix.world import State, World, link_programs

COLUMNS = (*columns.COLUMNS, *repository.COLUMNS)
QUICK_COLUMNS = ("cc", "python", "shell")


def parser() -> argparse.ArgumentParser:
    """Return the grammar of the command line."""
    grammar = argparse.ArgumentParser(prog="scripts/lies", description=__doc__)
    grammar.add_argument("--tools", type=_of(TOOLS), default=list(TOOLS), metavar="NAME,...")
    names = [row.name for row in ROWS]
    grammar.add_argument("--rows", type=_of(names), metavar="NAME,...", help="default: all")
    names = [*(column.name for column in COLUMNS), *real.NAMES]
    grammar.add_argument("--columns", type=_of(names), metavar="NAME,...", help="default: all")
    grammar.add_argument("--real", action="store_true", help="sdists of the index as columns")
    grammar.add_argument("--quick", action="store_true", help="a few rows and columns, no network")
    grammar.add_argument(
        "--check",
        action="store_true",
        help="build without a cache in every cell, so that each expectation is confirmed",
    )
    grammar.add_argument(
        "--strace",
        action="store_true",
        help="list the files that each build opened outside, and that pipwrap did not see",
    )
    grammar.add_argument("--verbose", action="store_true", help="print what the commands print")
    grammar.add_argument("--json", action="store_true", help="print the cells as JSON")
    grammar.add_argument("--list", action="store_true", help="print rows and columns, and end")
    grammar.add_argument(
        "--pipwrap",
        type=os.path.abspath,
        default=PROJECT,
        metavar="DIR",
        help="the source tree of the pipwrap that is run; default: this one",
    )
    grammar.add_argument(
        "--scratch",
        type=os.path.abspath,
        default=os.path.join(PROJECT, ".scratch"),
        metavar="DIR",
        help="where the wheels are kept (lies-data) and the work is done; default: .scratch",
    )
    return grammar


def _of(known: Collection[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"no {unknown[0]!r}: {', '.join(known)}")
        return text.split(",")

    return names


def make_world(work: str, scratch_wheels: str, pipwrap: str, chosen: Sequence[Column]) -> World:
    """Write everything that the columns read, in its first state."""
    world = World(work, scratch_wheels, sys.executable, pipwrap)
    root = world.root
    os.makedirs(world.path("tmp"))
    link_programs(os.path.join(work, "tools"), world.path("compilers"))
    places = [world.path("bin"), world.path("compilers"), os.path.join(work, "tools")]
    world.environ.update(
        {
            "PATH": os.pathsep.join(places),
            "HOME": world.path("home"),
            "TMPDIR": world.path("tmp"),
            "LC_ALL": "C.UTF-8",
            "CPATH": os.path.join(root, "include"),
            "LIBRARY_PATH": os.path.join(root, "lib"),
            "PKG_CONFIG_PATH": os.path.join(root, "lib", "pkgconfig"),
            "CMAKE_PREFIX_PATH": os.path.join(root, "prefix"),
            "CARGO_HOME": world.path("cargo"),
            "LIES_RUST": "1",
            "SOURCE_DATE_EPOCH": "1700000000",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "protocol.file.allow",
            "GIT_CONFIG_VALUE_0": "always",
        }
    )
    libraries.make_files(world)
    if world.program("gcc"):
        libraries.make_libraries(world)
    for make in {column.make: None for column in chosen}:
        make(world)
    if os.path.isdir(scratch_wheels):
        for name in wheels.offered(scratch_wheels):
            shutil.copy2(os.path.join(scratch_wheels, name), world.path("packages", name))
    return world


def link_rust(tools: str) -> None:
    """Link cargo and rustc of the toolchain itself, since rustup's own need a HOME."""
    cargo = shutil.which("rustc")
    if cargo is None:
        return
    sysroot = os.popen("rustc --print sysroot").read().strip()
    for name in ("cargo", "rustc"):
        target, link = os.path.join(sysroot, "bin", name), os.path.join(tools, name)
        if os.path.exists(target) and not os.path.lexists(link):
            os.symlink(target, link)


def missing(column: Column, world: World) -> str | None:
    """Return what a column lacks on this machine."""
    for program in ("gcc", *column.programs):
        if world.program(program) is None:
            return program
    there = {name.partition("-")[0].lower() for name in os.listdir(world.path("packages"))}
    for wheel in column.wheels:
        if wheel.lower().replace("-", "_") not in there:
            return f"a wheel of {wheel}"
    return None


def main(arguments: Sequence[str]) -> int:
    """Run the matrix and print it; return 1 where pipwrap is wrong or a cell is."""
    asked = parser().parse_args(arguments)
    if asked.list:
        print("".join(f"row     {row.name:<20}{row.title}\n" for row in ROWS), end="")
        print("".join(f"column  {one.name:<20}{one.title}\n" for one in COLUMNS), end="")
        return 0
    names = asked.rows or (QUICK_ROWS if asked.quick else [row.name for row in ROWS])
    rows = [row for row in ROWS if row.name in names]
    data = os.path.join(asked.scratch, "lies-data", "wheels")
    os.makedirs(asked.scratch, exist_ok=True)
    work = tempfile.mkdtemp(prefix="lies-", dir=asked.scratch)
    try:
        chosen = chosen_columns(asked, data)
        return measure(make_world(work, data, asked.pipwrap, chosen), asked, rows, chosen)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def chosen_columns(asked: argparse.Namespace, data: str) -> list[Column]:
    """Return the columns that are asked for, with their build requirements fetched."""
    if asked.real:
        directory = os.path.join(os.path.dirname(data), "real")
        for left_out in real.fetch(directory):
            print(f"Left out: {left_out}", file=sys.stderr)
        found = real.columns(directory)
        return [one for one in found if not asked.columns or one.name in asked.columns]
    names = asked.columns or (QUICK_COLUMNS if asked.quick else [one.name for one in COLUMNS])
    chosen = [column for column in COLUMNS if column.name in names]
    if any(column.wheels for column in chosen):
        failure = wheels.fetch(data)
        if failure:
            print(f"Build requirements cannot be fetched: {failure}", file=sys.stderr)
    return chosen


def measure(
    world: World, asked: argparse.Namespace, rows: Sequence[Row], chosen: Sequence[Column]
) -> int:
    """Run the cells and print what they show."""
    link_rust(os.path.join(world.work, "tools"))
    fresh = UV if os.path.exists(UV.command(world, "", "")[0]) else PIP
    tools = [TOOLS[name] for name in asked.tools if name != "uv" or fresh is UV]
    driver = Driver(world, State.save(world), tools, fresh, asked.check, asked.verbose)
    skipped = [f"row {row.name}: no {lack}" for row in rows if (lack := row.needs(world))]
    cells: list[Cell] = []
    for column in () if asked.strace else chosen:
        lack = missing(column, world)
        if lack is not None:
            skipped.append(f"column {column.name}: no {lack}")
            continue
        for cell in driver.cells(column, rows):
            cells.append(cell)
            print(
                f"{cell.column} {cell.row} {cell.tool}: {cell.verdict.name.lower()}",
                file=sys.stderr,
                flush=True,
            )
    if asked.strace:
        return examined(driver, [one for one in chosen if missing(one, world) is None])
    names = [tool.name for tool in tools]
    if asked.json:
        print(report.as_json(cells, driver.problems, skipped))
    else:
        print(report.table(cells, rows, chosen, names))
        print(report.legend(names))
        print(report.totals(cells, names))
        ours = [f"pipwrap: {one}" for one in report.wrong(cells, "pipwrap")]
        for text in (*ours, *[f"Skipped {one}" for one in skipped], *driver.problems):
            print(text)
    return 1 if driver.problems else 0


def examined(driver: Driver, chosen: Sequence[Column]) -> int:
    """Print which inputs of each build strace saw and pipwrap did not; return 1 for any."""
    lack = oracle.missing()
    if lack:
        print(f"The inputs cannot be compared: no {lack}")
        return 0
    found = [oracle.examine(driver, column) for column in chosen]
    print("\n".join(one.line() for one in found))
    return 1 if any(one.unseen or one.problem for one in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
