"""What is wanted of artifacts, and what comes back: metadata, or a wheel in the store."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from pipwrap.events import Told
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata
from pipwrap.model.size import format_size
from pipwrap.model.source import Directory, Repository, Source
from pipwrap.model.wheel import StoredWheel

Wanted = Candidate | Source


class Prepared(Struct, frozen=True):
    """A wheel ready to be linked, and what it stands for."""

    wheel: StoredWheel
    identity: str
    """The archive's sha256, the repository's commit, the directory of an editable's clone."""
    lines: tuple[Told, ...] = ()


class Saving(Struct, frozen=True):
    """What a command leaves as files."""

    directory: str
    """What lies there with the right hash is not fetched again."""
    archives: bool = False
    """The files themselves are what is wanted, sdists too."""


class Teller(Enum):
    """Who told metadata; all but the first are compared with the wheel when that is there."""

    ITSELF = "the wheel or its source"
    SIDECAR = "its PEP 658 .metadata file"
    PARTS = "the parts of it that were read first"
    STORE = "what was unpacked of it"


class Obtained(Struct, frozen=True):
    """Metadata, and the lines that tell how it was had."""

    metadata: Metadata
    lines: tuple[Told, ...] = ()
    teller: Teller = Teller.ITSELF
    is_built: bool = False
    """A wheel says it that was built of the source before."""


def line_of(name: str, size: int, *, from_cache: bool) -> Told:
    """Return how a file was had, in pip's words."""
    word = "Using cached" if from_cache else "Downloading"
    return Told(f"{word} {name} ({format_size(size)})", indent=1)


def key_of(wanted: Wanted) -> str:
    """Return what tells one piece of work from another.

    A file that an index offers and a direct reference to it are held to different hashes.
    """
    if isinstance(wanted, Candidate):
        return f"{wanted.link.url}#{wanted.link.subdirectory or ''}"
    return f"@ {wanted.identity}"


def project_of(wanted: Wanted) -> str | None:
    """Return the project, where it is known before the metadata is."""
    return wanted.project if isinstance(wanted, Candidate) else None


def settings_name(wanted: Wanted) -> str:
    """Return what config settings for it are filed under."""
    return wanted.project if isinstance(wanted, Candidate) else wanted.identity


def shown(wanted: Wanted) -> str:
    """Return how messages name it."""
    if isinstance(wanted, Repository) or (isinstance(wanted, Directory) and wanted.editable):
        return wanted.link.redacted
    return wanted.path if isinstance(wanted, Directory) else wanted.link.filename
