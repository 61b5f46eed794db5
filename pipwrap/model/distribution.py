"""What is asked of an index or named outright: a candidate, or a direct reference (PEP 440)."""

from __future__ import annotations

from pipwrap.model.candidate import Candidate
from pipwrap.model.source import Directory, Repository, Source

Distribution = Candidate | Source


def key_of(wanted: Distribution) -> str:
    """Return what tells one piece of work from another.

    A file that an index offers and a direct reference to it are held to different hashes.
    """
    if isinstance(wanted, Candidate):
        return f"{wanted.link.url}#{wanted.link.subdirectory or ''}"
    return f"@ {wanted.identity}"


def project_of(wanted: Distribution) -> str | None:
    """Return the project, where it is known before the metadata is."""
    return wanted.project if isinstance(wanted, Candidate) else None


def settings_name(wanted: Distribution) -> str:
    """Return what config settings for it are filed under."""
    return wanted.project if isinstance(wanted, Candidate) else wanted.identity


def display_name(wanted: Distribution) -> str:
    """Return how messages name it."""
    if isinstance(wanted, Repository) or (isinstance(wanted, Directory) and wanted.editable):
        return wanted.link.redacted
    return wanted.path if isinstance(wanted, Directory) else wanted.link.filename
