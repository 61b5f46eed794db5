"""Source distributions: unpacking them safely, and their metadata without a build."""

from __future__ import annotations

import os
import posixpath
import stat
import tarfile
import zipfile
from collections.abc import Iterable

from pipwrap import errors
from pipwrap.cache import disk
from pipwrap.model.metadata import Metadata

_DECIDED_BY_BUILD = frozenset({"requires-dist", "requires-python", "provides-extra", "version"})
_STATIC_SINCE = (2, 2)
"""Core metadata version from which an sdist's fields are final unless Dynamic (PEP 643)."""
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError)


def unpack(archive: str, directory: str, name: str) -> str:
    """Unpack an sdist into ``directory`` and return the root of its source tree.

    ``name`` is the file's name, for messages. Raises ``errors.InvalidDistribution`` for an archive
    that is broken, or that would write or link outside ``directory``; ``errors.DiskFull``.
    """
    os.makedirs(directory, exist_ok=True)
    try:
        with disk.filling(f"unpack {name}", directory):
            if zipfile.is_zipfile(archive) and not name.lower().endswith((".tar", ".gz", ".bz2")):
                names = _unpack_zip(archive, directory)
            else:
                names = _unpack_tar(archive, directory)
    except _BROKEN as error:
        raise errors.InvalidDistribution(
            f"{name} cannot be unpacked: {_reason(error)}",
            hint="The file is damaged or is not a source distribution: download it again.",
        ) from error
    leading = {member.split("/", 1)[0] for member in names}
    if len(leading) == 1 and os.path.isdir(os.path.join(directory, *leading)):
        return os.path.join(directory, *leading)
    return directory


def _unpack_zip(archive: str, directory: str) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()
        for member in members:
            _inside(directory, member.filename)
            mode = member.external_attr >> 16
            if stat.S_ISLNK(mode):
                raise ValueError(f"{member.filename} is a symbolic link")
            opened.extract(member, directory)
            if stat.S_ISREG(mode) and mode & 0o111:
                path = os.path.join(directory, member.filename)
                os.chmod(path, os.stat(path).st_mode | (mode & 0o111))
        return [member.filename for member in members]


def _unpack_tar(archive: str, directory: str) -> list[str]:
    with tarfile.open(archive, "r:*", encoding="utf-8") as opened:
        members = [member for member in opened if member.name not in {".", "./"}]
        for member in members:
            _check_member(directory, member)
            if hasattr(tarfile, "data_filter"):
                opened.extract(member, directory, filter="data")  # PEP 706
            else:
                opened.extract(member, directory)
        return [posixpath.normpath(member.name) for member in members]


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _check_member(directory: str, member: tarfile.TarInfo) -> None:
    """Refuse what PEP 706's data filter refuses, for Pythons that have none."""
    _inside(directory, member.name)
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise ValueError(f"{member.name} is neither a file, a directory nor a link")
    if member.issym():
        _inside(directory, posixpath.join(posixpath.dirname(member.name), member.linkname))
    elif member.islnk():
        _inside(directory, member.linkname)


def _inside(directory: str, name: str) -> None:
    root = os.path.realpath(directory)
    target = os.path.realpath(os.path.join(root, name))
    if target != root and not target.startswith(root + os.sep):
        raise ValueError(f"{name} lies outside the target directory")


def static_metadata(archive: str, name: str) -> Metadata | None:
    """Return the metadata in PKG-INFO when a build cannot change what matters, else ``None``.

    Raises ``errors.InvalidDistribution`` for an archive that cannot be read.
    """
    try:
        text = _read_member(archive)
    except _BROKEN as error:
        raise errors.InvalidDistribution(
            f"{name} cannot be read: {_reason(error)}",
            hint="The file is damaged or is not a source distribution: download it again.",
        ) from error
    if text is None:
        return None
    metadata = Metadata.parse(text)
    return metadata if is_static(metadata) else None


def is_static(metadata: Metadata) -> bool:
    """Return whether an sdist's metadata is that of its wheel (PEP 643)."""
    parts = metadata.metadata_version.split(".")
    if not all(part.isdigit() for part in parts) or not metadata.name or not metadata.version:
        return False
    version = tuple(int(part) for part in parts)
    return version >= _STATIC_SINCE and not _DECIDED_BY_BUILD.intersection(metadata.dynamic)


def _read_member(archive: str) -> str | None:
    """Return the text of PKG-INFO in the archive's top directory."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            name = _top_level(opened.namelist())
            return opened.read(name).decode("utf-8", "replace") if name else None
    with tarfile.open(archive, "r:*", encoding="utf-8") as tar:
        for member in tar:
            if member.isfile() and _top_level([member.name]):
                stream = tar.extractfile(member)
                return stream.read().decode("utf-8", "replace") if stream else None
    return None


def _top_level(names: Iterable[str]) -> str | None:
    for name in names:
        parts = posixpath.normpath(name).split("/")
        if len(parts) == 2 and parts[1] == "PKG-INFO":  # noqa: PLR2004 - NAME-VERSION/PKG-INFO
            return name
    return None


def installable_root(root: str, subdirectory: str | None, shown: str) -> str:
    """Return the directory to build; raises pip's error where nothing can be built."""
    directory = os.path.join(root, *subdirectory.split("/")) if subdirectory else root
    try:
        _inside(root, subdirectory or "")
    except ValueError as error:
        raise errors.InvalidDistribution(f"{shown} has no such subdirectory: {error}") from error
    has = [os.path.isfile(os.path.join(directory, f)) for f in ("pyproject.toml", "setup.py")]
    if not any(has):
        raise errors.InvalidDistribution(
            f"{shown} does not appear to be a Python project: "
            "neither 'setup.py' nor 'pyproject.toml' found."
        )
    return directory


def pack(root: str, name: str, target: str) -> None:
    """Write a zip of a source tree, all of it below ``name``; raises ``OSError``.

    The .git directory is included, as in pip: versions may be made from it.
    """
    with zipfile.ZipFile(
        target, "w", zipfile.ZIP_DEFLATED, allowZip64=True, strict_timestamps=False
    ) as archive:
        for folder, folders, files in os.walk(root):
            folders.sort()
            for each in (*folders, *sorted(files)):
                path = os.path.join(folder, each)
                inside = os.path.relpath(path, root).replace(os.sep, "/")
                archive.write(path, f"{name}/{inside}")
