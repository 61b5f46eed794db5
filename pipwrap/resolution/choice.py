"""What can be chosen for a project; pure."""

from __future__ import annotations

from msgspec import Struct
from packaging.version import Version

from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.source import Source


class DirectChoice(Struct, frozen=True):
    """A version that comes from a path or a URL, and is used only where that is required."""

    project: str
    version: Version
    source: Source


Choice = Candidate | InstalledCandidate | DirectChoice
"""Everything that can be chosen for a project."""
