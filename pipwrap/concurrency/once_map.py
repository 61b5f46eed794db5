"""The outcome of each piece of work, done once whatever number of threads ask for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TypeVar

Answer = TypeVar("Answer")


class OnceMap:
    """Outcomes by key; a second thread with the same key waits for the first."""

    def __init__(self) -> None:
        """Start with nothing done."""
        self._lock = threading.Lock()
        self._done: dict[object, Future[object]] = {}

    def __call__(self, key: object, work: Callable[[], Answer]) -> Answer:
        """Return what ``work`` returned (or raise what it raised) the first time for ``key``."""
        with self._lock:
            future = self._done.get(key)
            mine = future is None
            if future is None:
                future = self._done[key] = Future()
        if mine:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised in every waiting thread
                if isinstance(error, CancelledError):  # not an outcome: it may be begun again
                    with self._lock:
                        del self._done[key]
                future.set_exception(error)
        return future.result()  # type: ignore[return-value]  # the key fixes the type
