"""Installs, changes, installs again: the cells of the matrix.

For each column and state to begin with, each tool installs once into an empty cache, which is kept.
For each row the files, variables and that cache are put back, the change is made, and the tool
installs into a new environment. What is there then is compared with what a build without any cache
gives in the same state (uv's or pip's, both of which keep nothing when told so).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lie_matrix import fingerprint, tools
from lie_matrix.repository import requirement
from lie_matrix.tools import Tool
from lie_matrix.values import (
    Cell,
    Change,
    Column,
    Expect,
    Outcome,
    Row,
    Verdict,
    expectation,
    judge,
)
from lie_matrix.world import State, World


@dataclass
class Driver:
    """One run of the matrix."""

    world: World
    state: State
    tools: Sequence[Tool]
    fresh: Tool
    """What builds without a cache."""
    check: bool = False
    """Build without a cache in cells that must not be built again, too."""
    verbose: bool = False
    """Print what the commands print."""
    problems: list[str] = field(default_factory=list)
    _baselines: dict[tuple[str, str, str], Outcome] = field(default_factory=dict)
    _fresh: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def cells(self, column: Column, rows: Sequence[Row]) -> Iterator[Cell]:
        """Yield a column's cells row by row."""
        for row in rows:
            expect = expectation(row, column)
            if expect is None:
                continue
            self.put_back()
            missing = row.needs(self.world)
            if missing is not None:
                continue
            yield from self._row(column, row, expect)
        shutil.rmtree(os.path.join(self.world.work, "baselines"), ignore_errors=True)

    def _row(self, column: Column, row: Row, expect: Expect) -> Iterator[Cell]:
        fresh: str | None = None
        if (expect is Expect.MUST and not row.by_build) or self.check:
            before, fresh = self._fresh_builds(column, row)
            if column.measured and expect is Expect.MUST and before == fresh:
                expect = Expect.OPEN
            elif not column.measured:
                self._contradiction(column, row, expect, before, fresh)
        for tool in self.tools:
            first = self._baseline(column, row, tool)
            if first.digest is None:
                yield Cell(row.name, column.name, tool.name, expect, Verdict.FAILED, note="first")
                continue
            self.put_back(row.prepare)
            self._restore_cache(column, row, tool)
            if row.between is not None:
                row.between(self.world)
                self._install(column, tool)
            row.change(self.world)
            outcome = self._install(column, tool)
            verdict = judge(expect, outcome, fresh, by_build=row.by_build)
            if verdict is Verdict.FAILED:
                self._note(
                    f"{row.name}, {column.name}: {tool.name} failed: {outcome.output[-800:]}"
                )
            note = tool.reason(outcome.output) if outcome.built else ""
            yield Cell(row.name, column.name, tool.name, expect, verdict, outcome.built, note)

    def _fresh_builds(self, column: Column, row: Row) -> tuple[str | None, str | None]:
        """Return what builds without a cache give before the change and after it."""
        before = self._without_cache(column, row.prepare, "" if row.prepare is None else row.name)
        if column.measured and before != self._without_cache(column, row.prepare, "again"):
            return None, None  # its builds are never the same
        self.put_back(row.prepare)
        row.change(self.world)
        return before, self._install(column, self.fresh, cached=False).digest

    def _contradiction(
        self, column: Column, row: Row, expect: Expect, *digests: str | None
    ) -> None:
        """Note where builds without a cache contradict what a cell demands."""
        before, after = digests
        if expect is Expect.MUST and not row.by_build and before == after:
            self._note(f"{row.name}, {column.name}: must be built again, and gives the same")
        if expect is Expect.MUST and after is None:
            self._note(f"{row.name}, {column.name}: must be built again, and that fails")
        differs = before != after and after is not None
        if expect is Expect.MUST_NOT and differs and not row.by_rule:
            self._note(
                f"{row.name}, {column.name}: must not be built again, and gives another wheel"
            )

    def _without_cache(self, column: Column, prepare: Change | None, name: str) -> str | None:
        key = (column.name, name)
        if key not in self._fresh:
            self.put_back(prepare)
            self._fresh[key] = self._install(column, self.fresh, cached=False).digest
        return self._fresh[key]

    def _baseline(self, column: Column, row: Row, tool: Tool) -> Outcome:
        """Return the first installation, whose cache is kept for all rows that begin so."""
        name = "" if row.prepare is None else row.name
        key = (column.name, name, tool.name)
        if key not in self._baselines:
            self.put_back(row.prepare)
            shutil.rmtree(tool.cache(self.world), ignore_errors=True)
            outcome = self._install(column, tool)
            self._baselines[key] = outcome
            if outcome.digest is None:
                self._note(
                    f"{column.name}: {tool.name} cannot install it: {outcome.output[-1500:]}"
                )
            elif not outcome.built:
                self._note(f"{column.name}: {tool.name} did not say that it built")
            if outcome.digest is not None and outcome.digest != self._without_cache(
                column, row.prepare, name
            ):
                self._note(
                    f"{column.name}: what {tool.name} builds is not what {self.fresh.name} builds"
                )
            kept = self._kept(column, row, tool)
            shutil.rmtree(kept, ignore_errors=True)
            os.makedirs(tool.cache(self.world), exist_ok=True)
            _copy_tree(tool.cache(self.world), kept)
        return self._baselines[key]

    def _kept(self, column: Column, row: Row, tool: Tool) -> str:
        name = "usual" if row.prepare is None else row.name
        return os.path.join(self.world.work, "baselines", f"{column.name}-{name}-{tool.name}")

    def _restore_cache(self, column: Column, row: Row, tool: Tool) -> None:
        cache = tool.cache(self.world)
        shutil.rmtree(cache, ignore_errors=True)
        _copy_tree(self._kept(column, row, tool), cache)

    def put_back(self, prepare: Change | None = None) -> None:
        """Put the world back to its first state, or to the one that a row begins with."""
        self.state.restore(self.world)
        if prepare is not None:
            prepare(self.world)

    def _install(self, column: Column, tool: Tool, *, cached: bool = True) -> Outcome:
        """Install a column into a new environment and return what is there."""
        with self.environment() as target:
            return self._installed(column, tool, target, cached=cached)

    @contextlib.contextmanager
    def environment(self) -> Iterator[str]:
        """Give the interpreter of a new environment, which is removed afterwards."""
        place = os.path.join(self.world.work, "environments", str(next(self._numbers)))
        subprocess.run([self.world.python, "-Im", "venv", "--without-pip", place], check=True)
        try:
            yield os.path.join(place, "bin", "python")
        finally:
            shutil.rmtree(place)

    def _installed(self, column: Column, tool: Tool, target: str, *, cached: bool) -> Outcome:
        command = tool.command(self.world, target, requirement(column, self.world), cached=cached)
        status, output = tools.run(command, tool.environ(self.world), self.world.path("home"))
        if self.verbose:
            print(f"$ {' '.join(command)}\n{output}", file=sys.stderr)
        found = None
        place = os.path.dirname(os.path.dirname(target))
        if status == 0:
            (version,) = os.listdir(os.path.join(place, "lib"))
            site_packages = os.path.join(place, "lib", version, "site-packages")
            found = fingerprint.digest(site_packages, column.distribution)
        return Outcome(tool.built(output), found, output)

    def _note(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)


def _copy_tree(source: str, target: str) -> None:
    """Copy a cache with times and links; hard links inside stay such."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    subprocess.run(["/bin/cp", "-a", "--reflink=auto", source, target], check=True)
