"""Wheels that are published and odd, each installed by pipwrap and by pip: the same files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, make_environment
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def other(tmp_path: Path) -> VirtualEnvironment:
    """Return the environment that pip installs into."""
    return make_environment(tmp_path / "other")


def files(environment: VirtualEnvironment) -> dict[str, str]:
    """Return what is installed, without what tells the two installers apart."""
    return {
        path: seen
        for path, seen in environment.tree(bytecode=False).items()
        if path.startswith("lib") and not path.endswith(("/INSTALLER", "/RECORD"))
    }


@pytest.mark.parametrize("name", ["demo/__init__.py", "./demo/__init__.py", "demo//__init__.py"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_installed(
    pipwrap: Runner, other: VirtualEnvironment, tmp_path: Path, name: str
):
    wheel = make_wheel(tmp_path / "files", "demo", "1.0", files={"demo/__init__.py": "value = 1\n"})
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(name, "value = 1\n")
        archive.writestr("demo-1.0.dist-info/METADATA", archive.read("demo-1.0.dist-info/METADATA"))
    pipwrap("install", wheel, expect=0)
    pipwrap.on(other).pip("install", wheel, expect=0)
    assert files(pipwrap.environment) == files(other)
    pipwrap("uninstall", "-y", "demo", expect=0)
    assert pipwrap.environment.freeze() == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(pipwrap: Runner, tmp_path: Path):
    wheel = make_wheel(tmp_path / "files", "demo", "1.0", files={"demo/__init__.py": "value = 1\n"})
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("demo/__init__.py", "value = 2\n")
    before = pipwrap.environment.tree()
    result = pipwrap("install", wheel, expect=1)
    assert "two different files named 'demo/__init__.py'" in result.stderr
    assert pipwrap.environment.tree() == before
