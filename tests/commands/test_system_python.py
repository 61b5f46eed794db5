"""A Python that is no virtual environment: PEP 668, the user scheme, root's warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import VirtualEnvironment
from support.index import Index
from support.interpreters import make_interpreter
from support.promises import refused
from support.runner import Runner
from support.wheels import make_wheel

MANAGED = "[externally-managed]\nError=Use the package manager.\n Really.\n"


@pytest.fixture
def system(tmp_path: Path) -> VirtualEnvironment:
    """Return an interpreter of the system's kind."""
    return make_interpreter(tmp_path / "system")


@pytest.fixture
def runner(pipwrap: Runner, system: VirtualEnvironment, index: Index, tmp_path: Path) -> Runner:
    """Return a runner for it, and an index with ``demo``."""
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    chosen = pipwrap.on(system)
    environ = {**chosen.environ, "PYTHONUSERBASE": str(tmp_path / "base")}
    del environ["VIRTUAL_ENV"]
    return Runner(system, environ, chosen.directory)


def _manage(system: VirtualEnvironment) -> Path:
    marker = system.site_packages.parent / "EXTERNALLY-MANAGED"
    marker.write_text(MANAGED, encoding="utf-8")
    return marker


@pytest.mark.parametrize(
    "arguments",
    [["install", "demo"], ["install", "--user", "demo"], ["uninstall", "-y", "demo"]],
    ids=" ".join,
)
def test_what_the_distributor_manages_is_refused_in_pips_words(
    runner: Runner, system: VirtualEnvironment, arguments: list[str]
):
    _manage(system)
    says = "error: externally-managed-environment"
    ours = refused(runner, *arguments, says=says)
    assert "Use the package manager.\n" in ours.stderr
    assert ours.stderr == runner.pip(*arguments, expect=1).stderr


def test_break_system_packages_overrides_the_distributor(
    runner: Runner, system: VirtualEnvironment
):
    _manage(system)
    runner("install", "--break-system-packages", "demo", expect=0)
    assert system.freeze() == ["demo==1.0"]
    runner("uninstall", "-y", "--break-system-packages", "demo", expect=0)
    assert system.freeze() == []


def test_what_changes_nothing_is_not_refused(runner: Runner, system: VirtualEnvironment):
    _manage(system)
    runner("download", "demo", expect=0)
    runner("wheel", "-w", "house", "demo", expect=0)


def test_user_installs_below_the_user_base(
    runner: Runner, system: VirtualEnvironment, tmp_path: Path
):
    runner("install", "--user", "demo", expect=0)
    assert system.freeze() == []
    assert list((tmp_path / "base").rglob("demo/__init__.py"))
    again = runner("install", "demo", expect=0)
    assert "Requirement already satisfied: demo in " in again.stdout
    runner("uninstall", "-y", "demo", expect=0)
    assert not list((tmp_path / "base").rglob("demo/__init__.py"))


def test_root_is_warned_as_by_pip(runner: Runner, system: VirtualEnvironment):
    ours = runner("install", "demo", expect=0)
    theirs = runner.pip("install", "--force-reinstall", "demo", expect=0)
    assert ours.stderr == theirs.stderr
    quiet = runner("install", "--root-user-action=ignore", "demo", expect=0)
    assert quiet.stderr == ""
