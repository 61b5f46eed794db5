"""A python3 on PATH that chooses its interpreter anew each time, as pyenv's and asdf's shims do."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from support.environments import make_environment
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

BY_VARIABLE = 'exec "$HOMES/$CHOSEN_VERSION/bin/python" "$@"'
BY_FILE = 'exec "$HOMES/$(cat .python-version)/bin/python" "$@"'
BY_GLOBAL_FILE = 'exec "$HOMES/$(cat "$HOMES/version")/bin/python" "$@"'
LINES = (("--version",), ("install", "demo"), ("install", "--help"))


class Manager:
    """Two environments, and a ``python3`` before everything else on PATH that runs one of them."""

    def __init__(self, pipwrap: Runner, directory: Path, script: str) -> None:
        self.homes = directory / "homes"
        self.environments = {
            name: make_environment(self.homes / name, with_pip=True) for name in ("one", "two")
        }
        shims = directory / "shims"
        shims.mkdir()
        self.shim = shims / "python3"
        self.shim.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        self.shim.chmod(0o755)
        (directory / "work").mkdir(exist_ok=True)
        self.work = directory / "work"
        self.runner = pipwrap
        self.environ: dict[str, str | None] = {
            "PATH": os.pathsep.join((str(shims), os.environ["PATH"])),
            "HOMES": str(self.homes),
            "PIPWRAP_CALLED_AS_PIP": "1",
            "VIRTUAL_ENV": None,
        }

    def choose(self, name: str) -> None:
        """Say by a variable, by a file where the user stands, and by one elsewhere, who is meant."""
        self.environ["CHOSEN_VERSION"] = name
        for path in (self.work / ".python-version", self.homes / "version"):
            before = path.stat() if path.exists() else None
            path.write_text(name, encoding="utf-8")
            if before is not None:
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def run(self, *arguments: str, python: Path | None = None) -> str:
        """Return what a command prints."""
        return self.runner(
            *arguments, python=python, environ=self.environ, cwd=self.work, expect=0
        ).stdout

    def installed(self) -> dict[str, list[str]]:
        """Return the environments in which ``demo`` is."""
        return {
            name: [each for each in environment.freeze() if each.startswith("demo")]
            for name, environment in self.environments.items()
        }


@pytest.fixture(params=[BY_VARIABLE, BY_FILE, BY_GLOBAL_FILE], ids=["variable", "file", "global"])
def manager(
    request: pytest.FixtureRequest, pipwrap: Runner, index: Index, tmp_path: Path
) -> Manager:
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    return Manager(pipwrap, tmp_path, request.param)


@pytest.mark.parametrize("names_it", [False, True], ids=["on PATH", "--python"])
def test_the_interpreter_that_is_chosen_now_is_meant(
    manager: Manager, cache_root: Path, *, names_it: bool
):
    python = manager.shim if names_it else None
    manager.choose("one")
    manager.run("install", "demo", python=python)
    time.sleep(2.1)  # what is young proves nothing
    for _ in range(2):
        for line in LINES:
            manager.run(*line, python=python)
    assert f"on {manager.homes / 'one'}" in manager.run("--version", python=python)
    manager.choose("two")
    assert f"on {manager.homes / 'two'}" in manager.run("--version", python=python)
    assert "Successfully installed demo-1.0" in manager.run("install", "demo", python=python)
    assert manager.installed() == {"one": ["demo==1.0"], "two": ["demo==1.0"]}
    assert not list(cache_root.glob("satisfied-v1/*"))
    assert not list(cache_root.glob("interpreters-v1/*/*.json"))


@pytest.mark.parametrize("kind", ["environment", "link", "linked directory", "program"])
def test_an_interpreter_by_its_own_name_is_remembered(
    pipwrap: Runner, tmp_path: Path, cache_root: Path, kind: str
):
    """A virtual environment's python is a link, as /usr/bin/python3 is: neither chooses anything."""
    environment = make_environment(tmp_path / "there", with_pip=True)
    directory = environment.bin
    if kind == "linked directory":
        (tmp_path / "link").symlink_to(environment.path)
        directory = tmp_path / "link" / "bin"
    elif kind == "link":
        directory = tmp_path / "bin"
        directory.mkdir()
        (directory / "python3").symlink_to(os.path.realpath(sys.executable))
    elif kind == "program":
        directory = Path(os.path.realpath(sys.executable)).parent
    time.sleep(2.1)
    environ = {
        "PATH": os.pathsep.join((str(directory), "/usr/bin", "/bin")),
        "PIPWRAP_CALLED_AS_PIP": "1",
        "VIRTUAL_ENV": None,
    }
    pipwrap("--version", python=None, environ=environ, expect=0)
    assert len(list(cache_root.glob("satisfied-v1/*"))) == 1
