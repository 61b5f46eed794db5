"""The one door: choices to metadata, and to wheels that lie in the store."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from msgspec.structs import replace

from pipwrap import errors
from pipwrap.build.source_build import BuildContext, SourceBuild
from pipwrap.build.wheel_file import read_built_metadata, read_metadata
from pipwrap.cache.wheels import BuiltWheel
from pipwrap.concurrency.background import Executors
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution.admitted import Admitted
from pipwrap.distribution.archives import Archives, LocalArchive
from pipwrap.distribution.build_all import build_all
from pipwrap.distribution.built_before import BuiltBefore
from pipwrap.distribution.described import Described
from pipwrap.distribution.digest import measure
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.distribution.metadata import MetadataReader, MetadataSources
from pipwrap.distribution.results import PreparedWheel, SaveOptions
from pipwrap.distribution.sources import Sources
from pipwrap.distribution.wheel_stores import WheelStores
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution, key_of
from pipwrap.model.link import Link, redact
from pipwrap.model.metadata import Metadata, MetadataOrigin, MetadataResult
from pipwrap.model.source import Archive, Directory, Repository
from pipwrap.model.wheel import StoredWheel

_WORKERS = 16
"""Files that are fetched at the same time: a request waits more than it works."""
FETCHED_AHEAD = 8
"""Wheels that are fetched at the same time while the resolution goes on."""
_MOST_AHEAD = 8 * 1024 * 1024
"""Bytes of a wheel that may be fetched in vain."""


class Preparer:
    """Gets archives, metadata and wheels for everything that a command needs, each once."""

    def __init__(
        self,
        archives: Archives,
        stores: WheelStores,
        described: Described,
        build_context: BuildContext,
        policy: HashPolicy,
        listener: Listener,
        executors: Executors,
        saving: SaveOptions | None = None,
    ) -> None:
        """Keep the ports; nothing is fetched or built yet."""
        self._builds, self._ahead = executors.builds, executors.ahead
        self._keeps_archives = saving is not None and saving.archives
        self._archives = archives
        self._stores = stores
        self._build_context = build_context
        self._listener = listener
        self._once = OnceMap()
        directory = saving.directory if saving else None
        self._admitted = Admitted(archives, policy, listener, directory)
        self.sources = Sources(build_context, self._admitted, archives.repaired)
        self._built_before = BuiltBefore(stores.reuse, self.sources, listener)
        self._metadata = MetadataReader(
            archives,
            self._admitted,
            MetadataSources(described, stores.store, stores.remote),
            self._built_before,
            self.sources,
            listener,
            keeps_archives=self._keeps_archives,
        )
        self._expected: set[tuple[str, str]] = set()
        self._files: dict[str, tuple[str, str]] = {}
        self._links: dict[str, Link] = {}
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="prepare")

    def close(self) -> None:
        """Begin nothing more; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._ahead.close()
        self._builds.close()

    # Metadata

    def prefetch(self, candidate: Candidate, then: Callable[[Metadata], None]) -> None:
        """Begin to get the metadata of a wheel, which ``then`` gets when it is there.

        Sdists wait until they are really wanted.
        """
        if candidate.is_wheel and candidate.link.scheme != "file":
            with contextlib.suppress(RuntimeError):  # closed meanwhile: nobody wants it any more
                self._pool.submit(self._quietly, candidate, then)

    def _quietly(
        self, candidate: Candidate, then: Callable[[Metadata], None] | None = None
    ) -> None:
        """Do the work ahead, but fetch no large wheel; its errors are met when its turn comes."""
        could_be_in_vain = candidate.is_wheel and (candidate.link.size or 0) > _MOST_AHEAD
        get = self._metadata.without_transfer if could_be_in_vain else self._metadata.obtain
        try:
            result = get(candidate)
        except errors.PipwrapError:
            return
        if then is not None and result is not None:
            then(result.metadata)

    def prebuild(self, candidate: Candidate) -> None:
        """Begin to get the metadata of an sdist that is certain to be asked for.

        Those of local files wait: how they are announced depends on what was built before.
        """
        key = ("metadata", key_of(candidate))
        if candidate.link.scheme != "file" and key not in self._expected:
            self._expected.add(key)
            self._builds.begin(key, lambda: self._quietly(candidate))

    def obtain(self, distribution: Distribution) -> MetadataResult:
        """Return metadata; raises what ``MetadataReader.obtain`` raises."""
        self._builds.finish(("metadata", key_of(distribution)))
        return self._metadata.obtain(distribution)

    def described(self, candidates: Sequence[Candidate]) -> list[Metadata | None]:
        """Return the metadata of wheels that are not fetched for it, asked for side by side.

        ``None`` where only the whole wheel would tell, or it cannot be had.
        """
        return list(self._pool.map(self._apart, candidates))

    def _apart(self, candidate: Candidate) -> Metadata | None:
        try:
            result = self._metadata.without_transfer(candidate)
        except errors.PipwrapError:
            return None
        return result.metadata if result is not None else None

    def text(self, distribution: Distribution) -> str:
        """Return the metadata as it is written; raises what ``obtain`` raises."""
        return self._metadata.text(distribution)

    # Wheels

    def wheel(self, distribution: Distribution, name: str) -> PreparedWheel:
        """Return the wheel in the store, built if need be; ``name`` is the project's.

        Raises what ``obtain`` raises.
        """
        return self._once(("wheel", key_of(distribution)), lambda: self._wheel(distribution, name))

    def begin(self, candidate: Candidate, stored: Callable[[StoredWheel], None]) -> None:
        """Begin to get a wheel that will probably be wanted, unless that could be much in vain.

        ``stored`` is called with it when it is there, from any thread. What an index does not
        describe in a file apart, or without a size, waits as well: it has less to spare.
        """
        key, size = key_of(candidate), candidate.link.size

        def work() -> None:
            prepared = self.wheel(candidate, candidate.project)
            self._ahead.check(key)
            stored(prepared.wheel)

        if size is not None and size <= _MOST_AHEAD and self._metadata.is_described(candidate):
            self._ahead.begin(key, work)

    def wheels(
        self,
        distribution: dict[str, Distribution],
        names: Mapping[str, str],
        there: Mapping[str, PreparedWheel],
        stored: Callable[[StoredWheel], None],
    ) -> dict[str, PreparedWheel]:
        """Return wheels, listed by ``names``: downloads and builds go side by side.

        Those that are ``there`` take no work. ``stored`` is called with each as soon as it is in
        the store, from any thread.
        """

        def wheel(name: str) -> PreparedWheel:
            self._ahead.finish(key_of(distribution[name]))
            prepared = there.get(name)
            if prepared is None:
                prepared = self.wheel(distribution[name], names[name])
            else:
                self._archives.keep(distribution[name].link)
            stored(prepared.wheel)
            return prepared

        self._ahead.only(frozenset(map(key_of, distribution.values())))
        needs_build = {name for name, each in distribution.items() if self.needs_build(each)}
        jobs = {
            name: self._pool.submit(wheel, name) for name in distribution if name not in needs_build
        }
        prepared = {}
        for name, job in jobs.items():
            prepared[name] = job.result()
            for line in prepared[name].lines:
                self._listener(line)
        shown = {name: names[name] for name in distribution if name in needs_build}
        if shown:
            prepared.update(self._built(distribution, shown, wheel))
        return prepared

    def needs_build(self, distribution: Distribution) -> bool:
        """Tell whether a backend has to run before there is a wheel."""
        if isinstance(distribution, Directory):
            return True
        return not distribution.is_wheel and self._built_before.find(distribution) is None

    def reuses(self, distribution: Distribution) -> bool:
        """Tell whether a wheel that was built before stands in for a source."""
        if isinstance(distribution, Directory) or distribution.is_wheel or self._keeps_archives:
            return False
        return self._built_before.find(distribution) is not None

    def restore(self, wheel: StoredWheel) -> StoredWheel:
        """Return a stored wheel unpacked again, whose files were taken away since."""
        path, filename = self._files[wheel.sha256]
        link = self._links.get(wheel.sha256)
        try:
            return self._unpack(path, filename, wheel.sha256, link)
        except (errors.HashMismatch, FileNotFoundError) as error:
            raise errors.CommandError(
                f"{filename} was taken from the cache while it was being installed, and the "
                f"file that it was unpacked from is not there any more: {path}",
                hint="Run the command again.",
            ) from error

    def _built(
        self,
        distribution: Mapping[str, Distribution],
        names: Mapping[str, str],
        wheel: Callable[[str], PreparedWheel],
    ) -> dict[str, PreparedWheel]:
        """Build side by side, but directories in turn: one may be part of another."""
        for name in names if len(names) > 1 else ():
            if not isinstance(distribution[name], Directory):
                self._builds.begin(("wheel", name), partial(wheel, name))

        def built(name: str) -> PreparedWheel:
            end = self._builds.finish(("wheel", name))
            return wheel(name) if end is None else end.result()

        return build_all(names, built, self._listener)

    def _wheel(self, distribution: Distribution, name: str) -> PreparedWheel:
        if not isinstance(distribution, Directory):
            if not isinstance(distribution, Repository) and distribution.is_wheel:
                return self._downloaded(distribution)
            cached = self._built_before.find(distribution)
            if cached is not None:
                commit = (
                    self.sources.identity(distribution)
                    if isinstance(distribution, Repository)
                    else ""
                )
                reused = self._reuse(distribution, cached, name, commit)
                if reused is not None:
                    return reused
        return self._make(distribution, name)

    def _downloaded(self, distribution: Candidate | Archive) -> PreparedWheel:
        acquired = self._admitted.acquire(distribution)
        link = distribution.link
        stored = self._unpack(acquired.path, link.filename, acquired.sha256, link)
        if isinstance(distribution, Candidate) and self._is_told_apart(distribution):
            self._metadata.check(distribution, self._metadata.of_wheel_file(distribution).metadata)
        return PreparedWheel(stored, acquired.sha256, self.new_lines(distribution))

    def _reuse(
        self, distribution: Distribution, cached: BuiltWheel, name: str, identity: str = ""
    ) -> PreparedWheel | None:
        """Return a cached wheel; one that proves broken is dropped, and built again."""
        self._stores.reuse.check_native(name, cached.quality.degraded)
        try:
            path = self.sources.pinned(cached.path)
            stored = self._unpack(path, cached.filename, cached.sha256)
        except (errors.HashMismatch, errors.InvalidDistribution, OSError) as error:
            self._built_before.drop(distribution, cached, error)
            return None
        return PreparedWheel(stored, identity or cached.source_sha256)

    def _make(self, distribution: Distribution, name: str) -> PreparedWheel:
        build = self.sources.build(distribution)
        if isinstance(distribution, Candidate) and self._is_told_apart(distribution):
            for line in self.new_lines(distribution):
                self._listener(line)
            build.metadata()  # as pip has it made, whatever the index says
        prepared = self._made(build, distribution, name)
        build.clear()
        return prepared

    def _made(self, build: SourceBuild, distribution: Distribution, name: str) -> PreparedWheel:
        key = self.sources.key(distribution)
        try:
            path = build.wheel(name)
        except errors.BuildFailed as error:
            older = self._built_before.instead(distribution, build, error)
            identity = self.sources.identity(distribution)
            reused = self._reuse(distribution, older, name, identity) if older is not None else None
            if reused is None:
                raise
            return reused
        filename = os.path.basename(path)
        size, sha256 = measure(path)
        verifies = self._build_context.rules.verifies
        if verifies:
            metadata = read_built_metadata(path, distribution, name)
            if key is not None:
                self._stores.reuse.check_metadata(key, name, metadata)
        self._listener(
            Info(
                f"Created wheel for {name}: filename={filename} size={size} sha256={sha256}",
                indent=1,
            )
        )
        identity = self.sources.identity(distribution)
        if not verifies:
            # Nobody knows what is in it: the user gets the file, and no store takes it.
            self._files[sha256] = (path, filename)
            return PreparedWheel(StoredWheel(sha256, filename, "", "", True, ()), identity)  # noqa: FBT003 - positional, as its fields stand
        if key is None or not self.sources.is_fixed(distribution):
            self._files[sha256] = (path, filename)
            return PreparedWheel(self._stores.private.add(path, filename, sha256), identity)
        try:
            url = redact(distribution.link.url)
            entry = self._stores.reuse.keep(key, path, build, url, distribution)
            self._listener(Info(f"Stored in directory: {entry.directory}", indent=1))
            if entry.sha256 != sha256:
                return self._reuse(distribution, entry, name, identity) or PreparedWheel(
                    self._unpack(path, filename, sha256), identity
                )
            self._stores.reuse.check_native(name, entry.quality.degraded)
        except OSError as error:
            self._listener(WarningMessage(f"The wheel of {name} could not be cached: {error}"))
        return PreparedWheel(self._unpack(path, filename, sha256), identity)

    def _unpack(
        self, path: str, filename: str, sha256: str, link: Link | None = None
    ) -> StoredWheel:
        """Return a wheel in the store; one from ``link`` that was damaged is fetched again."""
        self._files[sha256] = (path, filename)
        if link is not None:
            self._links[sha256] = link
        try:
            return self._stores.store.add(path, filename, sha256, self._stores.unpack)
        except (errors.HashMismatch, FileNotFoundError):
            again = self._archives.repaired(link) if link is not None else None
            if again is None or again.sha256 != sha256:
                raise
        self._files[sha256] = (again.path, filename)
        return self._stores.store.add(again.path, filename, sha256)

    # Sources

    def archive(self, distribution: Candidate | Archive) -> LocalArchive:
        """Return the file itself, as ``download`` saves it."""
        acquired = self._admitted.acquire(distribution)
        acquired = self._archives.repaired(distribution.link) or acquired
        if (
            isinstance(distribution, Candidate)
            and distribution.is_wheel
            and self._is_told_apart(distribution)
        ):
            self._metadata.check(
                distribution, read_metadata(acquired.path, distribution.link.filename)
            )
        return acquired

    def new_lines(self, distribution: Candidate | Archive) -> tuple[Info, ...]:
        """Return how the archive was had, where getting the metadata has not told it yet.

        Like pip, without indentation: the lines stand below no ``Collecting`` of their own.
        """
        if not self._is_told_apart(distribution):
            return ()
        acquired = self._admitted.acquire(distribution)
        place = Info(f"Downloading link {distribution.link.shown} to {acquired.path}", level=2)
        return (*(replace(line, indent=0) for line in acquired.lines), place)

    def _is_told_apart(self, distribution: Candidate | Archive) -> bool:
        return self.obtain(distribution).origin is not MetadataOrigin.ITSELF

    def wheel_file(self, distribution: Distribution, name: str) -> tuple[str, str]:
        """Return where the wheel file of a prepared wheel lies, and its name."""
        return self._files[self.wheel(distribution, name).wheel.sha256]
