"""A resolution that is looked up depends on the metadata of installed distributions, not on versions alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.editables import editable_tree
from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.resolutions import mark, stored
from support.runner import Runner
from support.wheels import make_wheel

HEAD = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
BEFORE, AFTER = "X-Requires-Dist: late\n", "Requires-Dist:   late\n"
BEFORE_IN_EGG, AFTER_IN_EGG = "#late\n", "late \n"
"""Of one length, so that neither size nor a time that can be set tells them apart."""


@pytest.fixture
def there(pipwrap: Runner, index: Index, tmp_path: Path) -> Runner:
    """Return a runner on an empty environment, beside an index with three projects."""
    index.headers("/simple/*", {"Cache-Control": "max-age=600", "ETag": "auto"})
    for name in ("demo", "fresh", "late"):
        index.add(make_wheel(tmp_path / "files", name, "1.0"))
    return pipwrap.on(make_environment(tmp_path / "there"))


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _wheel(runner: Runner, directory: Path) -> Path:
    del directory
    runner("install", "demo", expect=0)
    path = runner.environment.site_packages / "demo-1.0.dist-info" / "METADATA"
    path.unlink()  # what was linked from the store is not to be changed
    return _written(path, HEAD + BEFORE)


def _editable(runner: Runner, directory: Path) -> Path:
    tree = editable_tree(directory / "trees")
    runner("install", "-e", tree, expect=0)
    (path,) = runner.environment.site_packages.glob("demo-1.0.dist-info/METADATA")
    path.unlink()
    return _written(path, HEAD + BEFORE)


def _egg_info_file(runner: Runner, directory: Path) -> Path:
    del directory
    path = runner.environment.site_packages / "demo-1.0-py3.egg-info"
    return _written(path, HEAD + BEFORE)


def _egg_info(runner: Runner, directory: Path) -> Path:
    del directory
    info = runner.environment.site_packages / "demo-1.0-py3.egg-info"
    _written(info / "PKG-INFO", HEAD)
    return _written(info / "requires.txt", BEFORE_IN_EGG)


def _egg_link(runner: Runner, directory: Path) -> Path:
    source = directory / "source"
    _written(runner.environment.site_packages / "demo.egg-link", f"{source}\n.")
    _written(source / "demo.egg-info" / "PKG-INFO", HEAD)
    return _written(source / "demo.egg-info" / "requires.txt", BEFORE_IN_EGG)


def _elsewhere_on_the_path(runner: Runner, directory: Path) -> Path:
    """Lay it where a user site or the site-packages of the system would be: in another directory."""
    _written(runner.environment.site_packages / "more.pth", f"{directory / 'more'}\n")
    return _written(directory / "more" / "demo-1.0.dist-info" / "METADATA", HEAD + BEFORE)


def _settle(runner: Runner, cache_root: Path) -> None:
    """Resolve once, and show that the second one is looked up."""
    last = runner("install", "--dry-run", "demo", "fresh", expect=0).stdout.splitlines()[-1]
    assert last == "Would install fresh-1.0"
    mark(cache_root)
    assert "looked up" in runner("install", "--dry-run", "demo", "fresh", expect=0).stdout


def _assert_late_is_wanted(runner: Runner) -> None:
    result = runner("install", "--dry-run", "demo", "fresh", expect=0)
    assert "looked up" not in result.stdout
    last = result.stdout.splitlines()[-1]
    assert last == "Would install fresh-1.0 late-1.0"


@pytest.mark.parametrize(
    "lay",
    [_wheel, _editable, _egg_info_file, _egg_info, _egg_link, _elsewhere_on_the_path],
    ids=lambda lay: lay.__name__.strip("_"),
)
def test_a_dependency_that_was_edited_into_metadata_is_installed(
    there: Runner, tmp_path: Path, cache_root: Path, lay: Callable[[Runner, Path], Path]
):
    path = lay(there, tmp_path)
    _settle(there, cache_root)
    before = path.stat()
    text = path.read_text(encoding="utf-8")
    changed = text.replace(BEFORE, AFTER).replace(BEFORE_IN_EGG, AFTER_IN_EGG)
    path.write_text(changed, encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    _assert_late_is_wanted(there)
    there("install", "demo", "fresh", expect=0)
    assert there("check").returncode == 0


@pytest.mark.parametrize("removed_first", [False, True], ids=["replaced", "removed and put back"])
def test_a_dependency_of_another_build_of_the_same_version_is_installed(
    there: Runner, tmp_path: Path, cache_root: Path, *, removed_first: bool
):
    there("install", "demo", expect=0)
    _settle(there, cache_root)
    if removed_first:
        there("uninstall", "-y", "demo", expect=0)
    wheel = make_wheel(tmp_path / "another", "demo", "1.0", requires=["late"])
    there("install", "--no-deps", "--force-reinstall", wheel, expect=0)
    _assert_late_is_wanted(there)


def test_metadata_that_came_back_unchanged_is_no_reason_to_install_more(
    there: Runner, cache_root: Path
):
    there("install", "demo", expect=0)
    _settle(there, cache_root)
    there("install", "--force-reinstall", "--no-deps", "demo", expect=0)
    result = there("install", "--dry-run", "demo", "fresh", expect=0)
    assert result.stdout.splitlines()[-1] == "Would install fresh-1.0"


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes")
def test_a_directory_that_is_no_utf_8_is_looked_up(
    pipwrap: Runner, there: Runner, tmp_path: Path, cache_root: Path
):
    """PEP 383: such bytes are lone surrogates in the evidence and the lines, as in no JSON."""
    link = tmp_path / os.fsdecode(b"there \xff")  # venv itself cannot write such a name
    link.symlink_to(there.environment.path)
    runner = pipwrap.on(VirtualEnvironment(link))
    _wheel(runner, tmp_path)
    _settle(runner, cache_root)
    assert any(b"\\udcff" in path.read_bytes() for path in stored(cache_root))
