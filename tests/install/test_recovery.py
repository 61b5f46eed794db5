"""A process that dies at any point leaves an environment that the next command makes whole."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from install.worlds import World, make_wheel, snapshot
from pipwrap.errors import DiskFull, EnvironmentRefused
from pipwrap.events import WarningMessage
from pipwrap.install import journal, rollback, transaction
from pipwrap.install.plan import Plan
from pipwrap.install.recovery import recover

TOUCHING = ("rename", "link", "mkdir", "rmdir", "unlink", "write", "open", "utime", "fchmod")
"""What the transaction changes the filesystem with."""
DIED = 99


def content(path: str) -> str:
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def counting(
    function: Callable[..., Any], count: list[int], act: Callable[[], None], at: int
) -> Callable[..., Any]:
    def wrapper(*arguments: Any, **keywords: Any) -> Any:
        count[0] += 1
        if count[0] == at:
            act()
        return function(*arguments, **keywords)

    return wrapper


def dies(work: Callable[[], None], at: int) -> bool:
    """Do the work in a process that ends at the N-th call; tell whether it got that far."""
    child = os.fork()
    if child == 0:
        count = [0]
        for name in TOUCHING:
            setattr(os, name, counting(getattr(os, name), count, lambda: os._exit(DIED), at))
        try:
            work()
        except BaseException:  # noqa: BLE001 - this process must not go on
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {0, DIED}
    return os.waitstatus_to_exitcode(status) == DIED


def populated(shell: World) -> Plan:
    """Return a plan that upgrades, reinstalls, removes and overwrites; its old state is there.

    A directory becomes a file, and a file a directory.
    """
    files = {"foo/__init__.py": "v = 1\n", "foo/old/data.txt": "old\n", "foo/same.txt": "same\n"}
    files |= {"turned/a/x.txt": "x\n", "turned/y.txt": "y\n", "swapped": "file\n"}
    foo = make_wheel(shell.wheels, "foo", "1.0", dict(files))
    bar = make_wheel(shell.wheels, "bar", "1.0", {"bar/__init__.py": "", "bar/x.txt": "x"})
    again = make_wheel(shell.wheels, "again", "1.0", {"again.py": "", "again.txt": "kept\n"})
    shell.install(foo, bar, again, compile_bytecode=False)
    os.mkdir(os.path.join(shell.purelib, "bar", "empty"), 0o750)
    os.mkdir(os.path.join(shell.purelib, "turned", "empty"), 0o750)
    with open(os.path.join(shell.purelib, "stray.txt"), "w", encoding="utf-8") as stream:
        stream.write("somebody's\n")
    newer = make_wheel(
        shell.wheels,
        "foo",
        "2.0",
        {
            "foo/__init__.py": "v = 2\n",
            "foo/new/data.txt": "new\n",
            "turned": "a file now\n",
            "swapped/b/z.txt": "a directory now\n",
            "stray.txt": "foo's\n",
            "foo-2.0.dist-info/entry_points.txt": "[console_scripts]\nfoo = foo:v\n",
        },
    )
    return shell.plan(
        shell.installation(newer, replaces=shell.installed("foo")),
        shell.installation(again, replaces=shell.installed("again")),
        remove=(shell.installed("bar"),),
    )


def test_a_death_anywhere_is_recovered_from(shell: World, tmp_path: Path):
    plan = populated(shell)
    prefix, saved = shell.environment.prefix, str(tmp_path / "saved")
    shutil.copytree(prefix, saved, symlinks=True)
    old = snapshot(prefix)
    shell.apply(plan)
    new = snapshot(prefix)
    assert new != old
    outcomes = []
    for at in range(1, 1000):
        shutil.rmtree(prefix)
        shutil.copytree(saved, prefix, symlinks=True)
        if not dies(lambda: shell.apply(plan), at):
            break
        died_midway = journal.exists(shell.purelib)
        assert recover([shell.purelib], shell.tell) == died_midway
        now = snapshot(prefix)
        assert now in (old, new), at
        outcomes.append(now == new)
        assert not recover([shell.purelib], shell.tell)
    assert outcomes == sorted(outcomes), "once ended, always ended"
    assert outcomes.count(False) > 50
    assert outcomes.count(True) > 3
    assert not [event for event in shell.events if isinstance(event, WarningMessage)]


def test_a_death_while_recovering_is_recovered_from(shell: World, tmp_path: Path):
    plan = populated(shell)
    prefix, saved = shell.environment.prefix, str(tmp_path / "saved")
    shutil.copytree(prefix, saved, symlinks=True)
    old = snapshot(prefix)
    at = 1
    while True:
        shutil.rmtree(prefix)
        shutil.copytree(saved, prefix, symlinks=True)
        assert dies(lambda: shell.apply(plan), 60)
        if not dies(lambda: recover([shell.purelib], shell.tell), at):
            break
        recover([shell.purelib], shell.tell)
        assert snapshot(prefix) == old, at
        at += 1
    assert at > 10


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_an_error_anywhere_changes_nothing(
    shell: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
):
    plan = populated(shell)
    old, saved = snapshot(shell.environment.prefix), str(tmp_path / "saved")
    shutil.copytree(shell.environment.prefix, saved, symlinks=True)

    def fail() -> None:
        raise OSError(number, os.strerror(number), "/somewhere")

    failures = 0
    for at in range(1, 1000):
        count = [0]
        with monkeypatch.context() as patch:
            for name in ("rename", "mkdir", "open", "write", "utime", "fchmod"):
                patch.setattr(os, name, counting(getattr(os, name), count, fail, at))
            try:
                shell.apply(plan)
            except (EnvironmentRefused, DiskFull) as error:
                words = f"Could not install packages due to an OSError: [Errno {number}]"
                if number == errno.ENOSPC:
                    words = "Could not install packages: the disk of / is full."
                assert error.message.startswith(words)  # noqa: PT017 - at some points only
                failures += 1
            else:
                # Some calls may fail: making what is there, removing what is in use.
                if count[0] < at:
                    break
                shutil.rmtree(shell.environment.prefix)
                shutil.copytree(saved, shell.environment.prefix, symlinks=True)
        assert snapshot(shell.environment.prefix) == old, at
    assert failures > 30


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_changes_nothing(shell: World, number: int):
    plan = populated(shell)
    old = snapshot(shell.environment.prefix)
    for at in (3, 20, 45, 60):
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            count = [0]
            for name in TOUCHING:
                act = lambda: os.kill(os.getpid(), number)  # noqa: E731
                setattr(os, name, counting(getattr(os, name), count, act, at))
            try:
                shell.apply(plan)
            except KeyboardInterrupt:
                os._exit(130)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        expected = 130 if number == signal.SIGINT else -signal.SIGTERM
        assert os.waitstatus_to_exitcode(status) == expected
        assert not journal.exists(shell.purelib)
        assert snapshot(shell.environment.prefix) == old, at


def test_a_file_changed_since_is_left_alone_and_named(shell: World):
    plan = populated(shell)
    changed = os.path.join(shell.purelib, "foo", "new", "data.txt")
    at = 1
    while not (os.path.exists(changed) and journal.exists(shell.purelib)):
        dies(lambda: shell.apply(plan), at)
        if not os.path.exists(changed):
            recover([shell.purelib], shell.tell)
        at += 1
    for path in (changed, os.path.join(shell.purelib, "foo", "__init__.py")):
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("the user's own work")
    shell.events.clear()
    assert recover([shell.purelib], shell.tell)
    assert content(changed) == "the user's own work"
    init = os.path.join(shell.purelib, "foo", "__init__.py")
    assert content(init) == "the user's own work"
    assert content(init + rollback.SAVED) == "v = 1\n"
    warnings = " ".join(shell.messages)
    assert changed in warnings
    assert init in warnings
    assert not journal.exists(shell.purelib)


def test_the_next_command_recovers_before_it_starts(shell: World):
    plan = populated(shell)
    assert dies(lambda: shell.apply(plan), 60)
    assert journal.exists(shell.purelib)
    shell.apply(plan)
    assert not journal.exists(shell.purelib)
    assert shell.installed("foo").version == "2.0"


def test_an_unwritable_directory_is_told_in_pips_words(
    shell: World, monkeypatch: pytest.MonkeyPatch
):
    plan = shell.plan(shell.installation(make_wheel(shell.wheels)))

    def refuse(path: str, mode: int = 0o777) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(journal.os, "mkdir", refuse)
    with pytest.raises(EnvironmentRefused) as caught:
        shell.apply(plan)
    assert caught.value.message == (
        "Could not install packages due to an OSError: [Errno 13] Permission denied: "
        f"'{shell.purelib}'\nCheck the permissions.\n"
    )


def test_a_writer_waits_for_the_other(shell: World):
    path = make_wheel(shell.wheels)
    with transaction.environment_lock(shell.purelib, shell.tell):
        other = threading.Thread(
            target=shell.install, args=(path,), kwargs={"compile_bytecode": False}
        )
        other.start()
        other.join(0.3)
        assert other.is_alive()
        assert snapshot(shell.purelib) == {}
    other.join(30)
    assert any(message.startswith("Waiting for") for message in shell.messages)
    assert shell.installed("foo").version == "1.0"


def test_a_stash_on_another_filesystem_lies_beside_the_file(
    shell: World, monkeypatch: pytest.MonkeyPatch
):
    plan = populated(shell)
    rename = os.rename

    def other_filesystem(source: str, target: str) -> None:
        if os.path.dirname(target).endswith("stash"):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)
        rename(source, target)

    old = snapshot(shell.environment.prefix)
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", other_filesystem)
        patch.setattr(os, "link", lambda *_, **__: os.close(-1))
        with pytest.raises(EnvironmentRefused):
            shell.apply(plan)
        assert snapshot(shell.environment.prefix) == old
    monkeypatch.setattr(os, "rename", other_filesystem)
    shell.apply(plan)
    assert not [path for path in snapshot(shell.environment.prefix) if ".pipwrap" in path]


def test_a_directory_that_somebody_makes_meanwhile_is_not_taken_away(
    shell: World, monkeypatch: pytest.MonkeyPatch
):
    """The stash is deleted at the end."""
    plan = populated(shell)
    old = snapshot(shell.environment.prefix)
    made = os.path.join(shell.purelib, "turned")
    create_all = transaction.create_all

    def late(*arguments: Any) -> list[tuple[int, str]]:
        os.mkdir(made)
        Path(made, "mine.txt").write_text("the user's own")
        return create_all(*arguments)

    monkeypatch.setattr(transaction, "create_all", late)
    with pytest.raises(EnvironmentRefused, match="Is a directory"):
        shell.apply(plan)
    assert content(os.path.join(made, "mine.txt")) == "the user's own"
    os.unlink(os.path.join(made, "mine.txt"))
    assert snapshot(shell.environment.prefix) == old


def test_bytecode_that_an_import_wrote_meanwhile_is_no_obstacle(shell: World):
    plan = populated(shell)
    old = snapshot(shell.environment.prefix)
    written = False
    for at in range(1, 1000):
        assert dies(lambda: shell.apply(plan), at), "never died while foo was half made"
        package = os.path.join(shell.purelib, "foo")
        written = os.path.isdir(package) and journal.exists(shell.purelib)
        written = written and not os.path.exists(os.path.join(package, "old"))
        if written:
            os.mkdir(os.path.join(package, "__pycache__"))
            Path(package, "__pycache__", "late.pyc").write_text("late")
        recover([shell.purelib], shell.tell)
        if written:
            break
    shutil.rmtree(os.path.join(shell.purelib, "foo", "__pycache__"))
    assert snapshot(shell.environment.prefix) == old


def test_a_package_is_moved_away_by_one_rename(shell: World, monkeypatch: pytest.MonkeyPatch):
    files = {f"foo/{part}/m{n}.txt": "" for part in ("a", "b/c") for n in range(20)}
    shell.install(make_wheel(shell.wheels, "foo", "1.0", dict(files)), compile_bytecode=False)
    renamed = []
    rename = os.rename
    monkeypatch.setattr(os, "rename", lambda *paths: (renamed.append(paths[0]), rename(*paths)))
    before = snapshot(shell.purelib).keys()
    shell.apply(shell.plan(remove=(shell.installed("foo"),)))
    assert [os.path.basename(path) for path in renamed] == ["foo", "foo-1.0.dist-info"]
    assert {path.partition("/")[0] for path in before} == {"foo", "foo-1.0.dist-info"}
    assert snapshot(shell.purelib) == {}


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("number", [errno.EXDEV, errno.EBUSY])
def test_a_directory_on_two_filesystems_is_moved_file_by_file(
    shell: World, monkeypatch: pytest.MonkeyPatch, number: int, *, fails: bool
):
    plan = populated(shell)
    old = snapshot(shell.environment.prefix)
    rename = os.rename

    def layered(source: str, target: str) -> None:
        if os.path.isdir(source) and journal.NAME in target:
            raise OSError(number, os.strerror(number), source)
        rename(source, target)

    monkeypatch.setattr(os, "rename", layered)
    if fails:
        full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        monkeypatch.setattr(transaction, "create_all", lambda *_: (_ for _ in ()).throw(full))
        with pytest.raises(DiskFull):
            shell.apply(plan)
        assert snapshot(shell.environment.prefix) == old
        return
    shell.apply(plan)
    assert "bar" not in os.listdir(shell.purelib)
    assert sorted(os.listdir(os.path.join(shell.purelib, "foo"))) == ["__init__.py", "new"]
    assert not journal.exists(shell.purelib)


def test_a_directory_that_cannot_be_emptied_is_not_moved(
    shell: World, monkeypatch: pytest.MonkeyPatch
):
    """It could not be deleted from the stash either."""
    shell.install(make_wheel(shell.wheels, "foo", "1.0", {"foo/a/x": ""}), compile_bytecode=False)
    renamed: list[str] = []
    rename, access = os.rename, os.access
    monkeypatch.setattr(os, "rename", lambda *paths: (renamed.append(paths[0]), rename(*paths)))
    monkeypatch.setattr(
        os, "access", lambda path, mode: not path.endswith("foo/a") and access(path, mode)
    )
    shell.apply(shell.plan(remove=(shell.installed("foo"),)))
    assert os.path.join("foo", "a", "x") in renamed[0]


def test_a_stash_without_its_journal_is_kept_and_named(shell: World):
    plan = populated(shell)
    assert dies(lambda: shell.apply(plan), 60)
    with open(os.path.join(shell.purelib, journal.NAME, "journal"), "w", encoding="utf-8"):
        pass
    shell.events.clear()
    assert recover([shell.purelib], shell.tell)
    (kept,) = [name for name in os.listdir(shell.purelib) if name.startswith(journal.NAME)]
    assert os.listdir(os.path.join(shell.purelib, kept, "stash"))
    assert kept in shell.messages[-1]
    assert not journal.exists(shell.purelib)
