"""What was built before from what is wanted, where that may stand in for the source."""

from __future__ import annotations

from msgspec import Struct

from pipwrap import errors
from pipwrap.build.source_build import SourceBuild
from pipwrap.cache.wheels import BuiltWheel
from pipwrap.distribution.built_wheels import BuiltWheelLookup
from pipwrap.distribution.sources import Sources
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution, project_of
from pipwrap.model.link import redact
from pipwrap.model.metadata import Metadata
from pipwrap.model.source import Archive


class BuiltBefore(Struct, frozen=True):
    """Looks under the key of a source; what has no key was never built before."""

    reuse: BuiltWheelLookup
    sources: Sources
    listener: Listener

    def find(self, distribution: Distribution) -> BuiltWheel | None:
        """Return the wheel that was built from this source before, if it may be used."""
        key = self.sources.key(distribution)
        if key is None:
            return None
        return self.reuse.entry(
            key, project_of(distribution), lambda: self.sources.tags(distribution)
        )

    def drop(self, distribution: Distribution, cached: BuiltWheel, error: Exception) -> None:
        """Forget a cached wheel that proved broken, and say so; a purged one is no news."""
        if isinstance(error, FileNotFoundError):
            self.listener(Info(f"The cached {cached.filename} was removed since", 1, 1))
        else:
            self.listener(WarningMessage(f"Ignoring the cached {cached.filename}: {error}"))
        key = self.sources.key(distribution)
        if key is not None:
            self.reuse.drop(key, cached)

    def instead(
        self, distribution: Distribution, build: SourceBuild | None, error: errors.BuildFailed
    ) -> BuiltWheel | None:
        """Return the cached wheel that a failed rebuild leaves in use."""
        key = self.sources.key(distribution)
        return self.reuse.instead(key, build, error) if key is not None else None

    def metadata(self, distribution: Candidate | Archive) -> Metadata | None:
        """Return what the backend of an sdist told before, if it may be used."""
        key = self.sources.key(distribution)
        text = self.reuse.metadata(key, project_of(distribution)) if key is not None else None
        return Metadata.parse(text) if text is not None else None

    def keep_metadata(self, distribution: Candidate | Archive, build: SourceBuild) -> None:
        """Keep what the backend of an sdist has told."""
        key = self.sources.key(distribution)
        if key is not None:
            self.reuse.keep_metadata(key, build, redact(distribution.link.url))
