"""Work on other threads; what it tells is told when somebody waits for it, as if it began then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from queue import SimpleQueue
from typing import Any, Protocol

from pipwrap.events import Event, Listener
from pipwrap.values import field, frozen


class Voices(Listener, Protocol):
    """A listener that tells one thread from another."""

    def relayed(self, to: Listener) -> AbstractContextManager[object]:
        """Have ``to`` take what the calling thread tells, downloads excepted, during the body."""


@frozen
class _Job:
    future: Future[Any]
    told: SimpleQueue[Event | None] = field(default_factory=SimpleQueue)
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
        """Have ``work`` done on another thread; it must not wait for other work of this object."""
        job = _Job(Future())
        with self._lock:
            self._jobs[key] = job
            self._futures.append(self._pool.submit(self._do, job, work))

    def finish(self, key: object) -> Future[Any] | None:
        """Wait for a piece of work, telling what it tells while it does; return how it ended.

        ``None`` where it was not begun, or somebody has waited for it before.
        """
        with self._lock:
            job = self._jobs.pop(key, None)
        if job is None:
            return None
        while (event := job.told.get()) is not None:
            self._voices(event)
        return job.future

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def settle(self, seconds: float) -> None:
        """Wait for what is under way, but not for long."""
        wait(self._futures, timeout=seconds)

    def _do(self, job: _Job, work: Callable[[], object]) -> None:
        try:
            with self._voices.relayed(job.told.put):
                job.future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - for whoever waits
            job.future.set_exception(error)
        finally:
            job.told.put(None)
