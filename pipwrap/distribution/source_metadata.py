"""Metadata of sources, from the cheapest place that has it.

For an sdist, in order of cost: the wheel that was built from it before, its sidecar on the index
(PEP 658), its own PKG-INFO where that is final (PEP 643), what its build backend reported before,
the build backend. As in pip, a sidecar of an sdist is not compared with the wheel that is built.
"""

from __future__ import annotations

from msgspec.structs import replace

from pipwrap import errors
from pipwrap.build.wheel_file import read_metadata
from pipwrap.distribution.archives import Archives
from pipwrap.distribution.built_wheels import BuiltWheelLookup
from pipwrap.distribution.sources import CacheableSource, Sources
from pipwrap.distribution.wheel_metadata import WheelMetadataReader
from pipwrap.events import Info, Listener
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import MetadataResult
from pipwrap.model.source import Archive, Directory, Repository


class SourceMetadataReader:
    """Reads the metadata of sdists, repositories and directories, and builds it if it must."""

    def __init__(
        self,
        archives: Archives,
        sources: Sources,
        built_wheels: BuiltWheelLookup,
        wheels: WheelMetadataReader,
        listener: Listener,
        *,
        saves_archives: bool,
    ) -> None:
        """Store the ports; ``saves_archives`` says that sdists are fetched in any case."""
        self._archives = archives
        self._sources = sources
        self._built_wheels = built_wheels
        self._wheels = wheels
        self._listener = listener
        self._saves_archives = saves_archives

    def read(self, distribution: Candidate | Archive | Directory | Repository) -> MetadataResult:
        """Return the metadata of a source; raises what ``MetadataReader.metadata`` raises."""
        if isinstance(distribution, Directory):
            return MetadataResult(self._sources.build(distribution).metadata())
        if isinstance(distribution, Repository):
            cached = None if self._saves_archives else self._of_built_wheel(distribution)
            return cached or MetadataResult(self._sources.build(distribution).metadata())
        return self._of_sdist(distribution)

    def _of_sdist(self, distribution: Candidate | Archive) -> MetadataResult:
        has_sidecar = isinstance(distribution, Candidate) and self._wheels.has_sidecar(distribution)
        # Without a digest the sdist would have to be fetched to look for what was built from it.
        may_look_up = distribution.link.sha256 or not has_sidecar
        cached = self._of_built_wheel(distribution) if may_look_up else None
        if cached is not None and self._saves_archives:
            return replace(cached, lines=self._archives.acquire(distribution).lines)
        if cached is not None:
            return cached
        if isinstance(distribution, Candidate) and has_sidecar:
            return self._wheels.read_sidecar(distribution)
        acquired = self._archives.acquire(distribution)
        for line in acquired.lines:
            self._listener(line)
        link = distribution.link
        static = None if link.subdirectory else self._sources.static_metadata(link, acquired)
        if static is not None:
            return MetadataResult(static)
        source = self._sources.cacheable(distribution)
        reported = self._built_wheels.metadata(source)
        if reported is not None:
            line = Info(f"Using cached metadata of {link.filename}", 1, 1)
            return MetadataResult(reported, (line,))
        return self._of_backend(distribution, source)

    def _of_backend(
        self, distribution: Candidate | Archive, source: CacheableSource
    ) -> MetadataResult:
        """Return what the build backend reports; after a failed rebuild, the older wheel's."""
        build = None
        try:
            build = self._sources.build(distribution)
            metadata = build.metadata()
        except errors.BuildFailed as error:
            older = self._built_wheels.fallback(source, build, error)
            if older is None:
                raise
            return MetadataResult(read_metadata(older.path, older.filename), is_built=True)
        self._built_wheels.add_metadata(source, build)
        return MetadataResult(metadata)

    def _of_built_wheel(
        self, distribution: Candidate | Archive | Repository
    ) -> MetadataResult | None:
        """Return the metadata of the wheel that was built before; an unreadable one is dropped."""
        source = self._sources.cacheable(distribution)
        cached = self._built_wheels.find(source)
        if cached is None:
            return None
        try:
            metadata = read_metadata(cached.path, cached.filename)
        except (errors.InvalidDistribution, OSError) as error:
            self._built_wheels.drop(source, cached, error, self._listener)
            return None
        lines = self._sources.reuse_lines(distribution, cached.filename)
        return MetadataResult(metadata, lines, is_built=True)
