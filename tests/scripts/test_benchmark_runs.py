"""How the benchmark measures one command, and the whole of it on wheels that it makes."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.figures import Outcome, Sample
from benchmark.measuring import Job, measure
from support.sources import PROJECT


def run(directory: Path, code: str, *, limit: float = 30, fails: bool = False) -> Sample:
    command = (sys.executable, "-IS", "-c", code)
    return measure(Job(command, {}, str(directory), str(directory / "log"), limit, fails=fails))


@pytest.mark.parametrize(
    ("code", "fails", "outcome"),
    [
        ("pass", False, Outcome.DONE),
        ("raise SystemExit(1)", False, Outcome.FAILED),
        ("raise SystemExit(1)", True, Outcome.DONE),
        ("pass", True, Outcome.FAILED),
        ("raise SystemExit('resolution-too-deep')", True, Outcome.GAVE_UP),
    ],
)
def test_the_end_of_a_run_is_judged(tmp_path: Path, code: str, outcome: Outcome, *, fails: bool):
    assert run(tmp_path, code, fails=fails).outcome is outcome


@pytest.mark.timeout(30)
def test_a_run_that_takes_too_long_is_ended_with_its_children(tmp_path: Path):
    child = "import fcntl, time; held = open('held', 'w'); fcntl.flock(held, 2); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    sample = run(tmp_path, code, limit=2)
    assert sample.outcome is Outcome.GAVE_UP
    with (tmp_path / "held").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # waits as long as the child lives


def test_memory_is_of_the_largest_process_and_not_of_who_measures(tmp_path: Path):
    ballast = bytearray(200_000_000)
    small = run(tmp_path, "pass").peak
    assert small < 40e6
    child = "x = bytearray(100_000_000)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert small + 90e6 < run(tmp_path, code).peak < len(ballast)


def test_cpu_time_is_of_all_processes(tmp_path: Path):
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    assert run(tmp_path, code).cpu >= 0.5


def test_the_whole_runs_on_wheels_that_it_makes(tmp_path: Path):
    command = [sys.executable, "-m", "benchmark", "--rounds", "1", "--tools", "pip,pipwrap"]
    done = subprocess.run(
        [*command, "--only", "version,growth-10", "--scratch", str(tmp_path)],
        cwd=PROJECT / "scripts",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stdout + done.stderr
    rows = [
        line for line in done.stdout.splitlines() if line.startswith("| warm install: 10 small")
    ]
    assert len(rows) == 3
    assert rows[0].count(" ×)") == 1
    assert "Not the same work" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "nonsense"], "no scenario 'nonsense': version, help, no-op"),
        (["--tools", "pip,poetry"], "no tool 'poetry': pip, uv, pipwrap"),
        (["--only", "warm", "--write"], "--write is for the whole: leave --only and --tools out"),
        (["--rounds", "0"], "'0' is not a number: give 1 or more"),
    ],
)
def test_a_wrong_argument_is_told(arguments: list[str], message: str):
    command = [sys.executable, "-m", "benchmark", *arguments]
    done = subprocess.run(
        command, cwd=PROJECT / "scripts", capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert message in done.stderr
