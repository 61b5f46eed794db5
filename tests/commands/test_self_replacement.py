"""An installation into the environment that pipwrap itself runs in, itself and pip included."""

from __future__ import annotations

import importlib.metadata
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.runner import Runner
from support.sources import PROJECT
from support.wheels import make_wheel, wheel_of_installed

NAME = "pipwrap-installer"
"""Of the distribution; what it holds is called pipwrap."""
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


def _own_wheel(directory: Path, version: str, name: str = NAME) -> Path:
    """Return a wheel of pipwrap as it lies here, under another version."""
    sources = sorted((PROJECT / "pipwrap").rglob("*.py"))
    files = {str(path.relative_to(PROJECT)): path.read_bytes() for path in sources}
    return make_wheel(
        directory,
        name,
        version,
        files=files,
        requires=sorted(_requirements()),
        entry_points={"console_scripts": ["pipwrap = pipwrap._entry:main"]},
    )


def _requirements() -> list[str]:
    return [
        str(need)
        for need in map(Requirement, importlib.metadata.requires(NAME) or ())
        if not need.marker or need.marker.evaluate({"extra": ""})
    ]


@pytest.fixture
def living(
    pipwrap: Runner, environment: VirtualEnvironment, index: Index, tmp_path: Path
) -> VirtualEnvironment:
    """Return an environment in which pipwrap 0.1 lives; the index has a newer one."""
    wheels = tmp_path / "wheels"
    for name in _closure(NAME) - {NAME}:
        index.add(wheel_of_installed(wheels, name))
    index.add(_own_wheel(wheels, "0.0.1"))
    pipwrap("install", NAME, expect=0)
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
        ["install", "-U", NAME],
        ["install", "--force-reinstall", "--no-deps", "pip", "packaging", "installer", "urllib3"],
        ["install", "--force-reinstall", "--no-deps", "-v", "nab-resolver"],
        ["uninstall", "-y", "pip"],
    ):
        done = _inside(pipwrap, living, log, *line)
        assert done.returncode == 0, done.stdout + done.stderr
        assert log.read_text() == "", line
    assert living.distribution(NAME).version == "99.0"


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
    done = _inside(pipwrap, living, log, "install", "-U", NAME, str(wheel))
    assert done.returncode == 1
    assert "Could not install packages due to an OSError" in done.stderr
    assert log.read_text() == ""
    assert living.distribution(NAME).version == "0.0.1"
    assert _inside(pipwrap, living, log, "install", "-U", NAME).returncode == 0


def _stranger(directory: Path, **keywords: object) -> Path:
    """Return the wheel of another project that has a package or a script called pipwrap."""
    return make_wheel(directory, **{"name": "pipwrap", "version": "0.2.1", **keywords})  # type: ignore[arg-type]


def test_another_project_of_this_name_is_refused(
    pipwrap: Runner, living: VirtualEnvironment, index: Index, tmp_path: Path
):
    """What the index calls pipwrap is not ours: not even its metadata is asked for."""
    stranger = _stranger(tmp_path / "work" / "local", files={"pipwrap/__init__.py": "import no"})
    index.add(stranger)
    index.add(make_wheel(tmp_path / "wheels", "needs-it", "1.0", requires=["pipwrap"]))
    (pipwrap.directory / "requirements.txt").write_text("pipwrap\n", encoding="utf-8")
    before = living.tree(bytecode=False)
    for line in (
        ["-U", "pipwrap"],
        ["PipWrap"],
        ["pipwrap==0.2.1"],
        ["--force-reinstall", "pipwrap"],
        ["--ignore-installed", "pipwrap"],
        ["--dry-run", "pipwrap"],
        ["-r", "requirements.txt"],
        ["./local/pipwrap-0.2.1-py3-none-any.whl"],
        ["--target", str(living.site_packages), "pipwrap"],
        ["pipwrap", "hg+file:///nowhere"],
        ["needs-it"],
    ):
        asked = len(index.requests)
        done = _inside(pipwrap, living, tmp_path / "log", "install", *line)
        assert done.returncode == 1, line
        assert "is another project: nothing was changed" in done.stderr, line
        assert "pip install -U pipwrap-installer" in done.stderr
        assert "Traceback" not in done.stderr
        assert living.tree(bytecode=False) == before, line
        assert len(index.requests) == asked or line == ["needs-it"]


def test_files_of_this_program_are_replaced_by_no_other_project(
    pipwrap: Runner, living: VirtualEnvironment, index: Index, tmp_path: Path
):
    script = {"console_scripts": ["pipwrap = other:main"]}
    before = living.tree(bytecode=False)
    for number, keywords in enumerate(
        (
            {"files": {"pipwrap/extra.py": ""}},
            {"files": {"pipwrap.py": ""}},
            {"files": {"other-2.0.data/platlib/pipwrap/extra.py": ""}},
            {"files": {"other-3.0.data/scripts/pipwrap": "#!python\n"}},
            {"files": {"other.py": ""}, "entry_points": script},
        )
    ):
        index.add(_stranger(tmp_path / "wheels", name="other", version=f"{number}.0", **keywords))
        line = ["install", f"other=={number}"]
        done = _inside(pipwrap, living, tmp_path / "log", *line)
        assert done.returncode == 1, keywords
        assert f"other {number}.0 would replace the program that is running" in done.stderr
        assert living.tree(bytecode=False) == before, keywords


def test_elsewhere_the_other_project_can_be_installed(
    pipwrap: Runner, living: VirtualEnvironment, index: Index, tmp_path: Path
):
    index.add(_stranger(tmp_path / "wheels"))
    other = make_environment(tmp_path / "other")
    pipwrap.on(other)("install", "pipwrap", expect=0)
    assert other.distribution("pipwrap").version == "0.2.1"
    log = tmp_path / "log"
    target = str(tmp_path / "target")
    assert _inside(pipwrap, living, log, "install", "-t", target, "pipwrap").returncode == 0
    assert _inside(pipwrap, living, log, "download", "pipwrap").returncode == 0


def test_an_installation_under_the_former_name_is_replaced(
    pipwrap: Runner, environment: VirtualEnvironment, index: Index, tmp_path: Path
):
    """Two distributions with the same files would take them from each other."""
    wheels = tmp_path / "wheels"
    for name in _closure(NAME) - {NAME}:
        index.add(wheel_of_installed(wheels, name))
    former = _own_wheel(wheels, "0.1.0", "pipwrap")
    pipwrap("install", str(former), expect=0)
    index.add(_own_wheel(wheels, "0.2.0"))
    index.add(_stranger(wheels))
    log = tmp_path / "log"
    assert _inside(pipwrap, environment, log, "install", "pipwrap").returncode == 0  # is there
    assert _inside(pipwrap, environment, log, "install", "-U", "pipwrap").returncode == 1
    done = _inside(pipwrap, environment, log, "install", NAME)
    assert done.returncode == 0, done.stderr
    names = [line.partition("==")[0] for line in environment.freeze()]
    assert NAME in names
    assert "pipwrap" not in names
    assert _inside(pipwrap, environment, log, "--version").returncode == 0


def test_pipwrap_can_remove_itself(pipwrap: Runner, living: VirtualEnvironment, tmp_path: Path):
    log = tmp_path / "late-imports"
    done = _inside(pipwrap, living, log, "uninstall", "-y", NAME, "packaging")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "  Successfully uninstalled packaging-" + (
        importlib.metadata.version("packaging")
    )
    assert log.read_text() == ""
    assert not (living.site_packages / "pipwrap").exists()
