"""Hooks run in the build environment, with pip's leniency and in its words."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import build
from build import _builder
from pipwrap import errors
from pipwrap.build import environment
from pipwrap.build.backend import Backend
from pipwrap.build.hooks import HookProcessPool
from pipwrap.events import BuildFinished, BuildStarted, Event
from pipwrap.interpreter import query
from support.sdists import make_source_tree

TABLE = '[build-system]\nrequires = []\nbuild-backend = "in_tree_backend"\nbackend-path = ["."]\n'


class BackendFixture:
    """A backend of one source tree, and the events it reported."""

    def __init__(self, tmp_path: Path, tree: Path) -> None:
        self.events: list[Event] = []
        self.log = str(tmp_path / "build.log")
        self.observed = str(tmp_path / "observed")
        self.tree = tree
        target = query.describe(sys.executable, None, os.environ)
        self.environment = environment.create(str(tmp_path / "env"), target)

    def backend(self) -> Backend:
        made = Backend(
            str(self.tree), self.log, self.observed, "a 1.0", self.events.append, HookProcessPool()
        )
        made.enter(self.environment)
        return made


def backend_of(tmp_path: Path, **keywords: object) -> BackendFixture:
    return BackendFixture(tmp_path, make_source_tree(tmp_path / "source", "a", "1.0", **keywords))


@pytest.mark.parametrize(
    "addition",
    [
        pytest.param('note = "x"\n', id="a key of nobody"),
        pytest.param('require = ["typo"]\n', id="a misspelt key"),
        pytest.param("[build-system.more]\nx = 1\n", id="a table"),
    ],
)
def test_unknown_keys_of_build_system_are_ignored(tmp_path: Path, addition: str) -> None:
    made = backend_of(tmp_path, pyproject=TABLE + addition)
    assert made.backend().requires == []


def test_leniency_ends_with_the_reading(tmp_path: Path) -> None:
    """Whoever else uses build in this process finds it as strict as it is."""
    strict = _builder._parse_build_system_table
    made = backend_of(tmp_path, pyproject=TABLE + 'note = "x"\n')
    made.backend()
    assert _builder._parse_build_system_table is strict
    with pytest.raises(build.BuildSystemTableValidationError):
        build.ProjectBuilder(str(made.tree))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[build-system]\n", id="without requires"),
        pytest.param('[build-system]\nrequires = "x"\n', id="requires is no list"),
        pytest.param("[build-system]\nrequires = [1]\n", id="requires holds no strings"),
        pytest.param("build-system = 1\n", id="no table"),
        pytest.param("[build-system\n", id="no TOML"),
    ],
)
def test_a_table_that_pip_refuses_is_refused_too(tmp_path: Path, text: str) -> None:
    made = backend_of(tmp_path, pyproject=text)
    with pytest.raises((errors.InvalidDistribution, errors.DiagnosticError)) as caught:
        made.backend()
    assert "a 1.0" in caught.value.message
    assert _builder._parse_build_system_table.__name__ != "<lambda>"


@pytest.mark.parametrize(
    ("text", "requires"),
    [
        pytest.param("", ["setuptools >= 40.8.0"], id="empty"),
        pytest.param("[tool.x]\ny = 1\n", ["setuptools >= 40.8.0"], id="other tables only"),
        pytest.param('[build-system]\nrequires = ["b", "a"]\n', ["a", "b"], id="no backend"),
    ],
)
def test_defaults_are_those_of_the_peps(tmp_path: Path, text: str, requires: list[str]) -> None:
    assert backend_of(tmp_path, pyproject=text).backend().requires == requires


def test_a_wheel_is_built_and_every_step_is_told(tmp_path: Path) -> None:
    made = backend_of(tmp_path, dynamic_requires=["z", "y"])
    backend = made.backend()
    assert backend.requires_for_build("wheel", {}) == ["y", "z"]
    metadata = backend.prepare_metadata("wheel", str(tmp_path / "metadata"), {})
    assert metadata is not None
    assert Path(metadata, "METADATA").is_file()
    wheel = backend.build("wheel", str(tmp_path / "out"), {}, "a", metadata)
    assert Path(wheel).name == "a-1.0-py3-none-any.whl"
    told = [each.description for each in made.events if isinstance(each, BuildStarted)]
    assert told == [
        "Getting requirements to build wheel",
        "Preparing metadata (pyproject.toml)",
        "Building wheel for a (pyproject.toml)",
    ]
    ended = [each.status for each in made.events if isinstance(each, BuildFinished)]
    assert ended == ["done"] * 3


def test_a_backend_without_the_metadata_hook_has_none(tmp_path: Path) -> None:
    backend = "def build_wheel(directory, config_settings=None, metadata_directory=None): ...\n"
    made = backend_of(tmp_path, extra_files={"in_tree_backend.py": backend})
    assert made.backend().prepare_metadata("wheel", str(tmp_path / "metadata"), {}) is None


def test_a_failing_hook_raises_with_the_last_lines_of_its_log(tmp_path: Path) -> None:
    output = "\n".join(f"line {number}" for number in range(100))
    made = backend_of(tmp_path, fail_in="build_wheel", output=output)
    with pytest.raises(errors.BuildFailed) as caught:
        made.backend().build("wheel", str(tmp_path / "out"), {}, "a")
    error = caught.value
    assert error.step == "build_wheel"
    assert error.context == "exit code: 1"
    assert error.output.splitlines()[-1] == "line 99"
    assert len(error.output.splitlines()) == 40
    assert error.log_path == made.log
    assert "line 0\n" in Path(made.log).read_text(encoding="utf-8")
    assert made.events[-1] == BuildFinished("Building wheel for a (pyproject.toml)", "error")


def test_a_backend_that_cannot_be_imported_is_a_failed_build(tmp_path: Path) -> None:
    made = backend_of(
        tmp_path, pyproject='[build-system]\nrequires = []\nbuild-backend = "nowhere"\n'
    )
    with pytest.raises(errors.BuildFailed) as caught:
        made.backend().requires_for_build("wheel", {})
    assert caught.value.message == "Cannot import build backend 'nowhere'."
    assert caught.value.context == "ModuleNotFoundError: No module named 'nowhere'"
