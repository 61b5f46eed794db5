"""Two processes make the files of one transaction: still all of them, or none."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from install.worlds import World, make_wheel, snapshot
from pipwrap.cache.store import StoredWheelChanged
from pipwrap.errors import EnvironmentRefused
from pipwrap.install import changes, creating
from pipwrap.install.linking import FileCreation, Linker
from pipwrap.install.recovery import recover

NAMES = tuple(f"foo/part{number}/module.py" for number in range(20))


@pytest.fixture(autouse=True)
def two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creating, "_WORTHWHILE", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr("sys.platform", "linux")


def plan_of(shell: World):
    files: dict[str, str | bytes] = {name: f"name = {name!r}\n" for name in NAMES}
    files |= {f"foo/data/{number}.txt": "text" for number in range(20)}
    return shell.plan(shell.installation(make_wheel(shell.wheels, files=files)))


def in_helper(monkeypatch: pytest.MonkeyPatch, act: Callable[[FileCreation], None]) -> None:
    """Have the helping process do something before each of its files."""
    create, parent = Linker.create, os.getpid()

    def acting(self: Linker, creation: FileCreation) -> None:
        if os.getpid() != parent:
            act(creation)
        create(self, creation)

    monkeypatch.setattr(Linker, "create", acting)


def test_both_processes_make_files(shell: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    seen = tmp_path / "seen"
    in_helper(monkeypatch, lambda creation: seen.open("a").write(f"{creation.path}\n"))
    plan = plan_of(shell)
    shell.apply(plan)
    by_helper = seen.read_text("utf-8").splitlines()
    assert 10 < len(by_helper) < 35
    for name in NAMES:
        path = Path(shell.purelib, name)
        assert path.read_text("utf-8") == f"name = {name!r}\n"
        assert path.stat().st_mtime == 1_700_000_000


def fail(creation: FileCreation) -> None:
    raise OSError(5, "Input/output error", creation.path)


def die(creation: FileCreation) -> None:
    os._exit(1)


def be_killed(creation: FileCreation) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("act", "message"),
    [(fail, "Input/output error"), (die, "ended before it was done"), (be_killed, "ended before")],
)
def test_what_stops_the_helper_changes_nothing(
    shell: World,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[FileCreation], None],
    message: str,
):
    before = snapshot(shell.environment.prefix)
    in_helper(monkeypatch, act)
    with pytest.raises(EnvironmentRefused, match=message):
        shell.apply(plan_of(shell))
    assert snapshot(shell.environment.prefix) == before


def test_what_stops_the_first_process_stops_the_helper(
    shell: World, monkeypatch: pytest.MonkeyPatch
):
    before, parent, create = snapshot(shell.environment.prefix), os.getpid(), Linker.create

    def slow_or_failing(self: Linker, creation: FileCreation) -> None:
        if os.getpid() == parent:
            fail(creation)
        time.sleep(60)
        create(self, creation)

    monkeypatch.setattr(Linker, "create", slow_or_failing)
    with pytest.raises(EnvironmentRefused, match="Input/output error"):
        shell.apply(plan_of(shell))
    assert snapshot(shell.environment.prefix) == before


def test_a_changed_stored_file_is_noticed_by_the_helper(
    shell: World, monkeypatch: pytest.MonkeyPatch
):
    before = snapshot(shell.environment.prefix)
    plan = plan_of(shell)
    in_helper(monkeypatch, lambda creation: os.utime(creation.source or "", ns=(1, 1)))
    with pytest.raises(StoredWheelChanged) as caught:
        shell.apply(plan)
    assert caught.value.wheel == plan.install[0].wheel
    assert snapshot(shell.environment.prefix) == before


def test_what_turns_up_in_the_way_is_replaced(shell: World, monkeypatch: pytest.MonkeyPatch):
    in_helper(monkeypatch, lambda creation: Path(creation.path).write_text("somebody's"))
    monkeypatch.setattr(changes, "_occupied", lambda *_: ())
    shell.apply(plan_of(shell))
    for name in NAMES:
        assert Path(shell.purelib, name).read_text("utf-8") == f"name = {name!r}\n"


def test_recovery_waits_for_a_helper_that_outlives_the_command(
    shell: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    before, started = snapshot(shell.environment.prefix), tmp_path / "started"
    plan = plan_of(shell)

    def slow(creation: FileCreation) -> None:
        started.touch()
        time.sleep(0.05)

    command = os.fork()
    if command == 0:
        with pytest.MonkeyPatch.context() as patch:
            in_helper(patch, slow)
            shell.apply(plan)
        os._exit(0)
    while not started.exists():
        time.sleep(0.01)
    os.kill(command, signal.SIGKILL)
    os.waitpid(command, 0)
    assert recover([shell.purelib], shell.tell)
    assert snapshot(shell.environment.prefix) == before
