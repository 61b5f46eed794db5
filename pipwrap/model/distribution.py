"""What is installed or built: a candidate of an index, or a direct reference (PEP 440); pure."""

from __future__ import annotations

from pipwrap.model.candidate import Candidate
from pipwrap.model.source import Directory, Repository, Source

Distribution = Candidate | Source


def key_of(distribution: Distribution) -> str:
    """Return a key for the work on one distribution.

    A file that an index offers and a direct reference to it are held to different hashes.
    """
    if isinstance(distribution, Candidate):
        return f"{distribution.link.url}#{distribution.link.subdirectory or ''}"
    return f"@ {distribution.identity}"


def project_of(distribution: Distribution) -> str | None:
    """Return the project, where it is known before the metadata is."""
    return distribution.project if isinstance(distribution, Candidate) else None


def settings_name(distribution: Distribution) -> str:
    """Return what config settings for it are filed under."""
    return distribution.project if isinstance(distribution, Candidate) else distribution.identity


def display_name(distribution: Distribution) -> str:
    """Return how messages name it."""
    if isinstance(distribution, Repository) or (
        isinstance(distribution, Directory) and distribution.editable
    ):
        return distribution.link.redacted
    return distribution.path if isinstance(distribution, Directory) else distribution.link.filename
