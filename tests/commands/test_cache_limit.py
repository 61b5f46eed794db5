"""A size limit in configuration: least recently used first, and never in anybody's way."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from pipwrap.cache import locks
from support.environments import make_environment
from support.index import Index
from support.promises import refused
from support.runner import Result, Runner
from support.wheels import make_sdist, make_wheel

LIMIT = "PIPWRAP_CACHE_MAX_SIZE"
NAMES = ("first", "second", "third")
SIZE = 200_000
"""Bytes of each wheel, which do not shrink; the cache has them twice: packed and unpacked."""


class Site:
    """An index with three wheels of one size, and environments to install them into."""

    def __init__(self, runner: Runner, index: Index, cache: Path, directory: Path) -> None:
        self.index = index
        self.cache = cache
        self.runner = runner
        self._directory = directory
        self._count = 0
        for name in NAMES:
            content = random.Random(name).randbytes(SIZE)
            index.add(make_wheel(directory / "files", name, "1.0", files={f"{name}.bin": content}))

    def install(self, *arguments: str, limit: str = "") -> Result:
        """Install into a new environment."""
        self._count += 1
        target = make_environment(self._directory / f"target{self._count}")
        return self.runner.on(target)("install", *arguments, environ={LIMIT: limit}, expect=0)

    def held(self) -> list[str]:
        """Return the names of the wheels that are there, unpacked."""
        entries = [json.loads(path.read_bytes()) for path in self.cache.glob("store-v1/*/*/*.json")]
        return sorted(entry["filename"].partition("-")[0] for entry in entries)

    def bodies(self) -> list[Path]:
        """Return the files that are as large as one of the wheels."""
        return [path for path in self.cache.glob("bodies-v1/*/*") if path.stat().st_size > SIZE]

    def measurements(self) -> list[int]:
        """Return the sizes that were measured, as the cache remembers them."""
        path = self.cache / "usage-v2" / "runs.jsonl"
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return [line["size"] for line in lines if "size" in line]


@pytest.fixture
def site(pipwrap: Runner, index: Index, cache_root: Path, tmp_path: Path) -> Site:
    return Site(pipwrap, index, cache_root, tmp_path)


def test_without_a_limit_nothing_goes_and_nothing_is_measured(site: Site):
    for name in NAMES:
        site.install(name)
    assert site.held() == list(NAMES)
    assert site.measurements() == []


def test_what_was_used_least_recently_goes_first(site: Site):
    site.install("first")
    site.install("second")
    site.install("first")
    result = site.install("-v", "third", limit="1MB")
    assert site.held() == ["first", "third"]
    assert len(site.bodies()) == 2
    assert "Removed " in result.stdout
    assert "to keep the cache below 1000 kB" in result.stdout
    site.index.clear_log()
    site.install("--offline", "first", "third")
    site.install("second")
    assert len([path for path in site.index.paths("GET") if path.endswith(".whl")]) == 1


def test_it_is_told_at_v_only(site: Site):
    site.install("first")
    result = site.install("second", limit="500kB")
    assert site.held() == ["second"]
    assert "Removed" not in result.stdout
    assert result.stderr == ""


def test_a_cache_that_is_known_to_be_small_is_not_measured(site: Site):
    """Each run adds what it added to the estimate."""
    site.install("first", limit="1GB")
    (measured,) = site.measurements()
    assert measured > 2 * SIZE
    site.install("second", limit="1GB")
    assert site.measurements() == [measured]
    site.install("third", limit="1.1MB")
    (again,) = site.measurements()
    assert again < 1_100_000 * 0.9
    assert site.held() == ["second", "third"]


def test_what_the_run_itself_used_stays_whatever_the_limit(site: Site):
    site.install("first", limit="1")
    assert site.held() == ["first"]
    site.install("--offline", "first", limit="1")
    site.install("second", limit="1")
    assert site.held() == ["second"]


def test_while_the_lock_is_held_nothing_goes_and_the_next_run_does_it(site: Site):
    site.install("first")
    with locks.locked(str(site.cache / "pipwrap.lock"), shared=True):
        site.install("second", limit="1")
        assert site.held() == ["first", "second"]
    site.install("second", limit="1")
    assert site.held() == ["second"]


def test_what_another_run_relies_upon_stays(site: Site):
    """Such a run has names of its own for it, in a directory whose lock says that it lives."""
    site.install("first")
    site.install("second")
    other = site.cache / "tmp-v1" / f"run-{'0' * 24}"
    other.mkdir()
    with locks.locked_directory(str(other)):
        for number, body in enumerate(site.bodies()):
            os.link(body, other / str(number))
        site.install("third", limit="1")
        assert len(site.bodies()) == 3
        assert site.held() == ["third"]


def test_what_a_run_that_died_relied_upon_goes(site: Site):
    site.install("first")
    other = site.cache / "tmp-v1" / f"run-{'0' * 24}"
    other.mkdir()
    os.link(site.bodies()[0], other / "0")
    os.utime(other, (1_700_000_000, 1_700_000_000))
    site.install("second", limit="1")
    assert len(site.bodies()) == 1
    assert not other.exists()


def test_built_wheels_count_and_go_too(site: Site, tmp_path: Path):
    content = random.Random(0).randbytes(SIZE)
    site.index.add(make_sdist(tmp_path / "files", "made", "1.0", files={"made.bin": content}))
    site.install("made", limit="1GB")
    site.install("second", limit="300kB")
    assert list(site.cache.glob("wheels-v2/*/*/*/*.whl")) == []


@pytest.fixture
def configured(site: Site, tmp_path: Path) -> Path:
    """Return a pip.conf that sets a limit, for PIP_CONFIG_FILE."""
    path = tmp_path / "pip.conf"
    path.write_text("[pipwrap]\ncache-max-size = 500kB\n", encoding="utf-8")
    site.install("first")
    return path


def test_pip_conf_sets_it_and_the_real_pip_does_not_mind(site: Site, configured: Path):
    environ = {"PIP_CONFIG_FILE": str(configured)}
    site.runner("install", "second", environ=environ, expect=0)
    assert site.held() == ["second"]
    theirs = site.runner.pip("install", "third", environ=environ, expect=0)
    assert theirs.stderr == ""
    listed = site.runner.pip("config", "list", environ=environ, expect=0)
    assert "pipwrap.cache-max-size='500kB'" in listed.stdout


def test_the_variable_wins_over_the_file(site: Site, configured: Path):
    environ = {"PIP_CONFIG_FILE": str(configured), LIMIT: "5GB"}
    site.runner("install", "second", environ=environ, expect=0)
    assert site.held() == ["first", "second"]


def test_isolated_means_no_variable(site: Site):
    site.install("first")
    environ = {LIMIT: "1", "PIP_INDEX_URL": None}
    arguments = ("--isolated", "--cache-dir", site.cache, "install", "second")
    url = site.index.url
    site.runner(*arguments, "--index-url", url, environ=environ, expect=0)
    assert site.held() == ["first", "second"]


@pytest.mark.parametrize("value", ["much", "5 parsecs", "-1", "1.2.3MB", ".", "9" * 40])
def test_a_bad_value_is_an_error_that_names_where_it_stands(site: Site, tmp_path: Path, value: str):
    said = {"code": 3, "messages": 0}  # as in pip, without the word ERROR
    environ = {LIMIT: value}
    result = refused(site.runner, "install", "first", environ=environ, says=LIMIT, **said)
    assert f"{value!r} is not a size. Write it like 500MB or 2GB." in result.stderr
    path = tmp_path / "pip.conf"
    path.write_text(f"[pipwrap]\ncache-max-size = {value}\n", encoding="utf-8")
    environ = {"PIP_CONFIG_FILE": str(path)}
    refused(site.runner, "install", "first", environ=environ, says=str(path), **said)


def test_info_tells_the_limit_where_there_is_one(site: Site):
    site.install("first")
    assert "kept below" not in site.runner("cache", "info", expect=0).stdout
    environ = {LIMIT: "5MB"}
    lines = site.runner("cache", "info", environ=environ, expect=0).stdout.splitlines()
    assert lines[-1] == "Size that it is kept below: 5.0 MB"
    assert lines[-2].startswith("Size of the whole cache: ")
