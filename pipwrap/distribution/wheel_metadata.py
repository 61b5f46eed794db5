"""Metadata of wheels, from the cheapest source that has it.

The sources in order of cost: the sidecar of the wheel on the index (PEP 658), the wheel in the
store or in the HTTP cache, parts of the wheel on its server (range requests), the whole wheel.
"""

from __future__ import annotations

from pipwrap import errors
from pipwrap.build.wheel_file import read_metadata
from pipwrap.cache.store import WheelStore
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution.archives import Archives
from pipwrap.distribution.lazy_wheel import LazyWheels
from pipwrap.distribution.sidecars import SidecarLookup
from pipwrap.events import Info, Listener
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import key_of
from pipwrap.model.link import Link
from pipwrap.model.metadata import Metadata, MetadataOrigin, MetadataResult
from pipwrap.model.source import Archive
from pipwrap.model.wheel import is_of_same_project
from pipwrap.network.ranges import RangeRefused
from pipwrap.network.transport import Response


class WheelMetadataReader:
    """Reads the metadata of wheels, and the sidecars of sdists; used from many threads."""

    def __init__(
        self,
        archives: Archives,
        sidecars: SidecarLookup,
        store: WheelStore,
        lazy_wheels: LazyWheels,
        listener: Listener,
    ) -> None:
        """Store the ports; nothing is read yet."""
        self._archives = archives
        self._sidecars = sidecars
        self._store = store
        self._lazy_wheels = lazy_wheels
        self._listener = listener
        self._once = OnceMap()

    def read(self, distribution: Candidate | Archive) -> MetadataResult:
        """Return the metadata of a wheel; report why the whole wheel has to be fetched for it."""
        if not isinstance(distribution, Candidate) or not self._may_read_apart(distribution):
            return self.read_file(distribution)
        try:
            return self._read_apart(distribution)
        except RangeRefused as refused:
            reason = f"Getting all of {distribution.link.filename} for its metadata: {refused}"
            self._listener(Info(reason, level=2, indent=1))
            whole = refused.take()
        try:
            return self.read_file(distribution, whole)
        finally:
            if whole is not None:
                whole.body.close()

    def needs_transfer(self, distribution: Candidate) -> bool:
        """Return whether a server has to send the whole wheel for its metadata.

        The metadata is read to find out, where the whole wheel is not needed. Raises what
        ``MetadataReader.metadata`` raises.
        """
        if not self._may_read_apart(distribution):
            link = distribution.link
            return link.scheme == "file" or not self._archives.is_cached(link)
        try:
            self._read_apart(distribution)
        except RangeRefused as refused:
            whole = refused.take()
            if whole is not None:
                whole.body.close()
            return True
        return False

    def has_sidecar(self, distribution: Candidate) -> bool:
        """Return whether the index lists a sidecar, and it may be read."""
        is_listed = distribution.link.metadata_hashes is not None
        return is_listed and self._archives.allows_other_metadata(distribution)

    def read_sidecar(self, distribution: Candidate) -> MetadataResult:
        """Return the metadata in the sidecar of a wheel or an sdist."""
        known = self._sidecars.find(distribution)
        if known is not None:
            return known
        text, size, lines = self._archives.metadata(distribution.link)
        metadata = Metadata.parse(text)
        self._sidecars.add(distribution, metadata, size)
        return MetadataResult(metadata, lines, MetadataOrigin.SIDECAR)

    def read_file(
        self, distribution: Candidate | Archive, arriving: Response | None = None
    ) -> MetadataResult:
        """Return the metadata in the wheel itself, from the store or the file.

        ``arriving`` is a response whose body is the wheel. A damaged file is fetched again.
        """
        acquired = self._archives.acquire(distribution, arriving)
        filename = distribution.link.filename
        text = self._text_in_store(acquired.sha256, filename)
        if text is not None:
            return MetadataResult(Metadata.parse(text), acquired.lines)
        try:
            return MetadataResult(read_metadata(acquired.path, filename), acquired.lines)
        except (errors.InvalidDistribution, FileNotFoundError):
            again = self._archives.repaired(distribution.link)
            if again is None:
                raise
            return MetadataResult(read_metadata(again.path, filename), acquired.lines)

    def forget_parts(self, link: Link) -> None:
        """Remove what was cached of a wheel's parts, where the wheel contradicts it."""
        self._lazy_wheels.forget(link)

    def _may_read_apart(self, distribution: Candidate) -> bool:
        """Return whether something else than the wheel file may be read, and is cheaper."""
        if not self._archives.allows_other_metadata(distribution):
            return False
        return distribution.link.metadata_hashes is not None or not self._archives.is_cached(
            distribution.link
        )

    def _read_apart(self, distribution: Candidate) -> MetadataResult:
        """Return the metadata of a wheel that is not fetched whole, read once.

        Raises ``RangeRefused`` where the whole wheel is needed.
        """
        return self._once(key_of(distribution), lambda: self._sidecar_store_or_parts(distribution))

    def _sidecar_store_or_parts(self, distribution: Candidate) -> MetadataResult:
        link = distribution.link
        if link.metadata_hashes is not None:
            return self.read_sidecar(distribution)
        text = self._text_in_store(link.sha256, link.filename) if link.sha256 else None
        if text is not None:
            return MetadataResult(Metadata.parse(text), origin=MetadataOrigin.STORE)
        text = self._lazy_wheels.metadata(link)
        line = (
            f"Obtaining dependency information from {distribution.project} {distribution.version}"
        )
        return MetadataResult(
            Metadata.parse(text), (Info(line, level=1, indent=1),), MetadataOrigin.PARTS
        )

    def _text_in_store(self, sha256: str, filename: str) -> str | None:
        """Return the METADATA of a stored wheel; ``None`` where its name is another project's."""
        stored = self._store.find(sha256)
        if stored is None or not is_of_same_project(stored.filename, filename):
            return None
        return self._store.read_dist_info(stored, "METADATA")
