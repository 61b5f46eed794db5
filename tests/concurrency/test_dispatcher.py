"""The dispatcher orders the events of all threads; the queue of a task holds what it emits."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError

import pytest

from pipwrap.concurrency.background import SpeculativeEvents
from pipwrap.concurrency.dispatcher import EventDispatcher, TaskEvents
from pipwrap.events import DownloadProgressed, Event, Info, PromptShown

PROGRESS = DownloadProgressed("url", 1)


def on_thread(dispatcher: EventDispatcher, events: TaskEvents, work: Callable[[], object]) -> None:
    """Run a task to its end on another thread."""

    def run() -> None:
        with dispatcher.queued(events):
            work()
        events.end()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


def test_what_a_task_emits_is_printed_when_its_queue_is_drained_and_progress_at_once():
    printed: list[Event] = []
    dispatcher, events = EventDispatcher(printed.append), TaskEvents()
    on_thread(dispatcher, events, lambda: (dispatcher(Info("task")), dispatcher(PROGRESS)))
    dispatcher(Info("main"))
    assert printed == [PROGRESS, Info("main")]
    events.drain(dispatcher)
    assert printed == [PROGRESS, Info("main"), Info("task")]


def test_a_task_that_waits_for_another_emits_its_events_in_its_own_order():
    printed: list[Event] = []
    dispatcher, inner, outer = EventDispatcher(printed.append), TaskEvents(), TaskEvents()
    on_thread(dispatcher, inner, lambda: dispatcher(Info("inner")))

    def outer_task() -> None:
        dispatcher(Info("before"))
        inner.drain(dispatcher)
        dispatcher(Info("after"))

    on_thread(dispatcher, outer, outer_task)
    assert printed == []
    outer.drain(dispatcher)
    assert printed == [Info("before"), Info("inner"), Info("after")]


def test_a_thread_whose_task_is_over_prints_again():
    printed: list[Event] = []
    dispatcher, events = EventDispatcher(printed.append), TaskEvents()
    with contextlib.suppress(ValueError), dispatcher.queued(events):
        dispatcher(Info("queued"))
        raise ValueError("the task failed")
    dispatcher(Info("printed"))
    assert printed == [Info("printed")]


@pytest.mark.parametrize(
    ("event", "is_cancelled", "ends"),
    [
        pytest.param(Info("x"), False, False, id="an event is queued"),
        pytest.param(PROGRESS, False, False, id="progress is dropped"),
        pytest.param(Info("x"), True, True, id="ends once cancelled"),
        pytest.param(PROGRESS, True, True, id="with progress, too"),
        pytest.param(PromptShown("User: "), False, True, id="prompts for nothing"),
    ],
)
def test_a_speculative_task_draws_and_asks_nothing(event: Event, is_cancelled: bool, ends: bool):  # noqa: FBT001
    printed: list[Event] = []
    dispatcher, events = EventDispatcher(printed.append), SpeculativeEvents()
    events.is_cancelled = is_cancelled
    with dispatcher.queued(events):
        if ends:
            with pytest.raises(CancelledError):
                dispatcher(event)
        else:
            dispatcher(event)
    events.end()
    assert printed == []
    events.drain(printed.append)
    assert printed == ([] if ends or event is PROGRESS else [event])


def test_a_recording_within_another_ends_only_itself():
    dispatcher = EventDispatcher(lambda _: None)
    with dispatcher.recording() as outer:
        with dispatcher.recording() as inner:
            dispatcher(Info("both"))
        with dispatcher.recording() as second:
            dispatcher(PROGRESS)
        dispatcher(Info("outer"))
    dispatcher(Info("not recorded"))
    assert inner == [Info("both")]
    assert second == []
    assert outer == [Info("both"), Info("outer")]
