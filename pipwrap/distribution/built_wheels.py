"""Whether a wheel that was built before may be used, and which of two stays in use.

A lookup checks the evidence of an entry. Where it does not hold, the source is built again, once
for each state of what the build reads. A rebuild that fails or gives a worse wheel changes nothing:
the older wheel is used, in this run and while the inputs of that build are as they were.

    find: an entry whose evidence holds       it is used
          an entry whose evidence does not    build: success -> add       the new or the older entry
                                                     failure -> fallback  the older entry
          none                                build: success -> add       the new entry
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.version import Version

from pipwrap import errors
from pipwrap.build import observe
from pipwrap.build.source_build import SourceBuild
from pipwrap.cache.build_host import BuildHost
from pipwrap.cache.evidence import Evidence, assess
from pipwrap.cache.keys import BuildKey
from pipwrap.cache.metadata import CachedMetadata, MetadataCache
from pipwrap.cache.native_needs import NativeNeeds
from pipwrap.cache.upkeep.usage import Usage, UsageKind
from pipwrap.cache.wheels import AssessedWheel, BuiltWheel, BuiltWheels, Provenance
from pipwrap.distribution.sources import CacheableSource
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.model.candidate import Candidate
from pipwrap.model.compiled_interfaces import compiled_against
from pipwrap.model.metadata import Metadata
from pipwrap.model.names import canonicalize_name
from pipwrap.model.selection import NameSelection
from pipwrap.model.validation import differences, is_same_release
from pipwrap.model.wheel import split_filename


def _nothing_native(candidate: Candidate) -> bool:
    del candidate
    return False


def _needs(path: str, log: str, evidence: Evidence, host: BuildHost) -> NativeNeeds | None:
    """Return what a wheel's files need of a machine; ``None`` where they cannot be read."""
    if path.endswith("-none-any.whl") and not observe.is_native(path):
        return NativeNeeds()
    from pipwrap.build.native_files import needs_of_build  # noqa: PLC0415 - after a native build

    try:
        return needs_of_build(path, log, evidence, host.machine)
    except OSError:
        return None


class ReuseSettings(Struct, frozen=True):
    """What the user's options say of wheels that were built before."""

    rebuild: NameSelection = NameSelection()
    """``--rebuild``: these are built again whatever the evidence says."""
    require_native: NameSelection = NameSelection()
    """``--require-native``: a degraded wheel of these is an error."""
    offline: bool = False
    """Nothing is built again: its build requirements may be out of reach."""
    index_has_native: Callable[[Candidate], bool] = _nothing_native
    """Return whether the index lists platform wheels of a candidate's version."""


class _Decision(Struct, frozen=True):
    """The wheel that is used for a source, if any, and what it was decided for."""

    entry: BuiltWheel | None
    present: Mapping[str, str] | None = None


class BuiltWheelLookup(Struct):
    """The built wheels of a command, each decided about once; used from many threads."""

    built: BuiltWheels
    cached_metadata: MetadataCache
    host: BuildHost
    listener: Listener
    usage: Usage
    settings: ReuseSettings = field(default_factory=ReuseSettings)
    _decided: dict[str, _Decision] = field(default_factory=dict)
    _superseded: dict[str, AssessedWheel] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def find(self, source: CacheableSource) -> BuiltWheel | None:
        """Return the wheel to use, or ``None`` where the source has to be built.

        A wheel is judged again where the versions that it will be beside are known only since.
        """
        key = source.key
        if key is None:
            return None
        present = source.target_versions()
        with self._lock:
            decision = self._decided.get(key.identity)
            if decision is None or (decision.entry and decision.present != present):
                decision = _Decision(self._decide(key, source, present), present)
                if decision.entry is not None:
                    self.usage.note(UsageKind.BUILT, decision.entry.place)
                self._decided[key.identity] = decision
            return decision.entry

    def drop(
        self, source: CacheableSource, entry: BuiltWheel, error: Exception, listener: Listener
    ) -> None:
        """Remove an entry that cannot be read, and report why; the source is built."""
        if isinstance(error, FileNotFoundError):
            listener(Info(f"The cached {entry.filename} was removed since", 1, 1))
        else:
            listener(WarningMessage(f"Ignoring the cached {entry.filename}: {error}"))
        if source.key is None:
            return
        with self._lock:
            self._decided[source.key.identity] = _Decision(None)
        with contextlib.suppress(OSError):
            # An entry that cannot be removed is not used again in this run all the same.
            self.built.discard(entry)

    def _decide(
        self, key: BuildKey, source: CacheableSource, present: Mapping[str, str] | None
    ) -> BuiltWheel | None:
        project = source.project
        if project is not None and self._is_rebuild_requested(project):
            return None
        found = self.built.find(key, self.host, source.inputs, present)
        if found is None:
            return None
        name, version = split_filename(found.entry.filename)
        # Only the wheel says which project a direct reference is.
        if project is None and self._is_rebuild_requested(canonicalize_name(name)):
            return None
        if found.is_usable or (self.settings.offline and found.assessment.fits):
            return found.entry
        reasons = "; ".join(each.reason for each in found.assessment.differences)
        self.listener(Info(f"Rebuilding {project or name} {version}: {reasons}", indent=1))
        if found.assessment.fits:
            self._superseded[key.identity] = found
        return None

    def _is_rebuild_requested(self, project: str) -> bool:
        """Return whether --rebuild names a project, and report it."""
        if project not in self.settings.rebuild:
            return False
        self.listener(Info(f"Rebuilding {project}: asked for by --rebuild", indent=1))
        return True

    def fallback(
        self, source: CacheableSource, build: SourceBuild | None, error: errors.BuildFailed
    ) -> BuiltWheel | None:
        """Return the older wheel for a rebuild that failed, and report it, if there is one.

        The rebuild is not tried again while its inputs are as they were, unless its requirements
        could not be installed: an index that cannot be reached is no fault of the source.
        """
        key = source.key
        if key is None:
            return None
        with self._lock:
            older = self._superseded.pop(key.identity, None)
            if older is None:
                return None
            self.listener(
                WarningMessage(
                    f"Building {older.entry.filename} again failed, so the cached wheel is used: "
                    f"{error.message}"
                )
            )
            if build is not None and error.step not in errors.BEFORE_THE_BACKEND:
                with contextlib.suppress(OSError):
                    # A cache that takes nothing: the next run tries again.
                    self.built.settle(older.entry, build.evidence(self.host))
            self._decided[key.identity] = _Decision(older.entry, source.target_versions())
            return older.entry

    def add(self, source: CacheableSource, path: str, build: SourceBuild) -> BuiltWheel:
        """Put a wheel that was just built into the cache; return the entry to use.

        That is the older one where the new one is worse. Raises ``OSError`` when the cache cannot
        be written.
        """
        key = source.key
        if key is None:
            raise ValueError(f"{source.url} skips the cache")
        evidence = build.evidence(self.host)
        quality = observe.quality_of(
            path,
            evidence,
            compilers=self.host.compilers(),
            index_has_native=source.candidate is not None
            and self.settings.index_has_native(source.candidate),
        )
        for line in build.advice() if quality.degraded else ():
            self.listener(WarningMessage(f"{os.path.basename(path)} is degraded. {line}"))
        older = self._superseded.pop(key.identity, None)
        if older is not None and quality.degraded and not older.entry.provenance.quality.degraded:
            self.built.settle(older.entry, evidence)
            self.listener(
                WarningMessage(
                    f"The cached {older.entry.filename} is used, because the wheel that was "
                    f"built now is worse: {quality.degraded}"
                )
            )
            return older.entry
        needs = _needs(path, build.log, evidence, self.host)
        provenance = Provenance(
            source.url, evidence, quality, build.seconds, build.python_version, needs
        )
        present = source.target_versions() or {}
        against = compiled_against(evidence.compiled_from).keys() & present.keys()
        beside = tuple(sorted((project, present[project]) for project in against))
        provenance = replace(provenance, beside=beside)
        return self.built.add(key, path, provenance, build.log)

    def metadata(self, source: CacheableSource) -> Metadata | None:
        """Return what a backend reported for a source before, while its inputs are as they were.

        What it looked for in vain counts too: the hook is cheap to run again, and may name other
        dependencies where a program or a library is there.
        """
        if source.key is None:
            return None
        if source.project is not None and source.project in self.settings.rebuild:
            return None
        entry = self.cached_metadata.find(source.key.identity)
        if entry is None:
            return None
        holds = assess(entry.evidence, self.host, source.inputs).holds
        return Metadata.parse(entry.text) if holds or self.settings.offline else None

    def add_metadata(self, source: CacheableSource, build: SourceBuild) -> None:
        """Put what a backend reported into the cache, with its inputs observed until now."""
        key = source.key
        if key is None:
            return
        text, evidence = build.metadata().text, build.evidence(self.host)
        entry = CachedMetadata(text, source.url, evidence, key.source_sha256)
        self.cached_metadata.add(key.identity, entry)

    def check_metadata(self, source: CacheableSource, name: str, wheel: Metadata) -> None:
        """Remove cached metadata that the wheel of the same source contradicts, and report it."""
        entry = self.cached_metadata.find(source.key.identity) if source.key is not None else None
        if source.key is None or entry is None:
            return
        differing = [
            field
            for field, ours, theirs in differences(Metadata.parse(entry.text), wheel)
            if not (
                isinstance(ours, Version)
                and isinstance(theirs, Version)
                and is_same_release(ours, theirs)
            )
        ]
        if differing:
            self.listener(
                WarningMessage(
                    f"The wheel of {name} has other metadata than its backend told before "
                    f"({', '.join(differing)}). What was told is forgotten: run the command again."
                )
            )
            self.cached_metadata.discard(source.key.identity)

    def check_native(self, project: str, degraded: str | None) -> None:
        """Raise ``errors.BuildFailed`` for a degraded wheel of a --require-native project."""
        if degraded is not None and project in self.settings.require_native:
            raise errors.InvalidDistribution(
                f"The wheel of {project} is degraded: {degraded}",
                hint="It was refused because of --require-native.",
            )
