"""The metadata in a wheel file, read without unpacking it."""

from __future__ import annotations

import os

from pipwrap import errors
from pipwrap.cache import archive as wheel_archive
from pipwrap.model import validation
from pipwrap.model.distribution import Distribution
from pipwrap.model.metadata import Metadata


def read_metadata_text(path: str, filename: str) -> str:
    """Return the METADATA of a wheel file.

    ``filename`` is its name on the index, which may differ from that at ``path``. Raises
    ``errors.InvalidDistribution`` for an invalid wheel.
    """
    with (
        open(path, "rb") as stream,
        wheel_archive.opened(stream, path, filename) as archive,
    ):
        wheel_archive.read_wheel_facts(archive)
        return archive.read("METADATA")


def read_metadata(path: str, filename: str) -> Metadata:
    """Return the fields of a wheel file's METADATA."""
    return Metadata.parse(read_metadata_text(path, filename))


def read_built_metadata(path: str, distribution: Distribution, name: str) -> Metadata:
    """Return the metadata of a wheel that was built; ``name`` is its project's.

    Raises ``errors.InvalidBuiltWheel`` where it is no wheel, or not of ``distribution``.
    """
    filename = os.path.basename(path)
    try:
        metadata = read_metadata(path, filename)
        validation.check_built(distribution, metadata, name, filename)
    except errors.InvalidDistribution as error:
        raise errors.InvalidBuiltWheel(f"Built wheel for {name} is invalid: {error}") from error
    return metadata
