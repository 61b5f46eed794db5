"""``pipwrap uninstall``: all of a distribution, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import make_environment
from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def installed(pipwrap: Runner, index: Index, tmp_path: Path) -> Runner:
    """Return a runner in whose environment ``demo`` (with a script) and ``lib`` are installed."""
    scripts = {"console_scripts": ["demo = demo:main"]}
    files = {"demo/__init__.py": "def main(): ...\n", "demo/sub/deep.py": "", "single.py": ""}
    wheel = make_wheel(
        tmp_path / "files", "demo", "1.0", files=files, requires=["lib"], entry_points=scripts
    )
    index.add(wheel)
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"))
    pipwrap("install", "demo", expect=0)
    return pipwrap


def test_everything_goes_and_nothing_else(pipwrap: Runner, index: Index, tmp_path: Path):
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    before = pipwrap.environment.tree()
    pipwrap("install", "demo", expect=0)
    pipwrap("uninstall", "-y", "demo", expect=0)
    assert pipwrap.environment.tree() == before


@pytest.mark.parametrize("installer", ["pip", "pipwrap"])
def test_the_output_is_pips_whoever_installed(
    pipwrap: Runner, index: Index, tmp_path: Path, installer: str
):
    wheel = make_wheel(tmp_path / "files", "demo", "1.0")
    install = pipwrap.pip if installer == "pip" else pipwrap
    install("install", wheel, expect=0)
    ours = pipwrap("uninstall", "-y", "Demo", "missing", expect=0)
    install("install", wheel, expect=0)
    theirs = pipwrap.pip("uninstall", "-y", "Demo", "missing", expect=0)
    assert (ours.stdout, ours.stderr) == (theirs.stdout, theirs.stderr)
    assert pipwrap.environment.freeze() == []


def test_what_would_be_removed_is_shown_as_in_pip_and_no_means_no(installed: Runner):
    before = installed.environment.tree()
    ours = installed("uninstall", "demo", stdin="n\n", expect=0)
    theirs = installed.pip("uninstall", "demo", stdin="n\n", expect=0)
    assert ours.stdout == theirs.stdout
    assert installed.environment.tree() == before
    installed("uninstall", "demo", stdin="y\n", expect=0)
    assert installed.environment.freeze() == ["lib==1.0"]
    assert not installed.environment.script("demo").exists()


def test_names_come_from_requirements_files_too(installed: Runner):
    (installed.directory / "gone.txt").write_text("demo>=1\nlib\n", encoding="utf-8")
    installed("uninstall", "-y", "-r", "gone.txt", expect=0)
    assert installed.environment.freeze() == []


def test_files_that_are_gone_already_do_not_stop_it(installed: Runner):
    (installed.environment.site_packages / "demo" / "__init__.py").unlink()
    installed("uninstall", "-y", "demo", expect=0)
    assert installed.environment.freeze() == ["lib==1.0"]


def test_files_of_the_user_stay(installed: Runner):
    own = installed.environment.site_packages / "demo" / "own.txt"
    own.write_text("mine", encoding="utf-8")
    installed("uninstall", "-y", "demo", expect=0)
    assert own.read_text("utf-8") == "mine"


def test_without_a_record_it_is_refused_in_pips_words(installed: Runner):
    installed.pip("install", "--force-reinstall", "lib", expect=0)
    (installed.environment.site_packages / "lib-1.0.dist-info" / "RECORD").unlink()
    result = refused(installed, "uninstall", "-y", "lib", says="uninstall-no-record-file")
    theirs = installed.pip("uninstall", "-y", "lib", expect=1)
    assert result.stderr == theirs.stderr


def test_nothing_named_is_an_error(pipwrap: Runner):
    result = refused(pipwrap, "uninstall", "-y", says="ERROR: ")
    assert result.stderr == pipwrap.pip("uninstall", "-y", expect=1).stderr


def test_a_record_that_leads_outside_removes_nothing_there(installed: Runner, tmp_path: Path):
    """A foreign path in RECORD is not ours to remove; pip skips it as well."""
    precious = tmp_path / "precious.txt"
    precious.write_text("keep me", encoding="utf-8")
    record = installed.environment.site_packages / "lib-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text("utf-8") + f"{precious},,\n", encoding="utf-8")
    installed("uninstall", "-y", "lib", expect=0)
    assert precious.exists()


def test_what_lies_outside_the_environment_is_left_alone(installed: Runner, tmp_path: Path):
    """An environment that sees another's packages does not own them."""
    child = make_environment(tmp_path / "child")
    path_file = child.site_packages / "parent.pth"
    path_file.write_text(f"{installed.environment.site_packages}\n", encoding="utf-8")
    before = installed.environment.tree()
    ours = installed.on(child)("uninstall", "-y", "lib", expect=0)
    theirs = installed.on(child).pip("uninstall", "-y", "lib", expect=0)
    assert (ours.stdout, ours.stderr) == (theirs.stdout, theirs.stderr)
    assert installed.environment.tree() == before


def test_what_is_left_alone_is_told_before_another_is_refused(installed: Runner, tmp_path: Path):
    child = make_environment(tmp_path / "child")
    runner = installed.on(child)
    path_file = child.site_packages / "parent.pth"
    path_file.write_text(f"{installed.environment.site_packages}\n", encoding="utf-8")
    broken = child.site_packages / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    ours = refused(runner, "uninstall", "-y", "lib", "broken", says="uninstall-no-record-file")
    theirs = runner.pip("uninstall", "-y", "lib", "broken", expect=1)
    assert (ours.stdout, ours.stderr) == (theirs.stdout, theirs.stderr)
