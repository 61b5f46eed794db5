"""A version of a project that could be installed, and where it would come from; pure."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from msgspec import Struct
from packaging.version import Version

from pipwrap.model.environment import InstalledDistribution
from pipwrap.model.link import Link


class PageFile(Protocol):
    """A file as its page lists it: of thousands, few are ever needed as links."""

    @property
    def link(self) -> Link:
        """Return its link, made anew."""

    @property
    def is_yanked(self) -> bool:
        """Tell whether the page says so (PEP 592)."""


class Candidate(Struct, frozen=True, dict=True):
    """One file of an index, judged installable here."""

    project: str
    """Canonical name."""
    version: Version
    file: Link | PageFile
    tag_rank: int = 0
    """Position of its best tag among the environment's tags; sdists come after every wheel."""
    build: tuple[int, str] | tuple[()] = ()

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same file, as its page lists it or as a link."""
        if self is other:
            return True
        if not isinstance(other, Candidate):
            return NotImplemented
        mine = (self.project, self.version, self.tag_rank, self.build)
        theirs = (other.project, other.version, other.tag_rank, other.build)
        return mine == theirs and self.link == other.link

    def __hash__(self) -> int:
        """Return a hash for which no link is made."""
        return hash((self.project, self.version, self.tag_rank, self.build))

    @cached_property
    def link(self) -> Link:
        """Return the link of the file."""
        return self.file if isinstance(self.file, Link) else self.file.link

    @property
    def is_wheel(self) -> bool:
        """Return whether it is a wheel, and no sdist."""
        return self.link.is_wheel

    @property
    def is_yanked(self) -> bool:
        """Tell whether the index has yanked the file (PEP 592)."""
        return self.file.is_yanked

    @property
    def is_plain(self) -> bool:
        """Return whether it may be chosen whatever is required (PEP 440, PEP 592)."""
        return not self.is_yanked and not self.version.is_prerelease


class InstalledCandidate(Struct, frozen=True):
    """The version that is there already."""

    project: str
    version: Version
    distribution: InstalledDistribution


class Rejection(Struct, frozen=True):
    """A file that cannot be used, and why."""

    link: Link
    reason: str
    kind: str
    """``format``, ``tags``, ``requires_python``, ``name``, ``version``: what pip distinguishes."""
    version: Version | None = None
