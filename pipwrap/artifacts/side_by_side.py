"""Work on other threads; what it tells is told when somebody waits for it, as if it began then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from queue import SimpleQueue
from typing import Any, Protocol

from pipwrap.events import Event, Listener
from pipwrap.values import frozen


class Voices(Listener, Protocol):
    """A listener that tells one thread from another."""

    def relayed(self, to: Listener) -> AbstractContextManager[object]:
        """Have ``to`` take what the calling thread tells, downloads excepted, during the body."""


@frozen
class _Job:
    future: Future[Any]
    told: SimpleQueue[Event | None]
    """``None`` is the end."""


class SideBySide:
    """Pieces of work by key, each begun and waited for once."""

    def __init__(self, voices: Voices, workers: int) -> None:
        """Start no thread yet; ``workers`` pieces are worked on at once."""
        self._voices = voices
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="build")
        self._jobs: dict[object, _Job] = {}
        self._futures: list[Future[Any]] = []
        self._lock = threading.Lock()

    def begin(self, key: object, work: Callable[[], object]) -> None:
        """Have ``work`` done on another thread."""
        told: SimpleQueue[Event | None] = SimpleQueue()
        with self._lock:
            future = self._pool.submit(self._do, told, work)
            self._jobs[key] = _Job(future, told)
            self._futures.append(future)

    def finish(self, key: object) -> Future[Any] | None:
        """Wait for a piece of work, telling what it tells while it does; return how it ended.

        ``None`` where no thread has begun with it, and none will, or somebody has waited before.
        """
        with self._lock:
            job = self._jobs.pop(key, None)
        if job is None or job.future.cancel():
            return None
        while (event := job.told.get()) is not None:
            self._voices(event)
        return job.future

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def settle(self, seconds: float) -> None:
        """Wait for what is under way, but not for long."""
        wait([each for each in self._futures if not each.cancelled()], timeout=seconds)

    def _do(self, told: SimpleQueue[Event | None], work: Callable[[], object]) -> object:
        try:
            with self._voices.relayed(told.put):
                return work()
        finally:
            told.put(None)


@frozen
class Crews:
    """Who works while something else goes on."""

    builds: SideBySide
    """Builds what is certain to be wanted."""
    ahead: SideBySide
    """Fetches what will probably be wanted."""
