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
from pipwrap.distribution.results import MetadataResult
from pipwrap.distribution.sources import Sources
from pipwrap.events import Info, Listener
from pipwrap.model import validation
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution, key_of
from pipwrap.model.metadata import Metadata, MetadataOrigin
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

    def obtain(self, wanted: Distribution) -> MetadataResult:
        """Return the metadata of a wheel or source, downloading and building only if it must.

        Raises ``errors.InvalidDistribution`` for metadata that contradicts the file's name,
        ``errors.BuildFailed``, ``errors.HashMismatch`` and ``errors.NetworkError``.
        """
        return self._once(key_of(wanted), lambda: self._obtain(wanted))

    def _obtain(self, wanted: Distribution) -> MetadataResult:
        if isinstance(wanted, Directory):
            obtained = MetadataResult(self._sources.build(wanted).metadata())
        elif isinstance(wanted, Repository):
            obtained = self._of_repository(wanted)
        elif wanted.is_wheel:
            obtained = self._of_wheel(wanted)
        else:
            obtained = self._of_sdist(wanted)
        if isinstance(wanted, Candidate):
            metadata, teller = obtained.metadata, obtained.teller
            validation.check(wanted, metadata, teller, is_built=obtained.is_built)
        return obtained

    # Wheels

    def is_described(self, wanted: Candidate) -> bool:
        """Tell whether the index tells of a wheel in a file apart, and that is enough."""
        return wanted.is_wheel and self._has_sidecar(wanted)

    def _has_sidecar(self, wanted: Candidate) -> bool:
        is_told = wanted.link.metadata_hashes is not None
        return is_told and self._admitted.may_be_described(wanted)

    def without_transfer(self, wanted: Candidate) -> MetadataResult | None:
        """Return the metadata of a wheel where no server has to send the whole wheel for it.

        Raises what ``obtain`` raises.
        """
        if not wanted.is_wheel:
            return None
        if self._may_be_apart(wanted):
            try:
                self._apart(wanted)
            except RangeRefused as refused:
                whole = refused.take()
                if whole is not None:
                    whole.body.close()
                return None
        elif wanted.link.scheme == "file" or not self._archives.holds(wanted.link):
            return None
        return self.obtain(wanted)

    def _of_wheel(self, wanted: Candidate | Archive) -> MetadataResult:
        """Return the metadata of a wheel; why all of it has to be fetched for that is told."""
        if isinstance(wanted, Candidate) and self._may_be_apart(wanted):
            try:
                return self._apart(wanted)
            except RangeRefused as refused:
                reason = f"Getting all of {wanted.link.filename} for its metadata: {refused}"
                self._listener(Info(reason, level=2, indent=1))
                whole = refused.take()
            try:
                return self.of_wheel_file(wanted, whole)
            finally:
                if whole is not None:
                    whole.body.close()
        return self.of_wheel_file(wanted)

    def _may_be_apart(self, wanted: Candidate) -> bool:
        """Tell whether something else than a wheel's file may tell, and is the cheaper one."""
        if not self._admitted.may_be_described(wanted):
            return False
        return wanted.link.metadata_hashes is not None or not self._archives.holds(wanted.link)

    def _apart(self, wanted: Candidate) -> MetadataResult:
        """Return what is told of a wheel without it being fetched, found out once.

        Raises ``RangeRefused`` where only the wheel tells.
        """
        return self._once(("apart", key_of(wanted)), lambda: self._described(wanted))

    def _described(self, wanted: Candidate) -> MetadataResult:
        link = wanted.link
        if link.metadata_hashes is not None:
            return self._of_sidecar(wanted)
        text_in_store = None
        if link.sha256:
            text_in_store = self._text_in_store(link.sha256, link.filename)
        if text_in_store is not None:
            return MetadataResult(Metadata.parse(text_in_store), teller=MetadataOrigin.STORE)
        text = self._remote.metadata(link)
        line = f"Obtaining dependency information from {wanted.project} {wanted.version}"
        return MetadataResult(
            Metadata.parse(text), (Info(line, level=1, indent=1),), MetadataOrigin.PARTS
        )

    def _of_sidecar(self, wanted: Candidate) -> MetadataResult:
        known = self._described_before.known(wanted)
        if known is not None:
            return known
        text, size, lines = self._archives.metadata(wanted.link)
        metadata = Metadata.parse(text)
        self._described_before.keep(wanted, metadata, size)
        return MetadataResult(metadata, lines, MetadataOrigin.SIDECAR)

    def text(self, wanted: Distribution) -> str:
        """Return the whole of what ``obtain`` returns the fields of; raises the same."""
        obtained = self.obtain(wanted)
        if obtained.metadata.text or not isinstance(wanted, Candidate):
            return obtained.metadata.text
        text, _, _ = self._archives.metadata(wanted.link)
        return text

    def check(self, wanted: Candidate, wheel: Metadata) -> None:
        """Raise ``errors.InvalidDistribution`` when a wheel is not what was told of it."""
        told = self.obtain(wanted)
        try:
            validation.check_told(wanted, told.metadata, told.teller, wheel)
        except errors.InvalidDistribution:
            if told.teller is MetadataOrigin.PARTS:
                self._remote.forget(wanted.link)
            raise

    def of_wheel_file(
        self, wanted: Candidate | Archive, arriving: Response | None = None
    ) -> MetadataResult:
        """Return what a wheel itself says, from the store or the file; one damaged comes anew."""
        acquired, filename = self._admitted.acquire(wanted, arriving), wanted.link.filename
        text_in_store = self._text_in_store(acquired.sha256, filename)
        if text_in_store is not None:
            return MetadataResult(Metadata.parse(text_in_store), acquired.lines)
        try:
            return MetadataResult(read_metadata(acquired.path, filename), acquired.lines)
        except (errors.InvalidDistribution, FileNotFoundError):
            again = self._archives.repaired(wanted.link)
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

    def _of_repository(self, wanted: Repository) -> MetadataResult:
        found = None if self._keeps_archives else self._of_built_wheel(wanted)
        return found or MetadataResult(self._sources.build(wanted).metadata())

    def _of_sdist(self, wanted: Candidate | Archive) -> MetadataResult:
        has_sidecar = isinstance(wanted, Candidate) and self._has_sidecar(wanted)
        # Without a digest the sdist would have to be fetched to look for what was built of it.
        cached = self._of_built_wheel(wanted) if wanted.link.sha256 or not has_sidecar else None
        if cached is None and isinstance(wanted, Candidate) and has_sidecar:
            return self._of_sidecar(wanted)
        if cached is not None:
            lines = self._admitted.acquire(wanted).lines if self._keeps_archives else cached.lines
            return replace(cached, lines=lines)
        acquired = self._admitted.acquire(wanted)
        for line in acquired.lines:
            self._listener(line)
        link = wanted.link
        if not link.subdirectory:
            static = self._sources.static_metadata(link, acquired)
            if static is not None:
                return MetadataResult(static)
        kept = self._built_before.metadata(wanted)
        if kept is not None:
            return MetadataResult(kept, (Info(f"Using cached metadata of {link.filename}", 1, 1),))
        return self._of_backend(wanted)

    def _of_backend(self, wanted: Candidate | Archive) -> MetadataResult:
        """Return what the build backend tells, or the older wheel that a failed rebuild leaves."""
        build = None
        try:
            build = self._sources.build(wanted)
            metadata = build.metadata()
        except errors.BuildFailed as error:
            older = self._built_before.instead(wanted, build, error)
            if older is None:
                raise
            return MetadataResult(read_metadata(older.path, older.filename), is_built=True)
        self._built_before.keep_metadata(wanted, build)
        return MetadataResult(metadata)

    def _of_built_wheel(self, wanted: Candidate | Archive | Repository) -> MetadataResult | None:
        """Return the metadata of the wheel that was built before; a broken one is dropped."""
        cached = self._built_before.find(wanted)
        if cached is None:
            return None
        try:
            metadata = read_metadata(cached.path, cached.filename)
        except (errors.InvalidDistribution, OSError) as error:
            self._built_before.drop(wanted, cached, error)
            return None
        lines = self._sources.reuse_lines(wanted, cached.filename)
        return MetadataResult(metadata, lines, is_built=True)
