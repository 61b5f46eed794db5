"""The store takes proper wheels only, keeps them as they are, and notices when they are not."""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from install.worlds import make_wheel, sha256_of
from pipwrap.cache.layout import Layout
from pipwrap.cache.store import WheelStore
from pipwrap.errors import HashMismatch, InvalidDistribution
from pipwrap.events import Event

INFO = "foo-1.0.dist-info"


@pytest.fixture
def told() -> list[Event]:
    return []


@pytest.fixture
def store(tmp_path: Path, told: list[Event]) -> WheelStore:
    return WheelStore(Layout(str(tmp_path / "cache")), told.append, lambda: 1_700_000_000.9)


def add(store: WheelStore, path: str):
    return store.add(path, os.path.basename(path), sha256_of(path))


def wheel_without(tmp_path: Path, left_out: str) -> str:
    whole = make_wheel(str(tmp_path / "whole"))
    path = str(tmp_path / os.path.basename(whole))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            if name != left_out:
                target.writestr(name, source.read(name))
    return path


def test_an_entry_tells_what_it_holds(store: WheelStore, tmp_path: Path):
    path = make_wheel(
        str(tmp_path), files={"foo.py": "x = 1\n", "foo.sh": "#!/bin/sh\n"}, executable=("foo.sh",)
    )
    wheel = add(store, path)
    assert store.find(wheel.sha256) == wheel
    assert (wheel.dist_info, wheel.root_is_purelib) == (INFO, True)
    names = {file.path: file for file in wheel.files}
    assert set(names) == {"foo.py", "foo.sh", f"{INFO}/METADATA", f"{INFO}/WHEEL"}
    for file in wheel.files:
        found = os.stat(f"{wheel.tree}/{file.path}")
        assert (found.st_size, found.st_mtime_ns) == (file.size, file.mtime_ns)
        assert stat.S_IMODE(found.st_mode) == file.mode
        assert file.mtime_ns == 1_700_000_000 * 10**9
        assert file.executable == (file.path == "foo.sh") == bool(file.mode & 0o100)
    assert store.read_dist_info(wheel, "METADATA").startswith("Metadata-Version")
    assert store.read_dist_info(wheel, "nothing") is None
    assert os.listdir(os.path.join(str(tmp_path), "cache", "tmp-v1")) == []


def test_a_corrupt_entry_is_a_miss_told_once_and_replaced(
    store: WheelStore, told: list[Event], tmp_path: Path
):
    path = make_wheel(str(tmp_path))
    wheel = add(store, path)
    with open(wheel.root + "/entry.json", "w", encoding="utf-8") as stream:
        stream.write('{"format": 1, "sha256"')
    assert store.find(wheel.sha256) is None
    assert len(told) == 1
    assert add(store, path) == wheel
    assert store.find(wheel.sha256) == wheel


def test_a_discarded_entry_can_be_added_again(store: WheelStore, tmp_path: Path):
    path = make_wheel(str(tmp_path))
    wheel = add(store, path)
    store.discard(wheel.sha256)
    store.discard(wheel.sha256)
    assert store.find(wheel.sha256) is None
    assert add(store, path) == wheel


def test_other_bytes_than_asked_for_are_refused(store: WheelStore, tmp_path: Path):
    path = make_wheel(str(tmp_path))
    with pytest.raises(HashMismatch):
        store.add(path, os.path.basename(path), "0" * 64)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"../evil.py": ""}, "outside the target directory"),
        ({"/evil.py": ""}, "outside the target directory"),
        ({"a/../../evil.py": ""}, "outside the target directory"),
        ({"a/..\\..\\evil.py": ""}, "outside the target directory"),
        ({"C:/evil.py": ""}, "outside the target directory"),
        ({"foo-1.0.data/nonsense/x": ""}, "Unknown scheme key used in"),
        ({"foo-1.0.data/x": ""}, "Unexpected file in"),
        ({"foo.py": "x", "./foo.py": "y"}, "two different files named 'foo.py'"),
        ({"a/b.py": "x", "a//b.py": "xx"}, "two different files named 'a/b.py'"),
        ({"foo": "", "foo/x.py": ""}, "'foo' where 'foo/x.py' needs a directory"),
        ({"bar-1.dist-info/METADATA": ""}, "foo has an invalid wheel, multiple .dist-info"),
        ({f"{INFO}/WHEEL": "Root-Is-Purelib: true\n"}, "WHEEL is missing Wheel-Version"),
        ({f"{INFO}/WHEEL": "Wheel-Version: x\n"}, "invalid Wheel-Version: 'x'"),
        ({f"{INFO}/WHEEL": "Wheel-Version: 2.0\n"}, "foo's Wheel-Version (2.0) is not compatible"),
        ({f"{INFO}/RECORD": b"\xff\xfe\0"}, f"error decoding '{INFO}/RECORD'"),
        ({f"{INFO}/RECORD": '"foo,,\n'}, f"error reading '{INFO}/RECORD'"),
    ],
)
def test_what_is_no_proper_wheel_is_refused_and_leaves_nothing(
    store: WheelStore, tmp_path: Path, files: dict[str, str | bytes], words: str
):
    path = make_wheel(str(tmp_path), files={"ok.py": "", **files})
    with pytest.raises(InvalidDistribution) as caught:
        add(store, path)
    assert words in caught.value.message
    assert os.path.basename(path) in caught.value.message
    assert store.find(sha256_of(path)) is None
    assert os.listdir(tmp_path / "cache" / "tmp-v1") == []


@pytest.mark.parametrize("name", ["METADATA", "WHEEL", "RECORD"])
def test_a_wheel_without_its_metadata_is_refused(store: WheelStore, tmp_path: Path, name: str):
    path = wheel_without(tmp_path, f"{INFO}/{name}")
    with pytest.raises(InvalidDistribution, match=f"could not read '{INFO}/{name}' file"):
        add(store, path)


@pytest.mark.parametrize(
    ("filename", "words"),
    [
        ("bar-1.0-py3-none-any.whl", "does not start with 'bar'"),
        ("foo.whl", "is not a valid wheel filename"),
    ],
)
def test_a_wheel_under_another_name_is_refused(
    store: WheelStore, tmp_path: Path, filename: str, words: str
):
    path = make_wheel(str(tmp_path))
    with pytest.raises(InvalidDistribution, match=words):
        store.add(path, filename, sha256_of(path))


def test_equal_versions_may_be_spelled_differently(store: WheelStore, tmp_path: Path):
    path = make_wheel(str(tmp_path), version="1.0")
    assert store.add(path, "Foo-1.0.0-py3-none-any.whl", sha256_of(path)).dist_info == INFO


REPEATED = {
    "module": "foo/__init__.py",
    "record": f"{INFO}/RECORD",
    "metadata": f"{INFO}/METADATA",
    "dotted": "./foo/__init__.py",
    "slashes": "foo//__init__.py",
    "directory": "foo/",
}


@pytest.mark.parametrize("name", REPEATED.values(), ids=REPEATED)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_one_file(
    store: WheelStore, told: list[Event], tmp_path: Path, name: str
):
    plain = make_wheel(str(tmp_path / "plain"), files={"foo/__init__.py": "v = 1\n"})
    path = shutil.copy(plain, tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        content = b"" if name.endswith("/") else archive.read(posixpath.normpath(name))
        for _ in range(2):
            archive.writestr(zipfile.ZipInfo(name), content)
    assert add(store, path).files == add(store, plain).files
    assert told == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_of_equal_members_says_whether_it_may_run(store: WheelStore, tmp_path: Path):
    path = make_wheel(str(tmp_path), files={"foo.sh": "x"})
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("foo.sh")
        info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o755) << 16
        archive.writestr(info, "x")
    (stored,) = [file for file in add(store, path).files if file.path == "foo.sh"]
    assert stored.executable


@pytest.mark.parametrize("name", ["foo.bin", f"{INFO}/METADATA"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_checksum_and_other_bytes_are_refused(
    store: WheelStore, tmp_path: Path, name: str
):
    """A CRC-32 is made to match in no time: the bytes are compared."""
    header = b"Metadata-Version: 2.1\nName: foo\nVersion: 1.0\n\n"
    one, other = header + b"plumless", header + b"buckeroo"
    assert zlib.crc32(b"plumless") == zlib.crc32(b"buckeroo")
    path = make_wheel(str(tmp_path), files={name: one})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, other)
    with pytest.raises(InvalidDistribution, match="two different files named"):
        add(store, path)
    assert store.find(sha256_of(path)) is None


def test_names_that_differ_in_case_are_two_files(store: WheelStore, tmp_path: Path):
    wheel = add(store, make_wheel(str(tmp_path), files={"foo.py": "x", "FOO.py": "y"}))
    assert {"foo.py", "FOO.py"} <= {file.path for file in wheel.files}


def test_a_symbolic_link_is_refused(store: WheelStore, tmp_path: Path):
    path = make_wheel(str(tmp_path))
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("link.py")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InvalidDistribution, match=r"symbolic link 'link\.py'"):
        add(store, path)


def damaged(content: bytes, how: str) -> bytes:
    if how == "not a zip":
        return b"hello"
    if how == "truncated":
        return content[: len(content) // 2]
    if how == "encrypted":
        changed = bytearray(content)
        changed[6] |= 1
        changed[changed.find(b"PK\x01\x02") + 8] |= 1
        return bytes(changed)
    at = content.find(b"foo/__init__.py") + len(b"foo/__init__.py") + 3
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


@pytest.mark.parametrize("how", ["not a zip", "truncated", "encrypted", "flipped"])
def test_a_damaged_file_is_refused_in_pips_words(store: WheelStore, tmp_path: Path, how: str):
    path = make_wheel(str(tmp_path))
    with open(path, "rb") as stream:
        content = stream.read()
    with open(path, "wb") as stream:
        stream.write(damaged(content, how))
    with pytest.raises(InvalidDistribution) as caught:
        add(store, path)
    assert caught.value.message == f"Wheel 'foo' located at {path} is invalid."


def test_wrong_hashes_in_record_are_told_and_corrected(
    store: WheelStore, told: list[Event], tmp_path: Path
):
    record = f"foo.py,sha256=AAAA,3\n{INFO}/RECORD,,\n"
    path = make_wheel(str(tmp_path), files={"foo.py": "x = 1\n", f"{INFO}/RECORD": record})
    wheel = add(store, path)
    (warning,) = told
    assert "'foo.py'" in warning.message
    assert os.path.basename(path) in warning.message
    (stored,) = [file for file in wheel.files if file.path == "foo.py"]
    assert stored.size == 6
    assert len(stored.sha256) == 43


def test_bytecode_and_installer_files_in_a_wheel_stay_out(store: WheelStore, tmp_path: Path):
    files = {
        "foo.py": "",
        "__pycache__/foo.cpython-311.pyc": b"evil",
        f"{INFO}/direct_url.json": "{}",
        f"{INFO}/REQUESTED": "",
        f"{INFO}/INSTALLER": "x",
    }
    wheel = add(store, make_wheel(str(tmp_path), files=files))
    kept = {file.path for file in wheel.files}
    assert kept == {"foo.py", f"{INFO}/METADATA", f"{INFO}/WHEEL"}


def test_a_large_wheel_streams_through_little_memory(store: WheelStore, tmp_path: Path):
    path = make_wheel(str(tmp_path), files={"foo/big.bin": bytes(40_000_000)})
    digest = sha256_of(path)
    tracemalloc.start()
    store.add(path, os.path.basename(path), digest)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000
