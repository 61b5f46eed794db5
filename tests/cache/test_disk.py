"""Files and directories appear whole or not at all, private, and go without being followed."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pipwrap.cache import disk


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_is_private(tmp_path: Path) -> None:
    disk.make_directory(str(tmp_path / "a" / "b"))
    disk.write(str(tmp_path / "a" / "b" / "c"), b"x", str(tmp_path / "tmp"))
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700
    assert mode(tmp_path / "a" / "b" / "c") == 0o600
    disk.make_directory(str(tmp_path / "a" / "b"))


def test_a_file_in_the_way_of_a_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(OSError, match="a"):
        disk.make_directory(str(tmp_path / "a" / "b"))


def test_an_error_while_writing_leaves_what_was(tmp_path: Path) -> None:
    path, temporary = tmp_path / "x", tmp_path / "tmp"
    disk.write(str(path), b"old", str(temporary))

    def interrupted() -> None:
        with disk.replacing(str(path), str(temporary)) as stream:
            stream.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(temporary.iterdir()) == []


def test_writing_replaces_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x"
    for content in (b"one", b"two"):
        disk.write(str(path), content, str(tmp_path / "tmp"))
        assert path.read_bytes() == content


def test_the_first_to_publish_a_directory_wins(tmp_path: Path) -> None:
    results = []
    for number in range(2):
        prepared = tmp_path / f"prepared{number}"
        prepared.mkdir()
        (prepared / "x").write_text(str(number), encoding="ascii")
        results.append(disk.publish_directory(str(prepared), str(tmp_path / "p" / "q")))
        assert not prepared.exists()
    assert results == [True, False]
    assert (tmp_path / "p" / "q" / "x").read_text(encoding="ascii") == "0"


def test_publishing_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        disk.publish_directory(str(tmp_path / "nowhere"), str(tmp_path / "x"))


@pytest.mark.parametrize("through", [True, False])
def test_removal_follows_no_link(tmp_path: Path, through: bool) -> None:  # noqa: FBT001
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "x").touch()
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "kept")
    temporary = str(tmp_path / "tmp") if through else None
    for _ in range(2):
        disk.remove_tree(str(tmp_path / "gone"), through=temporary)
        assert not (tmp_path / "gone").exists()
    assert (tmp_path / "kept" / "x").exists()


def test_names_are_not_used_twice(tmp_path: Path) -> None:
    names = {disk.unused_name(str(tmp_path), ".x") for _ in range(100)}
    assert len(names) == 100
    assert {os.path.dirname(name) for name in names} == {str(tmp_path)}
