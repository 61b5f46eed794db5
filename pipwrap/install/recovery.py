"""Settles what an interrupted command has left in an environment; light: every command checks."""

from __future__ import annotations

from collections.abc import Iterable

from pipwrap.events import Info, Listener
from pipwrap.install import journal
from pipwrap.install.lock import environment_lock


def recover(purelibs: Iterable[str], listener: Listener) -> bool:
    """Settle what interrupted processes left in site directories; return whether there was any.

    One ``lstat`` each when there is nothing; a transaction that is going on is waited for.
    """
    recovered = False
    for purelib in dict.fromkeys(purelibs):
        if not journal.exists(purelib):
            continue
        with environment_lock(purelib, listener):
            if journal.exists(purelib):
                from pipwrap.install import rollback  # noqa: PLC0415 - after an interruption

                listener(Info(f"Restoring {purelib} after an interrupted command"))
                rollback.settle(purelib, listener)
                recovered = True
    return recovered
