"""What a command wants of wheels, and what it gets: a wheel in the store."""

from __future__ import annotations

from msgspec import Struct

from pipwrap.events import Info
from pipwrap.model.size import format_size
from pipwrap.model.wheel import StoredWheel


class PreparedWheel(Struct, frozen=True):
    """A wheel ready to be linked, and what it stands for."""

    wheel: StoredWheel
    identity: str
    """The archive's sha256, the repository's commit, the directory of an editable's clone."""
    lines: tuple[Info, ...] = ()


class SaveOptions(Struct, frozen=True):
    """What a command leaves as files."""

    directory: str
    """What lies there with the right hash is not fetched again."""
    archives: bool = False
    """The files themselves are what is wanted, sdists too."""


def line_of(name: str, size: int, *, from_cache: bool) -> Info:
    """Return how a file was had, in pip's words."""
    word = "Using cached" if from_cache else "Downloading"
    return Info(f"{word} {name} ({format_size(size)})", indent=1)
