"""Tasks on other threads, each begun once and waited for once; ``dispatcher`` orders events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from typing import Any, ClassVar

from msgspec import Struct, field

from pipwrap.concurrency.dispatcher import EventDispatcher, TaskEvents
from pipwrap.events import DOWNLOADS, Event, PromptShown


class SpeculativeEvents(TaskEvents):
    """The queue of a task whose result may turn out not to be needed."""

    takes_downloads = True

    def put(self, event: Event) -> None:
        """Add an event, downloads excepted; ``CancelledError`` ends the task.

        So does a prompt: the work begins again where its result is needed, and prompts then.
        """
        if self.is_cancelled or isinstance(event, PromptShown):
            raise CancelledError
        if not isinstance(event, DOWNLOADS):
            super().put(event)


class _Task(Struct):
    events: TaskEvents
    future: Future[Any] = field(default_factory=Future)


class BackgroundTasks:
    """Tasks by key."""

    _queue_type: ClassVar[type[TaskEvents]] = TaskEvents

    def __init__(self, dispatcher: EventDispatcher, workers: int, name: str) -> None:
        """Start no thread yet; at most ``workers`` tasks run at once."""
        self._dispatcher = dispatcher
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._tasks: dict[object, _Task] = {}
        self._futures: list[Future[Any]] = []
        self._lock = threading.Lock()

    def begin(self, key: object, work: Callable[[], object]) -> None:
        """Have ``work`` done on another thread."""
        task = _Task(self._queue_type())
        with self._lock:
            task.future = self._pool.submit(self._run, task.events, work)
            self._tasks[key] = task
            self._futures.append(task.future)

    def finish(self, key: object) -> Future[Any] | None:
        """Wait for a task, emitting its events meanwhile; return how it ended.

        ``None`` where no thread has begun with it, and none will, or it was waited for before.
        """
        with self._lock:
            task = self._tasks.pop(key, None)
        if task is None or task.future.cancel():
            return None
        task.events.drain(self._dispatcher)
        return task.future

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def settle(self, seconds: float) -> None:
        """Wait for what is under way, but not for long."""
        wait([each for each in self._futures if not each.cancelled()], timeout=seconds)

    def _run(self, events: TaskEvents, work: Callable[[], object]) -> object:
        try:
            with self._dispatcher.queued(events):
                return work()
        finally:
            events.end()


class PrefetchTasks(BackgroundTasks):
    """Speculative tasks: a result may turn out not to be needed, and the task is cancelled."""

    _queue_type = SpeculativeEvents

    def only(self, keys: Collection[object]) -> None:
        """Cancel all tasks but those of these keys; each ends with the next event it emits."""
        with self._lock:
            for key, task in self._tasks.items():
                if key not in keys:
                    task.events.is_cancelled = True
                    task.future.cancel()

    def check(self, key: object) -> None:
        """Raise ``CancelledError`` in a task that was cancelled."""
        with self._lock:
            task = self._tasks.get(key)
        if task is not None and task.events.is_cancelled:
            raise CancelledError

    def close(self) -> None:
        """Cancel all of them."""
        self.only(())
        super().close()


class Executors(Struct, frozen=True):
    """The tasks of one session."""

    builds: BackgroundTasks
    """Builds whose wheel is certain to be needed."""
    ahead: PrefetchTasks
    """Files that will probably be needed."""
