"""``pipwrap cache``: dir, info, list, remove and purge, in pip's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import make_environment, snapshot
from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, make_sdist, make_wheel


@pytest.fixture
def filled(pipwrap: Runner, index: Index, tmp_path: Path) -> Runner:
    """Return a runner whose cache holds a wheel built of ``Mark.Demo`` and of ``other``."""
    environ = {**pipwrap.environ, BUILD_LOG: str(tmp_path / "build.log")}
    runner = Runner(pipwrap.environment, environ, pipwrap.directory)
    for name in ("Mark.Demo", "other"):
        index.add(make_sdist(tmp_path / "files", name, "1.0"))
    runner("install", "mark-demo", "other", expect=0)
    return runner


def test_dir_is_where_the_cache_lies(pipwrap: Runner, cache_root: Path, tmp_path: Path):
    assert pipwrap("cache", "dir", expect=0).stdout == f"{cache_root}\n"
    elsewhere = tmp_path / "elsewhere"
    given = pipwrap("--cache-dir", elsewhere, "cache", "dir", expect=0)
    assert given.stdout == f"{elsewhere}\n"
    environ = {"PIP_CACHE_DIR": str(elsewhere)}
    assert pipwrap("cache", "dir", environ=environ, expect=0).stdout == f"{elsewhere}\n"


def test_info_has_pips_lines(filled: Runner):
    ours = filled("cache", "info", expect=0).stdout.splitlines()
    theirs = filled.pip("cache", "info", expect=0).stdout.splitlines()
    assert [line.partition(":")[0] for line in ours] == [line.partition(":")[0] for line in theirs]
    assert ours[-1] == "Number of locally built wheels: 2"


def test_list_shows_built_wheels_and_takes_a_pattern(filled: Runner):
    lines = filled("cache", "list", expect=0).stdout.splitlines()
    assert lines[:2] == ["Cache contents:", ""]
    assert [line.split()[1] for line in lines[2:]] == [
        "Mark_Demo-1.0-py3-none-any.whl",
        "other-1.0-py3-none-any.whl",
    ]
    matching = filled("cache", "list", "Mark*", expect=0).stdout
    assert "Mark_Demo-1.0" in matching
    assert "other" not in matching
    nothing = filled("cache", "list", "missing", expect=0).stdout
    assert nothing == "No locally built wheels cached.\n"


def test_list_with_paths_names_files_that_exist(filled: Runner):
    paths = filled("cache", "list", "--format=abspath", expect=0).stdout.splitlines()
    assert len(paths) == 2
    assert all(Path(path).is_file() for path in paths)


@pytest.mark.parametrize("pattern", ["mark-demo", "Mark.Demo", "MARK_DEMO", "Mark*"])
def test_remove_knows_a_project_by_any_spelling(filled: Runner, pattern: str, tmp_path: Path):
    result = filled("cache", "remove", pattern, expect=0)
    assert result.stdout.splitlines()[0].startswith("Files removed: ")
    assert "Mark_Demo" not in filled("cache", "list", expect=0).stdout
    second = filled.on(make_environment(tmp_path / "second"))
    second("install", "mark-demo", "other", expect=0)
    *first, last = builds(tmp_path / "build.log")
    assert (sorted(first), last) == (["Mark.Demo 1.0", "other 1.0"], "Mark.Demo 1.0")


def test_purge_removes_our_buckets_and_nothing_else(
    filled: Runner, cache_root: Path, tmp_path: Path
):
    """pip's own cache may lie in the same directory."""
    foreign = cache_root / "http-v2" / "a" / "file"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("pip's", encoding="utf-8")
    (cache_root / "store-v1" / "link").symlink_to(tmp_path)
    filled("cache", "purge", expect=0)
    assert foreign.read_text("utf-8") == "pip's"
    assert tmp_path.is_dir()
    kept = {path for path, kind in snapshot(cache_root).items() if kind.startswith("file")}
    assert {path for path in kept if path.startswith(("wheels-v2", "store-v1", "http-v1"))} == set()
    assert filled.environment.freeze() == ["Mark.Demo==1.0", "other==1.0"]


def test_an_installed_environment_survives_a_purge(filled: Runner):
    filled("cache", "purge", expect=0)
    shown = filled.environment.run_python("import other; print(other.__version__)")
    assert shown == "1.0\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["remove"],
        ["remove", "a", "b"],
        ["dir", "x"],
        ["info", "x"],
        ["purge", "x"],
        ["list", "a", "b"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_answered_in_pips_words(pipwrap: Runner, arguments: list[str]):
    result = refused(pipwrap, "cache", *arguments, says="ERROR: ")
    assert result.stderr == pipwrap.pip("cache", *arguments, expect=1).stderr


def test_an_unknown_action_and_a_disabled_cache_are_errors(pipwrap: Runner):
    refused(pipwrap, "cache", "explode", says="ERROR: Need an action (")
    ours = refused(pipwrap, "--no-cache-dir", "cache", "dir", says="since cache is disabled")
    assert ours.stderr == pipwrap.pip("--no-cache-dir", "cache", "dir", expect=1).stderr


def test_a_pattern_without_a_match_is_a_warning_as_in_pip(pipwrap: Runner):
    ours = pipwrap("cache", "remove", "missing", expect=0)
    theirs = pipwrap.pip("cache", "remove", "missing", expect=0)
    assert (ours.stdout, ours.stderr) == (theirs.stdout, theirs.stderr)


def test_the_cache_is_private(filled: Runner, cache_root: Path):
    """Only its owner reads it, and backup programs know what it is (CACHEDIR.TAG)."""
    modes = [kind.split()[1] for kind in snapshot(cache_root / "http-v1").values()]
    assert set(modes) <= {"700", "600"}
    assert (cache_root / "CACHEDIR.TAG").is_file()
    assert cache_root.stat().st_mode & 0o777 == 0o700


def test_pips_cache_is_never_touched(pipwrap: Runner, index: Index, tmp_path: Path):
    index.headers("/simple/*", {"Cache-Control": "max-age=600"})
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    shared = tmp_path / "shared"
    pipwrap.pip("--cache-dir", shared, "install", "demo", expect=0)
    before = snapshot(shared)
    pipwrap("--cache-dir", shared, "install", "--force-reinstall", "demo", expect=0)
    pipwrap("--cache-dir", shared, "cache", "purge", expect=0)
    after = snapshot(shared)
    assert {path: after.get(path) for path in before} == before
