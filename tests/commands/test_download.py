"""``pipwrap download``: the files themselves, as the index has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import snapshot
from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, make_sdist, make_source_tree, make_wheel


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with ``demo`` as wheel and sdist, and ``lib``, which it needs."""
    index.add(make_wheel(tmp_path / "files", "demo", "1.0", requires=["lib"]))
    index.add(make_sdist(tmp_path / "files", "demo", "1.0", requires=["lib"]))
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"))
    return index


def test_wheels_and_their_dependencies_are_saved_where_the_user_stands(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    before = pipwrap.environment.tree()
    ours = pipwrap("download", "demo", expect=0)
    saved = snapshot(pipwrap.directory)
    assert sorted(saved) == ["demo-1.0-py3-none-any.whl", "lib-1.0-py3-none-any.whl"]
    assert pipwrap.environment.tree() == before
    other = tmp_path / "theirs"
    other.mkdir()
    arguments = ("download", "--no-cache-dir", "--progress-bar=off", "demo")
    theirs = pipwrap.pip(*arguments, cwd=other, expect=0)
    assert ours.stdout == theirs.stdout
    assert snapshot(other) == saved


def test_dest_is_made_and_no_deps_takes_only_what_is_named(pipwrap: Runner, offered: Index):
    pipwrap("download", "--no-deps", "-d", "new/place", "demo", expect=0)
    assert sorted(snapshot(pipwrap.directory / "new" / "place")) == ["demo-1.0-py3-none-any.whl"]


def test_no_binary_saves_the_sdist_even_when_its_wheel_is_cached(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    environ = {BUILD_LOG: str(tmp_path / "build.log")}
    arguments = ("--no-deps", "--no-binary", ":all:", "demo==1.0")
    pipwrap("install", *arguments, environ=environ, expect=0)
    pipwrap("download", *arguments, environ=environ, expect=0)
    saved = pipwrap.directory / "demo-1.0.tar.gz"
    assert saved.read_bytes() == (tmp_path / "files" / "demo-1.0.tar.gz").read_bytes()
    assert builds(tmp_path / "build.log") == ["demo 1.0"]


def test_an_identical_file_is_left_alone_and_another_is_replaced(pipwrap: Runner, offered: Index):
    pipwrap("download", "lib", expect=0)
    saved = pipwrap.directory / "lib-1.0-py3-none-any.whl"
    status = saved.stat()
    offered.clear_log()
    again = pipwrap("download", "lib", expect=0)
    assert not [path for path in offered.paths() if ".whl" in path]
    assert "File was already downloaded" in again.stdout
    assert saved.stat().st_mtime_ns == status.st_mtime_ns
    saved.write_bytes(b"something else")
    pipwrap("download", "lib", expect=0)
    assert saved.stat().st_size == status.st_size


def test_what_is_installed_is_downloaded_all_the_same(pipwrap: Runner, offered: Index):
    pipwrap("install", "demo", expect=0)
    pipwrap("download", "demo", expect=0)
    assert len(snapshot(pipwrap.directory)) == 2


def test_a_local_directory_is_left_to_pip(pipwrap: Runner):
    make_source_tree(pipwrap.directory, "demo", "1.0")
    arguments = ("download", "--no-build-isolation", "./demo")
    assert pipwrap(*arguments, expect=0).stdout == pipwrap.pip(*arguments, expect=0).stdout


def test_nothing_is_saved_when_something_is_missing(pipwrap: Runner, index: Index, tmp_path: Path):
    index.add(make_wheel(tmp_path / "files", "demo", "1.0", requires=["missing"]))
    says = "No matching distribution found for missing"
    refused(pipwrap, "download", "demo", says=says, messages=2)
    assert snapshot(pipwrap.directory) == {}


def test_nothing_is_saved_when_a_file_is_wrong(pipwrap: Runner, index: Index, tmp_path: Path):
    """All files are there before the first one is saved."""
    index.add(make_wheel(tmp_path / "files", "good", "1.0"))
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"), hashes={"sha256": "0" * 64})
    refused(pipwrap, "download", "good", "demo", says="DO NOT MATCH THE HASHES")
    assert snapshot(pipwrap.directory) == {}
