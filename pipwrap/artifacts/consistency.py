"""Whether metadata is of what was asked for; pure."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata
from pipwrap.model.source import Source


def check(candidate: Candidate, metadata: Metadata) -> None:
    """Raise ``errors.InvalidDistribution`` when metadata is of something else, in pip's words."""
    url = candidate.link.redacted
    requested = f"Requested {candidate.project}=={candidate.version} from {url}"
    if canonicalize_name(metadata.name) != candidate.project:
        raise errors.UnusableMetadata(
            f"{requested} has inconsistent Name: expected {candidate.project!r}, "
            f"but metadata has {metadata.name!r}"
        )
    if _version(metadata.version) != candidate.version:
        raise errors.UnusableMetadata(
            f"{requested} has inconsistent version: expected {str(candidate.version)!r}, "
            f"but metadata has {metadata.version!r}"
        )


def check_built(wanted: Candidate | Source, metadata: Metadata, name: str) -> None:
    """Raise ``errors.InvalidDistribution`` when a backend built something else than asked for."""
    if isinstance(wanted, Candidate):
        check(wanted, metadata)
    elif canonicalize_name(metadata.name) != canonicalize_name(name):
        raise errors.InvalidDistribution(
            f"The build backend of {name} built a wheel of {metadata.name!r}"
        )


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
