"""``--log``: everything with its time, whatever the verbosity; colours and bars go nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3} .*")


@pytest.fixture(autouse=True)
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with one project."""
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    return index


def logged(path: Path) -> list[str]:
    """Return the lines without their times, all of which must have one."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    return [line.partition(" ")[2] for line in lines]


@pytest.mark.parametrize("verbosity", [[], ["-q"], ["-qqq"], ["-v"]], ids=str)
@pytest.mark.parametrize("option", ["--log", "--log-file", "--local-log"])
def test_the_log_has_what_pip_says_at_every_verbosity(
    pipwrap: Runner, tmp_path: Path, option: str, verbosity: list[str]
):
    ours, theirs = tmp_path / "made" / "ours.log", tmp_path / "theirs.log"
    quiet = pipwrap("install", *verbosity, option, ours, "--dry-run", "demo", expect=0)
    pipwrap.pip("install", *verbosity, option, theirs, "--dry-run", "demo", expect=0)
    assert quiet.stdout == pipwrap("install", *verbosity, "--dry-run", "demo").stdout.replace(
        "Using cached", "Downloading"
    )
    said = {"Collecting demo", "Would install demo-1.0"}
    assert said <= set(logged(ours))
    assert said <= set(logged(theirs))


def test_the_log_grows(pipwrap: Runner, tmp_path: Path):
    log = tmp_path / "pip.log"
    for _ in range(2):
        pipwrap("install", "--dry-run", "demo", environ={"PIP_LOG": str(log)}, expect=0)
    assert logged(log).count("Would install demo-1.0") == 2


def test_errors_are_logged(pipwrap: Runner, tmp_path: Path):
    log = tmp_path / "pip.log"
    pipwrap("install", "--log", log, "absent", expect=1)
    lines = logged(log)
    assert lines.count("ERROR: No matching distribution found for absent") == 1


def test_a_log_that_cannot_be_written_ends_nothing(pipwrap: Runner, tmp_path: Path):
    result = pipwrap("install", "--dry-run", "--log", tmp_path, "demo", expect=0)
    assert result.stderr.startswith(f"WARNING: The log file {tmp_path} cannot be written: ")
    assert len(result.stderr.splitlines()) == 1
