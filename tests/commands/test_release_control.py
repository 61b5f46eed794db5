"""``--pre``, ``--all-releases`` and ``--only-final``: which versions may be pre-releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.beside import assert_same, beside
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture(autouse=True)
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index whose newest versions are pre-releases; ``early`` has nothing else."""
    for name in ("demo", "lib"):
        for version in ("1.0", "2.0rc1"):
            requires = ["lib"] if name == "demo" else []
            index.add(make_wheel(tmp_path / "wheels", name, version, requires=requires))
    index.add(make_wheel(tmp_path / "wheels", "early", "0.1a1"))
    return index


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--pre"],
        ["--all-releases", ":all:"],
        ["--all-releases", "demo"],
        ["--all-releases", "lib"],
        ["--all-releases", ":all:", "--only-final", "lib"],
        ["--only-final", ":all:", "--all-releases", "lib"],
        ["--all-releases", "lib", "--only-final", ":all:"],
        ["--all-releases", "lib,demo", "--all-releases", ":none:"],
        ["--pre", "--only-final", "demo"],
        ["--pre", "--all-releases", "demo"],
        ["--all-releases=-x"],
    ],
    ids=" ".join,
)
def test_the_options_choose_what_pip_chooses(pipwrap: Runner, options: list[str]):
    assert_same(*beside(pipwrap, "install", "--dry-run", *options, "demo"))


@pytest.mark.parametrize("options", [[], ["--only-final", "early"], ["--only-final", ":all:"]])
def test_a_project_without_final_versions(pipwrap: Runner, options: list[str]):
    assert_same(*beside(pipwrap, "install", "--dry-run", *options, "early"))


@pytest.mark.parametrize(
    "line", ["--pre", "--all-releases lib", "--only-final :all:", "--only-final demo --pre"]
)
@pytest.mark.parametrize("options", [[], ["--only-final", "lib"]], ids=" ".join)
def test_a_requirements_file_may_say_so(pipwrap: Runner, line: str, options: list[str]):
    Path(pipwrap.directory, "r.txt").write_text(f"{line}\ndemo\n", encoding="utf-8")
    assert_same(*beside(pipwrap, "install", "--dry-run", *options, "-r", "r.txt"))


def test_the_environment_may_say_so(pipwrap: Runner):
    environ = {"PIP_ALL_RELEASES": "lib"}
    assert_same(*beside(pipwrap, "install", "--dry-run", "demo", environ=environ))
