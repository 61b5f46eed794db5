"""Wheels are unpacked by processes as they are here, and here where a process does not do it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import closing
from pathlib import Path

import pytest

from install.worlds import make_wheel, sha256_of
from pipwrap.cache import unpackers
from pipwrap.cache.unpackers import Unpackers
from pipwrap.cache.unpacking import UnpackedWheel, unpack_file
from pipwrap.errors import HashMismatch, InvalidDistribution

SECONDS = 1_700_000_000.9
FIRST = 3
"""So many are unpacked without a process."""


@pytest.fixture
def wheel(tmp_path: Path) -> str:
    return make_wheel(str(tmp_path), files={"foo.py": "x = 1\n", "foo/data": "d"})


@pytest.fixture
def processes(wheel: str, tmp_path: Path) -> Iterator[Unpackers]:
    """Yield unpackers that go on with processes."""
    with closing(Unpackers(2)) as made:
        for number in range(FIRST):
            unpack(made, wheel, tmp_path / f"first-{number}")
        yield made


def unpack(
    made: Unpackers, wheel: str, directory: Path, sha256: str | None = None
) -> UnpackedWheel:
    directory.mkdir(exist_ok=True)
    digest = sha256 or sha256_of(wheel)
    return made.unpack(wheel, os.path.basename(wheel), digest, str(directory), SECONDS)


def content(directory: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        str(path.relative_to(directory)): (
            path.read_bytes(),
            path.stat().st_mode,
            path.stat().st_mtime_ns if path.name != "entry.json" else 0,
        )
        for path in directory.rglob("*")
        if path.is_file()
    }


def refuse(*_: object) -> UnpackedWheel:
    raise AssertionError("unpacked here")


def test_a_process_leaves_what_is_left_here(
    processes: Unpackers, wheel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    here = tmp_path / "here"
    here.mkdir()
    told = unpack_file(wheel, os.path.basename(wheel), sha256_of(wheel), str(here), SECONDS)
    monkeypatch.setattr(unpackers, "unpack_file", refuse)
    for number in range(4):
        there = tmp_path / f"there-{number}"
        assert unpack(processes, wheel, there) == told
        assert content(there) == content(here)


def test_the_first_few_take_no_process(wheel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpackers, "unpack_file", refuse)
    with closing(Unpackers(2)) as made:
        for _ in range(FIRST):
            with pytest.raises(AssertionError, match="unpacked here"):
                unpack(made, wheel, tmp_path / "one")
        unpack(made, wheel, tmp_path / "other")


def test_with_one_processor_there_are_none(
    wheel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unpackers, "unpack_file", refuse)
    with closing(Unpackers(1)) as made:
        for _ in range(FIRST + 2):
            with pytest.raises(AssertionError, match="unpacked here"):
                unpack(made, wheel, tmp_path / "one")


def test_what_is_wrong_with_a_wheel_is_said_here(processes: Unpackers, wheel: str, tmp_path: Path):
    with pytest.raises(HashMismatch, match=os.path.basename(wheel)):
        unpack(processes, wheel, tmp_path / "one", "0" * 64)
    broken = tmp_path / "broken" / os.path.basename(wheel)
    broken.parent.mkdir()
    broken.write_bytes(Path(wheel).read_bytes()[:-30])
    with pytest.raises(InvalidDistribution):
        unpack(processes, str(broken), tmp_path / "two")
    unpack(processes, wheel, tmp_path / "three")


@pytest.mark.skipif(os.name == "nt", reason="no signals")
def test_processes_that_ended_are_done_without(processes: Unpackers, wheel: str, tmp_path: Path):
    unpack(processes, wheel, tmp_path / "before")
    for process in processes._started:
        process.send_signal(signal.SIGKILL)
        process.wait()
    for number in range(3):
        there = tmp_path / f"there-{number}"
        unpack(processes, wheel, there)
        assert content(there) == content(tmp_path / "before")


def test_where_no_process_starts_all_is_done_here(
    processes: Unpackers, wheel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    unpack(processes, wheel, tmp_path / "one")
    assert (tmp_path / "one" / "tree" / "foo.py").read_text() == "x = 1\n"
    assert processes._started == []


def test_a_search_path_may_hold_anything(
    processes: Unpackers, wheel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "path", [*sys.path, tmp_path])
    monkeypatch.setattr(unpackers, "unpack_file", refuse)
    unpack(processes, wheel, tmp_path / "one")


def test_once_closed_nothing_is_unpacked(processes: Unpackers, wheel: str, tmp_path: Path):
    processes.close()
    with pytest.raises(CancelledError):
        unpack(processes, wheel, tmp_path / "one")
    assert list((tmp_path / "one").iterdir()) == []


def test_closing_ends_them(processes: Unpackers, wheel: str, tmp_path: Path):
    unpack(processes, wheel, tmp_path / "one")
    processes.close()
    started = processes._started
    assert started
    assert all(process.poll() is not None for process in started)
