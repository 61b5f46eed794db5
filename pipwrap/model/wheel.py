"""A wheel: what its names must say, and one that is unpacked in the store; pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from pipwrap.errors import InvalidDistribution
from pipwrap.model.names import canonicalize_name

SCHEME_KEYS = ("data", "headers", "platlib", "purelib", "scripts")
"""What may stand below a .data directory (binary distribution format)."""

STORED_FORMAT = 1
"""Of the file that describes a stored wheel."""


class StoredFile(NamedTuple):
    """One file of an unpacked wheel, as it was when it was stored.

    A named tuple: a large set has 20,000 of them, and a frozen dataclass takes five times as long.
    """

    path: str
    """Relative to the wheel's root, with forward slashes."""
    size: int
    mtime_ns: int
    mode: int
    """Permission bits."""
    executable: bool
    """As the wheel says it; ``mode`` is what the umask left of it."""
    sha256: str
    """Of its true content, urlsafe base64 without padding as RECORD has it."""


class StoredWheelRecord(Struct, frozen=True):
    """What the entry.json of a stored wheel holds."""

    format: int
    sha256: str
    filename: str
    dist_info: str
    root_is_purelib: bool
    files: tuple[StoredFile, ...]


class StoredWheel(Struct, frozen=True):
    """One entry of the store; files are checked by ``stat`` before they are linked."""

    sha256: str
    """Of the wheel file, hex."""
    filename: str
    root: str
    """The entry's directory; the files are in ``<root>/tree``."""
    dist_info: str
    """Name of the .dist-info directory at the wheel's root."""
    root_is_purelib: bool
    files: tuple[StoredFile, ...]

    @property
    def tree(self) -> str:
        """Return the directory of the unpacked files."""
        return self.root + "/tree"

    def dist_info_file(self, name: str) -> StoredFile | None:
        """Return a file of its .dist-info directory, if it has one of that name."""
        path = f"{self.dist_info}/{name}"
        return next((each for each in self.files if each.path == path), None)

    def bytecode(self, tag: str) -> str:
        """Return the directory of the bytecode for one kind of interpreter."""
        return f"{self.root}/bytecode/{tag}"


def split_filename(filename: str) -> tuple[str, str]:
    """Return the name and the version in a wheel's file name, as they are spelled there."""
    parts = filename.removesuffix(".whl").split("-")
    if not filename.endswith(".whl") or len(parts) not in {5, 6} or not parts[0]:
        raise InvalidDistribution(f"{filename} is not a valid wheel filename.")
    return parts[0], parts[1]


def is_of_same_project(one: str, other: str) -> bool:
    """Return whether the file names of two wheels name one project."""
    names = (split_filename(filename)[0] for filename in (one, other))
    return len(set(map(canonicalize_name, names))) == 1


def dist_info_directory(names: Iterable[str], filename: str) -> str:
    """Return the one .dist-info directory among a wheel's members, judged by the file name.

    ``InvalidDistribution`` when there is none, more than one, or that of another project. What
    version it is of is judged with the metadata.
    """
    name, _ = split_filename(filename)
    found = sorted({top for top, _, _ in (n.partition("/") for n in names) if _is_info(top)})
    if not found:
        raise invalid_wheel(filename, ".dist-info directory not found")
    if len(found) > 1:
        listed = ", ".join(found)
        raise invalid_wheel(filename, f"multiple .dist-info directories found: {listed}")
    held_name = found[0].removesuffix(".dist-info").rpartition("-")[0]
    canonical = canonicalize_name(name)
    if canonicalize_name(held_name) != canonical:
        reason = f".dist-info directory {found[0]!r} does not start with {canonical!r}"
        raise invalid_wheel(filename, reason)
    return found[0]


def member_path(name: str, wheel: str) -> str:
    """Return where a member goes below the wheel's root, normalised.

    ``InvalidDistribution`` when that would be somewhere else; ``wheel`` is named in the message.
    """
    path = posixpath.normpath(name)
    parts = path.split("/")
    if path.startswith("/") or ".." in name.split("/") or "\\" in name or ":" in parts[0]:
        raise InvalidDistribution(
            f"The wheel {wheel!r} has a file {name!r} trying to install"
            " outside the target directory"
        )
    if parts[0].endswith(".data"):
        _check_scheme_key(parts, path, wheel)
    return path


def _check_scheme_key(parts: list[str], path: str, wheel: str) -> None:
    """Refuse what a .data directory may not hold, in pip's words."""
    if len(parts) < 3:  # noqa: PLR2004  # NAME.data / key / path
        raise InvalidDistribution(
            f"Unexpected file in {wheel}: {path!r}. .data directory contents should be named"
            " like: '<scheme key>/<path>'."
        )
    if parts[1] not in SCHEME_KEYS:
        raise InvalidDistribution(
            f"Unknown scheme key used in {wheel}: {parts[1]} (for file {path!r}). .data directory"
            " contents should be in subdirectories named with a valid scheme key"
            f" ({', '.join(SCHEME_KEYS)})"
        )


def invalid_wheel(filename: str, reason: str) -> InvalidDistribution:
    """Return the error for a wheel whose metadata is wrong, in pip's words."""
    name = filename.partition("-")[0]
    return InvalidDistribution(f"{name} has an invalid wheel, {reason} ({filename})")


def _is_info(directory: str) -> bool:
    return directory.endswith(".dist-info")
