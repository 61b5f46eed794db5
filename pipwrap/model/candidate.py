"""A version of a project that could be installed, and where it would come from; pure."""

from __future__ import annotations

from msgspec import Struct
from packaging.version import Version

from pipwrap.model.environment import InstalledDistribution
from pipwrap.model.link import Link


class Candidate(Struct, frozen=True):
    """One file of an index, judged installable here."""

    project: str
    """Canonical name."""
    version: Version
    link: Link
    tag_rank: int = 0
    """Position of its best tag among the environment's tags; sdists come after every wheel."""
    build: tuple[int, str] | tuple[()] = ()

    @property
    def is_wheel(self) -> bool:
        """Return whether it is a wheel, and no sdist."""
        return self.link.is_wheel

    @property
    def is_plain(self) -> bool:
        """Return whether it may be chosen whatever is required (PEP 440, PEP 592)."""
        return self.link.yanked is None and not self.version.is_prerelease


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
