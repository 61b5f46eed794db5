"""Sidecars (PEP 658) that were read before, looked up without a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipwrap import errors
from pipwrap.cache.sidecars import Sidecar, Sidecars
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.distribution.results import line_of
from pipwrap.model import validation
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata, MetadataOrigin, MetadataResult


class SidecarLookup:
    """Finds and stores the fields of sidecars by the digests that indexes name for them."""

    def __init__(self, sidecars: Sidecars, policy: HashPolicy) -> None:
        """Store the ports; where hashes are required, metadata is read from wheels alone."""
        self._sidecars = sidecars
        self._required = policy.required

    def has(self, distribution: Candidate) -> bool:
        """Return whether there is an entry for a wheel."""
        return self._find(distribution) is not None

    def find(self, distribution: Candidate) -> MetadataResult | None:
        """Return what was read; raises ``errors.UnusableMetadata`` for another wheel's metadata."""
        entry = self._find(distribution)
        if entry is None:
            return None
        line = line_of(distribution.link.filename + ".metadata", entry.size, from_cache=True)
        return MetadataResult(_checked(distribution, entry), (line,), MetadataOrigin.SIDECAR)

    def find_all(
        self,
        candidates: Sequence[Candidate],
        read: Callable[[Sequence[Candidate]], Sequence[Metadata | None]],
    ) -> list[Metadata | None]:
        """Return what was read before, and what ``read`` returns for the others, if any.

        ``None`` where there is nothing usable.
        """
        found: list[Metadata | None] = []
        missing: list[int] = []
        for number, candidate in enumerate(candidates):
            try:
                entry = self._find(candidate)
                found.append(_checked(candidate, entry) if entry is not None else None)
            except errors.UnusableMetadata:
                found.append(None)
            else:
                if entry is None:
                    missing.append(number)
        rest = read([candidates[number] for number in missing]) if missing else ()
        for number, metadata in zip(missing, rest, strict=True):
            found[number] = metadata
        return found

    def add(self, distribution: Candidate, metadata: Metadata, size: int) -> None:
        """Store what was read, where the index names the digest of the sidecar."""
        digest = _digest(distribution)
        if digest is not None:
            self._sidecars.add(distribution.project, digest, Sidecar.of(metadata, size))

    def _find(self, distribution: Candidate) -> Sidecar | None:
        digest = None if self._required else _digest(distribution)
        return self._sidecars.find(distribution.project, digest) if digest is not None else None


def _checked(distribution: Candidate, entry: Sidecar) -> Metadata:
    metadata = entry.metadata
    validation.check(distribution, metadata)
    return metadata


def _digest(distribution: Candidate) -> str | None:
    """Return the digest of a wheel's sidecar; local ones are not stored."""
    if distribution.link.scheme == "file" or not distribution.is_wheel:
        return None
    return dict(distribution.link.metadata_hashes or ()).get("sha256")
