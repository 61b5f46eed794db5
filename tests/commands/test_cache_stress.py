"""Eight processes on one cache for a minute: installs, purges, prunes, limits, sudden deaths."""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.environments import check_records, make_environment
from support.index import Index
from support.runner import Runner, scripts_directory
from support.sdists import BUILD_LOG
from support.wheels import make_sdist, make_wheel

SECONDS = 60
PROCESSES = 8
LONGEST = 60
"""Seconds that one command may take on a busy machine before it counts as stuck."""
SEED = "PIPWRAP_STRESS_SEED"
"""The variable with which a run that failed is repeated, as far as the machine lets it."""
UPKEEP: tuple[tuple[str, ...], ...] = (
    ("purge",),
    ("prune", "--max-size", "20KB"),
    ("prune", "--ci"),
    ("remove", "made"),
    ("remove", "*"),
    ("verify",),
    ("list", "-v"),
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS * 6)]


class Worker:
    """One of the processes: a command after the other, each by chance."""

    def __init__(self, number: int, directory: Path, environ: Mapping[str, str], seed: str) -> None:
        self.environment = make_environment(directory / f"environment{number}")
        self.failures: list[str] = []
        self.count = 0
        self._environ = environ
        self._directory = directory
        self._chance = random.Random(f"{seed} {number}")

    def work(self, until: float) -> None:
        while time.monotonic() < until:
            self.count += 1
            if self._chance.random() < 0.3:
                self._run(self._chance.random() < 0.2, "cache", *self._chance.choice(UPKEEP))
            else:
                self._install(kill=self._chance.random() < 0.2)

    def _install(self, *, kill: bool) -> None:
        asked = ("install", "--force-reinstall", "demo", "made", "other")
        limit = "20KB" if self._chance.random() < 0.3 else ""
        if self._run(kill, *asked, limit=limit) != 0:
            return
        try:
            check_records(self.environment.site_packages)
        except (AssertionError, OSError) as error:
            self.failures.append(f"wrongly installed: {error}")

    def _run(self, kill: bool, *arguments: str, limit: str = "") -> int | None:  # noqa: FBT001
        """Return the exit status; ``None`` for a command that was killed."""
        command = [str(scripts_directory() / "pipwrap")]
        command += ["--python", str(self.environment.python), *arguments]
        process = subprocess.Popen(
            command,
            env={**self._environ, "PIPWRAP_CACHE_MAX_SIZE": limit},
            cwd=self._directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            output, _ = process.communicate(timeout=self._chance.random() * 2 if kill else LONGEST)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            output, _ = process.communicate()
            if not kill:
                self.failures.append(f"stuck: {arguments}\n{output}")
            return None
        if "Traceback" in output or process.returncode != 0:
            self.failures.append(f"{arguments} exit {process.returncode}\n{output}")
        return process.returncode


def test_nothing_is_lost_torn_or_stuck(
    pipwrap: Runner, index: Index, cache_root: Path, tmp_path: Path
):
    files = tmp_path / "files"
    many = {f"demo/module{number}.py": f"x = {number}\n".encode() for number in range(40)}
    index.add(make_wheel(files, "demo", "1.0", files=many))
    index.add(make_wheel(files, "other", "1.0"))
    index.add(make_sdist(files, "made", "1.0"))
    environ = {**pipwrap.environ, BUILD_LOG: str(tmp_path / "builds.log")}
    seed = os.environ.get(SEED) or secrets.token_hex(4)
    workers = [Worker(number, tmp_path, environ, seed) for number in range(PROCESSES)]
    until = time.monotonic() + SECONDS
    with ThreadPoolExecutor(PROCESSES) as pool:
        for done in [pool.submit(worker.work, until) for worker in workers]:
            done.result()
    failures = [failure for worker in workers for failure in worker.failures]
    shown = "\n---\n".join(failures[:5])
    count = sum(worker.count for worker in workers)
    assert not failures, f"{SEED}={seed}: {len(failures)} of {count}:\n{shown}"
    assert pipwrap("cache", "verify", expect=0).stdout == "The cache is whole.\n"
    last = make_environment(tmp_path / "last")
    result = pipwrap.on(last)("install", "demo", "made", environ=environ, expect=0)
    assert result.stderr == ""
    check_records(last.site_packages)
    assert left_over(cache_root) == []


def left_over(cache: Path) -> list[str]:
    """Return entries without what makes them one."""
    entries = [*cache.glob("store-v1/*/*"), *cache.glob("wheels-v2/*/*/*/")]
    return [str(path) for path in entries if path.is_dir() and not (path / "entry.json").is_file()]
