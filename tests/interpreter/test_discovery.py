"""The environment is the one that the pip being replaced would use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.interpreter.discovery import CALLED_AS_PIP, choose, is_what_runs


def interpreter(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="ascii")
    path.chmod(0o755)
    return str(path)


def test_python_names_a_file_or_an_environment(tmp_path: Path) -> None:
    python = interpreter(tmp_path / "env" / "bin" / "python")
    for named in (python, str(tmp_path / "env")):
        chosen = choose(named, {"VIRTUAL_ENV": "/other"}, as_module=True, prefix=sys.prefix)
        assert (chosen.executable, chosen.warning) == (python, None)


@pytest.mark.parametrize("named", ["nowhere", "empty"])
def test_a_python_that_is_not_there_is_an_error(tmp_path: Path, named: str) -> None:
    (tmp_path / "empty").mkdir()
    path = str(tmp_path / named)
    with pytest.raises(errors.CommandError) as caught:
        choose(path, {}, as_module=False, prefix=sys.prefix)
    assert caught.value.message == f"Could not locate Python interpreter {path}"


def test_as_a_module_it_is_the_interpreter_that_runs(tmp_path: Path) -> None:
    environ = {CALLED_AS_PIP: "1", "PATH": str(tmp_path)}
    interpreter(tmp_path / "python3")
    chosen = choose(None, environ, as_module=True, prefix=sys.prefix)
    assert chosen.executable == sys.executable


def test_it_is_the_environment_that_it_lives_in(tmp_path: Path) -> None:
    interpreter(tmp_path / "python3")
    chosen = choose(None, {"PATH": str(tmp_path)}, as_module=False, prefix=sys.prefix)
    assert chosen.executable == sys.executable


@pytest.mark.parametrize("names", [("python3", "python"), ("python",)])
def test_through_the_shim_it_is_the_first_python_on_path(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        interpreter(tmp_path / "bin" / name)
    environ = {CALLED_AS_PIP: "1", "PATH": str(tmp_path / "bin")}
    chosen = choose(None, environ, as_module=False, prefix=sys.prefix)
    assert chosen.executable == str(tmp_path / "bin" / names[0])


def test_a_path_without_a_python_leaves_our_own(tmp_path: Path) -> None:
    environ = {CALLED_AS_PIP: "1", "PATH": str(tmp_path)}
    assert choose(None, environ, as_module=False, prefix=sys.prefix).executable == sys.executable


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="tools live in virtual environments")
@pytest.mark.parametrize("marker", ["pipx_metadata.json", "uv-receipt.toml"])
def test_a_tools_own_environment_is_not_meant(tmp_path: Path, marker: str) -> None:
    (tmp_path / marker).touch()
    python = interpreter(tmp_path / "bin" / "python3")
    environ = {"PATH": str(tmp_path / "bin")}
    chosen = choose(None, environ, as_module=False, prefix=str(tmp_path))
    assert chosen.executable == python


def test_another_active_environment_is_warned_of_with_both_names(tmp_path: Path) -> None:
    environ = {"VIRTUAL_ENV": str(tmp_path), "PATH": ""}
    warning = choose(None, environ, as_module=False, prefix=sys.prefix).warning
    assert warning is not None
    assert str(tmp_path) in warning
    assert sys.executable in warning
    own = os.path.dirname(os.path.dirname(sys.executable))
    environ = {"VIRTUAL_ENV": own, "PATH": ""}
    assert choose(None, environ, as_module=False, prefix=sys.prefix).warning is None


@pytest.mark.parametrize(
    ("content", "described", "always"),
    [
        (b"\x7fELF", "python3", True),
        (b"\x7fELF", "python3.11", False),
        (b'#!/bin/sh\nexec -a "$0" other "$@"\n', "python3", False),
        (b"", "python3", True),
        (None, "python3", False),
    ],
    ids=["program", "runs another", "script under its own name", "empty", "gone"],
)
def test_only_a_program_that_says_its_own_name_is_what_runs(
    tmp_path: Path,
    content: bytes | None,
    described: str,
    always: bool,  # noqa: FBT001
) -> None:
    path = tmp_path / "python3"
    if content is not None:
        path.write_bytes(content)
    assert is_what_runs(str(path), str(tmp_path / described)) is always
