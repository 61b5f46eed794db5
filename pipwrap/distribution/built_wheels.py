"""Whether a wheel that was built before may be used, and which of two is kept.

To look up is to check the evidence. Where it does not hold the source is built again, once for each
state of what the build reads; one that fails or turns out worse changes nothing: the older wheel is
used, now and while what that build read is as it was.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from msgspec import Struct, field
from packaging.version import Version

from pipwrap import errors
from pipwrap.build import observe
from pipwrap.build.source_build import SourceBuild
from pipwrap.cache.build_host import BuildHost
from pipwrap.cache.evidence import NOTHING_BETTER, assess
from pipwrap.cache.keys import BuildKey
from pipwrap.cache.metadata import CachedMetadata, MetadataCache
from pipwrap.cache.upkeep.usage import Usage, UsageKind
from pipwrap.cache.wheels import AssessedWheel, BuiltWheel, BuiltWheels, Provenance
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata
from pipwrap.model.names import canonicalize_name
from pipwrap.model.selection import NameSelection
from pipwrap.model.validation import differences, is_same_release
from pipwrap.model.wheel import split_filename


def _nothing_native(candidate: Candidate) -> bool:
    del candidate
    return False


class ReuseSettings(Struct, frozen=True):
    """What the user says about wheels that were built before."""

    rebuild: NameSelection = NameSelection()
    """``--rebuild``: these are built again whatever the evidence says."""
    require_native: NameSelection = NameSelection()
    """``--require-native``: a degraded wheel of these is an error."""
    offline: bool = False
    """Nothing is built again: what a build needs may not be there."""
    index_has_native: Callable[[Candidate], bool] = _nothing_native
    """Tell whether the index lists platform wheels of a candidate's version."""


class BuiltWheelLookup(Struct):
    """The built wheels of a run, each decided about once."""

    built: BuiltWheels
    kept: MetadataCache
    world: BuildHost
    listener: Listener
    usage: Usage
    rules: ReuseSettings = field(default_factory=ReuseSettings)
    _decided: dict[str, BuiltWheel | None] = field(default_factory=dict)
    _due: dict[str, AssessedWheel] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def entry(
        self, key: BuildKey, project: str | None, tags: Callable[[], str | None]
    ) -> BuiltWheel | None:
        """Return the wheel to use, or ``None`` where the source has to be built.

        ``tags`` returns a digest of the tags of a repository, if it is one.
        """
        with self._lock:
            if key.identity not in self._decided:
                decided = self._decide(key, project, tags)
                if decided is not None:
                    self.usage.note(UsageKind.BUILT, decided.place)
                self._decided[key.identity] = decided
            return self._decided[key.identity]

    def drop(self, key: BuildKey, entry: BuiltWheel) -> None:
        """Remove an entry that proved broken; the source is built."""
        with self._lock:
            self._decided[key.identity] = None
        with contextlib.suppress(OSError):
            # What cannot be removed is left out of this run all the same.
            self.built.discard(entry)

    def _decide(
        self, key: BuildKey, project: str | None, tags: Callable[[], str | None]
    ) -> BuiltWheel | None:
        if project is not None and self._asked_for(project):
            return None
        found = self.built.find(key, self.world, tags)
        if found is None:
            return None
        name, version = split_filename(found.entry.filename)
        # Only the wheel says which project a direct reference is.
        if project is None and self._asked_for(canonicalize_name(name)):
            return None
        if found.is_usable or self.rules.offline:
            return found.entry
        reasons = "; ".join(each.reason for each in found.assessment.differences)
        self.listener(Info(f"Rebuilding {project or name} {version}: {reasons}", indent=1))
        self._due[key.identity] = found
        return None

    def _asked_for(self, project: str) -> bool:
        """Tell whether the user wants a project built again, having said so."""
        if project not in self.rules.rebuild:
            return False
        self.listener(Info(f"Rebuilding {project}: asked for by --rebuild", indent=1))
        return True

    def instead(
        self, key: BuildKey, build: SourceBuild | None, error: errors.BuildFailed
    ) -> BuiltWheel | None:
        """Return the older wheel for a rebuild that failed, having said so, if there is one.

        It is not tried again while what the build read is as it was, unless it was its requirements
        that could not be had: an index that cannot be reached says nothing of the source.
        """
        with self._lock:
            due = self._due.pop(key.identity, None)
            if due is None:
                return None
            self.listener(
                WarningMessage(
                    f"Building {due.entry.filename} again failed, so the cached wheel is used: "
                    f"{error.message}"
                )
            )
            if build is not None and error.step not in errors.BEFORE_THE_BACKEND:
                with contextlib.suppress(OSError):
                    # A cache that takes nothing: the next run tries again.
                    self.built.settle(due.entry, build.evidence(self.world))
            self._decided[key.identity] = due.entry
            return due.entry

    def keep(
        self, key: BuildKey, path: str, build: SourceBuild, source_url: str, distribution: object
    ) -> BuiltWheel:
        """Put a wheel that was just built into the cache; return the entry to use.

        That is the older one where the new one is worse. Raises ``OSError`` when the cache cannot
        be written.
        """
        evidence = build.evidence(self.world)
        quality = observe.quality_of(
            path,
            evidence,
            compilers=self.world.compilers(),
            index_has_native=isinstance(distribution, Candidate)
            and self.rules.index_has_native(distribution),
        )
        due = self._due.pop(key.identity, None)
        if due is not None and quality.degraded and not due.entry.provenance.quality.degraded:
            self.built.settle(due.entry, evidence)
            self.listener(
                WarningMessage(
                    f"The cached {due.entry.filename} is used, because the wheel that was "
                    f"built now is worse: {quality.degraded}"
                )
            )
            return due.entry
        provenance = Provenance(source_url, evidence, quality, build.seconds, build.python_version)
        return self.built.add(key, path, provenance, build.log)

    def metadata(self, key: BuildKey, project: str | None) -> str | None:
        """Return what a backend told of a source before, while what it read is as it was.

        What it looked for in vain counts too: metadata is told again for little, and may name
        other dependencies where a program or a library is there.
        """
        if project is not None and project in self.rules.rebuild:
            return None
        kept = self.kept.find(key.identity)
        if kept is None:
            return None
        holds = assess(kept.evidence, NOTHING_BETTER, self.world).holds
        return kept.text if holds or self.rules.offline else None

    def keep_metadata(self, key: BuildKey, build: SourceBuild, source_url: str) -> None:
        """Put what a backend told into the cache, with what it was seen to read until now."""
        text, evidence = build.metadata().text, build.evidence(self.world)
        kept = CachedMetadata(text, source_url, evidence, key.source_sha256)
        self.kept.add(key.identity, kept)

    def check_metadata(self, key: BuildKey, project: str, wheel: Metadata) -> None:
        """Forget kept metadata that the wheel of the same source contradicts, and say so."""
        kept = self.kept.find(key.identity)
        if kept is None:
            return
        differing = [
            field
            for field, ours, theirs in differences(Metadata.parse(kept.text), wheel)
            if not (
                isinstance(ours, Version)
                and isinstance(theirs, Version)
                and is_same_release(ours, theirs)
            )
        ]
        if differing:
            self.listener(
                WarningMessage(
                    f"The wheel of {project} has other metadata than its backend told before "
                    f"({', '.join(differing)}). What was told is forgotten: run the command again."
                )
            )
            self.kept.discard(key.identity)

    def check_native(self, project: str, degraded: str | None) -> None:
        """Raise ``errors.BuildFailed`` for a degraded wheel of a --require-native project."""
        if degraded is not None and project in self.rules.require_native:
            raise errors.InvalidDistribution(
                f"The wheel of {project} is degraded: {degraded}",
                hint="It was refused because of --require-native.",
            )
