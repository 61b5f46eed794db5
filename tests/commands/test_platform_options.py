"""``--platform``, ``--python-version``, ``--implementation``, ``--abi``: wheels for elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipwrap.interpreter import probe, query
from pipwrap.options.target_python import TargetPython, targeted
from support.beside import assert_same, beside
from support.index import Index
from support.runner import Runner
from support.sdists import make_sdist
from support.wheels import make_wheel

TAGS = (
    "cp38-cp38-manylinux1_x86_64",
    "cp39-cp39-manylinux2014_x86_64",
    "cp312-abi3-macosx_10_9_universal2",
    "cp313-cp313t-win_amd64",
    "pp310-pypy310_pp73-manylinux2014_aarch64",
    "py2.py3-none-any",
    "py3-none-any",
)
ONLY_WHEELS = ("--only-binary", ":all:", "--dry-run")


@pytest.fixture(autouse=True)
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with a project whose every version is for another Python."""
    wheels = tmp_path / "wheels"
    for number, tag in enumerate(TAGS):
        index.add(make_wheel(wheels, "demo", f"{9 - number}.0", tag=tag))
    index.add(make_wheel(wheels, "old", "1.0", requires_python="<3.9"))
    index.add(make_wheel(wheels, "old", "2.0", requires_python=">=3.9"))
    index.add(make_wheel(wheels, "marked", "1.0", requires=["old; python_version < '3.0'", "lib"]))
    index.add(make_wheel(wheels, "lib", "1.0"))
    index.add(make_sdist(wheels, "source", "1.0"))
    return index


@pytest.mark.parametrize(
    "options",
    [
        ["--platform", "manylinux2014_x86_64"],
        ["--platform", "manylinux2014_x86_64", "--python-version", "3.8"],
        ["--platform", "manylinux2014_x86_64", "--python-version", "39"],
        ["--platform", "macosx_11_0_arm64", "--python-version", "3.13"],
        ["--platform", "win_amd64", "--python-version", "3.13", "--abi", "cp313t"],
        ["--platform", "win_amd64", "--platform", "manylinux1_x86_64", "--python-version", "3.8.1"],
        ["--implementation", "pp", "--python-version", "3.10"],
        ["--implementation", "pp", "--abi", "pypy310_pp73", "--platform", "manylinux2014_aarch64"],
        ["--implementation", "py", "--abi", "none", "--platform", "any"],
        ["--python-version", "2"],
        ["--python-version", "3.8", "--abi", "none"],
        ["--python-version", "3.x"],
        ["--python-version", "3.1.2.3"],
        ["--python-version", ""],
    ],
    ids=" ".join,
)
def test_the_wheel_is_pips_choice(pipwrap: Runner, options: list[str]):
    assert_same(*beside(pipwrap, "install", *ONLY_WHEELS, *options, "demo"))


@pytest.mark.parametrize("project", ["old", "old==1.0", "marked", "source"])
@pytest.mark.parametrize("version", ["3.8", "3.10"])
def test_requires_python_is_the_targets_and_markers_are_not(
    pipwrap: Runner, project: str, version: str
):
    assert_same(*beside(pipwrap, "install", *ONLY_WHEELS, "--python-version", version, project))


@pytest.mark.parametrize(
    "arguments",
    [
        ["download", "--platform", "any", "demo"],
        ["download", "--platform", "any", "--only-binary", "demo", "demo"],
        ["download", "--platform", "any", "--only-binary", ":all:", "--no-binary", "x", "demo"],
        ["install", "--platform", "any", "--only-binary", ":all:", "demo"],
        ["install", "--abi", "none", "--no-deps", "demo"],
        ["install", "--abi", "none", "--dry-run", "demo"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_combined_is_refused_in_pips_words(pipwrap: Runner, arguments: list[str]):
    ours, theirs = beside(pipwrap, *arguments)
    assert_same(ours, theirs)
    assert (ours.returncode, len(ours.stderr.splitlines())) == (1, 1)


def test_a_wheel_of_ones_own_must_fit_the_target(pipwrap: Runner, tmp_path: Path):
    wheel = tmp_path / "wheels" / f"demo-9.0-{TAGS[0]}.whl"
    for version in ("3.8", "3.9"):
        options = ["--platform", "manylinux1_x86_64", "--python-version", version]
        assert_same(*beside(pipwrap, "install", *ONLY_WHEELS, *options, wheel))


def test_download_saves_the_wheel_for_the_other_platform(pipwrap: Runner):
    options = ["--platform", "win_amd64", "--python-version", "3.13", "--abi", "cp313t"]
    pipwrap("download", "--no-deps", *options, "-d", "d", "demo==6.0", expect=0)
    assert [each.name for each in Path(pipwrap.directory, "d").iterdir()] == [
        "demo-6.0-cp313-cp313t-win_amd64.whl"
    ]


def test_tags_are_those_of_the_environment_where_nothing_is_said():
    environment = query.environment_of(query.facts_of(probe.gather()))
    given = targeted(environment, TargetPython(version=environment.version))
    assert targeted(environment, TargetPython()) is environment
    assert given.tags == environment.tags
