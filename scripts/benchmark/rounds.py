"""Carries one scenario out: prepares, then measures the tools in turn, round after round."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import venv
from dataclasses import dataclass, replace

from benchmark import measuring, tools
from benchmark.directories import RunningIndex, Site
from benchmark.figures import Figures, Outcome, Sample
from benchmark.measuring import Job
from benchmark.scenarios import Cache, Scenario, Target
from benchmark.tools import Action, Tool

ATTEMPTS = 5
"""So often a run is made again because the index had to ask the real one meanwhile."""
SETTLED = 2.5
"""Seconds after which an environment is old enough for a tool to remember what it saw."""
LINES_SHOWN = 15
PATIENCE = 300.0
"""Seconds that a preparation may take."""


class PreparationFailed(Exception):
    """A state that a scenario starts from could not be made; says which, and what was printed."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One scenario on one index."""

    site: Site
    index: RunningIndex
    scenario: Scenario

    def perform(self, rounds: int) -> dict[str, Figures]:
        """Return the figures by tool; ``PreparationFailed`` when there is nothing to measure."""
        chosen = self.scenario.tools
        hopeless = self._rehearse(chosen)
        samples = {tool.label: hopeless.get(tool.label, []) for tool in chosen}
        for _ in range(rounds):
            for tool in chosen:
                if any(one.outcome is not Outcome.DONE for one in samples[tool.label]):
                    continue  # it would take as long again to say the same
                runs = range(self.scenario.repeats)
                samples[tool.label] += [self._run(tool) for _ in runs]
        self._clear(chosen)
        return {label: Figures(tuple(found)) for label, found in samples.items()}

    def _rehearse(self, chosen: tuple[Tool, ...]) -> dict[str, list[Sample]]:
        """Let each tool do it once, so that its cache is filled and everything is recorded.

        Returns the samples of those that did not end as they should: they need no second try.
        """
        scenario = self.scenario
        if scenario.target is Target.NONE:
            return {}
        for tool in chosen:
            if tool.program != "python":
                self._initiate(tool)
        if scenario.target is Target.KEPT:
            time.sleep(SETTLED)
        if scenario.cache is Cache.COLD:
            return {}
        # The bare hooks take the sdists that the others have made the index record.
        ordered = sorted(chosen, key=lambda tool: tool.program == "backend")
        rehearsed = {tool.label: [self._run(tool)] for tool in ordered}
        return {
            label: samples
            for label, samples in rehearsed.items()
            if samples[0].outcome is not Outcome.DONE
        }

    def _initiate(self, tool: Tool) -> None:
        """Make what a tool keeps for all its runs."""
        scenario = self.scenario
        if tool.program == "backend":
            self._install(tools.PIP, self._fresh(tool), scenario.seeds, self._seeded(tool))
        elif scenario.cache is Cache.SEEDED:
            self._install(tool, self._fresh(tool), scenario.seeds, self._seeded(tool))
        elif scenario.target is Target.KEPT:
            self._install(tool, self._fresh(tool), scenario.before, self._cache(tool))

    def _run(self, tool: Tool) -> Sample:
        """Return one run during which nothing had to be fetched from the real index."""
        for _ in range(ATTEMPTS):
            fetched = self.index.fetched()
            job = self._prepared(tool)
            sample = measuring.measure(job)
            if tool.program == "backend" and sample.outcome is Outcome.DONE:
                # What the backends have to say comes before it.
                seconds = measuring.output(job.log).split()[-1]
                sample = replace(sample, wall=float(seconds))
            if self.index.fetched() == fetched:
                return self._judged(tool, sample, job.log)
            self.index.reload()
        raise PreparationFailed(
            f"{tool.label} asked for something else of the index each time: {self.scenario.name}"
        )

    def _prepared(self, tool: Tool) -> Job:
        """Return the job, with cache and environment in the state that it starts from."""
        scenario, cache = self.scenario, self._cache(tool)
        if scenario.cache is not Cache.WARM:
            self._set_aside(cache)
        if scenario.cache is Cache.SEEDED and os.path.isdir(self._seeded(tool)):
            shutil.copytree(self._seeded(tool), cache, symlinks=True)
        target = self._environment(tool)
        if scenario.target is Target.FRESH and tool.program != "backend":
            target = self._fresh(tool)
            if scenario.before:
                self._install(tool, target, scenario.before, cache)
        python = os.path.join(target, "bin", "python") if scenario.target is not Target.NONE else ""
        return self._job(tool, scenario.action, scenario.arguments, python, cache)

    def _install(self, tool: Tool, target: str, arguments: tuple[str, ...], cache: str) -> None:
        """Install off the clock; ``PreparationFailed`` shows what went wrong."""
        python = os.path.join(target, "bin", "python")
        job = replace(
            self._job(tool, Action.INSTALL, arguments, python, cache), fails=False, limit=PATIENCE
        )
        if measuring.measure(job).outcome is not Outcome.DONE:
            raise PreparationFailed(f"{' '.join(job.command)} failed:\n{_tail(job.log)}")

    def _job(
        self, tool: Tool, action: Action, arguments: tuple[str, ...], python: str, cache: str
    ) -> Job:
        home = self._path("home")
        os.makedirs(os.path.join(home, "tmp"), exist_ok=True)
        os.makedirs(self._path("logs"), exist_ok=True)
        spelled = tuple(one.replace("{lists}", self.site.lists) for one in arguments)
        if tool.program == "backend":
            spelled = self._sdists()
        return Job(
            command=tools.command(tool, action, spelled, self.site.programs, python),
            environ=tools.environ(home, cache, self.index.url),
            directory=home,
            log=self._path("logs", f"{self.scenario.name}-{tool.label.replace(', ', '-')}.log"),
            limit=self.scenario.limit,
            fails=self.scenario.fails,
        )

    def _sdists(self) -> tuple[str, ...]:
        """Return the recorded sdists of the scenario's pins."""
        pins = [one.split("==") for one in self.scenario.arguments if "==" in one]
        files = os.path.join(self.site.recorded, "files")
        return tuple(os.path.join(files, name, f"{name}-{of}.tar.gz") for name, of in pins)

    def _judged(self, tool: Tool, sample: Sample, log: str) -> Sample:
        """Return the sample with what is in the environment now; tell of a failure."""
        if sample.outcome is Outcome.FAILED:
            print(f"{self.scenario.name}: {tool.label} failed:\n{_tail(log)}", file=sys.stderr)
        if self.scenario.target is Target.NONE:
            return sample
        return replace(sample, installed=_distributions(self._environment(tool)))

    def _fresh(self, tool: Tool) -> str:
        """Return the tool's environment, made new and empty."""
        path = self._environment(tool)
        self._set_aside(path)
        venv.create(path, symlinks=True)
        return path

    def _clear(self, chosen: tuple[Tool, ...]) -> None:
        for tool in chosen:
            self._set_aside(self._environment(tool))
            if self.scenario.cache is not Cache.WARM:
                self._set_aside(self._cache(tool))
                self._set_aside(self._seeded(tool))

    def _set_aside(self, path: str) -> None:
        """Move a tree out of the way; it is deleted when nothing is measured any more.

        ext4 looks past inodes that were freed in the last minutes: after a deletion whatever
        makes files takes up to ten times as long, and not every tool makes as many.
        """
        if os.path.exists(path):
            os.makedirs(self._path("spent"), exist_ok=True)
            os.rename(path, tempfile.mkdtemp(dir=self._path("spent")))

    def _environment(self, tool: Tool) -> str:
        return self._path("environments", tool.label.replace(", ", "-"))

    def _cache(self, tool: Tool) -> str:
        state = "warm" if self.scenario.cache is Cache.WARM else "cold"
        return self._path("caches", state, tool.program)

    def _seeded(self, tool: Tool) -> str:
        return self._path("caches", f"seeded-{self.scenario.name}", tool.program)

    def _path(self, *parts: str) -> str:
        return os.path.join(self.site.work, *parts)


def _distributions(environment: str) -> int:
    """Return how many distributions are installed there."""
    found = 0
    for _, folders, _ in os.walk(os.path.join(environment, "lib")):
        found += sum(name.endswith(".dist-info") for name in folders)
        folders[:] = [name for name in folders if name.startswith(("python", "site-packages"))]
    return found


def _tail(log: str) -> str:
    return "\n".join(measuring.output(log).splitlines()[-LINES_SHOWN:])
