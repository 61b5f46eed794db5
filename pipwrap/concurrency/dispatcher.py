"""The order of events: what a task on another thread emits is printed when it is waited for.

pip does one thing after another, and its output reads so. Here builds run side by side and files
are fetched before they are needed, and the output reads as pip's all the same. Three rules do it:

1. Whatever emits events holds the dispatcher and calls it; the dispatcher looks up the task that
   the calling thread works on. A thread without a task (the main thread, mostly) goes first come,
   first served to the output, which is the console.
2. The events of a task go into a queue of its own and nowhere else, however long it runs.
3. The thread that waits for the task drains the queue: it emits each event again, as if the work
   began only then. Where that thread works on a task itself, the events go into its queue in turn,
   so that the order is right at any depth of builds within builds.

    thread of task a    a1 ... a2      -> queue of a    drained where a is waited for
    thread of task b    b1 ...... b2   -> queue of b    drained where b is waited for

    main thread         m1   wait for a   m2   wait for b
                        |    |            |    |
    dispatcher          m1   a1 a2        m2   b1 b2    -> recordings -> console

Progress of downloads is not ordered: it is drawn at once, and never recorded. A speculative task,
whose result may turn out not to be needed, draws nothing and prompts for nothing: it ends with the
first event after it was cancelled (``background.SpeculativeEvents``).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from pipwrap.events import DOWNLOADS, Event, Listener

if TYPE_CHECKING:
    from queue import SimpleQueue


class TaskEvents:
    """The queue of one task: its events, in the order in which its thread emitted them."""

    takes_downloads: ClassVar[bool] = False
    """Whether the progress of downloads comes here, too."""

    def __init__(self) -> None:
        """Start with no event."""
        from queue import SimpleQueue  # noqa: PLC0415 - most commands have no task

        self.is_cancelled = False
        """Its result is not needed any more; a speculative task ends by it."""
        self.recordings: list[list[Event]] = []
        """Lists of ``EventDispatcher.recording`` that the task itself has begun."""
        self._queue: SimpleQueue[Event | None] = SimpleQueue()
        """``None`` is the end."""

    def put(self, event: Event) -> None:
        """Add an event."""
        _record(event, self.recordings)
        self._queue.put(event)

    def end(self) -> None:
        """Let ``drain`` return: the task emits nothing more."""
        self._queue.put(None)

    def drain(self, listener: Listener) -> None:
        """Emit the events again as they come in, until the task ends."""
        while (event := self._queue.get()) is not None:
            listener(event)


class EventDispatcher:
    """The listener of one command, for all its threads."""

    def __init__(self, output: Listener) -> None:
        """Print on ``output``, which takes one event at a time except for downloads."""
        self._output = output
        self._tasks: dict[int, TaskEvents] = {}
        """By the identifier of the thread that works on the task."""
        self._recordings: list[list[Event]] = []
        self._lock = threading.RLock()

    def __call__(self, event: Event, /) -> None:
        """Queue the event where the calling thread works on a task, else print it."""
        task = self._tasks.get(threading.get_ident())
        if isinstance(event, DOWNLOADS) and not (task and task.takes_downloads):
            self._output(event)
        elif task is not None:
            task.put(event)
        else:
            with self._lock:
                _record(event, self._recordings)
                self._output(event)

    @contextlib.contextmanager
    def queued(self, events: TaskEvents) -> Iterator[None]:
        """Queue what the calling thread emits during the body."""
        thread = threading.get_ident()
        self._tasks[thread] = events
        try:
            yield
        finally:
            del self._tasks[thread]

    @contextlib.contextmanager
    def recording(self) -> Iterator[list[Event]]:
        """Yield a list that gets every event of the body, downloads excepted.

        The events of another task are recorded when its queue is drained. A task records its own
        only; a thread without a task records those of all such threads.
        """
        recorded: list[Event] = []
        task = self._tasks.get(threading.get_ident())
        recordings = self._recordings if task is None else task.recordings
        with self._lock:
            recordings.append(recorded)
        try:
            yield recorded
        finally:
            with self._lock:
                recordings[:] = [each for each in recordings if each is not recorded]


def _record(event: Event, recordings: list[list[Event]]) -> None:
    for recording in recordings:
        recording.append(event)
