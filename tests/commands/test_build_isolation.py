"""``--no-build-isolation``, ``--check-build-dependencies``, ``--no-clean``, ``--no-verify``."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from support.beside import assert_same, beside
from support.environments import VirtualEnvironment
from support.index import Index
from support.runner import Runner
from support.sdists import make_sdist, make_source_tree
from support.wheels import make_wheel, wheel_of_installed


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "files"


@pytest.fixture(autouse=True)
def offered(index: Index, files: Path) -> Index:
    """Return an index with builds that import, or only require, a ``tool``."""
    index.add(make_sdist(files, "imports", "1.0", build_requires=["tool"], imports=["tool"]))
    index.add(
        make_sdist(
            files, "demo", "1.0", build_requires=["tool>=2", "other; python_version < '3'", "gone"]
        )
    )
    index.add(make_sdist(files, "static", "1.0", build_requires=["tool<2"]))
    contradicts = {"build_requires": ["tool<2"], "dynamic_requires": ["tool>=2"]}
    index.add(make_sdist(files, "contradicts", "1.0", **contradicts))  # type: ignore[arg-type]
    index.add(make_sdist(files, "wrong", "1.0", build_requires=["other; 1 < 0"]))
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "tool", version))
    return index


def test_the_backend_runs_in_the_target_environment(
    pipwrap: Runner, environment: VirtualEnvironment, cache_root: Path
):
    pipwrap("install", "tool==1.0", expect=0)
    pipwrap("install", "--no-build-isolation", "imports", expect=0)
    assert environment.freeze() == ["imports==1.0", "tool==1.0"]
    assert not list((cache_root / "wheels-v2").rglob("*.whl"))


def test_what_the_backend_misses_there_ends_the_build(pipwrap: Runner):
    ours, theirs = beside(pipwrap, "install", "--no-build-isolation", "imports")
    assert (ours.returncode, theirs.returncode) == (1, 1)
    assert "No module named 'tool'" in ours.output
    assert "metadata-generation-failed" in ours.stderr


def test_setuptools_is_taken_from_there(
    pipwrap: Runner, environment: VirtualEnvironment, files: Path
):
    tree = make_source_tree(files, "old", "1.0", backend="legacy")
    tools = [wheel_of_installed(files, name) for name in ("setuptools", "wheel", "packaging")]
    pipwrap("install", "--no-deps", *tools, expect=0)
    pipwrap("install", "--no-build-isolation", tree, expect=0)
    assert "old==1.0" in environment.freeze()


def test_a_wheel_from_the_cache_is_not_used(pipwrap: Runner, index: Index):
    pipwrap("wheel", "--no-deps", "imports", expect=0)
    result = pipwrap("wheel", "--no-deps", "--no-build-isolation", "-w", "w", "imports")
    assert result.returncode == 1


def test_a_build_reads_the_tools_that_the_environment_has_now(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path
):
    """Why nothing is cached without isolation: pip's cached wheel is of a tool that is gone."""
    backend = (
        "import os, tool\n"
        "from in_tree_backend import *\n"
        "from in_tree_backend import CONTENTS, build_wheel as build\n\n"
        "def build_wheel(directory, config_settings=None, metadata_directory=None):\n"
        "    with open(os.path.join(CONTENTS, 'made_by.py'), 'w') as stream:\n"
        "        stream.write(f'VERSION = {tool.__version__!r}')\n"
        "    return build(directory)\n"
    )
    pyproject = '[build-system]\nrequires = ["tool"]\nbuild-backend = "odd"\nbackend-path = ["."]\n'
    keywords: dict[str, object] = {"pyproject": pyproject, "extra_files": {"odd.py": backend}}
    index.add(make_sdist(files, "made", "1.0", **keywords))  # type: ignore[arg-type]

    def made_by(run: Callable[..., object]) -> list[str]:
        said = []
        for version in ("1.0", "2.0"):
            run("install", f"tool=={version}", expect=0)
            run("install", "--no-build-isolation", "--force-reinstall", "made", expect=0)
            said.append(pipwrap.environment.run_python("import made_by; print(made_by.VERSION)"))
        return [each.strip() for each in said]

    assert made_by(pipwrap) == ["1.0", "2.0"]
    keep = {"PIP_CACHE_DIR": str(tmp_path / "pips")}
    assert made_by(partial(pipwrap.pip, environ=keep)) == ["1.0", "1.0"]


@pytest.mark.parametrize("installed", [[], ["tool==1.0"], ["tool==2.0"]], ids=str)
@pytest.mark.parametrize("project", ["demo", "static", "{tree}"])
def test_dependencies_are_checked_in_pips_words(
    pipwrap: Runner, files: Path, installed: list[str], project: str
):
    tree = make_source_tree(files, "tree", "1.0", build_requires=["tool<2", "gone"])
    if installed:
        pipwrap("install", *installed, expect=0)
    options = ["--no-build-isolation", "--check-build-dependencies", "--dry-run"]
    assert_same(*beside(pipwrap, "install", *options, project.format(tree=tree)))


def test_dependencies_that_contradict_each_other_are_told_in_pips_words(pipwrap: Runner):
    assert_same(*beside(pipwrap, "install", "--dry-run", "contradicts"))


def test_a_build_requirement_that_is_none_is_told_in_pips_words(pipwrap: Runner):
    assert_same(*beside(pipwrap, "install", "--dry-run", "wrong"))


def test_no_clean_leaves_the_builds_where_temporary_files_are(pipwrap: Runner):
    temporary = pipwrap.environ["TMPDIR"]
    pipwrap("install", "--dry-run", "static", expect=0)
    assert os.listdir(temporary) == []
    pipwrap("install", "--dry-run", "--no-clean", "--rebuild", "static", "static", expect=0)
    kept = list(Path(temporary).rglob("in_tree_backend.py"))
    assert len(kept) == 1


@pytest.mark.parametrize("options", [[], ["--no-verify"]], ids=["verified", "not verified"])
def test_a_wheel_of_another_version_than_the_metadatas(
    pipwrap: Runner, files: Path, options: list[str]
):
    backend = (
        "import os\n"
        "from in_tree_backend import *\n"
        "from in_tree_backend import build_wheel as build\n\n"
        "def build_wheel(directory, config_settings=None, metadata_directory=None):\n"
        "    os.rename(os.path.join(directory, build(directory)),\n"
        "              os.path.join(directory, 'odd-2.0-py3-none-any.whl'))\n"
        "    return 'odd-2.0-py3-none-any.whl'\n"
    )
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "odd"\nbackend-path = ["."]\n'
    tree = make_source_tree(
        files, "odd", "1.0", pyproject=pyproject, extra_files={"odd.py": backend}
    )
    ours = pipwrap("wheel", *options, "-w", "ours", tree)
    theirs = pipwrap.pip("wheel", *options, "-w", "theirs", tree)
    assert ours.returncode == theirs.returncode, ours.output + theirs.output
    made = [
        os.listdir(Path(pipwrap.directory, name)) if Path(pipwrap.directory, name).exists() else []
        for name in ("ours", "theirs")
    ]
    assert made[0] == made[1]
