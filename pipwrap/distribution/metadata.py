"""The ladder to what is wanted's metadata: each rung costs more than the one before it.

For wheels they are: a file of its own on the index, the wheel in the cache, parts of the wheel on
its server, all of it. For sdists: the wheel that was built before, a file of its own on the index
(PEP 658), what the sdist says of itself (PEP 643), what its build backend told before, the build
backend. As in pip, what an index says of an sdist is not compared with what is built of it.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.build.wheel_file import read_metadata
from pipwrap.cache.store import WheelStore
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution.admitted import Admitted
from pipwrap.distribution.archives import Archives
from pipwrap.distribution.built_before import BuiltBefore
from pipwrap.distribution.described import Described
from pipwrap.distribution.lazy_wheel import LazyWheels
from pipwrap.distribution.sources import Sources
from pipwrap.events import Info, Listener
from pipwrap.model import validation
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution, key_of
from pipwrap.model.metadata import Metadata, MetadataOrigin, MetadataResult
from pipwrap.model.source import Archive, Directory, Repository
from pipwrap.model.wheel import is_of_same_project
from pipwrap.network.ranges import RangeRefused
from pipwrap.network.transport import Response


class MetadataSources(Struct, frozen=True):
    """What tells of wheels besides their files."""

    before: Described
    store: WheelStore
    remote: LazyWheels


class MetadataReader:
    """Gets the metadata of everything that a command looks at, each once."""

    def __init__(
        self,
        archives: Archives,
        admitted: Admitted,
        descriptions: MetadataSources,
        built_before: BuiltBefore,
        sources: Sources,
        listener: Listener,
        *,
        keeps_archives: bool,
    ) -> None:
        """Keep the ports; ``keeps_archives`` says that sdists are wanted as files in any case."""
        self._archives = archives
        self._admitted = admitted
        self._remote = descriptions.remote
        self._store = descriptions.store
        self._described_before = descriptions.before
        self._built_before = built_before
        self._sources = sources
        self._listener = listener
        self._keeps_archives = keeps_archives
        self._once = OnceMap()

    def obtain(self, distribution: Distribution) -> MetadataResult:
        """Return the metadata of a wheel or source, downloading and building only if it must.

        Raises ``errors.InvalidDistribution`` for metadata that contradicts the file's name,
        ``errors.BuildFailed``, ``errors.HashMismatch`` and ``errors.NetworkError``.
        """
        return self._once(key_of(distribution), lambda: self._obtain(distribution))

    def _obtain(self, distribution: Distribution) -> MetadataResult:
        if isinstance(distribution, Directory):
            result = MetadataResult(self._sources.build(distribution).metadata())
        elif isinstance(distribution, Repository):
            result = self._of_repository(distribution)
        elif distribution.is_wheel:
            result = self._of_wheel(distribution)
        else:
            result = self._of_sdist(distribution)
        if isinstance(distribution, Candidate):
            metadata, origin = result.metadata, result.origin
            validation.check(distribution, metadata, origin, is_built=result.is_built)
        return result

    # Wheels

    def is_described(self, distribution: Candidate) -> bool:
        """Tell whether the index tells of a wheel in a file apart, and that is enough."""
        return distribution.is_wheel and self._has_sidecar(distribution)

    def _has_sidecar(self, distribution: Candidate) -> bool:
        is_told = distribution.link.metadata_hashes is not None
        return is_told and self._admitted.may_be_described(distribution)

    def without_transfer(self, distribution: Candidate) -> MetadataResult | None:
        """Return the metadata of a wheel where no server has to send the whole wheel for it.

        Raises what ``obtain`` raises.
        """
        if not distribution.is_wheel:
            return None
        if self._may_be_apart(distribution):
            try:
                self._apart(distribution)
            except RangeRefused as refused:
                whole = refused.take()
                if whole is not None:
                    whole.body.close()
                return None
        elif distribution.link.scheme == "file" or not self._archives.holds(distribution.link):
            return None
        return self.obtain(distribution)

    def _of_wheel(self, distribution: Candidate | Archive) -> MetadataResult:
        """Return the metadata of a wheel; why all of it has to be fetched for that is told."""
        if isinstance(distribution, Candidate) and self._may_be_apart(distribution):
            try:
                return self._apart(distribution)
            except RangeRefused as refused:
                reason = f"Getting all of {distribution.link.filename} for its metadata: {refused}"
                self._listener(Info(reason, level=2, indent=1))
                whole = refused.take()
            try:
                return self.of_wheel_file(distribution, whole)
            finally:
                if whole is not None:
                    whole.body.close()
        return self.of_wheel_file(distribution)

    def _may_be_apart(self, distribution: Candidate) -> bool:
        """Tell whether something else than a wheel's file may tell, and is the cheaper one."""
        if not self._admitted.may_be_described(distribution):
            return False
        return distribution.link.metadata_hashes is not None or not self._archives.holds(
            distribution.link
        )

    def _apart(self, distribution: Candidate) -> MetadataResult:
        """Return what is told of a wheel without it being fetched, found out once.

        Raises ``RangeRefused`` where only the wheel tells.
        """
        return self._once(("apart", key_of(distribution)), lambda: self._described(distribution))

    def _described(self, distribution: Candidate) -> MetadataResult:
        link = distribution.link
        if link.metadata_hashes is not None:
            return self._of_sidecar(distribution)
        text_in_store = None
        if link.sha256:
            text_in_store = self._text_in_store(link.sha256, link.filename)
        if text_in_store is not None:
            return MetadataResult(Metadata.parse(text_in_store), origin=MetadataOrigin.STORE)
        text = self._remote.metadata(link)
        line = (
            f"Obtaining dependency information from {distribution.project} {distribution.version}"
        )
        return MetadataResult(
            Metadata.parse(text), (Info(line, level=1, indent=1),), MetadataOrigin.PARTS
        )

    def _of_sidecar(self, distribution: Candidate) -> MetadataResult:
        known = self._described_before.known(distribution)
        if known is not None:
            return known
        text, size, lines = self._archives.metadata(distribution.link)
        metadata = Metadata.parse(text)
        self._described_before.keep(distribution, metadata, size)
        return MetadataResult(metadata, lines, MetadataOrigin.SIDECAR)

    def text(self, distribution: Distribution) -> str:
        """Return the whole of what ``obtain`` returns the fields of; raises the same."""
        result = self.obtain(distribution)
        if result.metadata.text or not isinstance(distribution, Candidate):
            return result.metadata.text
        text, _, _ = self._archives.metadata(distribution.link)
        return text

    def check(self, distribution: Candidate, wheel: Metadata) -> None:
        """Raise ``errors.InvalidDistribution`` when a wheel is not what was told of it."""
        told = self.obtain(distribution)
        try:
            validation.check_told(distribution, told.metadata, told.origin, wheel)
        except errors.InvalidDistribution:
            if told.origin is MetadataOrigin.PARTS:
                self._remote.forget(distribution.link)
            raise

    def of_wheel_file(
        self, distribution: Candidate | Archive, arriving: Response | None = None
    ) -> MetadataResult:
        """Return what a wheel itself says, from the store or the file; one damaged comes anew."""
        acquired, filename = (
            self._admitted.acquire(distribution, arriving),
            distribution.link.filename,
        )
        text_in_store = self._text_in_store(acquired.sha256, filename)
        if text_in_store is not None:
            return MetadataResult(Metadata.parse(text_in_store), acquired.lines)
        try:
            return MetadataResult(read_metadata(acquired.path, filename), acquired.lines)
        except (errors.InvalidDistribution, FileNotFoundError):
            again = self._archives.repaired(distribution.link)
            if again is None:
                raise
            return MetadataResult(read_metadata(again.path, filename), acquired.lines)

    def _text_in_store(self, sha256: str, filename: str) -> str | None:
        """Return the METADATA of a stored wheel; ``None`` where its name is another project's."""
        stored = self._store.find(sha256)
        if stored is None or not is_of_same_project(stored.filename, filename):
            return None
        return self._store.read_dist_info(stored, "METADATA")

    # Sources

    def _of_repository(self, distribution: Repository) -> MetadataResult:
        found = None if self._keeps_archives else self._of_built_wheel(distribution)
        return found or MetadataResult(self._sources.build(distribution).metadata())

    def _of_sdist(self, distribution: Candidate | Archive) -> MetadataResult:
        has_sidecar = isinstance(distribution, Candidate) and self._has_sidecar(distribution)
        # Without a digest the sdist would have to be fetched to look for what was built of it.
        cached = (
            self._of_built_wheel(distribution)
            if distribution.link.sha256 or not has_sidecar
            else None
        )
        if cached is None and isinstance(distribution, Candidate) and has_sidecar:
            return self._of_sidecar(distribution)
        if cached is not None:
            lines = (
                self._admitted.acquire(distribution).lines if self._keeps_archives else cached.lines
            )
            return replace(cached, lines=lines)
        acquired = self._admitted.acquire(distribution)
        for line in acquired.lines:
            self._listener(line)
        link = distribution.link
        if not link.subdirectory:
            static = self._sources.static_metadata(link, acquired)
            if static is not None:
                return MetadataResult(static)
        kept = self._built_before.metadata(distribution)
        if kept is not None:
            return MetadataResult(kept, (Info(f"Using cached metadata of {link.filename}", 1, 1),))
        return self._of_backend(distribution)

    def _of_backend(self, distribution: Candidate | Archive) -> MetadataResult:
        """Return what the build backend tells, or the older wheel that a failed rebuild leaves."""
        build = None
        try:
            build = self._sources.build(distribution)
            metadata = build.metadata()
        except errors.BuildFailed as error:
            older = self._built_before.instead(distribution, build, error)
            if older is None:
                raise
            return MetadataResult(read_metadata(older.path, older.filename), is_built=True)
        self._built_before.keep_metadata(distribution, build)
        return MetadataResult(metadata)

    def _of_built_wheel(
        self, distribution: Candidate | Archive | Repository
    ) -> MetadataResult | None:
        """Return the metadata of the wheel that was built before; a broken one is dropped."""
        cached = self._built_before.find(distribution)
        if cached is None:
            return None
        try:
            metadata = read_metadata(cached.path, cached.filename)
        except (errors.InvalidDistribution, OSError) as error:
            self._built_before.drop(distribution, cached, error)
            return None
        lines = self._sources.reuse_lines(distribution, cached.filename)
        return MetadataResult(metadata, lines, is_built=True)
