"""``pipwrap wheel``: a wheel of everything, built where the index has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import snapshot
from support.index import Index
from support.promises import cached_work, refused
from support.runner import Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, make_sdist, make_source_tree, make_wheel

NAMES = ["demo-1.0-py3-none-any.whl", "lib-1.0-py3-none-any.whl"]


@pytest.fixture
def build_log(tmp_path: Path) -> Path:
    """Return the file to which every hook appends a line."""
    return tmp_path / "build.log"


@pytest.fixture
def runner(pipwrap: Runner, index: Index, tmp_path: Path, build_log: Path) -> Runner:
    """Return a runner whose index has the sdist of ``demo`` and the wheel of ``lib``."""
    index.add(make_sdist(tmp_path / "files", "demo", "1.0", requires=["lib"]))
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"))
    environ = {**pipwrap.environ, BUILD_LOG: str(build_log)}
    return Runner(pipwrap.environment, environ, pipwrap.directory)


def test_wheels_are_saved_and_the_environment_is_not_changed(runner: Runner, build_log: Path):
    before = runner.environment.tree()
    runner("wheel", "demo", expect=0)
    assert sorted(snapshot(runner.directory)) == NAMES
    assert runner.environment.tree() == before
    assert builds(build_log) == ["demo 1.0"]


def test_what_was_saved_installs_without_an_index(runner: Runner):
    runner("wheel", "-w", "house", "demo", expect=0)
    runner("install", "--no-index", "--find-links", "house", "demo", expect=0)
    assert runner.environment.freeze() == ["demo==1.0", "lib==1.0"]


def test_a_built_wheel_is_reused_and_shared_with_install(runner: Runner, build_log: Path):
    runner("install", "demo", expect=0)
    runner("wheel", "--no-deps", "demo", expect=0)
    assert sorted(snapshot(runner.directory)) == NAMES[:1]
    assert builds(build_log) == ["demo 1.0"]


@pytest.mark.parametrize("spelling", ["./demo-1.0.tar.gz", "demo @ {uri}"])
def test_an_sdist_that_the_user_names_is_built_anew(
    runner: Runner, build_log: Path, cache_root: Path, tmp_path: Path, spelling: str
):
    sdist = make_sdist(runner.directory, "demo", "1.0", requires=["lib"])
    runner("install", "demo", expect=0)
    before = cached_work(cache_root)
    arguments = ("wheel", "--no-deps", "-w", "house", spelling.format(uri=sdist.as_uri()))
    runner(*arguments, expect=0)
    assert builds(build_log) == ["demo 1.0"] * 2
    assert cached_work(cache_root) == before
    assert sorted(snapshot(runner.directory / "house")) == NAMES[:1]


def test_a_directory_becomes_a_wheel(runner: Runner):
    make_source_tree(runner.directory, "tree", "2.0")
    runner("wheel", "-w", "house", "./tree", expect=0)
    assert sorted(snapshot(runner.directory / "house")) == ["tree-2.0-py3-none-any.whl"]


def test_a_failing_build_saves_nothing(runner: Runner, index: Index, tmp_path: Path):
    index.add(make_sdist(tmp_path / "files", "bad", "1.0", fail_in="build_wheel"))
    refused(runner, "wheel", "bad", says="the build says why it failed")
    assert snapshot(runner.directory) == {}


def test_a_failing_build_does_not_keep_others_from_being_saved(
    runner: Runner, index: Index, tmp_path: Path
):
    index.add(make_sdist(tmp_path / "files", "bad", "1.0", fail_in="build_wheel"))
    result = runner("wheel", "bad", "demo", expect=1)
    assert result.stderr.endswith("ERROR: Failed to build one or more wheels\n")
    assert "\nFailed to build bad\n" in result.stdout
    assert sorted(snapshot(runner.directory)) == NAMES
