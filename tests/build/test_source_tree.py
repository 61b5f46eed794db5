"""Archives unpack inside their directory or not at all; PKG-INFO counts where it is final."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.build.source_tree import (
    installable_root,
    is_static,
    static_metadata,
    unpack,
)
from pipwrap.model.metadata import Metadata
from support.sdists import make_sdist

Member = tarfile.TarInfo | tuple[str, bytes]


def tar(path: Path, *members: Member, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                entry = tarfile.TarInfo(member[0])
                entry.size = len(member[1])
                archive.addfile(entry, io.BytesIO(member[1]))
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a-1.0.tar.gz", "w:gz"),
        ("a-1.0.tgz", "w:gz"),
        ("a-1.0.tar.bz2", "w:bz2"),
        ("a-1.0.tar.xz", "w:xz"),
        ("a-1.0.tar", "w"),
    ],
)
def test_every_kind_of_tar_is_unpacked(tmp_path: Path, name: str, mode: str) -> None:
    archive = tar(tmp_path / name, ("a-1.0/setup.py", b"x"), ("a-1.0/p/b.py", b"y"), mode=mode)
    root = unpack(str(archive), str(tmp_path / "out"), name)
    assert root == str(tmp_path / "out" / "a-1.0")
    assert Path(root, "p", "b.py").read_bytes() == b"y"


@pytest.mark.parametrize("archive", ["zip", "tar.gz"])
def test_an_sdist_is_unpacked_whatever_its_archive(tmp_path: Path, archive: str) -> None:
    made = make_sdist(tmp_path, "a", "1.0", archive=archive)  # type: ignore[arg-type]
    root = unpack(str(made), str(tmp_path / "out"), made.name)
    assert Path(root).name == "a-1.0"
    assert Path(root, "pyproject.toml").is_file()


@pytest.mark.parametrize(
    "names",
    [("setup.py", "a/b.py"), ("a/b.py", "c/d.py"), ("setup.py",)],
)
def test_without_a_common_directory_the_root_is_where_it_was_unpacked(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    archive = tar(tmp_path / "a.tar.gz", *((name, b"") for name in names))
    assert unpack(str(archive), str(tmp_path / "out"), "a.tar.gz") == str(tmp_path / "out")


def test_a_dot_before_the_names_is_no_directory(tmp_path: Path) -> None:
    archive = tar(tmp_path / "a.tar.gz", special("./", tarfile.DIRTYPE), ("./a-1.0/setup.py", b"x"))
    root = unpack(str(archive), str(tmp_path / "out"), "a.tar.gz")
    assert root == str(tmp_path / "out" / "a-1.0")


def test_links_inside_are_kept(tmp_path: Path) -> None:
    archive = tar(
        tmp_path / "a.tar.gz",
        ("a/b/real", b"x"),
        special("a/near", tarfile.SYMTYPE, "b/real"),
        special("a/c/up", tarfile.SYMTYPE, "../b/real"),
        special("a/hard", tarfile.LNKTYPE, "a/b/real"),
    )
    root = unpack(str(archive), str(tmp_path / "out"), "a.tar.gz")
    for name in ("near", "c/up", "hard"):
        assert Path(root, name).read_bytes() == b"x"


OUTSIDE: dict[str, tuple[Member, ...]] = {
    "up": (("../x", b"x"),),
    "up from inside": (("a/../../x", b"x"),),
    "a link to the outside": (special("a/x", tarfile.SYMTYPE, "../../x"),),
    "an absolute link": (special("a/x", tarfile.SYMTYPE, "/etc/passwd"),),
    "a hard link to the outside": (special("a/x", tarfile.LNKTYPE, "../x"),),
    "an absolute hard link": (special("a/x", tarfile.LNKTYPE, "/etc/passwd"),),
    "through a link": (special("a/x", tarfile.SYMTYPE, ".."), ("a/x/../../y", b"x")),
    "through a chain of links": (
        special("a", tarfile.SYMTYPE, "."),
        special("b", tarfile.SYMTYPE, "a/.."),
        ("b/x", b"x"),
    ),
    "a character device": (special("a/x", tarfile.CHRTYPE),),
    "a block device": (special("a/x", tarfile.BLKTYPE),),
    "a pipe": (special("a/x", tarfile.FIFOTYPE),),
}


@pytest.mark.parametrize("members", [pytest.param(each, id=name) for name, each in OUTSIDE.items()])
def test_a_tar_that_leaves_its_directory_is_refused(
    tmp_path: Path, members: tuple[Member, ...]
) -> None:
    archive = tar(tmp_path / "a-1.0.tar.gz", *members)
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(errors.InvalidDistribution) as caught:
        unpack(str(archive), str(tmp_path / "out"), "a-1.0.tar.gz")
    assert caught.value.message.startswith("a-1.0.tar.gz cannot be unpacked: ")
    assert {path.name for path in tmp_path.iterdir()} == before | {"out"}


def test_an_absolute_name_writes_nothing_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    archive = tar(tmp_path / "a.tar.gz", (str(outside), b"x"))
    with pytest.raises(errors.InvalidDistribution):
        unpack(str(archive), str(tmp_path / "out"), "a.tar.gz")
    assert not outside.exists()


def zipped(path: Path, *members: tuple[str, bytes, int]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content, mode in members:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return path


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        pytest.param("../x", stat.S_IFREG | 0o644, id="up"),
        pytest.param("/x", stat.S_IFREG | 0o644, id="absolute"),
        pytest.param("a/../../x", stat.S_IFREG | 0o644, id="up from inside"),
        pytest.param("a/x", stat.S_IFLNK | 0o777, id="a link"),
    ],
)
def test_a_zip_that_leaves_its_directory_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    archive = zipped(tmp_path / "a.zip", (name, b"../..", mode))
    with pytest.raises(errors.InvalidDistribution):
        unpack(str(archive), str(tmp_path / "out"), "a.zip")
    assert not (tmp_path / "x").exists()


def test_programs_in_a_zip_stay_executable(tmp_path: Path) -> None:
    archive = zipped(
        tmp_path / "a.zip",
        ("a/run", b"x", stat.S_IFREG | 0o755),
        ("a/read", b"x", stat.S_IFREG | 0o644),
        ("a/old", b"x", 0),
    )
    root = unpack(str(archive), str(tmp_path / "out"), "a.zip")
    assert os.access(os.path.join(root, "run"), os.X_OK)
    assert not os.access(os.path.join(root, "read"), os.X_OK)
    assert not os.access(os.path.join(root, "old"), os.X_OK)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(b"hello" * 100), id="something else"),
        pytest.param(cut, id="cut off"),
        pytest.param(lambda path: path.unlink(), id="gone"),
    ],
)
@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_broken_archive_is_one_message(
    tmp_path: Path, spoil: Callable[[Path], None], kind: str
) -> None:
    made = make_sdist(tmp_path, "a", "1.0", archive=kind)  # type: ignore[arg-type]
    spoil(made)
    with pytest.raises(errors.InvalidDistribution) as caught:
        unpack(str(made), str(tmp_path / "out"), made.name)
    assert caught.value.hint


def metadata(version: str = "2.2", dynamic: str = "", name: str = "a") -> Metadata:
    lines = [f"Metadata-Version: {version}", f"Name: {name}", "Version: 1.0"]
    return Metadata.parse("\n".join([*lines, *(f"Dynamic: {dynamic}" for _ in dynamic[:1])]))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(metadata("2.1"), False, id="too old to say"),
        pytest.param(metadata("2.2"), True, id="final"),
        pytest.param(metadata("2.4"), True, id="newer"),
        pytest.param(metadata("10.0"), True, id="versions are numbers"),
        pytest.param(metadata("huh"), False, id="no version"),
        pytest.param(metadata(""), False, id="none"),
        pytest.param(metadata("2.2", "Requires-Dist"), False, id="requirements come later"),
        pytest.param(metadata("2.2", "Requires-Python"), False, id="Python comes later"),
        pytest.param(metadata("2.2", "Provides-Extra"), False, id="extras come later"),
        pytest.param(metadata("2.2", "VERSION"), False, id="whatever the case"),
        pytest.param(metadata("2.2", "Description"), True, id="what does not matter"),
        pytest.param(metadata("2.2", name=""), False, id="without a name"),
    ],
)
def test_metadata_is_final_by_pep_643(given: Metadata, expected: bool) -> None:  # noqa: FBT001
    assert is_static(given) is expected


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_static_metadata_is_read_without_unpacking(tmp_path: Path, kind: str) -> None:
    keywords = {"archive": kind, "requires": ["b>=1"], "metadata_version": "2.2"}
    made = make_sdist(tmp_path, "a", "1.0", **keywords)  # type: ignore[arg-type]
    found = static_metadata(str(made), made.name)
    assert found is not None
    assert (found.name, found.version, found.requires_dist) == ("a", "1.0", ("b>=1",))


def test_what_is_not_final_or_not_there_is_none(tmp_path: Path) -> None:
    old = make_sdist(tmp_path, "a", "1.0", metadata_version="2.1")
    assert static_metadata(str(old), old.name) is None
    none = tar(tmp_path / "b.tar.gz", ("b/src/b/PKG-INFO", b"Metadata-Version: 2.2\nName: b\n"))
    assert static_metadata(str(none), none.name) is None


def test_an_archive_that_cannot_be_read_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(b"huh")
    with pytest.raises(errors.InvalidDistribution) as caught:
        static_metadata(str(path), path.name)
    assert "a.tar.gz cannot be read" in caught.value.message


def test_what_is_built_lies_inside_the_archive(tmp_path: Path) -> None:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "sub" / "setup.py").touch()
    root = str(tmp_path / "root")
    assert installable_root(root, "sub", "a") == os.path.join(root, "sub")
    with pytest.raises(errors.InvalidDistribution, match="does not appear to be a Python project"):
        installable_root(root, None, "a")
    (tmp_path / "setup.py").touch()
    with pytest.raises(errors.InvalidDistribution):
        installable_root(root, "..", "a")
