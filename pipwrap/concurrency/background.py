"""Work on other threads; what it tells is told when somebody waits for it, as if it began then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from queue import SimpleQueue
from typing import Any, Protocol

from msgspec import Struct, field

from pipwrap.events import DOWNLOADS, Event, Listener, PromptShown


class RoutingListener(Listener, Protocol):
    """A listener that tells one thread from another."""

    def relayed(self, to: Listener, *, downloads: bool = False) -> AbstractContextManager[object]:
        """Have ``to`` take what the calling thread tells during the body.

        Downloads only where it says so.
        """


class _Job(Struct):
    told: SimpleQueue[Event | None] = field(default_factory=SimpleQueue)
    """``None`` is the end."""
    future: Future[Any] = field(default_factory=Future)
    is_over: bool = False
    """Nobody wants it any more."""


class BackgroundTasks:
    """Pieces of work by key, each begun and waited for once."""

    def __init__(self, voices: RoutingListener, workers: int, name: str) -> None:
        """Start no thread yet; ``workers`` pieces are worked on at once."""
        self._voices = voices
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._jobs: dict[object, _Job] = {}
        self._futures: list[Future[Any]] = []
        self._lock = threading.Lock()

    def begin(self, key: object, work: Callable[[], object]) -> None:
        """Have ``work`` done on another thread."""
        job = _Job()
        with self._lock:
            job.future = self._pool.submit(self._do, job, work)
            self._jobs[key] = job
            self._futures.append(job.future)

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

    def _do(self, job: _Job, work: Callable[[], object]) -> object:
        try:
            with self._relayed(job):
                return work()
        finally:
            job.told.put(None)

    def _relayed(self, job: _Job) -> AbstractContextManager[object]:
        return self._voices.relayed(job.told.put)


class PrefetchTasks(BackgroundTasks):
    """Work that may be in vain: it draws and asks nothing, and ends where nobody wants it."""

    def only(self, keys: Collection[object]) -> None:
        """End all work but that for these keys, each with the next that it tells."""
        with self._lock:
            for key, job in self._jobs.items():
                if key not in keys:
                    job.is_over = True
                    job.future.cancel()

    def check(self, key: object) -> None:
        """Raise ``CancelledError`` in work that nobody wants any more."""
        with self._lock:
            job = self._jobs.get(key)
        if job is not None and job.is_over:
            raise CancelledError

    def close(self) -> None:
        """End all of it."""
        self.only(())
        super().close()

    def _relayed(self, job: _Job) -> AbstractContextManager[object]:
        def take(event: Event) -> None:
            if job.is_over or isinstance(event, PromptShown):
                raise CancelledError
            if not isinstance(event, DOWNLOADS):
                job.told.put(event)

        return self._voices.relayed(take, downloads=True)


class Executors(Struct, frozen=True):
    """Who works while something else goes on."""

    builds: BackgroundTasks
    """Builds what is certain to be wanted."""
    ahead: PrefetchTasks
    """Fetches what will probably be wanted."""
