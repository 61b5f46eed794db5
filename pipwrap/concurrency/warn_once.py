"""Warnings that a run reports once, however many threads meet their cause."""

from __future__ import annotations

import threading

from pipwrap.events import Listener, WarningMessage


class WarnOnce:
    """Used from many threads."""

    def __init__(self, listener: Listener) -> None:
        """Report to a listener."""
        self._listener = listener
        self._lock = threading.Lock()
        self._reported: set[str] = set()

    def __call__(self, message: str, about: str | None = None) -> None:
        """Report a message, unless it was reported before (or another one ``about`` the same)."""
        key = about or message
        with self._lock:
            is_new = key not in self._reported
            self._reported.add(key)
        if is_new:
            self._listener(WarningMessage(message))
