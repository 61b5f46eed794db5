"""Wheels in the store: those that are there, and those that are fetched, built and compiled.

A wheel is fetched from the moment at which the resolver first chooses it, while the resolution goes
on. The choice may change: then the wheel was fetched in vain, and a second one of the same project
waits for the end of the resolution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipwrap.distribution.results import PreparedWheel, find_in_store
from pipwrap.events import Listener
from pipwrap.install.bytecode import Compiler
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution
from pipwrap.model.wheel import StoredWheel
from pipwrap.operations.context import CommandContext
from pipwrap.operations.on_demand import OnDemand
from pipwrap.operations.shared_state import SessionSettings, SharedState

if TYPE_CHECKING:
    from pipwrap.distribution.preparer import Preparer


class WheelProvider:
    """Provides the wheels of one session."""

    def __init__(
        self,
        shared: SharedState,
        settings: SessionSettings,
        listener: Listener,
        preparer: OnDemand[Preparer],
        compiler: OnDemand[Compiler] | None,
    ) -> None:
        """Store the ports; without ``compiler`` no bytecode is compiled ahead."""
        self._store = shared.store
        self._policy = settings.policy
        self._saves = settings.saving is not None
        self._listener = listener
        self._preparer = preparer
        self._compiler = compiler
        self._prefetches = prefetches(shared.context, settings)
        self._prefetched: dict[str, str] = {}
        """URLs of wheels by project."""
        self._found: dict[str, tuple[Distribution, str]] = {}
        """By sha256 what nothing had to be done for, with the project's name."""

    def wheels(
        self, distributions: dict[str, Distribution], names: Mapping[str, str]
    ) -> dict[str, PreparedWheel]:
        """Return wheels in the store, by project; raises what ``Preparer.wheels`` raises."""
        prefetched = frozenset(self._prefetched.values())
        candidates = {
            project: each
            for project, each in distributions.items()
            if not self._saves and isinstance(each, Candidate) and each.link.url not in prefetched
        }
        there = find_in_store(candidates, self._store, self._policy)
        for project, prepared in there.items():
            self._found[prepared.wheel.sha256] = distributions[project], names[project]
        if len(there) < len(distributions):
            return self._preparer().wheels(distributions, names, there, self._when_stored())
        for prepared in there.values():
            for line in prepared.lines:
                self._listener(line)
        return there

    def prefetch(self, candidate: Candidate) -> None:
        """Begin to get the wheel that was first chosen of a project, unless it is there."""
        if self._prefetches and candidate.project not in self._prefetched:
            sha256 = candidate.link.sha256
            # A damaged entry is reported where the wheel is needed, not here.
            if sha256 is not None and not self._store.holds(sha256):
                self._prefetched[candidate.project] = candidate.link.url
                self._preparer().prefetch_wheel(candidate, self._when_stored())

    def restored(self, wheel: StoredWheel) -> StoredWheel:
        """Return a stored wheel whose files were changed or removed, unpacked again."""
        if wheel.sha256 in self._found:
            return self._preparer().wheel(*self._found[wheel.sha256]).wheel
        return self._preparer().files.restore(wheel)

    def _when_stored(self) -> Callable[[StoredWheel], None]:
        """Return what is done with each wheel that comes into the store, in any thread."""
        return _nothing if self._compiler is None else self._compiler().begin


def prefetches(context: CommandContext, settings: SessionSettings) -> bool:
    """Return whether all that is resolved will be installed, so that it may be fetched ahead.

    With ``--progress-bar raw`` a script reads the progress, and expects one wheel after another.
    """
    options = context.options
    return (
        not settings.is_for_build
        and options.command == "install"
        and not options.dry_run
        and not options.only_deps
        and options.progress_bar != "raw"
    )


def _nothing(wheel: StoredWheel) -> None:
    del wheel
