"""What a build backend told of an sdist is kept, and rests on what it was seen to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import VirtualEnvironment
from support.index import Index
from support.runner import Result, Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, make_sdist, make_wheel

SWITCH = """\
import os, shutil
os.environ.get("DEMO_SWITCH")
shutil.which("demo-config")
"""
# Tells of a dependency that the wheel will not have.
LYING = """\
import os
import in_tree_backend
from in_tree_backend import build_wheel, get_requires_for_build_wheel


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    info = in_tree_backend.prepare_metadata_for_build_wheel(directory)
    with open(os.path.join(directory, info, "METADATA"), "r+") as stream:
        text = stream.read()
        stream.seek(0)
        stream.write(text.replace("Version: 1.0", "Version: 1.0\\nRequires-Dist: lib", 1))
    return info
"""
PYPROJECT = """\
[build-system]
requires = []
build-backend = "{backend}"
backend-path = ["."]
"""


class Site:
    """Pipwrap, an index with the sdist ``demo``, and the log of its backend."""

    def __init__(self, runner: Runner, index: Index, directory: Path, cache: Path) -> None:
        self.runner = runner
        self.index = index
        self.files = directory / "files"
        self.cache = cache
        self.log = directory / "builds.log"
        self.tools = directory / "tools"
        self.tools.mkdir()

    def offer(self, **keywords: object) -> Path:
        sdist = make_sdist(self.files, "demo", "1.0", **keywords)  # type: ignore[arg-type]
        self.index.add(sdist)
        return sdist

    def __call__(self, *arguments: str, expect: int = 0, **environ: str) -> Result:
        path = f"{self.tools}:{self.runner.environ['PATH']}"
        variables = {BUILD_LOG: str(self.log), "PATH": path, **environ}
        return self.runner(*arguments, environ=variables, expect=expect)

    def told(self) -> int:
        """Return how often the backend told metadata since the last call."""
        return self._ran("prepare_metadata_for_build_wheel")

    def built(self) -> int:
        """Return how often the backend built since the last call."""
        return self._ran("build_wheel")

    def _ran(self, hook: str) -> int:
        found = len(builds(self.log, hook))  # type: ignore[arg-type]
        self.log.write_text("")
        return found

    @property
    def kept(self) -> list[Path]:
        return sorted(self.cache.glob("metadata-v2/*/*.json"))


@pytest.fixture
def site(pipwrap: Runner, index: Index, tmp_path: Path, cache_root: Path) -> Site:
    """Return a site whose index has ``lib`` and no ``demo`` yet."""
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"))
    return Site(pipwrap, index, tmp_path, cache_root)


def observed(site: Site) -> None:
    """Offer an sdist whose backend reads a variable and looks for a program."""
    site.offer(requires=["lib"], imports=["switch"], extra_files={"switch.py": SWITCH})


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("install", "--dry-run"), id="dry run"),
        pytest.param(("download", "--dest", "saved"), id="download"),
    ],
)
def test_a_backend_tells_metadata_once(site: Site, command: tuple[str, ...]):
    site.offer(requires=["lib"])
    first = site(*command, "demo")
    assert "Preparing metadata (pyproject.toml): finished with status 'done'" in first.stdout
    assert (len(site.kept), site.told()) == (1, 1)
    again = site(*command, "demo")
    assert site.told() == 0
    assert "Preparing metadata" not in again.stdout
    assert "Collecting lib (from demo)" in again.stdout
    assert again.stderr == ""


def test_verbose_says_that_it_was_kept(site: Site):
    site.offer()
    site("install", "--dry-run", "demo")
    result = site("install", "--dry-run", "-v", "demo")
    assert "  Using cached metadata of demo-1.0.tar.gz\n" in result.stdout


def test_a_backend_that_tells_only_by_building_is_not_run_again(site: Site):
    """PEP 517 lets ``prepare_metadata_for_build_wheel`` be left out."""
    backend = "from in_tree_backend import build_wheel, get_requires_for_build_wheel\n"
    pyproject = PYPROJECT.format(backend="short_backend")
    site.offer(requires=["lib"], pyproject=pyproject, extra_files={"short_backend.py": backend})
    for built in (1, 0):
        result = site("install", "--dry-run", "demo")
        assert "Would install demo-1.0 lib-1.0" in result.stdout
        assert site.built() == built


def test_an_install_builds_what_metadata_was_kept_of(site: Site, environment: VirtualEnvironment):
    site.offer(requires=["lib"])
    site("install", "--dry-run", "demo")
    site.told()
    result = site("install", "demo")
    assert environment.freeze() == ["demo==1.0", "lib==1.0"]
    assert "  Using cached demo-1.0.tar.gz (" in result.stdout
    assert "Building wheel for demo (pyproject.toml): finished with status 'done'" in result.stdout
    assert (site.told(), result.stderr) == (0, "")


def test_a_variable_that_the_backend_read_counts(site: Site):
    observed(site)
    for switch, told in (("one", 1), ("one", 0), ("two", 1), ("two", 0)):
        site("install", "--dry-run", "demo", DEMO_SWITCH=switch)
        assert site.told() == told
    assert len(site.kept) == 1
    assert b"two" not in site.kept[0].read_bytes()


def test_a_variable_that_nobody_read_does_not_count(site: Site):
    observed(site)
    site("install", "--dry-run", "demo")
    site("install", "--dry-run", "demo", DEMO_OTHER="x", CFLAGS="-O3")
    assert site.told() == 1


def test_a_program_that_was_looked_for_in_vain_counts_when_it_is_there(site: Site):
    observed(site)
    site("install", "--dry-run", "demo")
    program = site.tools / "demo-config"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    site("install", "--dry-run", "demo")
    site("install", "--dry-run", "demo")
    assert site.told() == 2


def test_other_bytes_and_other_settings_are_another_source(site: Site):
    site.offer(requires=["lib"])
    site("install", "--dry-run", "demo")
    site("install", "--dry-run", "--config-settings", "a=b", "demo")
    assert (site.told(), len(site.kept)) == (2, 2)
    site.offer()
    result = site("install", "--dry-run", "demo")
    assert "Would install demo-1.0\n" in result.stdout
    assert (site.told(), len(site.kept)) == (1, 3)


@pytest.mark.parametrize("name", ["demo", ":all:"])
def test_rebuild_asks_the_backend_again(site: Site, name: str):
    site.offer()
    site("install", "--dry-run", "demo")
    site("install", "--dry-run", "--rebuild", name, "demo")
    site("install", "--dry-run", "--rebuild", "another", "demo")
    assert site.told() == 2


def test_what_has_no_key_is_asked_each_time_and_not_kept(site: Site):
    sdist = str(site.offer())
    site("install", "--dry-run", sdist)
    site("install", "--dry-run", "--no-build-isolation", "demo")
    assert (site.told(), site.kept) == (2, [])


def test_static_metadata_needs_no_backend_and_is_not_kept(site: Site):
    site.offer(metadata_version="2.2")
    site("install", "--dry-run", "demo")
    assert (site.told(), site.kept) == (0, [])


def test_offline_takes_what_was_kept_whatever_it_rests_on(site: Site):
    observed(site)
    site("install", "--dry-run", "demo", DEMO_SWITCH="one")
    site("install", "--dry-run", "--offline", "demo", DEMO_SWITCH="two")
    assert site.told() == 1


def test_a_wheel_that_contradicts_what_was_kept_is_said_and_the_entry_goes(
    site: Site, environment: VirtualEnvironment
):
    pyproject = PYPROJECT.format(backend="lying_backend")
    site.offer(pyproject=pyproject, extra_files={"lying_backend.py": LYING})
    site("install", "--dry-run", "demo")
    assert len(site.kept) == 1
    result = site("install", "demo")
    assert result.stderr == (
        "WARNING: The wheel of demo has other metadata than its backend told before "
        "(Requires-Dist). What was told is forgotten: run the command again.\n"
    )
    assert site.kept == []
    again = site("install", "--dry-run", "--force-reinstall", "demo")
    assert "Would install demo-1.0\n" in again.stdout
    assert again.stderr == ""
    assert environment.freeze() == ["demo==1.0", "lib==1.0"]


def test_prune_for_ci_drops_it_and_purge_too(site: Site):
    site.offer()
    for command in (("prune", "--ci"), ("purge",)):
        site("install", "--dry-run", "demo")
        assert len(site.kept) == 1
        site("cache", *command)
        assert site.kept == []
