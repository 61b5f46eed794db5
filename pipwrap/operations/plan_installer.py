"""Carries out a plan: links stored wheels into the environment, all of them or none.

Between the plan and the commit another process may prune the cache, and a stored file may have been
edited through a hardlink. So the commit holds the cache's lock, shared, and restores what is gone.
A file whose stat is not what the store recorded ends the attempt, and the next one starts with that
wheel unpacked again, once each::

    plan --> lock, restore missing wheels --> link and verify --> done
      ^                                            |
      '-- discard the changed wheel, unpack it <---'  StoredWheelChanged
"""

from __future__ import annotations

from msgspec.structs import replace

from pipwrap import errors
from pipwrap.cache import locks
from pipwrap.cache.store import StoredWheelChanged
from pipwrap.cache.upkeep.usage import UsageKind
from pipwrap.events import Listener, WarningMessage
from pipwrap.install.bytecode import Compiler
from pipwrap.install.plan import Plan
from pipwrap.model.environment import Environment
from pipwrap.model.wheel import StoredWheel
from pipwrap.operations.on_demand import OnDemand
from pipwrap.operations.shared_state import SharedState
from pipwrap.operations.wheel_provider import WheelProvider

_UNTIL_THE_END: list[object] = []
"""What ends with the process: deallocating 14,000 small values costs 5 % of an installation."""


class PlanInstaller:
    """Installs into one environment."""

    def __init__(
        self,
        shared: SharedState,
        environment: Environment,
        listener: Listener,
        wheels: WheelProvider,
        compiler: OnDemand[Compiler] | None,
    ) -> None:
        """Store the ports; nothing is changed yet."""
        self._shared = shared
        self._environment = environment
        self._listener = listener
        self._wheels = wheels
        self._compiler = compiler

    def apply(self, plan: Plan) -> None:
        """Carry out a plan; a stored file that was changed is unpacked again, once each."""
        compiler = self._compiler.made if self._compiler is not None else None
        if compiler is not None:
            compiler.finish()
        restored: set[str] = set()
        while True:
            try:
                self._commit(plan)
            except StoredWheelChanged as error:
                if error.wheel.sha256 in restored:
                    raise errors.EnvironmentRefused(f"{error}, and again at once") from error
                restored.add(error.wheel.sha256)
                self._listener(WarningMessage(f"{error}; it is unpacked again"))
                self._discard(error.wheel)
                plan = _with(plan, self._wheels.restored(error.wheel))
            else:
                return

    def _discard(self, changed: StoredWheel) -> None:
        """Remove a stored wheel, while no process links it; one that was replaced already stays."""
        store = self._shared.store
        with locks.locked(self._shared.context.place.layout.lock):
            if store.find(changed.sha256) == changed:
                store.discard(changed.sha256)

    def _commit(self, plan: Plan) -> None:
        """Link what is in the store, while no upkeep can remove it."""
        from pipwrap.install import transaction  # noqa: PLC0415 - no dry run changes anything

        store = self._shared.store
        with locks.locked(self._shared.context.place.layout.lock, shared=True):
            for each in plan.install:
                is_private = each.wheel.root.startswith(self._shared.private.root)
                if not is_private and store.find(each.wheel.sha256) is None:
                    plan = _with(plan, self._wheels.restored(each.wheel))
            done = transaction.apply(plan, self._environment, store, self._listener)
        _UNTIL_THE_END.append(done)
        for each in plan.install:
            self._shared.usage.note(UsageKind.UNPACKED, each.wheel.sha256)


def _with(plan: Plan, restored: StoredWheel) -> Plan:
    """Return a plan that installs a wheel from where it was unpacked again."""
    install = tuple(
        replace(each, wheel=restored) if each.wheel.sha256 == restored.sha256 else each
        for each in plan.install
    )
    return replace(plan, install=install)
