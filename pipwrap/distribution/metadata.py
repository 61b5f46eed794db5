"""The metadata of distributions, each read once and compared with what the index says of it."""

from __future__ import annotations

from pipwrap import errors
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution.archives import Archives
from pipwrap.distribution.source_metadata import SourceMetadataReader
from pipwrap.distribution.wheel_metadata import WheelMetadataReader
from pipwrap.model import validation
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution, key_of
from pipwrap.model.metadata import Metadata, MetadataOrigin, MetadataResult
from pipwrap.model.source import Archive, Directory, Repository


class MetadataReader:
    """Reads the metadata of wheels and sources; used from many threads."""

    def __init__(
        self, archives: Archives, wheels: WheelMetadataReader, sources: SourceMetadataReader
    ) -> None:
        """Store the ports; nothing is read yet."""
        self._archives = archives
        self._wheels = wheels
        self._sources = sources
        self._once = OnceMap()

    def metadata(self, distribution: Distribution) -> MetadataResult:
        """Return the metadata of a wheel or source, downloading and building only if it must.

        Raises ``errors.InvalidDistribution`` for metadata that contradicts the file's name,
        ``errors.BuildFailed``, ``errors.HashMismatch`` and ``errors.NetworkError``.
        """
        return self._once(key_of(distribution), lambda: self._read(distribution))

    def without_transfer(self, candidate: Candidate) -> MetadataResult | None:
        """Return the metadata of a wheel; ``None`` where a server has to send all of it for that.

        Raises what ``metadata`` raises.
        """
        if not candidate.is_wheel or self._wheels.needs_transfer(candidate):
            return None
        return self.metadata(candidate)

    def has_sidecar(self, candidate: Candidate) -> bool:
        """Return whether the index lists a sidecar of a wheel, and it may be read."""
        return candidate.is_wheel and self._wheels.has_sidecar(candidate)

    def is_apart(self, distribution: Candidate | Archive) -> bool:
        """Return whether metadata is read from something else than the archive or its build."""
        return self.metadata(distribution).origin is not MetadataOrigin.ITSELF

    def text(self, distribution: Distribution) -> str:
        """Return the text that ``metadata`` returns the fields of; raises the same."""
        result = self.metadata(distribution)
        if result.metadata.text or not isinstance(distribution, Candidate):
            return result.metadata.text
        text, _, _ = self._archives.metadata(distribution.link)
        return text

    def check_file(self, candidate: Candidate) -> None:
        """Compare a wheel's own metadata with what was read before it was fetched (``check``)."""
        self.check(candidate, self._wheels.read_file(candidate).metadata)

    def check(self, candidate: Candidate, wheel: Metadata) -> None:
        """Raise ``errors.InvalidDistribution`` when a wheel contradicts what was read apart."""
        apart = self.metadata(candidate)
        try:
            validation.check_announced(candidate, apart.metadata, apart.origin, wheel)
        except errors.InvalidDistribution:
            if apart.origin is MetadataOrigin.PARTS:
                self._wheels.forget_parts(candidate.link)
            raise

    def _read(self, distribution: Distribution) -> MetadataResult:
        if not isinstance(distribution, Directory | Repository) and distribution.is_wheel:
            result = self._wheels.read(distribution)
        else:
            result = self._sources.read(distribution)
        if isinstance(distribution, Candidate):
            metadata, origin = result.metadata, result.origin
            validation.check(distribution, metadata, origin, is_built=result.is_built)
        return result
