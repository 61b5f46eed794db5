"""Every other command is the real pip's, byte for byte, on the target environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def installed(pipwrap: Runner, index: Index, tmp_path: Path) -> Runner:
    """Return a runner in whose environment ``demo`` is installed; ``lib``, its need, is not."""
    index.add(make_wheel(tmp_path / "files", "demo", "1.0", requires=["lib"]))
    index.add(make_wheel(tmp_path / "files", "demo", "2.0"))
    pipwrap("install", "--no-deps", "demo==1.0", expect=0)
    return pipwrap


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--outdated", "--format=json"],
        ["freeze"],
        ["show", "-f", "demo"],
        ["show", "missing"],
        ["check"],
        ["inspect"],
        ["hash", "file.txt"],
        ["index", "versions", "demo"],
        ["install", "--help"],
        [],
    ],
    ids=" ".join,
)
def test_pip_answers(installed: Runner, arguments: list[str]):
    (installed.directory / "file.txt").write_text("content", encoding="utf-8")
    environ = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    ours = installed(*arguments, environ=environ)
    theirs = installed.pip(*arguments, environ=environ)
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr)
    assert ours.stdout == theirs.stdout


def test_mercurial_is_pips_and_said_to_be_at_v(pipwrap: Runner):
    """What pipwrap does not do is handed over, never ignored."""
    result = pipwrap("-v", "install", "hg+file:///nowhere", expect=1)
    assert "Handing the command over to pip: the hg requirement" in result.stdout


def test_config_writes_where_pip_writes(pipwrap: Runner):
    result = pipwrap("config", "set", "global.timeout", "7", environ={"PIP_CONFIG_FILE": None})
    assert result.returncode == 0, result.output
    assert Path(pipwrap.environ["HOME"], ".config", "pip", "pip.conf").is_file()


def test_version_is_pips_line(pipwrap: Runner):
    ours = pipwrap("--version", expect=0).stdout.splitlines()
    theirs = pipwrap.pip("--version", expect=0).stdout.splitlines()
    assert ours[0] == theirs[0]
    assert ours[1].startswith("pipwrap ")
