"""A wheel's metadata is read without unpacking it."""

from __future__ import annotations

from pathlib import Path

import pytest

from install.worlds import make_wheel
from pipwrap.build.wheel_file import read_metadata, read_metadata_text
from pipwrap.errors import InvalidDistribution


def test_the_metadata_of_a_wheel_is_read(tmp_path: Path):
    path = make_wheel(str(tmp_path), display_name="Foo")
    metadata = read_metadata(path, "foo-1.0-py3-none-any.whl")
    assert (metadata.name, metadata.version) == ("Foo", "1.0")
    assert "Name: Foo" in read_metadata_text(path, "foo-1.0-py3-none-any.whl")


def test_the_name_on_the_index_is_what_counts(tmp_path: Path):
    path = make_wheel(str(tmp_path))
    with pytest.raises(InvalidDistribution, match="does not start with 'bar'"):
        read_metadata(path, "bar-1.0-py3-none-any.whl")


def test_what_is_no_zip_is_refused(tmp_path: Path):
    path = tmp_path / "foo-1.0-py3-none-any.whl"
    path.write_text("hello")
    with pytest.raises(InvalidDistribution, match=r"Wheel 'foo' located at .* is invalid"):
        read_metadata(str(path), path.name)
