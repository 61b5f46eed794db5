"""Answers of earlier runs are printed again at once, and only while their evidence holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipwrap.cache import noop
from support.index import Index
from support.runner import Result, Runner
from support.wheels import make_wheel

MARK = "looked up"
INSTALL = ("install", "-r", "wanted.txt")


def stored(cache_root: Path) -> list[Path]:
    return sorted(cache_root.glob(f"{noop.BUCKET}/*"))


def mark(cache_root: Path) -> None:
    """Add a line to stored answers, so that they differ from what a run finds."""
    for path in stored(cache_root):
        content = path.read_bytes().partition(b"\0")[2] + f"\0{noop.OUT}\0{MARK}\n".encode()
        path.write_bytes(noop.number(content).encode() + b"\0" + content)


def settle() -> None:
    """Wait until nothing that was written before is young."""
    time.sleep(2.1)


class Place:
    """An environment with ``demo`` and ``lib`` in it, and what a line about them needs."""

    def __init__(self, pipwrap: Runner, index: Index, directory: Path) -> None:
        self.directory = directory
        self.index = index
        self.files = directory / "files"
        index.add(make_wheel(self.files, "demo", "1.0", requires=["lib>=1"]))
        index.add(make_wheel(self.files, "lib", "1.0"))
        self.pipwrap = pipwrap
        self.site_packages = pipwrap.environment.site_packages
        (directory / "wanted.txt").write_text("-r more.txt\n${PROJECT}\n")
        (directory / "more.txt").write_text("demo\n")
        self.environ = {"PROJECT": "lib", "PIP_CONFIG_FILE": str(directory / "pip.conf")}
        self.run("install", "demo")

    def run(self, *arguments: str) -> Result:
        return self.pipwrap(*arguments, cwd=self.directory, environ=self.environ, expect=0)


@pytest.fixture
def place(pipwrap: Runner, index: Index, tmp_path: Path) -> Place:
    return Place(pipwrap, index, tmp_path)


def test_a_no_op_is_answered_by_stat_alone(place: Place, cache_root: Path):
    settle()
    first = place.run(*INSTALL)
    assert "Requirement already satisfied: demo" in first.stdout
    mark(cache_root)
    assert place.run(*INSTALL).stdout == first.stdout + MARK + "\n"
    again = place.run("-q", *INSTALL)
    assert MARK not in again.stdout


def test_a_warning_is_printed_again(place: Place, cache_root: Path):
    settle()
    first = place.run("install", "demo[new]")
    mark(cache_root)
    second = place.run("install", "demo[new]")
    assert MARK in second.stdout
    assert second.stderr == first.stderr
    assert "does not provide the extra 'new'" in second.stderr


@pytest.mark.parametrize("line", [("--version",), ("--help",), ("install", "--help")], ids=" ".join)
def test_what_pip_prints_of_itself_is_printed_again(
    place: Place, cache_root: Path, line: tuple[str]
):
    settle()
    first = place.run(*line)
    mark(cache_root)
    second = place.run(*line)
    assert second.stdout == first.stdout + MARK + "\n"
    narrow = place.pipwrap(*line, environ={**place.environ, "COLUMNS": "40"}, cwd=place.directory)
    assert MARK not in narrow.stdout
    assert (narrow.stdout != first.stdout) == ("--help" in line), "COLUMNS wraps help"


def remove_metadata(place: Place) -> None:
    shutil.rmtree(place.site_packages / "lib-1.0.dist-info")


def edit_metadata(place: Place) -> None:
    path = place.site_packages / "demo-1.0.dist-info" / "METADATA"
    path.write_text(path.read_text().replace("lib>=1", "lib>=0"))


def edit_metadata_behind_its_time(place: Place) -> None:
    path = place.site_packages / "demo-1.0.dist-info" / "METADATA"
    before = path.stat()
    path.write_text(path.read_text().replace("lib>=1", "lib>=0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def add_a_distribution(place: Place) -> None:
    place.run("install", "--target", str(place.site_packages), "--no-deps", "lib", "--upgrade")


def edit_requirements(place: Place) -> None:
    (place.directory / "wanted.txt").write_text("-r more.txt\n${PROJECT}\n\n")


def edit_nested_requirements(place: Place) -> None:
    (place.directory / "more.txt").write_text("demo \n")


def change_the_variable_in_a_file(place: Place) -> None:
    place.environ["PROJECT"] = "demo"


def configure(place: Place) -> None:
    (place.directory / "pip.conf").write_text("[install]\nno-compile = yes\n")


def configure_the_environment(place: Place) -> None:
    (place.pipwrap.environment.path / "pip.conf").write_text("[install]\nno-deps = yes\n")


def set_a_variable(place: Place) -> None:
    place.environ["PIP_NO_DEPS"] = "1"


def set_pythons_variable(place: Place) -> None:
    place.environ["PYTHONPATH"] = str(place.files)


def touch_the_environment(place: Place) -> None:
    path = place.pipwrap.environment.path / "pyvenv.cfg"
    path.write_text(path.read_text() + "\n")


def replace_the_interpreter(place: Place) -> None:
    path = place.pipwrap.environment.python
    target = os.readlink(path)
    path.unlink()
    path.symlink_to(target)


def manage_externally(place: Place) -> None:
    place.site_packages.chmod(0o700)


def add_a_path_file(place: Place) -> None:
    (place.site_packages / "more.pth").write_text("")


def interrupt_a_command(place: Place) -> None:
    (place.site_packages / ".pipwrap-transaction").mkdir()


@pytest.mark.parametrize(
    "change",
    [
        remove_metadata,
        edit_metadata,
        edit_metadata_behind_its_time,
        add_a_distribution,
        edit_requirements,
        edit_nested_requirements,
        change_the_variable_in_a_file,
        configure,
        configure_the_environment,
        set_a_variable,
        set_pythons_variable,
        touch_the_environment,
        replace_the_interpreter,
        manage_externally,
        add_a_path_file,
        interrupt_a_command,
    ],
    ids=lambda change: change.__name__,
)
def test_no_change_goes_unnoticed(place: Place, cache_root: Path, change: Callable[[Place], None]):
    settle()
    place.run(*INSTALL)
    mark(cache_root)
    assert MARK in place.run(*INSTALL).stdout
    change(place)
    assert MARK not in place.run(*INSTALL).stdout


def test_a_removed_distribution_is_installed_again(place: Place):
    settle()
    place.run(*INSTALL)
    place.run("uninstall", "-y", "lib")
    assert "Successfully installed lib-1.0" in place.run(*INSTALL).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("install", "-U", "demo"),
        ("install", "--pre", "demo"),
        ("install", "--dry-run", "--report", "report.json", "demo"),
        ("install", "--log", "log.txt", "demo"),
        ("install", "-v", "demo"),
        ("install", "--no-cache-dir", "demo"),
        ("install", "--cache-dir", "elsewhere", "demo"),
        ("install", "./files/demo-1.0-py3-none-any.whl"),
        ("install", "--extra-index-url", "http://user:secret@127.0.0.1:1/simple", "demo"),
        ("list",),
    ],
    ids=" ".join,
)
def test_what_does_more_than_look_is_never_stored(
    place: Place, cache_root: Path, arguments: tuple[str, ...]
):
    settle()
    place.run(*arguments)
    assert stored(cache_root) == []


def test_what_changed_just_now_is_no_evidence(place: Place, cache_root: Path):
    (place.directory / "more.txt").write_text("demo\n")
    place.run(*INSTALL)
    assert stored(cache_root) == []


@pytest.mark.parametrize("damage", [b"", b"\0", b"\xff" * 50, b"0\0000", None, "directory", "link"])
def test_a_damaged_answer_is_a_miss_and_replaced(
    place: Place, cache_root: Path, damage: bytes | str | None
):
    settle()
    first = place.run(*INSTALL)
    mark(cache_root)
    (path,) = stored(cache_root)
    if isinstance(damage, str):
        path.unlink()
        path.mkdir() if damage == "directory" else path.symlink_to("nowhere")
    else:
        path.write_bytes(path.read_bytes()[:-3] if damage is None else damage)
    again = place.run(*INSTALL)
    assert (again.stdout, again.stderr) == (first.stdout, "")
    mark(cache_root)
    assert MARK in place.run(*INSTALL).stdout


def test_an_answer_of_another_user_is_a_miss(place: Place, cache_root: Path):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    settle()
    place.run(*INSTALL)
    mark(cache_root)
    for path in stored(cache_root):
        os.chown(path, 12345, 12345)
    assert MARK not in place.run(*INSTALL).stdout


def test_nothing_is_imported_for_a_stored_answer(place: Place):
    settle()
    line = ["--python", str(place.pipwrap.environment.python), "--version"]
    command = "import sys; before = set(sys.modules); sys.argv = ['pipwrap', *sys.argv[1:]]\n"
    command += "import os; os._exit = lambda status: None\n"
    command += "from pipwrap._entry import main; main()\n"
    command += "print(*sorted(set(sys.modules) - before), file=sys.stderr)"
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", command, *line],
            env={**place.pipwrap.environ, **place.environ},
            cwd=place.directory,
            capture_output=True,
            text=True,
            check=True,
        )
    loaded = {name for name in done.stderr.split() if not name.startswith("__")}
    assert loaded == {"pipwrap", "pipwrap._entry", "pipwrap.cache", "pipwrap.cache.noop"}


@pytest.mark.parametrize(
    ("status", "ends"), [(1, "os._exit(1)"), (0, "")], ids=["error", "warning"]
)
def test_an_answer_that_failed_or_warned_is_not_stored(
    tmp_path: Path, pipwrap: Runner, cache_root: Path, status: int, ends: str
):
    """It may not fail again; and what was said on stderr would be missing the next time."""
    module = tmp_path / "modules" / "sitecustomize.py"
    module.parent.mkdir()
    module.write_text(
        "import os, sys\nif 'PIPWRAP_HANDED_OVER' in os.environ:\n"
        f"    sys.stderr.write('odd\\n'); sys.stderr.flush(); {ends}\n",
        encoding="utf-8",
    )
    environ = {"PYTHONPATH": str(module.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    settle()
    for _ in range(2):
        result = pipwrap("install", "--help", environ=environ, expect=status)
        assert result.stderr.startswith("odd\n")
    assert stored(cache_root) == []
    module.write_text("", encoding="utf-8")
    assert "Usage:" in pipwrap("install", "--help", environ=environ, expect=0).stdout


def test_a_failure_that_an_earlier_version_stored_is_a_miss(place: Place, cache_root: Path):
    settle()
    first = place.run("--version")
    (path,) = stored(cache_root)
    content = b"1" + path.read_bytes().partition(b"\0")[2][1:]
    path.write_bytes(noop.number(content).encode() + b"\0" + content)
    assert place.run("--version").stdout == first.stdout
