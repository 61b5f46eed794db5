"""Distributions to metadata, and to wheels in the store: what goes on at the same time.

What is fetched and built is decided elsewhere (``metadata``, ``wheel_files``, ``wheel_builder``).
There are three groups of threads, since a request mostly waits and a build mostly computes:

    pool     16 threads   metadata during the resolution, then downloads of wheels
    ahead     8 threads   wheels that will probably be installed (``prefetch_wheel``)
    builds    1 for each processor: metadata that is certain to be needed (``prebuild``), wheels

Each piece of work is done once: a thread that needs a result in the making waits for it. Events of
work in ``ahead`` and ``builds`` are held back until another thread waits for that work, so that
lines come in the order in which they would if everything was done in turn.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pipwrap import errors
from pipwrap.concurrency.background import Executors
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution.metadata import MetadataReader
from pipwrap.distribution.results import PreparedWheel
from pipwrap.distribution.wheel_builder import WheelBuilder
from pipwrap.distribution.wheel_files import WheelFiles
from pipwrap.events import BuildAborted, Info, Listener, WarningMessage
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution, key_of
from pipwrap.model.metadata import Metadata, MetadataResult
from pipwrap.model.source import Directory, Repository
from pipwrap.model.wheel import StoredWheel

_WORKERS = 16
"""Files that are fetched at the same time: a request waits more than it works."""
FETCHED_AHEAD = 8
"""Wheels that are fetched at the same time while the resolution goes on."""
_MOST_AHEAD = 8 * 1024 * 1024
"""Bytes of a wheel that may be fetched in vain."""


class Preparer:
    """Prepares distributions for one resolution and what follows it, each once."""

    def __init__(
        self,
        reader: MetadataReader,
        files: WheelFiles,
        builder: WheelBuilder,
        executors: Executors,
        listener: Listener,
    ) -> None:
        """Store the ports; nothing is fetched or built yet."""
        self.reader = reader
        self.files = files
        self.builder = builder
        self._builds, self._ahead = executors.builds, executors.ahead
        self._listener = listener
        self._once = OnceMap()
        self._prebuilt: set[tuple[str, str]] = set()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="prepare")

    def close(self) -> None:
        """Begin nothing more; what is under way ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._ahead.close()
        self._builds.close()

    def prefetch(self, candidate: Candidate, then: Callable[[Metadata], None]) -> None:
        """Begin to read the metadata of a wheel, and call ``then`` with it.

        That of an sdist waits until it is needed for certain: it may take a build.
        """
        if candidate.is_wheel and candidate.link.scheme != "file":
            with contextlib.suppress(RuntimeError):  # closed since: the result is not needed
                self._pool.submit(self._read_ahead, candidate, then)

    def prebuild(self, candidate: Candidate) -> None:
        """Begin to read the metadata of an sdist that is certain to be needed.

        Local files wait: the line that announces one depends on whether it was built before.
        """
        key = ("metadata", key_of(candidate))
        if candidate.link.scheme != "file" and key not in self._prebuilt:
            self._prebuilt.add(key)
            self._builds.begin(key, lambda: self._read_ahead(candidate))

    def metadata(self, distribution: Distribution) -> MetadataResult:
        """Return metadata, after a build of it that is under way (``MetadataReader.metadata``)."""
        self._builds.finish(("metadata", key_of(distribution)))
        return self.reader.metadata(distribution)

    def metadata_of_wheels(self, candidates: Sequence[Candidate]) -> list[Metadata | None]:
        """Return the metadata of wheels, read side by side.

        ``None`` where a server has to send the whole wheel for it, or it cannot be read.
        """
        return list(self._pool.map(self._read_without_transfer, candidates))

    def prefetch_wheel(self, candidate: Candidate, stored: Callable[[StoredWheel], None]) -> None:
        """Begin to fetch a wheel that will probably be installed, unless it is large.

        ``stored`` is called with it when it is in the store, from any thread. A wheel without a
        sidecar or a size is not fetched ahead: its index serves less that could be had in advance.
        """
        key, size = key_of(candidate), candidate.link.size

        def work() -> None:
            prepared = self.wheel(candidate, candidate.project)
            self._ahead.check(key)
            stored(prepared.wheel)

        if size is not None and size <= _MOST_AHEAD and self.reader.has_sidecar(candidate):
            self._ahead.begin(key, work)

    def wheel(self, distribution: Distribution, name: str) -> PreparedWheel:
        """Return the wheel in the store, built if need be; ``name`` is the project's.

        Raises what ``metadata`` raises.
        """

        def work() -> PreparedWheel:
            if not isinstance(distribution, Directory | Repository) and distribution.is_wheel:
                return self.files.download(distribution)
            return self.builder.wheel(distribution, name)

        return self._once(key_of(distribution), work)

    def wheels(
        self,
        distribution: dict[str, Distribution],
        names: Mapping[str, str],
        there: Mapping[str, PreparedWheel],
        stored: Callable[[StoredWheel], None],
    ) -> dict[str, PreparedWheel]:
        """Return wheels, listed by ``names``: downloads and builds go on side by side.

        Those that are ``there`` take no work. ``stored`` is called with each as soon as it is in
        the store, from any thread.
        """

        def wheel(name: str) -> PreparedWheel:
            self._ahead.finish(key_of(distribution[name]))
            prepared = there.get(name)
            if prepared is None:
                prepared = self.wheel(distribution[name], names[name])
            else:
                self.files.archives.pin(distribution[name].link)
            stored(prepared.wheel)
            return prepared

        self._ahead.only(frozenset(map(key_of, distribution.values())))
        builds = {name for name, each in distribution.items() if self.builder.needs_build(each)}
        jobs = {name: self._pool.submit(wheel, name) for name in distribution if name not in builds}
        prepared = {}
        for name, job in jobs.items():
            prepared[name] = job.result()
            for line in prepared[name].lines:
                self._listener(line)
        if builds:
            # Side by side, but directories in turn: one may be part of another.
            for name in distribution if len(builds) > 1 else ():
                if name in builds and not isinstance(distribution[name], Directory):
                    self._builds.begin(("wheel", name), partial(wheel, name))
            shown = {name: names[name] for name in distribution if name in builds}
            prepared.update(self._build_all(shown, wheel))
        return prepared

    def _build_all(
        self, names: Mapping[str, str], wheel: Callable[[str], PreparedWheel]
    ) -> dict[str, PreparedWheel]:
        """Return the wheel that is built of each project, and report pip's lines.

        A failure does not keep the others from being built, and they stay in the cache: then
        ``errors.WheelsNotBuilt`` names those that failed.
        """
        self._listener(Info(f"Building wheels for collected packages: {', '.join(names.values())}"))
        built: dict[str, PreparedWheel] = {}
        broken: dict[str, str] = {}
        for project, name in names.items():
            end = self._builds.finish(("wheel", project))
            try:
                built[project] = wheel(project) if end is None else end.result()
            except errors.BuildFailed as error:
                self._listener(BuildAborted(error))
                broken[project] = name
            except errors.InvalidBuiltWheel as error:
                self._listener(WarningMessage(error.message, indent=1))
                broken[project] = name
        if built:
            done = " ".join(names[project] for project in built)
            self._listener(Info(f"Successfully built {done}"))
        if broken:
            self._listener(Info(f"Failed to build {' '.join(broken.values())}"))
            raise errors.WheelsNotBuilt(broken)
        return built

    def _read_ahead(
        self, candidate: Candidate, then: Callable[[Metadata], None] | None = None
    ) -> None:
        """Read metadata, but fetch no large wheel; an error is raised when it is read again."""
        is_large = candidate.is_wheel and (candidate.link.size or 0) > _MOST_AHEAD
        read = self.reader.without_transfer if is_large else self.reader.metadata
        try:
            result = read(candidate)
        except errors.PipwrapError:
            return
        if then is not None and result is not None:
            then(result.metadata)

    def _read_without_transfer(self, candidate: Candidate) -> Metadata | None:
        try:
            result = self.reader.without_transfer(candidate)
        except errors.PipwrapError:
            return None
        return result.metadata if result is not None else None
