"""Wheels of sources: built now, or before."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from pipwrap import errors
from pipwrap.build.observe import is_native
from pipwrap.build.source_build import SourceBuild
from pipwrap.build.wheel_file import read_built_metadata
from pipwrap.cache import disk
from pipwrap.cache.wheels import BuiltWheel
from pipwrap.distribution.archives import measure
from pipwrap.distribution.built_wheels import BuiltWheelLookup
from pipwrap.distribution.metadata import MetadataReader
from pipwrap.distribution.results import PreparedWheel
from pipwrap.distribution.sources import CacheableSource, Sources
from pipwrap.distribution.wheel_files import WheelFiles
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.model.candidate import Candidate
from pipwrap.model.compiled_interfaces import CompiledAgainst, compiled_against, mismatches
from pipwrap.model.distribution import Distribution
from pipwrap.model.source import Directory, Repository


class WheelBuilder:
    """Returns the wheel of a source that was built before, or builds one."""

    def __init__(
        self,
        sources: Sources,
        built_wheels: BuiltWheelLookup,
        files: WheelFiles,
        metadata: MetadataReader,
        scratch: Callable[[str], str],
        listener: Listener,
    ) -> None:
        """Store the ports; nothing is built yet."""
        self.sources = sources
        self._built_wheels = built_wheels
        self._files = files
        self._metadata = metadata
        self._scratch = scratch
        self._listener = listener

    def needs_build(self, distribution: Distribution) -> bool:
        """Return whether a backend has to run before there is a wheel."""
        if isinstance(distribution, Directory):
            return True
        return not distribution.is_wheel and not self.reuses(distribution)

    def reuses(self, distribution: Distribution) -> bool:
        """Return whether a wheel that was built before is used for a source."""
        if isinstance(distribution, Directory) or distribution.is_wheel:
            return False
        return self._built_wheels.find(self.sources.cacheable(distribution)) is not None

    def wheel(self, distribution: Distribution, name: str) -> PreparedWheel:
        """Return the wheel of a source in the store; ``name`` is the project's."""
        if not isinstance(distribution, Directory):
            source = self.sources.cacheable(distribution)
            cached = self._built_wheels.find(source)
            if cached is not None:
                is_repository = isinstance(distribution, Repository)
                commit = self.sources.identity(distribution) if is_repository else ""
                reused = self._reuse(source, cached, name, commit)
                if reused is not None:
                    return reused
        build = self.sources.build(distribution)
        if isinstance(distribution, Candidate) and self._metadata.is_apart(distribution):
            for line in self._files.new_lines(distribution):
                self._listener(line)
            build.metadata()  # pip calls this hook even if the index has a sidecar
        prepared = self._build(build, distribution, name)
        build.clear()
        return prepared

    def _build(self, build: SourceBuild, distribution: Distribution, name: str) -> PreparedWheel:
        """Return the wheel that the backend builds, or the older one that a failure leaves."""
        source = self.sources.cacheable(distribution)
        try:
            path = build.wheel(name)
        except errors.BuildFailed as error:
            older = self._built_wheels.fallback(source, build, error)
            identity = self.sources.identity(distribution)
            reused = self._reuse(source, older, name, identity) if older is not None else None
            if reused is None:
                raise
            return reused
        found = mismatches(compiled_against(build.installed), source.target_versions() or {})
        if found and is_native(path):
            self._warn(name, found)
        filename = os.path.basename(path)
        size, sha256 = measure(path)
        if self.sources.verifies:
            metadata = read_built_metadata(path, distribution, name)
            self._built_wheels.check_metadata(source, name, metadata)
        self._listener(
            Info(
                f"Created wheel for {name}: filename={filename} size={size} sha256={sha256}",
                indent=1,
            )
        )
        identity = self.sources.identity(distribution)
        if not self.sources.verifies:
            return PreparedWheel(self._files.unverified(path, filename, sha256), identity)
        if source.key is None or not self.sources.is_fixed(distribution):
            return PreparedWheel(self._files.unpack_privately(path, filename, sha256), identity)
        try:
            entry = self._built_wheels.add(source, path, build)
            self._listener(Info(f"Stored in directory: {entry.directory}", indent=1))
            reused = None
            if entry.sha256 != sha256:
                reused = self._reuse(source, entry, name, identity)
            else:
                self._built_wheels.check_native(name, entry.provenance.quality.degraded)
            if reused is not None:
                return reused
        except OSError as error:
            self._listener(WarningMessage(f"The wheel of {name} could not be cached: {error}"))
        return PreparedWheel(self._files.unpack(path, filename, sha256), identity)

    def _reuse(
        self, source: CacheableSource, cached: BuiltWheel, name: str, identity: str
    ) -> PreparedWheel | None:
        """Return a cached wheel in the store; one that cannot be read is dropped."""
        self._built_wheels.check_native(name, cached.provenance.quality.degraded)
        try:
            path = self._pinned(cached.path)
            stored = self._files.unpack(path, cached.filename, cached.sha256)
        except (errors.HashMismatch, errors.InvalidDistribution, OSError) as error:
            self._built_wheels.drop(source, cached, error, self._listener)
            return None
        self._warn(name, cached.provenance.mismatches(source.target_versions() or {}))
        return PreparedWheel(stored, identity or cached.source_sha256)

    def _warn(self, name: str, found: tuple[CompiledAgainst, ...]) -> None:
        """Report what a wheel was compiled against, where another version will be beside it."""
        for each in found:
            self._listener(WarningMessage(each.message(name), indent=1))

    def _pinned(self, path: str) -> str:
        """Return another name of a cached wheel, which stays even if the cache is purged.

        Raises ``FileNotFoundError`` when it was purged already.
        """
        own = os.path.join(self._scratch("wheel-"), os.path.basename(path))
        try:
            os.link(path, own)
        except FileNotFoundError:
            raise
        except OSError:
            # Not every filesystem gives a file a second name.
            with disk.filling(f"copy {os.path.basename(path)}", own):
                shutil.copyfile(path, own)
        return own
