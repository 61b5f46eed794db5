"""The one door: choices to metadata, and to wheels that lie in the store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from pipwrap import errors
from pipwrap.artifacts import consistency
from pipwrap.artifacts.archives import Acquired, Archives, Once, present
from pipwrap.artifacts.build_all import build_all
from pipwrap.artifacts.digest import measure
from pipwrap.artifacts.hashes import Hashes, HashPolicy, trusted
from pipwrap.artifacts.reuse import Reuse
from pipwrap.artifacts.source_build import Workshop
from pipwrap.artifacts.sources import Sources
from pipwrap.artifacts.wanted import (
    Obtained,
    Prepared,
    Saving,
    Wanted,
    key_of,
    project_of,
)
from pipwrap.artifacts.wheel_file import read_metadata, read_metadata_text
from pipwrap.cache.store import Store
from pipwrap.cache.wheels import BuiltWheel
from pipwrap.events import Listener, Told, Warned
from pipwrap.model.candidate import Candidate
from pipwrap.model.link import Link, redact
from pipwrap.model.metadata import Metadata
from pipwrap.model.source import Archive, Directory, Repository
from pipwrap.model.wheel import StoredWheel


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where wheels lie: the cache's, and a run's own for what must leave the cache alone."""

    store: Store
    private: Store
    reuse: Reuse


class Preparer:
    """Gets archives, metadata and wheels for everything that a command needs, each once."""

    def __init__(
        self,
        archives: Archives,
        shelves: Shelves,
        workshop: Workshop,
        policy: HashPolicy,
        listener: Listener,
        saving: Saving | None = None,
        *,
        workers: int = 8,
    ) -> None:
        """Keep the ports; nothing is fetched or built yet."""
        self._directory = saving.directory if saving else None
        self._keeps_archives = saving is not None and saving.archives
        self._archives = archives
        self._shelves = shelves
        self._workshop = workshop
        self._policy = policy
        self._listener = listener
        self._once = Once()
        self.sources = Sources(workshop, self._acquire, archives.repaired)
        self._files: dict[str, tuple[str, str]] = {}
        self._links: dict[str, Link] = {}
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="prepare")

    def close(self) -> None:
        """Begin nothing more; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    # Metadata

    def prefetch(self, candidate: Candidate) -> None:
        """Begin to get the metadata of a wheel; sdists wait until they are really wanted."""
        if candidate.is_wheel and candidate.link.scheme != "file":
            self._pool.submit(self._quietly, candidate)

    def _quietly(self, candidate: Candidate) -> None:
        """Do the work ahead; whoever really wants the answer meets its error."""
        try:
            self.obtain(candidate)
        except errors.PipwrapError:
            return

    def obtain(self, wanted: Wanted) -> Obtained:
        """Return the metadata of a wheel or source, downloading and building only if it must.

        Raises ``errors.InvalidDistribution`` for metadata that contradicts the file's name,
        ``errors.BuildFailed``, ``errors.HashMismatch`` and ``errors.NetworkError``.
        """
        return self._once(("metadata", key_of(wanted)), lambda: self._obtain(wanted))

    def _obtain(self, wanted: Wanted) -> Obtained:
        if isinstance(wanted, Directory):
            obtained = Obtained(self.sources.build(wanted).metadata())
        elif isinstance(wanted, Repository):
            obtained = self._repository_metadata(wanted)
        elif wanted.link.is_wheel:
            obtained = self._wheel_metadata(wanted, wanted.link)
        else:
            obtained = self._sdist_metadata(wanted)
        if isinstance(wanted, Candidate):
            consistency.check(wanted, obtained.metadata)
        return obtained

    def _wheel_metadata(self, wanted: Candidate | Archive, link: Link) -> Obtained:
        if self._has_sidecar(wanted):
            text, lines = self._archives.metadata(link)
            return Obtained(Metadata.parse(text), lines)
        acquired = self._acquire(wanted)
        stored = self._shelves.store.find(acquired.sha256)
        text = self._stored_metadata(stored) or self._metadata_text(acquired, link)
        return Obtained(Metadata.parse(text), acquired.lines)

    def _stored_metadata(self, stored: StoredWheel | None) -> str | None:
        return self._shelves.store.read_dist_info(stored, "METADATA") if stored else None

    def _metadata_text(self, acquired: Acquired, link: Link) -> str:
        """Return the METADATA of a wheel file; one that was damaged is fetched again."""
        try:
            return read_metadata_text(acquired.path, link.filename)
        except (errors.InvalidDistribution, FileNotFoundError):
            again = self._archives.repaired(link)
            if again is None:
                raise
            return read_metadata_text(again.path, link.filename)

    def _repository_metadata(self, wanted: Repository) -> Obtained:
        found = None if self._keeps_archives else self._cached_metadata(wanted)
        return found or Obtained(self.sources.build(wanted).metadata())

    def _sdist_metadata(self, wanted: Candidate | Archive) -> Obtained:
        cached = self._cached_metadata(wanted)
        if cached is not None:
            lines = self._acquire(wanted).lines if self._keeps_archives else cached.lines
            return Obtained(cached.metadata, lines)
        acquired = self._acquire(wanted)
        for line in acquired.lines:
            self._listener(line)
        link = wanted.link
        if not link.subdirectory:
            static = self.sources.static_metadata(link, acquired)
            if static is not None:
                return Obtained(static)
        try:
            return Obtained(self.sources.build(wanted).metadata())
        except errors.BuildFailed as error:
            older = self._older(wanted, error)
            if older is None:
                raise
            return Obtained(read_metadata(older.path, older.filename))

    def _cached_metadata(self, wanted: Candidate | Archive | Repository) -> Obtained | None:
        """Return the metadata of the wheel that was built before; a broken one is dropped."""
        cached = self._cached(wanted)
        if cached is None:
            return None
        try:
            metadata = read_metadata(cached.path, cached.filename)
        except (errors.InvalidDistribution, OSError) as error:
            self._drop(wanted, cached, error)
            return None
        return Obtained(metadata, (Told(f"Using cached {cached.filename}", indent=1),))

    def _drop(self, wanted: Wanted, cached: BuiltWheel, error: Exception) -> None:
        """Forget a cached wheel that proved broken, and say so; a purged one is no news."""
        if isinstance(error, FileNotFoundError):
            self._listener(Told(f"The cached {cached.filename} was removed since", 1, 1))
        else:
            self._listener(Warned(f"Ignoring the cached {cached.filename}: {error}"))
        key = self.sources.key(wanted)
        if key is not None:
            self._shelves.reuse.drop(key, cached)

    def _older(self, wanted: Wanted, error: errors.BuildFailed) -> BuiltWheel | None:
        """Return the cached wheel that a failed rebuild leaves in use."""
        key = self.sources.key(wanted)
        return self._shelves.reuse.instead(key, error) if key is not None else None

    # Wheels

    def wheel(self, wanted: Wanted, name: str) -> Prepared:
        """Return the wheel in the store, built if need be; ``name`` is the project's.

        Raises what ``obtain`` raises.
        """
        return self._once(("wheel", key_of(wanted)), lambda: self._wheel(wanted, name))

    def wheels(self, wanted: dict[str, Wanted], names: Mapping[str, str]) -> dict[str, Prepared]:
        """Return wheels, listed by ``names``: downloads side by side, builds one by one."""
        needs_build = {name for name, each in wanted.items() if self.needs_build(each)}
        jobs = {
            name: self._pool.submit(self.wheel, each, names[name])
            for name, each in wanted.items()
            if name not in needs_build
        }
        prepared = {}
        for name, job in jobs.items():
            prepared[name] = job.result()
            for line in prepared[name].lines:
                self._listener(line)
        shown = {name: names[name] for name in wanted if name in needs_build}
        prepared.update(self._built(wanted, shown))
        return prepared

    def needs_build(self, wanted: Wanted) -> bool:
        """Tell whether a backend has to run before there is a wheel."""
        if isinstance(wanted, Directory):
            return True
        return not wanted.is_wheel and self._cached(wanted) is None

    def reuses(self, wanted: Wanted) -> bool:
        """Tell whether a wheel that was built before stands in for a source."""
        if isinstance(wanted, Directory) or wanted.is_wheel or self._keeps_archives:
            return False
        return self._cached(wanted) is not None

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

    def _built(self, wanted: dict[str, Wanted], names: Mapping[str, str]) -> dict[str, Prepared]:
        if not names:
            return {}
        return build_all(names, lambda name: self.wheel(wanted[name], names[name]), self._listener)

    def _wheel(self, wanted: Wanted, name: str) -> Prepared:
        if not isinstance(wanted, Directory):
            if not isinstance(wanted, Repository) and wanted.is_wheel:
                return self._downloaded(wanted)
            cached = self._cached(wanted)
            if cached is not None:
                revision = wanted.revision if isinstance(wanted, Repository) else None
                reused = self._reuse(wanted, cached, name, revision or "")
                if reused is not None:
                    return reused
        return self._make(wanted, name)

    def _downloaded(self, wanted: Candidate | Archive) -> Prepared:
        acquired = self._acquire(wanted)
        link = wanted.link
        stored = self._unpack(acquired.path, link.filename, acquired.sha256, link)
        if isinstance(wanted, Candidate) and self._has_sidecar(wanted):
            text = self._stored_metadata(stored) or self._metadata_text(acquired, link)
            consistency.check_sidecar(wanted, self._archives.metadata(link)[0], text)
        return Prepared(stored, acquired.sha256, self.new_lines(wanted))

    def _reuse(
        self, wanted: Wanted, cached: BuiltWheel, name: str, identity: str = ""
    ) -> Prepared | None:
        """Return a cached wheel; one that proves broken is dropped, and built again."""
        self._shelves.reuse.check_native(name, cached.quality.degraded)
        try:
            path = self.sources.pinned(cached.path)
            stored = self._unpack(path, cached.filename, cached.sha256)
        except (errors.HashMismatch, errors.InvalidDistribution, OSError) as error:
            self._drop(wanted, cached, error)
            return None
        return Prepared(stored, identity or cached.source_sha256)

    def _make(self, wanted: Wanted, name: str) -> Prepared:
        key = self.sources.key(wanted)
        build = self.sources.build(wanted)
        try:
            path = build.wheel(name)
        except errors.BuildFailed as error:
            older = self._older(wanted, error)
            identity = self.sources.identity(wanted)
            reused = self._reuse(wanted, older, name, identity) if older is not None else None
            if reused is None:
                raise
            return reused
        filename = os.path.basename(path)
        size, sha256 = measure(path)
        verifies = self._workshop.rules.verifies
        if verifies:
            consistency.check_built(wanted, read_metadata(path, filename), name)
        self._listener(
            Told(
                f"Created wheel for {name}: filename={filename} size={size} sha256={sha256}",
                indent=1,
            )
        )
        identity = self.sources.identity(wanted)
        if not verifies:
            # Nobody knows what is in it: the user gets the file, and no store takes it.
            self._files[sha256] = (path, filename)
            return Prepared(StoredWheel(sha256, filename, "", "", True, ()), identity)  # noqa: FBT003 - positional, as its fields stand
        if key is None or not self.sources.is_fixed(wanted):
            self._files[sha256] = (path, filename)
            return Prepared(self._shelves.private.add(path, filename, sha256), identity)
        try:
            url = redact(wanted.link.url)
            entry = self._shelves.reuse.keep(key, path, build, url, wanted)
            self._listener(Told(f"Stored in directory: {entry.directory}", indent=1))
            if entry.sha256 != sha256:
                return self._reuse(wanted, entry, name, identity) or Prepared(
                    self._unpack(path, filename, sha256), identity
                )
            self._shelves.reuse.check_native(name, entry.quality.degraded)
        except OSError as error:
            self._listener(Warned(f"The wheel of {name} could not be cached: {error}"))
        return Prepared(self._unpack(path, filename, sha256), identity)

    def _unpack(
        self, path: str, filename: str, sha256: str, link: Link | None = None
    ) -> StoredWheel:
        """Return a wheel in the store; one from ``link`` that was damaged is fetched again."""
        self._files[sha256] = (path, filename)
        if link is not None:
            self._links[sha256] = link
        try:
            return self._shelves.store.add(path, filename, sha256)
        except (errors.HashMismatch, FileNotFoundError):
            again = self._archives.repaired(link) if link is not None else None
            if again is None or again.sha256 != sha256:
                raise
        self._files[sha256] = (again.path, filename)
        return self._shelves.store.add(again.path, filename, sha256)

    # Sources

    def archive(self, wanted: Candidate | Archive) -> Acquired:
        """Return the file itself, as ``download`` saves it."""
        acquired = self._acquire(wanted)
        return self._archives.repaired(wanted.link) or acquired

    def new_lines(self, wanted: Candidate | Archive) -> tuple[Told, ...]:
        """Return how the archive was had, where getting the metadata has not told it yet.

        Like pip, without indentation: the lines stand below no ``Collecting`` of their own.
        """
        if not self._has_sidecar(wanted):
            return ()
        return tuple(replace(line, indent=0) for line in self._acquire(wanted).lines)

    def wheel_file(self, wanted: Wanted, name: str) -> tuple[str, str]:
        """Return where the wheel file of a prepared wheel lies, and its name."""
        return self._files[self.wheel(wanted, name).wheel.sha256]

    def _has_sidecar(self, wanted: Wanted) -> bool:
        """Tell whether the metadata comes from a file of its own (PEP 658)."""
        return (
            isinstance(wanted, Candidate)
            and wanted.link.metadata_hashes is not None
            and not self._policy.required
            and self._present(wanted) is None
        )

    def _acquire(self, wanted: Candidate | Archive) -> Acquired:
        link, name = wanted.link, self._shown(wanted)
        acquired = self._present(wanted) or self._archives.acquire(link, name)
        self._policy.check(self._allowed(wanted), name, acquired.path, acquired.sha256)
        return acquired

    def _present(self, wanted: Candidate | Archive) -> Acquired | None:
        """Return what an earlier run left in the destination, when its hash says that it is it."""
        if self._directory is None:
            return None
        path = os.path.join(self._directory, wanted.link.filename)
        expected = self._allowed(wanted) or trusted(wanted.link.hashes)
        return self._once(
            ("present", key_of(wanted)), lambda: present(path, expected, self._listener)
        )

    def _allowed(self, wanted: Candidate | Archive) -> Hashes:
        """Return what the user allows it to be."""
        if isinstance(wanted, Candidate):
            return self._policy.of(wanted.project)
        return self._policy.of_source(wanted.link.url) or wanted.link.hashes

    def _shown(self, wanted: Candidate | Archive) -> str:
        """Return how pip names it where hashes differ."""
        if isinstance(wanted, Candidate):
            pin = f"{wanted.project}=={wanted.version}"
            return self._policy.shown(wanted.project, pin, wanted.link.redacted)
        return self._policy.shown(wanted.link.url, "", wanted.link.redacted_whole)

    def _cached(self, wanted: Candidate | Archive | Repository) -> BuiltWheel | None:
        """Return the wheel that was built from this source before, if it may be used."""
        key = self.sources.key(wanted)
        return self._shelves.reuse.entry(key, project_of(wanted)) if key is not None else None
