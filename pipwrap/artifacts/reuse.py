"""Whether a wheel that was built before may be used, and which of two is kept.

To look up is to check the evidence. Where it does not hold the source is built again, once for each
difference; a build that fails or turns out worse changes nothing: the older wheel is used.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pipwrap import errors
from pipwrap.artifacts import observe
from pipwrap.artifacts.source_build import SourceBuild
from pipwrap.cache.keys import BuildKey
from pipwrap.cache.surroundings import Surroundings
from pipwrap.cache.usage import WHEELS, Usage
from pipwrap.cache.wheels import BuiltWheel, BuiltWheels, Found, Provenance
from pipwrap.events import Listener, Told, Warned
from pipwrap.model.candidate import Candidate
from pipwrap.model.selection import NameSelection
from pipwrap.model.wheel import split_filename


def _nothing_native(candidate: Candidate) -> bool:
    del candidate
    return False


@dataclass(frozen=True, slots=True)
class ReuseRules:
    """What the user says about wheels that were built before."""

    rebuild: NameSelection = NameSelection()
    """``--rebuild``: these are built again whatever the evidence says."""
    require_native: NameSelection = NameSelection()
    """``--require-native``: a degraded wheel of these is an error."""
    offline: bool = False
    """Nothing is built again: what a build needs may not be there."""
    index_has_native: Callable[[Candidate], bool] = _nothing_native
    """Tell whether the index lists platform wheels of a candidate's version."""


@dataclass(slots=True)
class Reuse:
    """The built wheels of a run, each decided about once."""

    built: BuiltWheels
    world: Surroundings
    listener: Listener
    usage: Usage
    rules: ReuseRules = field(default_factory=ReuseRules)
    _decided: dict[str, BuiltWheel | None] = field(default_factory=dict)
    _due: dict[str, Found] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def entry(self, key: BuildKey, project: str | None) -> BuiltWheel | None:
        """Return the wheel to use, or ``None`` where the source has to be built."""
        with self._lock:
            if key.identity not in self._decided:
                decided = self._decide(key, project)
                if decided is not None:
                    self.usage.note(WHEELS, decided.directory)
                self._decided[key.identity] = decided
            return self._decided[key.identity]

    def drop(self, key: BuildKey, entry: BuiltWheel) -> None:
        """Remove an entry that proved broken; the source is built."""
        with self._lock:
            self._decided[key.identity] = None
        with contextlib.suppress(OSError):
            # What cannot be removed is left out of this run all the same.
            self.built.discard(entry)

    def _decide(self, key: BuildKey, project: str | None) -> BuiltWheel | None:
        if project is not None and project in self.rules.rebuild:
            self.listener(Told(f"Rebuilding {project}: asked for by --rebuild", indent=1))
            return None
        found = self.built.find(key, self.world)
        if found is None:
            return None
        if found.assessment.holds or self.rules.offline:
            return found.entry
        name, version = split_filename(found.entry.filename)
        reasons = "; ".join(each.reason for each in found.assessment.differences)
        self.listener(Told(f"Rebuilding {project or name} {version}: {reasons}", indent=1))
        self._due[key.identity] = found
        return None

    def instead(self, key: BuildKey, error: errors.PipwrapError) -> BuiltWheel | None:
        """Return the older wheel for a rebuild that failed, having said so, if there is one."""
        with self._lock:
            due = self._due.pop(key.identity, None)
            if due is None:
                return None
            self.listener(
                Warned(
                    f"Building {due.entry.filename} again failed, so the cached wheel is used: "
                    f"{error.message}"
                )
            )
            with contextlib.suppress(OSError):
                # A cache that takes nothing: the next run tries again.
                self.built.remember_tried(key, due.assessment.differences)
            self._decided[key.identity] = due.entry
            return due.entry

    def keep(
        self, key: BuildKey, path: str, build: SourceBuild, source_url: str, wanted: object
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
            index_has_native=isinstance(wanted, Candidate) and self.rules.index_has_native(wanted),
        )
        due = self._due.pop(key.identity, None)
        if due is not None:
            self.built.remember_tried(key, due.assessment.differences)
            if quality.degraded and not due.entry.quality.degraded:
                self.listener(
                    Warned(
                        f"The cached {due.entry.filename} is used, because the wheel that was "
                        f"built now is worse: {quality.degraded}"
                    )
                )
                return due.entry
        provenance = Provenance(
            source_url, evidence, quality, build.seconds, build.python_version, build.log
        )
        return self.built.add(key, path, provenance)

    def check_native(self, project: str, degraded: str | None) -> None:
        """Raise ``errors.BuildFailed`` for a degraded wheel of a --require-native project."""
        if degraded is not None and project in self.rules.require_native:
            raise errors.InvalidDistribution(
                f"The wheel of {project} is degraded: {degraded}",
                hint="It was refused because of --require-native.",
            )
