"""Is this what was asked for: metadata against candidates, in pip's words."""

from __future__ import annotations

import hashlib
import os

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata
from pipwrap.model.source import Source


def measure(path: str) -> tuple[int, str]:
    """Return the size and the sha256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return os.path.getsize(path), digest.hexdigest()


def check_candidate(candidate: Candidate, metadata: Metadata) -> None:
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
        check_candidate(wanted, metadata)
    elif canonicalize_name(metadata.name) != canonicalize_name(name):
        raise errors.InvalidDistribution(
            f"The build backend of {name} built a wheel of {metadata.name!r}"
        )


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
