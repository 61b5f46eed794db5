"""``--build-constraint`` holds for build requirements and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.beside import assert_same, beside
from support.index import Index
from support.runner import Runner
from support.sdists import make_sdist
from support.wheels import make_wheel


@pytest.fixture(autouse=True)
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with a project whose build needs ``tool``, of which there are two."""
    files = tmp_path / "files"
    index.add(make_sdist(files, "demo", "1.0", build_requires=["tool"], requires=["tool"]))
    index.add(make_sdist(files, "outer", "1.0", build_requires=["demo"]))
    index.add(make_sdist(files, "dynamic", "1.0", dynamic_requires=["tool"]))
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "tool", version))
    return index


def written(runner: Runner, name: str, *lines: str) -> str:
    """Write a file and return its name."""
    Path(runner.directory, name).write_text("\n".join(lines), encoding="utf-8")
    return name


@pytest.mark.parametrize("project", ["demo", "outer", "dynamic"])
def test_the_version_of_build_requirements_is_the_constraints(
    pipwrap: Runner, index: Index, project: str
):
    constraints = written(pipwrap, "b.txt", "tool<2")
    pipwrap("wheel", "--no-deps", "--build-constraint", constraints, project, expect=0)
    assert "/files/tool-1.0-py3-none-any.whl" in index.paths()
    assert "/files/tool-2.0-py3-none-any.whl" not in index.paths()


def test_other_requirements_are_not_constrained_and_other_constraints_do_not_build(
    pipwrap: Runner, index: Index
):
    build = written(pipwrap, "b.txt", "tool<2")
    written(pipwrap, "c.txt", "tool>=2")
    options = ["--build-constraint", build, "--dry-run"]
    environ = {"PIP_CONSTRAINT": "c.txt"}
    result = pipwrap("install", *options, "demo", environ=environ, expect=0)
    assert result.stdout.splitlines()[-1] == "Would install demo-1.0 tool-2.0"


def test_the_variable_counts_too(pipwrap: Runner, index: Index):
    written(pipwrap, "b.txt", "tool<2")
    environ = {"PIP_BUILD_CONSTRAINT": "b.txt"}
    pipwrap("wheel", "--no-deps", "demo", environ=environ, expect=0)
    assert "/files/tool-2.0-py3-none-any.whl" not in index.paths()


def test_a_wheel_that_was_built_under_other_constraints_is_not_reused(pipwrap: Runner):
    built = []
    for lines in (["tool<2"], ["tool<3"], [], ["tool<2"]):
        options = ["--build-constraint", written(pipwrap, "b.txt", *lines)]
        directory = f"wheels{len(built)}"
        result = pipwrap("wheel", "--no-deps", *options, "-w", directory, "demo", expect=0)
        built.append("Building wheel" in result.stdout)
    assert built == [True, True, True, False]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--build-constraint", "missing.txt"],
        ["--build-constraint", "b.txt", "--no-build-isolation"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused_in_pips_words(pipwrap: Runner, arguments: list[str]):
    written(pipwrap, "b.txt", "tool<2")
    assert_same(*beside(pipwrap, "install", "--dry-run", *arguments, "demo"))


def test_constraints_that_nothing_satisfies_end_the_build(pipwrap: Runner):
    constraints = written(pipwrap, "b.txt", "tool>2")
    ours, theirs = beside(pipwrap, "wheel", "--build-constraint", constraints, "demo")
    assert (ours.returncode, theirs.returncode) == (1, 1)
    assert "installing build dependencies for demo did not run successfully" in ours.stderr
