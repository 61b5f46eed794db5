"""An installation into the environment that pipwrap itself runs in, itself and pip included."""

from __future__ import annotations

import importlib.metadata
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.environments import VirtualEnvironment
from support.index import Index
from support.runner import Runner
from support.sources import PROJECT
from support.wheels import make_wheel, wheel_of_installed

OBSERVER = """
import os, sys
log = os.environ.get("IMPORT_LOG")
if log:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    begun = []
    def observe(event, arguments):
        if event == "os.mkdir" and str(arguments[0]).endswith(".pipwrap-transaction"):
            begun.append(True)
        elif event == "import" and begun:
            os.write(descriptor, (arguments[0] + "\\n").encode())
    sys.addaudithook(observe)
"""
"""A sitecustomize that writes down what is imported once the first file moves."""


def _closure(name: str) -> set[str]:
    """Return what a distribution needs here, itself included."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            needs = map(Requirement, importlib.metadata.requires(name) or ())
            waiting += [
                need.name
                for need in needs
                if not need.marker or need.marker.evaluate({"extra": ""})
            ]
    return found


def _own_wheel(directory: Path, version: str) -> Path:
    """Return a wheel of pipwrap as it lies here, under another version."""
    sources = sorted((PROJECT / "pipwrap").rglob("*.py"))
    files = {str(path.relative_to(PROJECT)): path.read_bytes() for path in sources}
    return make_wheel(
        directory,
        "pipwrap",
        version,
        files=files,
        requires=sorted(_requirements()),
        entry_points={"console_scripts": ["pipwrap = pipwrap._entry:main"]},
    )


def _requirements() -> list[str]:
    return [
        str(need)
        for need in map(Requirement, importlib.metadata.requires("pipwrap") or ())
        if not need.marker or need.marker.evaluate({"extra": ""})
    ]


@pytest.fixture
def living(
    pipwrap: Runner, environment: VirtualEnvironment, index: Index, tmp_path: Path
) -> VirtualEnvironment:
    """Return an environment in which pipwrap 0.1 lives; the index has a newer one."""
    wheels = tmp_path / "wheels"
    for name in _closure("pipwrap") - {"pipwrap"}:
        index.add(wheel_of_installed(wheels, name))
    index.add(_own_wheel(wheels, "0.0.1"))
    pipwrap("install", "pipwrap", expect=0)
    index.add(_own_wheel(wheels, "99.0"))
    (environment.site_packages / "sitecustomize.py").write_text(OBSERVER, encoding="utf-8")
    return environment


def _inside(
    pipwrap: Runner, environment: VirtualEnvironment, log: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run the pipwrap that lives in ``environment``; a file gets what it imports too late."""
    return subprocess.run(
        [str(environment.script("pipwrap")), *arguments],
        env={**pipwrap.environ, "IMPORT_LOG": str(log)},
        cwd=pipwrap.directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_nothing_is_imported_after_the_first_file_moves(
    pipwrap: Runner, living: VirtualEnvironment, tmp_path: Path
):
    log = tmp_path / "late-imports"
    for line in (
        ["install", "-U", "pipwrap"],
        ["install", "--force-reinstall", "--no-deps", "pip", "packaging", "installer", "urllib3"],
        ["install", "--force-reinstall", "--no-deps", "-v", "nab-resolver"],
        ["uninstall", "-y", "pip"],
    ):
        done = _inside(pipwrap, living, log, *line)
        assert done.returncode == 0, done.stdout + done.stderr
        assert log.read_text() == "", line
    assert living.distribution("pipwrap").version == "99.0"


def test_a_failure_in_the_middle_imports_nothing_and_leaves_pipwrap_working(
    pipwrap: Runner, living: VirtualEnvironment, tmp_path: Path
):
    log = tmp_path / "late-imports"
    in_the_way = living.path / "share" / "in-the-way"
    wheel = make_wheel(
        tmp_path / "local",
        "obstacle",
        "1.0",
        files={"obstacle.py": "", "obstacle-1.0.data/data/share/in-the-way/file": ""},
    )
    in_the_way.parent.mkdir()
    in_the_way.write_text("a file where a directory is to come", encoding="utf-8")
    done = _inside(pipwrap, living, log, "install", "-U", "pipwrap", str(wheel))
    assert done.returncode == 1
    assert "Could not install packages due to an OSError" in done.stderr
    assert log.read_text() == ""
    assert living.distribution("pipwrap").version == "0.0.1"
    assert _inside(pipwrap, living, log, "install", "-U", "pipwrap").returncode == 0


def test_pipwrap_can_remove_itself(pipwrap: Runner, living: VirtualEnvironment, tmp_path: Path):
    log = tmp_path / "late-imports"
    done = _inside(pipwrap, living, log, "uninstall", "-y", "pipwrap", "packaging")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "  Successfully uninstalled packaging-" + (
        importlib.metadata.version("packaging")
    )
    assert log.read_text() == ""
    assert not (living.site_packages / "pipwrap").exists()
