"""A cache that is emptied in the middle of a run: what the run relies upon stays for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import check_records, make_environment
from support.index import Index
from support.runner import Result, Runner, scripts_directory
from support.sdists import BUILD_LOG
from support.wheels import builds, make_sdist, make_wheel

# The build of ``emptying`` purges the cache: when it runs, all the others lie ready.
PURGE = """\
import os, subprocess
subprocess.run([os.environ["PIPWRAP_TEST_PROGRAM"], "cache", "purge"], check=True)
"""


class Site:
    """An index with a wheel and two sdists, one of which empties the cache when it is built."""

    def __init__(self, runner: Runner, index: Index, directory: Path) -> None:
        self.index = index
        self.log = directory / "builds.log"
        self._directory = directory
        self._runner = runner
        self._count = 0
        files = directory / "files"
        index.add(make_wheel(files, "demo", "1.0"))
        index.add(make_sdist(files, "made", "1.0"))
        index.add(
            make_sdist(
                files,
                "emptying",
                "1.0",
                imports=["purge"],
                extra_files={"purge.py": PURGE},
                metadata_version="2.2",
            )
        )

    def install(self, *arguments: str) -> Result:
        """Install into a new environment, and check every file that arrives."""
        self._count += 1
        target = make_environment(self._directory / f"target{self._count}")
        environ = {
            BUILD_LOG: str(self.log),
            "PIPWRAP_TEST_PROGRAM": str(scripts_directory() / "pipwrap"),
        }
        runner = self._runner.on(target)
        result = runner("install", *arguments, environ=environ, expect=0)
        check_records(target.site_packages)
        return result

    def fetched(self) -> list[str]:
        """Return the names of the files that were asked for since the last call."""
        paths = [path for path in self.index.paths("GET") if "/files/" in path]
        self.index.clear_log()
        return sorted(path.rpartition("/")[2] for path in paths if not path.endswith(".metadata"))


@pytest.fixture
def site(pipwrap: Runner, index: Index, tmp_path: Path) -> Site:
    return Site(pipwrap, index, tmp_path)


def test_nothing_is_fetched_twice_because_of_a_purge(site: Site):
    result = site.install("demo", "emptying")
    assert result.stderr == ""
    assert site.fetched() == ["demo-1.0-py3-none-any.whl", "emptying-1.0.tar.gz"]


def test_what_came_from_the_cache_is_installed_though_it_was_emptied_since(site: Site):
    site.install("demo", "made")
    site.fetched()
    result = site.install("demo", "made", "emptying")
    assert result.stderr == ""
    assert site.fetched() == ["emptying-1.0.tar.gz"]
    assert builds(site.log) == ["made 1.0", "emptying 1.0"]


def test_the_run_that_was_purged_leaves_a_whole_cache(
    site: Site, pipwrap: Runner, cache_root: Path
):
    site.install("demo", "emptying")
    assert pipwrap("cache", "verify", expect=0).stdout == "The cache is whole.\n"
    assert list((cache_root / "tmp-v1").iterdir()) == []
