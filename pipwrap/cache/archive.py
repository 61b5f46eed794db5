"""A wheel file, read member by member: every rule of the format is checked on the way.

The only reader of wheel archives; nothing is ever extracted by name.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import email.parser
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from pipwrap.errors import InvalidDistribution
from pipwrap.model.wheel import StoredFile, dist_info_directory, invalid_wheel, member_path

SUPPORTED_MAJOR = 1
CHUNK = 256 * 1024
_CREATES = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_TIMES_BY_DESCRIPTOR = os.utime in os.supports_fd
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What zipfile raises for truncated, corrupt, encrypted or unknown-compression members."""


class WheelArchive(Struct, frozen=True):
    """An open wheel whose names have been checked."""

    path: str
    filename: str
    zip: zipfile.ZipFile
    dist_info: str
    members: tuple[tuple[str, zipfile.ZipInfo], ...]
    """(path below the wheel's root, member), files only; of one that is repeated the last."""
    repeated: tuple[tuple[str, zipfile.ZipInfo, zipfile.ZipInfo], ...] = ()
    """(path, an earlier member, the last), which claim the same size and checksum."""

    def check_repeated(self, only: str | None = None) -> None:
        """Refuse two members of one path whose bytes are not the same; ``only`` judges one path.

        Which of them is installed must not depend on the reader of the archive. Published wheels
        with the same member twice install with pip.
        """
        for path, earlier, last in self.repeated:
            if only in {None, path} and not self._are_same(earlier, last):
                raise _two_files(self.path, path)

    def _are_same(self, one: zipfile.ZipInfo, other: zipfile.ZipInfo) -> bool:
        """Compare the bytes of two members of one size."""
        with (
            translated(self.path, self.filename),
            self.zip.open(one) as first,
            self.zip.open(other) as second,
        ):
            while chunk := first.read(CHUNK):
                if second.read(CHUNK) != chunk:
                    return False
        return True

    def read(self, name: str) -> str:
        """Return a text file of the .dist-info directory; refuse the wheel without it."""
        path = f"{self.dist_info}/{name}"
        info = dict(self.members).get(path)
        if info is None:
            reason = f"could not read {path!r} file: there is no such file in the archive"
            raise invalid_wheel(self.filename, reason)
        self.check_repeated(path)
        try:
            with translated(self.path, self.filename):
                return self.zip.read(info).decode("utf-8")
        except UnicodeDecodeError as error:
            raise invalid_wheel(self.filename, f"error decoding {path!r}: {error}") from error


class WheelFacts(Struct, frozen=True):
    """What the WHEEL file says."""

    root_is_purelib: bool
    newer_version: str | None
    """A Wheel-Version of the same major series that is newer than what pip supports."""


@contextlib.contextmanager
def translated(path: str, filename: str) -> Iterator[None]:
    """Turn what zipfile raises for a damaged file into one error that names the wheel."""
    try:
        yield
    except _DAMAGE as error:
        name = filename.partition("-")[0]
        raise InvalidDistribution(
            f"Wheel {name!r} located at {path} is invalid.", context=str(error) or None
        ) from error


class Stream(Protocol):
    """What a zip is read from: a file, or as much of one as is there."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move."""

    def tell(self) -> int:
        """Return the position."""

    def read(self, count: int = -1, /) -> bytes:
        """Return bytes."""


@contextlib.contextmanager
def opened(stream: Stream, path: str, filename: str) -> Iterator[WheelArchive]:
    """Yield the archive in ``stream``; ``path`` and ``filename`` are for names and messages."""
    with contextlib.ExitStack() as stack:
        with translated(path, filename):
            archive = stack.enter_context(zipfile.ZipFile(stream))
        dist_info = dist_info_directory(archive.namelist(), filename)
        files, repeated = _members(archive, path)
        yield WheelArchive(path, filename, archive, dist_info, tuple(files.items()), repeated)


def _members(
    archive: zipfile.ZipFile, wheel: str
) -> tuple[dict[str, zipfile.ZipInfo], tuple[tuple[str, zipfile.ZipInfo, zipfile.ZipInfo], ...]]:
    """Return all files by the path they will have, and those that are repeated.

    Links, escapes and different files of one path are refused. Of a repeated one the last counts
    (its permissions), as in pip.
    """
    files: dict[str, zipfile.ZipInfo] = {}
    repeated = []
    for info in archive.infolist():
        if info.filename.endswith("/"):
            continue
        path = member_path(info.filename, wheel)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise InvalidDistribution(f"The wheel {wheel!r} has a symbolic link {info.filename!r}")
        earlier = files.get(path)
        if earlier is not None:
            if (earlier.file_size, earlier.CRC) != (info.file_size, info.CRC):
                raise _two_files(wheel, path)
            repeated.append((path, earlier, info))
        files[path] = info
    directories: set[str] = set()
    for parent, path in {path.rpartition("/")[0]: path for path in files}.items():
        directory = parent
        while directory and directory not in directories:
            if directory in files:
                raise InvalidDistribution(
                    f"The wheel {wheel!r} has a file {directory!r} where {path!r} needs a directory"
                )
            directories.add(directory)
            directory = directory.rpartition("/")[0]
    return files, tuple(repeated)


def _two_files(wheel: str, path: str) -> InvalidDistribution:
    """Return the error for different files of one path."""
    return InvalidDistribution(f"The wheel {wheel!r} has two different files named {path!r}")


def read_wheel_facts(archive: WheelArchive) -> WheelFacts:
    """Return what WHEEL says; a major version that is not known is refused."""
    message = email.parser.HeaderParser().parsestr(archive.read("WHEEL"))
    text = message["Wheel-Version"]
    if text is None:
        raise invalid_wheel(archive.filename, "WHEEL is missing Wheel-Version")
    try:
        version = tuple(int(part) for part in text.strip().split("."))
    except ValueError:
        reason = f"invalid Wheel-Version: {text.strip()!r}"
        raise invalid_wheel(archive.filename, reason) from None
    if version[0] > SUPPORTED_MAJOR:
        name = archive.filename.partition("-")[0]
        raise InvalidDistribution(
            f"{name}'s Wheel-Version ({text.strip()}) is not compatible with this version of pip"
            f" ({archive.filename})"
        )
    purelib = str(message.get("Root-Is-Purelib", "")).strip().lower() == "true"
    return WheelFacts(purelib, text.strip() if version > (SUPPORTED_MAJOR, 0) else None)


def read_record(archive: WheelArchive) -> dict[str, tuple[str, str]]:
    """Return (hash, size) by path as RECORD claims them; one that is no RECORD is refused."""
    text = archive.read("RECORD")
    try:
        rows = [row for row in csv.reader(text.splitlines(), strict=True) if row]
    except csv.Error as error:
        path = f"{archive.dist_info}/RECORD"
        raise invalid_wheel(archive.filename, f"error reading {path!r}: {error}") from error
    return {row[0]: (row[1] if row[1:] else "", row[2] if row[2:] else "") for row in rows}


def differs(stored: StoredFile, claim: tuple[str, str] | None) -> bool:
    """Return whether RECORD is wrong about a file; weaker hashes than sha256 are not judged."""
    digest, size = claim or ("", "")
    algorithm, _, value = digest.partition("=")
    wrong_digest = algorithm == "sha256" and value.rstrip("=") != stored.sha256
    return wrong_digest or (size != "" and size != str(stored.size))


def extract(
    archive: WheelArchive, path: str, info: zipfile.ZipInfo, target: str, mtime_ns: int
) -> StoredFile:
    """Write one member to the new file ``target``; return what it is like now."""
    digest, size = hashlib.sha256(), 0
    executable = is_executable(info)
    try:
        descriptor = os.open(target, _CREATES, 0o777 if executable else 0o666)
    except FileExistsError:
        # A filesystem that ignores the case of names.
        raise _two_files(archive.path, path) from None
    try:
        if info.file_size or info.compress_size:
            with translated(archive.path, archive.filename), archive.zip.open(info) as member:
                while chunk := member.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    _write_all(descriptor, chunk)
        mode = os.fstat(descriptor).st_mode & 0o7777
        if _TIMES_BY_DESCRIPTOR:
            os.utime(descriptor, ns=(mtime_ns, mtime_ns))
    finally:
        os.close(descriptor)
    if not _TIMES_BY_DESCRIPTOR:
        os.utime(target, ns=(mtime_ns, mtime_ns))
    sha256 = base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")
    return StoredFile(path, size, mtime_ns, mode, executable, sha256)


def _write_all(descriptor: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view) :]


def is_executable(info: zipfile.ZipInfo) -> bool:
    """Return whether a member has an executable bit (external attributes of Unix archives)."""
    mode = info.external_attr >> 16
    return bool(mode and stat.S_ISREG(mode) and mode & 0o111)
