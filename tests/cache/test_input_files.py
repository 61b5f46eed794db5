"""Files and directories as builds read them: compared by stat, else by content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipwrap.cache import input_files


@pytest.fixture
def header(tmp_path: Path) -> Path:
    """Return a file."""
    path = tmp_path / "a.h"
    path.write_text("#define A 1\n")
    return path


def test_a_file_is_the_same_until_its_content_changes(header: Path):
    seen = input_files.read_file(str(header))
    assert seen is not None
    assert input_files.is_same_file(seen)
    os.utime(header, (1, 1))
    assert input_files.is_same_file(seen), "its time alone"
    header.unlink()
    header.write_text("#define A 1\n")
    assert input_files.is_same_file(seen), "another file with the content"
    header.write_text("#define A 2\n")
    assert not input_files.is_same_file(seen)
    header.unlink()
    assert not input_files.is_same_file(seen)


def test_content_that_was_changed_behind_its_time_is_another(header: Path):
    seen = input_files.read_file(str(header))
    assert seen is not None
    header.write_text("#define A 2\n")
    os.utime(header, ns=(seen.mtime, seen.mtime))
    assert not input_files.is_same_file(seen)


def test_what_cannot_be_read_is_none(tmp_path: Path):
    assert input_files.read_file(str(tmp_path / "gone")) is None
    assert input_files.read_directory(str(tmp_path / "gone"), by_content=True) is None


@pytest.mark.parametrize("by_content", [True, False], ids=["by content", "by names"])
def test_a_directory_is_compared_by_what_was_read_of_it(header: Path, *, by_content: bool):
    seen = input_files.read_directory(str(header.parent), by_content=by_content)
    assert seen is not None
    assert input_files.is_same_directory(seen)
    header.write_text("#define A 2\n")
    assert input_files.is_same_directory(seen) is not by_content
    header.write_text("#define A 1\n")
    (header.parent / "b.h").touch()
    assert not input_files.is_same_directory(seen)
