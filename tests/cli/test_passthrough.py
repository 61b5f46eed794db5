"""Other commands run the target's own pip, or ours on the target."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.cli import passthrough
from pipwrap.interpreter import query
from pipwrap.model.environment import Environment


@pytest.fixture
def target(tmp_path: Path) -> Environment:
    """Return a target that is not ours, without a pip."""
    ours = query.describe(sys.executable, None, {})
    site = replace(ours.site, sys_path=(str(tmp_path),))
    return replace(ours, executable="/env/bin/python", site=site, version=(3, 9, 1))


def add_pip(path: Path) -> None:
    (path / "pip").mkdir()
    (path / "pip" / "__init__.py").touch()


def test_the_targets_own_pip_is_run(target: Environment, tmp_path: Path) -> None:
    add_pip(tmp_path)
    line = passthrough.command(["list", "-v"], target, names_python=False)
    assert (line[0], line[-2:]) == ("/env/bin/python", ("list", "-v"))
    assert "--python" not in line


def test_without_one_ours_is_told_the_target(target: Environment) -> None:
    line = passthrough.command(["list"], replace(target, version=(3, 10, 0)), names_python=False)
    assert line[0] == sys.executable
    assert line[-3:] == ("--python", "/env/bin/python", "list")


def test_an_old_target_without_a_pip_is_an_error(target: Environment) -> None:
    with pytest.raises(errors.CommandError) as caught:
        passthrough.command(["list"], target, names_python=False)
    assert "ensurepip" in (caught.value.hint or "")


def test_a_python_on_the_line_is_left_to_pip(target: Environment) -> None:
    argv = ["--python", "/env/bin/python", "list"]
    line = passthrough.command(argv, target, names_python=True)
    assert (line[0], list(line[-3:])) == (sys.executable, argv)


def test_our_own_environment_needs_no_detour(target: Environment) -> None:
    ours = replace(target, executable=sys.executable)
    line = passthrough.command(["list"], ours, names_python=False)
    assert (line[0], line[-1]) == (sys.executable, "list")
    assert "--python" not in line
