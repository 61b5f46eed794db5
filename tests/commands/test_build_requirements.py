"""[build-system] requires: what pip refuses, and why requirements of a build cannot be had."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from support.beside import assert_same, beside
from support.index import Index
from support.promises import refused
from support.runner import Result, Runner
from support.wheels import make_sdist, make_source_tree, make_wheel


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "files"


@pytest.fixture(autouse=True)
def offered(index: Index, files: Path) -> None:
    """Have the index offer what builds ask for."""
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "tool", version))
    index.add(make_wheel(files, "needs", "1.0", requires=["tool>=2"]))
    index.add(make_wheel(files, "setuptools", "1.0"))


def comparable(result: Result) -> Result:
    """Return the result without the place of the log and the frames of a traceback."""
    stderr = re.sub(r"(?m)^ *hint: The whole log is in .*\n", "", result.stderr)
    stderr = re.sub(r"(?m)^ +(File .*|\^+)\n", "", stderr)
    return Result(result.stdout, re.sub(r"(?m) +$", "", stderr), result.returncode)


def target(form: str, runner: Runner, index: Index, files: Path, **keywords: object) -> list[str]:
    """Return the arguments for a project ``demo`` in one of three forms."""
    if form == "index":
        index.add(make_sdist(files, "demo", "1.0", **keywords))  # type: ignore[arg-type]
        return ["demo"]
    make_source_tree(runner.directory, "demo", "1.0", **keywords)
    return ["./demo"] if form == "directory" else ["-e", "./demo"]


FORMS = ("index", "directory", "editable")
TABLES = {
    "old setuptools": 'requires = ["setuptools==1.0"]',
    "old setuptools by a marker": """requires = ["setuptools==1.0; python_version > '3'"]""",
    "setuptools for others only": """requires = ["setuptools; python_version < '3'"]""",
    "no setuptools": "requires = []",
    "another tool": 'requires = ["tool"]',
    "old setuptools named": (
        'requires = ["setuptools==1.0"]\nbuild-backend = "setuptools.build_meta"'
    ),
    "nothing": "",
    "no list": 'requires = "tool"',
    "a list of numbers": "requires = [1]",
    "no requirement": 'requires = ["a b"]',
}


@pytest.mark.parametrize("options", [[], ["--check-build-dependencies"]], ids=["plain", "checked"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", TABLES)
def test_a_table_is_refused_as_by_pip(
    pipwrap: Runner, index: Index, files: Path, case: str, form: str, options: list[str]
):
    table = f"[build-system]\n{TABLES[case]}\n"
    arguments = target(form, pipwrap, index, files, pyproject=table)
    ours, theirs = beside(pipwrap, "install", *options, *arguments)
    assert ours.returncode == 1
    assert_same(comparable(ours), comparable(theirs))


@pytest.mark.parametrize("case", ["old setuptools", "no setuptools", "another tool"])
def test_a_table_is_checked_without_isolation_as_by_pip(
    pipwrap: Runner, index: Index, files: Path, case: str
):
    """The target environment has what it has: pip asks for no setuptools there."""
    table = f"[build-system]\n{TABLES[case]}\n"
    arguments = target("index", pipwrap, index, files, pyproject=table)
    options = ["--no-build-isolation", "--check-build-dependencies"]
    ours, theirs = beside(pipwrap, "install", *options, *arguments)
    assert ours.returncode == 1
    assert_same(comparable(ours), comparable(theirs))


CONFLICT = ["tool<2", "needs"]


@pytest.mark.parametrize(
    ("form", "asked"),
    [*((form, "build_requires") for form in FORMS), ("index", "dynamic_requires")],
)
def test_a_conflict_of_build_requirements_says_who_needs_what(
    pipwrap: Runner, index: Index, files: Path, form: str, asked: str
):
    arguments = target(form, pipwrap, index, files, **{asked: CONFLICT})
    ours, theirs = beside(pipwrap, "install", *arguments)
    assert (ours.returncode, theirs.returncode) == (1, 1)
    for result in (ours, theirs):
        lines = [line.strip() for line in result.stderr.splitlines()]
        assert (
            "ERROR: Cannot install needs==1.0 and tool<2 because these package versions have "
            "conflicting dependencies." in lines
        )
        reasons = lines[lines.index("The conflict is caused by:") + 1 :]
        assert sorted(reasons[:2]) == ["The user requested tool<2", "needs 1.0 depends on tool>=2"]
    assert ours.stdout == theirs.stdout
    assert ours.stderr.splitlines()[2] == theirs.stderr.splitlines()[2]
    assert ours.stderr.splitlines()[-1] == theirs.stderr.splitlines()[-1]


def test_what_no_index_has_for_a_build_is_told_with_the_versions_there_are(
    pipwrap: Runner, index: Index, files: Path
):
    arguments = target("index", pipwrap, index, files, build_requires=["tool==7"])
    result = refused(
        pipwrap,
        "install",
        *arguments,
        says="that satisfies the requirement tool==7 (from versions: 1.0, 2.0)",
    )
    assert "      ERROR: No matching distribution found for tool==7\n" in result.stderr


def test_a_build_requirement_that_cannot_be_built_is_told_with_who_needs_it(
    pipwrap: Runner, index: Index, files: Path
):
    """The reason of the innermost build is in the output of those around it, as in pip's."""
    index.add(make_sdist(files, "inner", "1.0", fail_in="build_wheel"))
    index.add(make_sdist(files, "outer", "1.0", build_requires=["inner"]))
    arguments = target("index", pipwrap, index, files, build_requires=["outer"])
    result = refused(pipwrap, "install", *arguments, says="the build says why it failed")
    last = "ERROR: Failed to build 'demo' when installing build dependencies for demo"
    assert result.stderr.splitlines()[-1] == last
    assert "ERROR: Failed to build 'outer' when installing build" in result.stderr
    (log,) = re.findall(r"The whole log is in (/\S+\.log)", result.stderr)
    assert "the build says why it failed" in Path(log).read_text("utf-8")


def test_what_a_backend_asks_for_beside_what_is_there_is_checked_as_by_pip(
    pipwrap: Runner, index: Index, files: Path
):
    keywords = {"build_requires": ["tool==1.0"], "dynamic_requires": ["tool>1", "needs"]}
    arguments = target("index", pipwrap, index, files, **keywords)
    assert_same(*beside(pipwrap, "install", *arguments))


def test_a_table_without_a_backend_is_built_by_a_setuptools_that_is_new_enough(
    pipwrap: Runner, index: Index, files: Path
):
    backend = (
        "import os, shutil, sys\nsys.path.insert(0, os.getcwd())\n"
        "import in_tree_backend as __legacy__\n"
    )
    index.add(make_wheel(files, "setuptools", "50.0", files={"setuptools/build_meta.py": backend}))
    requires = json.dumps(["setuptools"])
    table = f"[build-system]\nrequires = {requires}\n"
    arguments = target("index", pipwrap, index, files, pyproject=table)
    result = pipwrap("install", *arguments, expect=0)
    assert "WARNING" not in result.stderr
    assert pipwrap.environment.freeze() == ["demo==1.0"]
