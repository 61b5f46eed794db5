"""What is said when an installation breaks a distribution that it leaves alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.environments import make_environment
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with two distributions that want old ``lib``, and ``lib`` 1.0 and 2.0."""
    wheels = tmp_path / "wheels"
    needs = ["lib<2", 'gone>1; python_version>"3"', 'other; extra=="more"', "elder==9"]
    index.add(make_wheel(wheels, "strict", "1.0", requires=needs, extras={"more": []}))
    index.add(make_wheel(wheels, "Second.Strict", "2.5", requires=["lib!=2.0"]))
    index.add(make_wheel(wheels, "bystander", "1.0", requires=["gone"]))
    for version in ("1.0", "2.0"):
        index.add(make_wheel(wheels, "lib", version))
        index.add(make_wheel(wheels, "elder", version))
    return index


@pytest.mark.parametrize(
    "options",
    [["lib==2.0"], ["-U", "lib"], ["lib==2.0", "-qqq"], ["lib==2.0", "--target", "t"]],
    ids=" ".join,
)
def test_the_report_is_pips(pipwrap: Runner, offered: Index, tmp_path: Path, options: list[str]):
    prepare = ("install", "--no-deps", "strict", "second-strict", "bystander", "lib==1", "elder")
    other = pipwrap.on(make_environment(tmp_path / "other"))
    pipwrap(*prepare, expect=0)
    other.pip(*prepare, expect=0)
    ours = pipwrap("install", *options, expect=0)
    shutil.rmtree(pipwrap.directory / "t", ignore_errors=True)
    theirs = other.pip("install", *options, expect=0)
    assert "which is not installed." in theirs.stderr
    assert "you have lib 2.0 which is incompatible." in theirs.stderr
    assert sorted(ours.stderr.splitlines()) == sorted(theirs.stderr.splitlines())


@pytest.mark.parametrize("options", [["--no-warn-conflicts"], ["--no-deps"]], ids=" ".join)
def test_the_report_can_be_switched_off(pipwrap: Runner, offered: Index, options: list[str]):
    pipwrap("install", "--no-deps", "strict", "lib==1.0", expect=0)
    assert pipwrap("install", "lib==2.0", *options, expect=0).stderr == ""


def test_what_has_nothing_to_do_with_the_change_is_not_judged(pipwrap: Runner, offered: Index):
    pipwrap("install", "--no-deps", "strict", "bystander", expect=0)
    assert "bystander" not in pipwrap("install", "elder", expect=0).stderr
