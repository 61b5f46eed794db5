"""All or nothing: an environment that cannot be changed, and a command that died half way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment
from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "files"


@pytest.fixture
def unwritable(environment: VirtualEnvironment) -> Iterator[VirtualEnvironment]:
    """Yield the environment with a site-packages in which nothing can be made, even by root."""
    if not shutil.which("chattr"):
        pytest.skip("root writes everywhere, and there is no chattr to stop it")
    path = environment.site_packages
    done = subprocess.run(["chattr", "+i", path], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this filesystem has no immutable directories, or we may not make one")
    try:
        yield environment
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


def test_an_unwritable_environment_is_one_message(
    pipwrap: Runner, files: Path, unwritable: VirtualEnvironment
):
    wheel = make_wheel(files, "demo", "1.0")
    says = "ERROR: Could not install packages due to an OSError: "
    ours = refused(pipwrap, "install", wheel, says=says, keeps_cache=False)
    theirs = pipwrap.pip("install", wheel, expect=1)
    assert ours.stderr.split(":")[:2] == theirs.stderr.split(":")[:2]


def test_an_unwritable_directory_of_scripts_undoes_the_whole(
    pipwrap: Runner, files: Path, environment: VirtualEnvironment
):
    """The wheel's modules are there already when its script fails, and so is its dependency."""
    good = make_wheel(files, "good", "1.0")
    scripts = {"console_scripts": ["in-the-way = demo:main"]}
    wheel = make_wheel(files, "demo", "1.0", entry_points=scripts)
    (environment.bin / "in-the-way" / "directory").mkdir(parents=True)
    refused(pipwrap, "install", good, wheel, says="in-the-way", keeps_cache=False)


def test_a_failing_replacement_brings_the_old_version_back(
    pipwrap: Runner, files: Path, environment: VirtualEnvironment
):
    pipwrap("install", make_wheel(files, "demo", "1.0"), expect=0)
    scripts = {"console_scripts": ["in-the-way = demo:main"]}
    wheel = make_wheel(files, "demo", "2.0", entry_points=scripts)
    (environment.bin / "in-the-way" / "directory").mkdir(parents=True)
    refused(pipwrap, "install", wheel, says="in-the-way", keeps_cache=False)
    assert environment.freeze() == ["demo==1.0"]
    assert environment.run_python("import demo; print(demo.__version__)") == "1.0\n"


def test_an_interrupt_while_downloading_leaves_nothing(
    pipwrap: Runner, index: Index, files: Path, environment: VirtualEnvironment
):
    index.add(make_wheel(files, "demo", "1.0"))
    index.fault("/files/*.whl", delay=30)
    before = environment.tree()
    script = Path(sys.executable).parent / "pipwrap"
    process = subprocess.Popen(
        [script, "--python", environment.python, "install", "demo"],
        env=dict(pipwrap.environ),
        cwd=pipwrap.directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "metadata" in line:
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=15)
    assert process.returncode != 0
    assert "ERROR: Operation cancelled by user" in errors
    assert "Traceback" not in errors
    assert environment.tree() == before


def test_a_file_in_the_way_is_replaced_as_by_pip(
    pipwrap: Runner, files: Path, environment: VirtualEnvironment
):
    """A module that no distribution owns is overwritten."""
    path = environment.site_packages / "demo" / "__init__.py"
    path.parent.mkdir()
    path.write_text("stray = True\n", encoding="utf-8")
    pipwrap("install", make_wheel(files, "demo", "1.0"), expect=0)
    assert environment.run_python("import demo; print(demo.__version__)") == "1.0\n"


def test_two_commands_at_once_take_turns(
    pipwrap: Runner, files: Path, environment: VirtualEnvironment
):
    wheels = [make_wheel(files, name, "1.0") for name in ("one", "two", "three")]
    script = Path(sys.executable).parent / "pipwrap"
    running = [
        subprocess.Popen(
            [script, "--python", environment.python, "install", wheel],
            env=dict(pipwrap.environ),
            cwd=pipwrap.directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for wheel in wheels
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert environment.freeze() == ["one==1.0", "three==1.0", "two==1.0"]


def test_nothing_of_the_transaction_stays_behind(
    pipwrap: Runner, index: Index, files: Path, environment: VirtualEnvironment
):
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "demo", version))
    pipwrap("install", "demo==1.0", expect=0)
    pipwrap("install", "-U", "demo", expect=0)
    names = sorted(os.listdir(environment.site_packages))
    assert names == ["demo", "demo-2.0.dist-info"]
    assert os.listdir(pipwrap.environ["TMPDIR"]) == []
