"""METADATA of a remote wheel: what the whole wheel says, or a refusal."""

from __future__ import annotations

import io
import random
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipwrap.build.wheel_file import read_metadata_text
from pipwrap.cache.layout import Layout
from pipwrap.cache.metadata import MetadataCache
from pipwrap.distribution.lazy_wheel import LazyWheels
from pipwrap.events import ignore
from pipwrap.model.link import Link
from pipwrap.network.ranges import Part, RangeRefused, Ranges, Unchanged
from support.wheels import make_wheel

KIB = 1024
NAME = "demo-1.0-py3-none-any.whl"
INFO = "demo-1.0.dist-info"
NOISE = random.Random(0).randbytes(600 * KIB)


@dataclass
class Server(Ranges):
    """A file, and which parts of it were asked for."""

    content: bytes
    validator: str | None = '"one"'
    later: bytes | None = None
    """What takes the place of the file after the first request."""
    asked: list[tuple[int, int]] = field(default_factory=list)

    def tail(self, url: str, length: int, etag: str | None = None) -> Part | Unchanged:
        """Return the end."""
        del url
        if etag is not None and etag == self.validator:
            return Unchanged()
        return self._part(max(0, len(self.content) - length), len(self.content))

    def between(self, part: Part, start: int, stop: int) -> Part:
        """Return another part."""
        del part
        self.content = self.later or self.content
        return self._part(start, stop)

    def _part(self, start: int, stop: int) -> Part:
        assert 0 <= start < stop <= len(self.content)
        self.asked.append((start, stop))
        content, total = self.content[start:stop], len(self.content)
        return Part("http://host.invalid/x", start, content, total, self.validator, True)  # noqa: FBT003

    @property
    def bytes_read(self) -> int:
        """Return how many bytes were handed out."""
        return sum(stop - start for start, stop in self.asked)


def wheel(
    tmp_path: Path,
    *,
    first: bool = False,
    modules: int = 1,
    requires: str = "other>=2",
    size: int = len(NOISE),
) -> bytes:
    """Return a wheel of 600 KiB whose .dist-info is its beginning or its end."""
    size //= modules
    files = {
        f"demo/module_with_a_long_name_{number:05}.py": NOISE[number * size :][:size]
        for number in range(modules)
    }
    made = make_wheel(tmp_path, "demo", "1.0", files=files, requires=[requires]).read_bytes()
    return reordered(made) if first else made


def reordered(content: bytes) -> bytes:
    """Return the same wheel with .dist-info as its beginning."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for info in sorted(old.infolist(), key=lambda each: INFO not in each.filename):
            new.writestr(info, old.read(info))
    return stream.getvalue()


def read(tmp_path: Path, server: Server, *, size: int | None = None) -> str:
    """Return the METADATA that is read from a server, with a cache of its own."""
    cache = MetadataCache(Layout(str(tmp_path / "cache")), ignore)
    link = Link(f"http://host.invalid/{NAME}", hashes=(("sha256", "0" * 64),), size=size)
    return LazyWheels(server, cache).metadata(link)


def whole(tmp_path: Path, content: bytes) -> str:
    """Return what is read from the whole wheel."""
    path = tmp_path / "whole.whl"
    path.write_bytes(content)
    return read_metadata_text(str(path), NAME)


@pytest.mark.parametrize(
    ("first", "modules", "requests"),
    [
        pytest.param(False, 1, 1, id="at the end"),
        pytest.param(True, 1, 2, id="at the beginning"),
        pytest.param(False, 1200, 2, id="before a long table"),
        pytest.param(True, 1200, 3, id="at the beginning, long table"),
    ],
)
def test_a_wheel_is_read_in_few_requests(
    tmp_path: Path, modules: int, requests: int, *, first: bool
):
    server = Server(wheel(tmp_path, first=first, modules=modules))
    assert read(tmp_path, server) == whole(tmp_path, server.content)
    assert len(server.asked) == requests
    assert server.bytes_read < len(server.content) // 2


@pytest.mark.parametrize("modules", [1, 1200])
@pytest.mark.parametrize("first", [False, True], ids=["at the end", "at the beginning"])
def test_a_server_without_validators_serves_parts_as_well(
    tmp_path: Path, modules: int, *, first: bool
):
    server = Server(wheel(tmp_path, first=first, modules=modules), validator=None)
    assert read(tmp_path, server) == whole(tmp_path, server.content)
    assert server.bytes_read < len(server.content) // 2


def test_without_a_validator_a_checksum_finds_out_that_the_file_was_changed(tmp_path: Path):
    content = wheel(tmp_path, first=True)
    other = wheel(tmp_path / "other", first=True, requires="other>=3")
    assert len(content) == len(other)
    server = Server(content, validator=None, later=other)
    with pytest.raises(RangeRefused, match="its parts are no proper wheel's"):
        read(tmp_path, server)
    assert not (tmp_path / "cache").exists()


def comment(content: bytes) -> bytes:
    """Return a zip with a comment, which shifts where the table is looked for."""
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = b"c" * 1000
    return stream.getvalue()


def prefixed(content: bytes) -> bytes:
    """Return a zip with something before it, as self-extracting ones have."""
    return b"#!/bin/sh\n" + content


def with_member(name: str) -> bytes:
    """Return a wheel with another member, large enough to be read in parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("demo.py", NOISE)
        archive.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
        archive.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n")
        archive.writestr(name, "x")
    return stream.getvalue()


@pytest.mark.parametrize("change", [comment, prefixed], ids=lambda change: change.__name__)
def test_odd_zips_are_read_as_the_whole_is(tmp_path: Path, change: object):
    assert callable(change)
    server = Server(change(wheel(tmp_path)))
    assert read(tmp_path, server) == whole(tmp_path, server.content)


def zip64(content: bytes) -> bytes:
    """Return a zip whose end says that its table is described elsewhere, where nothing is."""
    end = content.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + (0).to_bytes(4, "little") + (7).to_bytes(8, "little") + b"\1\0\0\0"
    return content[:end] + locator + content[end:-6] + b"\xff" * 4 + content[-2:]


def without_table(content: bytes) -> bytes:
    """Return a zip whose table is noise."""
    table = content.index(b"PK\x01\x02")
    return content[:table] + b"\0" * 40 + content[table + 40 :]


def changed_metadata(content: bytes) -> bytes:
    """Return a zip whose METADATA has another checksum than its table says."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = archive.getinfo(f"{INFO}/METADATA")
    place = info.header_offset + 30 + len(info.filename) + 5
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def claiming(field_offset: int, value: int) -> object:
    """Return a change of a number in the table's row of METADATA."""

    def change(content: bytes) -> bytes:
        name = content.rindex(f"{INFO}/METADATA".encode())
        place = name - 46 + field_offset
        return content[:place] + value.to_bytes(4, "little") + content[place + 4 :]

    return change


WRONG: dict[str, bytes | object] = {
    "no zip": lambda content: NOISE,
    "truncated": lambda content: content[:-30],
    "zip64 that leads nowhere": zip64,
    "no table": without_table,
    "another METADATA": changed_metadata,
    "absurd compressed size": claiming(20, 0x7FFFFFFF),
    "absurd size": claiming(24, 0x7FFFFFFF),
    "absurd offset": claiming(42, 0x7FFFFFFF),
    "two .dist-info": lambda content: with_member("other-2.0.dist-info/METADATA"),
    "the same member twice": lambda content: with_member(f"{INFO}/METADATA"),
    "a member outside": lambda content: with_member("../outside"),
    "another project": lambda content: content.replace(b"demo-1.0", b"dema-1.0"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_proper_wheel_is_refused(tmp_path: Path, change: object):
    assert callable(change)
    server = Server(change(wheel(tmp_path)))
    with pytest.raises(RangeRefused):
        read(tmp_path, server)
    assert len(server.asked) <= 3
    assert not (tmp_path / "cache").exists()


def test_another_size_than_the_index_names_is_refused(tmp_path: Path):
    server = Server(wheel(tmp_path))
    assert read(tmp_path, server, size=len(server.content))
    with pytest.raises(RangeRefused, match="another size"):
        read(tmp_path / "other", server, size=len(server.content) + 1)


def linked(version: str, size: int | None = None) -> Link:
    """Return a version of one project on a server."""
    return Link(f"http://host.invalid/demo-{version}-py3-none-any.whl", size=size)


def test_of_small_wheels_the_first_of_a_project_comes_whole(tmp_path: Path):
    """It costs as much as a part; of others it is likely that they are thrown away."""
    content = make_wheel(tmp_path, "demo", "1.0").read_bytes()
    server = Server(content)
    wheels = LazyWheels(server, MetadataCache(Layout(str(tmp_path / "cache")), ignore))
    for _ in range(2):
        with pytest.raises(RangeRefused, match="small"):
            wheels.metadata(linked("1.0", len(content)))
    assert server.asked == []
    assert wheels.metadata(linked("2.0", len(content))) == whole(tmp_path, content)
    assert server.asked == [(0, len(content))]


@pytest.mark.parametrize("modules", [1, 1200])
def test_of_further_versions_only_what_the_last_one_needed_is_asked_for(
    tmp_path: Path, modules: int
):
    content = wheel(tmp_path, modules=modules)
    server = Server(content)
    wheels = LazyWheels(server, MetadataCache(Layout(str(tmp_path / "cache")), ignore))
    wheels.metadata(linked("1.0", len(content)))
    server.asked.clear()
    for version in ("2.0", "3.0"):
        assert wheels.metadata(linked(version, len(content))) == whole(tmp_path, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        needed = len(content) - archive.getinfo(f"{INFO}/METADATA").header_offset
    assert [stop for _, stop in server.asked] == [len(content)] * 2, "one request each"
    assert needed < server.bytes_read / 2 < needed * 1.2 + KIB


@pytest.mark.parametrize("size", [0, 20 * KIB, 100 * KIB, 600 * KIB])
@pytest.mark.parametrize("begins", [False, True], ids=["at the end", "at the beginning"])
def test_versions_that_differ_from_the_last_one_are_read_as_well(
    tmp_path: Path, size: int, *, begins: bool
):
    """None is refused, which would have it fetched whole."""
    server = Server(b"")
    wheels = LazyWheels(server, MetadataCache(Layout(str(tmp_path / "cache")), ignore))
    shapes = [(1, begins), (1, not begins), (40, begins), (300, begins), (300, not begins)]
    for number, (modules, first) in enumerate([*shapes, *reversed(shapes)]):
        server.content = wheel(tmp_path, first=first, modules=modules, size=size)
        text = wheels.metadata(linked(f"{number}"))
        assert text == whole(tmp_path, server.content)
