"""A wheel file to the tree of its files with the file that describes them, for the store."""

from __future__ import annotations

import hashlib
import os
from typing import IO, NamedTuple

from pipwrap.cache import archive as wheel_archive
from pipwrap.cache import records
from pipwrap.cache.archive import WheelArchive, WheelFacts
from pipwrap.errors import HashMismatch
from pipwrap.model.wheel import STORED_FORMAT, StoredFile, StoredWheelRecord

LEFT_OUT = ("INSTALLER", "REQUESTED", "direct_url.json")
"""Files of .dist-info that only the installer may write (PEP 376, PEP 610)."""


class UnpackedWheel(NamedTuple):
    """What was done."""

    size: int
    """Bytes of all files."""
    warnings: tuple[str, ...]
    """What is odd about a wheel that installs all the same."""


def unpack_file(
    wheel_path: str, filename: str, sha256: str, directory: str, seconds: float
) -> UnpackedWheel:
    """Write ``tree`` and ``entry.json`` into a directory, the files with the time ``seconds``.

    ``HashMismatch`` when the bytes are not those of ``sha256``, ``InvalidDistribution`` for what
    is no proper wheel.
    """
    with open(wheel_path, "rb") as stream:
        _check_digest(stream, filename, sha256)
        with wheel_archive.opened(stream, wheel_path, filename) as archive:
            archive.check_repeated()
            archive.read("METADATA")
            facts = wheel_archive.read_wheel_facts(archive)
            claims = wheel_archive.read_record(archive)
            files = _extract_all(archive, f"{directory}/tree", int(seconds) * 10**9)
            differing = [
                each for each in files if _differs_from_record(each, claims, archive.dist_info)
            ]
            warnings = _warnings(archive, facts, differing)
    record = StoredWheelRecord(
        format=STORED_FORMAT,
        sha256=sha256,
        filename=filename,
        dist_info=archive.dist_info,
        root_is_purelib=facts.root_is_purelib,
        files=files,
    )
    with open(f"{directory}/entry.json", "wb") as out:
        out.write(records.encode(record))
    return UnpackedWheel(sum(each.size for each in files), warnings)


def _check_digest(stream: IO[bytes], filename: str, sha256: str) -> None:
    """Read the whole file once."""
    digest = hashlib.sha256()
    while chunk := stream.read(wheel_archive.CHUNK):
        digest.update(chunk)
    if digest.hexdigest() != sha256:
        raise HashMismatch(
            f"{filename} is not the file that was asked for",
            context=f"Expected sha256 {sha256}\n     Got        {digest.hexdigest()}",
        )
    stream.seek(0)


def _extract_all(archive: WheelArchive, tree: str, mtime_ns: int) -> tuple[StoredFile, ...]:
    """Write every member that is installed as a file; all get the time of unpacking.

    Whole seconds, which every filesystem keeps and every link mode preserves.
    """
    made, files = set(), []
    for path, info in sorted(archive.members):
        if not _is_installed(path, archive.dist_info):
            continue
        target = f"{tree}/{path}"
        parent = os.path.dirname(target)
        if parent not in made:
            os.makedirs(parent, exist_ok=True)
            made.add(parent)
        files.append(wheel_archive.extract(archive, path, info, target, mtime_ns))
    return tuple(files)


def _warnings(
    archive: WheelArchive, facts: WheelFacts, differing: list[StoredFile]
) -> tuple[str, ...]:
    found = []
    if facts.newer_version:
        found.append(f"Installing from a newer Wheel-Version ({facts.newer_version})")
    if differing:
        found.append(
            f"The RECORD of {archive.filename} does not match {len(differing)} of its files, "
            f"such as {differing[0].path!r}; they are installed as they are"
        )
    return tuple(found)


def _is_installed(path: str, dist_info: str) -> bool:
    """Leave out RECORD and what the installer writes, and bytecode (a way to hide code)."""
    directory, _, name = path.rpartition("/")
    if directory == dist_info or directory.endswith(
        (f".data/purelib/{dist_info}", f".data/platlib/{dist_info}")
    ):
        return name not in (*LEFT_OUT, "RECORD")
    return not f"/{directory}".endswith("/__pycache__")


def _differs_from_record(
    stored: StoredFile, claims: dict[str, tuple[str, str]], dist_info: str
) -> bool:
    """Return whether RECORD is wrong about a file; its own signatures are not in it."""
    if stored.path.startswith(f"{dist_info}/RECORD"):
        return False
    return wheel_archive.differs(stored, claims.get(stored.path))
