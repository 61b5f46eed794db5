"""What files of metadata said of wheels that were looked at before: nothing is fetched for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipwrap import errors
from pipwrap.cache.sidecars import Sidecar, Sidecars
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.distribution.results import line_of
from pipwrap.model import validation
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata, MetadataOrigin, MetadataResult


class Described:
    """Finds and keeps it, by the digests that indexes name."""

    def __init__(self, sidecars: Sidecars, policy: HashPolicy) -> None:
        """Keep the ports; where hashes are required, only wheels themselves tell."""
        self._sidecars = sidecars
        self._required = policy.required

    def holds(self, distribution: Candidate) -> bool:
        """Tell whether something is known."""
        return self._find(distribution) is not None

    def known(self, distribution: Candidate) -> MetadataResult | None:
        """Return what is known; raises ``errors.UnusableMetadata`` where it is of another wheel."""
        kept = self._find(distribution)
        if kept is None:
            return None
        line = line_of(distribution.link.filename + ".metadata", kept.size, from_cache=True)
        return MetadataResult(_checked(distribution, kept), (line,), MetadataOrigin.SIDECAR)

    def all(
        self,
        candidates: Sequence[Candidate],
        read: Callable[[Sequence[Candidate]], Sequence[Metadata | None]],
    ) -> list[Metadata | None]:
        """Return what is known, and what ``read`` returns for the rest, if there is any.

        ``None`` where there is nothing, or nothing that can be used.
        """
        found: list[Metadata | None] = []
        missing: list[int] = []
        for number, candidate in enumerate(candidates):
            try:
                known = self._find(candidate)
                found.append(_checked(candidate, known) if known is not None else None)
            except errors.UnusableMetadata:
                found.append(None)
            else:
                if known is None:
                    missing.append(number)
        rest = read([candidates[number] for number in missing]) if missing else ()
        for number, metadata in zip(missing, rest, strict=True):
            found[number] = metadata
        return found

    def keep(self, distribution: Candidate, metadata: Metadata, size: int) -> None:
        """Keep what was read, where the index names the digest of what it was read from."""
        digest = _digest(distribution)
        if digest is not None:
            self._sidecars.add(distribution.project, digest, Sidecar.of(metadata, size))

    def _find(self, distribution: Candidate) -> Sidecar | None:
        digest = None if self._required else _digest(distribution)
        return self._sidecars.find(distribution.project, digest) if digest is not None else None


def _checked(distribution: Candidate, kept: Sidecar) -> Metadata:
    metadata = kept.metadata
    validation.check(distribution, metadata)
    return metadata


def _digest(distribution: Candidate) -> str | None:
    """Return the digest of a wheel's file of metadata; local ones are read as they lie."""
    if distribution.link.scheme == "file" or not distribution.is_wheel:
        return None
    return dict(distribution.link.metadata_hashes or ()).get("sha256")
