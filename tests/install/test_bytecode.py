"""Bytecode that is compiled while wheels arrive, by processes of the target interpreter."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from install.worlds import World, make_wheel
from pipwrap.concurrency import worker_process
from pipwrap.install import bytecode
from pipwrap.install.bytecode import Compiler, compiled
from pipwrap.install.bytecode_settings import BytecodeSettings, bytecode_tag
from pipwrap.model.wheel import StoredWheel

PLAIN = BytecodeSettings()
MANY = 250
"""More modules than are compiled at a time."""


def stored(world: World, name: str, modules: int = 1, **files: str) -> StoredWheel:
    """Return a wheel in the store with so many modules."""
    contents: dict[str, str | bytes] = {f"{name}/m{n}.py": f"x = {n}\n" for n in range(modules)}
    contents |= files
    return world.installation(make_wheel(world.wheels, name, files=contents)).wheel


def tag(world: World) -> str:
    return bytecode_tag(world.environment, PLAIN)


def rooms(world: World) -> list[str]:
    """Return what is left of unfinished work."""
    temporary = os.path.join(world.store.root, "tmp")
    return os.listdir(temporary) if os.path.isdir(temporary) else []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the command of every process that is started."""
    commands: list[list[str]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **options: Any) -> None:
            commands.append(command)
            super().__init__(command, **options)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    return commands


def test_wheels_are_in_the_store_when_all_is_finished(world: World):
    wheels = [stored(world, name, modules=3) for name in ("one", "two", "six")]
    with contextlib.closing(Compiler(world.environment, world.store, PLAIN)) as compiler:
        for wheel in wheels:
            compiler.begin(wheel)
        done = compiler.finish()
    for wheel in wheels:
        found = world.store.find_bytecode(wheel, tag(world))
        assert found == done[wheel.sha256]
        assert len(found) == 3
    assert rooms(world) == []


def test_a_large_wheel_is_shared_out_and_published_whole(world: World):
    wheel = stored(world, "large", modules=MANY)
    done = compiled([wheel], world.environment, world.store, world.tell, PLAIN)
    assert len(done[wheel.sha256]) == MANY
    assert len({each.path for each in done[wheel.sha256]}) == MANY


def test_no_more_processes_than_processors_and_none_for_what_is_stored(
    world: World, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker_process, "processors", lambda: 2)
    wheels = [stored(world, f"w{n}") for n in range(6)]
    compiled(wheels, world.environment, world.store, world.tell, PLAIN)
    assert len(started) == 2
    assert {command[0] for command in started} == {world.environment.executable}
    compiled(wheels, world.environment, world.store, world.tell, PLAIN)
    assert len(started) == 2


def test_a_wheel_without_modules_needs_no_process(world: World, started: list[list[str]]):
    wheel = stored(world, "data", modules=0, **{"data/table.txt": "1"})
    assert compiled([wheel], world.environment, world.store, world.tell, PLAIN) == {
        wheel.sha256: ()
    }
    assert started == []
    assert world.store.find_bytecode(wheel, tag(world)) == ()


def test_a_module_that_does_not_compile_has_no_bytecode_and_the_others_have(world: World):
    wheel = stored(world, "half", modules=2, **{"half/old.py": "print 'two'\n"})
    done = compiled([wheel], world.environment, world.store, world.tell, PLAIN)
    assert [os.path.basename(each.path).split(".")[0] for each in done[wheel.sha256]] == [
        "m0",
        "m1",
    ]


def test_an_interpreter_that_dies_is_told_once_and_leaves_nothing(world: World, tmp_path: Path):
    dying = tmp_path / "python"
    dying.write_text(f"#!{sys.executable}\nimport sys; sys.stdin.readline(); sys.exit(3)\n")
    dying.chmod(0o755)
    environment = replace(world.environment, executable=str(dying))
    wheels = [stored(world, f"w{n}") for n in range(4)]
    assert compiled(wheels, environment, world.store, world.tell, PLAIN) == {}
    told = [message for message in world.messages if "bytecode" in message]
    assert told == [f"Some bytecode was not compiled: {dying} ended with status 3"]
    assert rooms(world) == []
    assert all(world.store.find_bytecode(wheel, tag(world)) is None for wheel in wheels)


def test_what_is_given_up_leaves_no_process_and_nothing_half_done(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    slow = bytecode._PROGRAM.replace("    done = []", "    import time; time.sleep(60); done = []")
    monkeypatch.setattr(bytecode, "_PROGRAM", slow)
    compiler = Compiler(world.environment, world.store, PLAIN)
    wheels = [stored(world, f"w{n}") for n in range(4)]
    for wheel in wheels:
        compiler.begin(wheel)
    compiler.close()
    assert all(process.returncode is not None for process in compiler._workers.processes)
    assert rooms(world) == []
    assert all(world.store.find_bytecode(wheel, tag(world)) is None for wheel in wheels)


def test_a_wheel_that_was_taken_from_the_store_is_nobodys_error(world: World):
    wheel = stored(world, "gone")
    world.store.discard(wheel.sha256)
    compiled([wheel], world.environment, world.store, world.tell, PLAIN)
    assert world.store.find(wheel.sha256) is None


def test_where_there_can_be_no_thread_python_compiles_on_import(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    def refused(thread: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(bytecode.threading.Thread, "start", refused)
    wheels = [stored(world, f"w{n}") for n in range(3)]
    assert compiled(wheels, world.environment, world.store, world.tell, PLAIN) == {}
    told = [message for message in world.messages if "bytecode" in message]
    assert told == ["Some bytecode was not compiled: can't start new thread"]
    assert rooms(world) == []


def test_ending_waits_for_nobody_who_is_about_to_begin(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """Whoever begins at that moment has begun by then, or does not."""
    compiler = Compiler(world.environment, world.store, PLAIN)
    compiler.begin(stored(world, "first"))
    added, ended = threading.Event(), threading.Event()
    add_worker = compiler._add_worker

    def slow() -> None:
        added.set()
        ended.wait(0.5)
        add_worker()

    monkeypatch.setattr(compiler, "_add_worker", slow)
    monkeypatch.setattr(worker_process, "processors", lambda: 8)
    late = threading.Thread(target=compiler.begin, args=(stored(world, "late"),))
    late.start()
    assert added.wait(10)
    ending = threading.Thread(target=compiler.close, daemon=True)
    ending.start()
    ending.join(10)
    assert not ending.is_alive()
    ended.set()
    late.join()
    assert compiler._workers.threads == []
    compiler.begin(stored(world, "later"))
    assert rooms(world) == []
