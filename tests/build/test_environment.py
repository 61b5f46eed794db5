"""A build environment runs the target's interpreter, and nothing of its caller's shines through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipwrap.build import environment as build_env
from pipwrap.build.environment import BuildEnvironment
from pipwrap.interpreter import query
from support.environments import VirtualEnvironment

_FACTS = """
import json, sys, sysconfig
print(json.dumps({
    "version": list(sys.version_info[:3]), "prefix": sys.prefix, "base": sys.base_prefix,
    "purelib": sysconfig.get_path("purelib"), "path": sys.path, "executable": sys.executable,
}))
"""
OTHERS = ("3.8", "3.9", "3.13")


def other_python(version: str) -> str:
    """Return an interpreter of another version on this machine, or skip."""
    root = Path.home() / ".pyenv" / "versions"
    found = sorted(root.glob(f"{version}.*/bin/python{version}"))
    if not found:
        pytest.skip(f"no Python {version} here")
    return str(found[-1])


def made(path: Path, python: str) -> BuildEnvironment:
    return build_env.create(str(path), query.describe(python, None, os.environ))


def facts(
    environment: BuildEnvironment, environ: dict[str, str] | None = None
) -> dict[str, object]:
    completed = subprocess.run(
        [environment.python_executable, "-c", _FACTS],
        env=environ or environment.hook_environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(completed.stdout)
    return found


def check(environment: BuildEnvironment, path: Path) -> None:
    """Compare what the interpreter says of itself with what we install by."""
    target = environment.environment
    found = facts(environment)
    assert found["version"] == list(target.version)
    assert found["prefix"] == str(path) == target.prefix
    assert found["purelib"] == target.scheme.purelib
    assert target.scheme.purelib in found["path"]  # type: ignore[operator]
    assert [each for each in found["path"] if "site-packages" in each] == [  # type: ignore[attr-defined]
        target.scheme.purelib
    ]


def test_it_is_an_environment_of_its_own(tmp_path: Path) -> None:
    environment = made(tmp_path / "env", sys.executable)
    check(environment, tmp_path / "env")
    target = environment.environment
    assert target.is_virtual
    assert target.site.isolated
    assert not target.site.user_enabled
    assert target.externally_managed is None
    assert target.sys_path == (target.scheme.purelib,)
    recorder = [f"_pipwrap_recorder.{each}" for each in ("pth", "py", "start")]
    assert sorted(os.listdir(target.scheme.purelib)) == recorder


def test_it_is_made_from_a_virtual_environment_without_seeing_it(
    tmp_path: Path, environment: VirtualEnvironment
) -> None:
    (environment.site_packages / "seen.py").touch()
    inner = made(tmp_path / "env", str(environment.python))
    check(inner, tmp_path / "env")
    assert facts(inner)["base"] == sys.base_prefix


@pytest.mark.parametrize("version", OTHERS)
def test_it_runs_another_python(tmp_path: Path, version: str) -> None:
    environment = made(tmp_path / "env", other_python(version))
    check(environment, tmp_path / "env")
    assert ".".join(map(str, environment.environment.version[:2])) == version


def test_the_backend_finds_its_requirements_programs_first(tmp_path: Path) -> None:
    environment = made(tmp_path / "env", sys.executable)
    first, *rest = environment.hook_environ()["PATH"].split(os.pathsep)
    assert first == environment.environment.scheme.scripts
    assert rest == os.environ["PATH"].split(os.pathsep)
    for name in ("python", "python3"):
        assert os.access(os.path.join(first, name), os.X_OK)


def test_without_a_path_the_systems_default_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = made(tmp_path / "env", sys.executable)
    monkeypatch.delenv("PATH")
    assert environment.hook_environ()["PATH"].endswith(os.pathsep + os.defpath)


def test_the_callers_python_variables_do_not_reach_hooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = made(tmp_path / "env", sys.executable)
    (tmp_path / "elsewhere").mkdir()
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("CFLAGS", "-O2")
    environ = environment.hook_environ()
    assert not {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"}.intersection(environ)
    assert environ["CFLAGS"] == "-O2"
    assert environ["PYTHONNOUSERSITE"] == "1"
    check(environment, tmp_path / "env")
