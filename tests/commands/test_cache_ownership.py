"""A cache directory that holds other things: nothing of them is marked, swept, pruned or purged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipwrap.cache.layout import BUCKETS
from support.environments import snapshot
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

OLD = 1_700_000_000


@pytest.fixture
def home(tmp_path: Path, index: Index) -> Path:
    """Return a directory as a home may be, all of it old; the index has ``demo``."""
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    root = tmp_path / "home of a user"
    for name in ("tmp/work", "tmp/run-mine", f"tmp/run-{'a' * 24}", "lock", "logs", "http-v2"):
        (root / name).mkdir(parents=True)
        (root / name / "precious").write_text("mine", encoding="utf-8")
    for path in (*root.rglob("*"), root):
        os.utime(path, (OLD, OLD))
    return root


def _theirs(root: Path) -> dict[str, str]:
    """Return what lies in a directory and is not below a name of ours."""
    ours = (*BUCKETS, "pipwrap-cache", "pipwrap.lock")
    found = snapshot(root)
    return {path: what for path, what in found.items() if not path.split("/")[0].endswith(ours)}


@pytest.mark.parametrize(
    "command",
    [
        ["download", "demo"],
        ["--version"],
        ["install", "--help"],
        ["cache", "purge"],
        ["cache", "remove", "*"],
        ["cache", "prune", "--unused-for", "1h"],
        ["cache", "verify", "--repair"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("filled", [True, False], ids=["filled", "new"])
def test_what_is_not_ours_stays_as_it_is(
    pipwrap: Runner, home: Path, command: list[str], *, filled: bool
):
    before = _theirs(home)
    environ = {"PIP_CACHE_DIR": str(home)}
    if filled:
        pipwrap("install", "demo", environ=environ, expect=0)
    pipwrap(*command, environ=environ, expect=0)
    assert _theirs(home) == before
    assert not (home / "CACHEDIR.TAG").exists()


def test_a_purge_removes_our_buckets_beside_other_things(pipwrap: Runner, home: Path):
    environ = {"PIP_CACHE_DIR": str(home)}
    pipwrap("install", "demo", environ=environ, expect=0)
    assert (home / "store-v1").is_dir()
    pipwrap("cache", "purge", environ=environ, expect=0)
    assert not (home / "store-v1").exists()
    assert not (home / "bodies-v1").exists()


@pytest.mark.parametrize("name", ["logs-v1", "store-v1", "tmp-v1", "wheels-v2"])
def test_a_directory_with_somebody_elses_bucket_is_not_used(pipwrap: Runner, home: Path, name: str):
    (home / name / "ab" / "cd").mkdir(parents=True)
    (home / name / "ab" / "cd" / "precious").write_text("mine", encoding="utf-8")
    for path in (home / name).rglob("*"):
        os.utime(path, (OLD, OLD))
    before = snapshot(home)
    environ = {"PIP_CACHE_DIR": str(home)}
    result = pipwrap("install", "demo", environ=environ, expect=0)
    assert f"is left out: {name} in it is not of a cache that pipwrap made" in result.stderr
    for action in (["purge"], ["remove", "*"], ["prune", "--unused-for", "1h"], ["verify"]):
        refused = pipwrap("cache", *action, environ=environ, expect=1)
        assert f"ERROR: The cache in {home} cannot be used: {name} in it" in refused.stderr
    assert snapshot(home) == before


def test_the_tag_of_another_program_is_no_mark_of_ours(pipwrap: Runner, home: Path):
    tag = home / "CACHEDIR.TAG"
    tag.write_text("Signature: 8a477f597d28d172789f06886806bc55\n# of another\n", encoding="utf-8")
    before = _theirs(home)
    environ = {"PIP_CACHE_DIR": str(home)}
    pipwrap("install", "demo", environ=environ, expect=0)
    pipwrap("cache", "purge", environ=environ, expect=0)
    assert _theirs(home) == before


def test_an_empty_directory_is_used_and_not_tagged(pipwrap: Runner, tmp_path: Path):
    """It may be a home, or the place of a volume: backups are to have it."""
    root = tmp_path / "empty"
    root.mkdir()
    environ = {"PIP_CACHE_DIR": str(root)}
    pipwrap("--version", environ=environ, expect=0)
    pipwrap("cache", "info", environ=environ, expect=0)
    assert "pipwrap-cache" in os.listdir(root)
    assert "CACHEDIR.TAG" not in os.listdir(root)
    pipwrap("cache", "purge", environ=environ, expect=0)
    assert set(os.listdir(root)) <= {"pipwrap-cache", "pipwrap.lock", "tmp-v1"}


def test_a_cache_that_an_earlier_version_left_unmarked_is_ours(
    pipwrap: Runner, cache_root: Path, index: Index, tmp_path: Path
):
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    pipwrap("--version", expect=0)
    (cache_root / "CACHEDIR.TAG").unlink()
    (cache_root / "tmp").mkdir()
    result = pipwrap("install", "demo", expect=0)
    assert result.stderr == ""
    assert (cache_root / "CACHEDIR.TAG").is_file()
