"""A wheel that lies unpacked in the store, checked and ready to be linked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of an unpacked wheel, as it was when it was stored."""

    path: str
    """Relative to the wheel's root, with forward slashes."""
    size: int
    mtime_ns: int
    executable: bool
    sha256: str
    """Of its true content, urlsafe base64 without padding as RECORD has it."""


@dataclass(frozen=True, slots=True)
class StoredWheel:
    """One entry of the store; files are checked by ``stat`` when they are linked."""

    sha256: str
    """Of the wheel file, hex."""
    filename: str
    root: str
    """The entry's directory; the files lie in ``<root>/tree``."""
    dist_info: str
    """Name of the .dist-info directory at the wheel's root."""
    files: tuple[StoredFile, ...]

    @property
    def tree(self) -> str:
        """Return the directory of the unpacked files."""
        return self.root + "/tree"
