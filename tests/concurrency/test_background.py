"""Events of tasks on other threads are printed in the order in which these are waited for."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest

from pipwrap.concurrency.background import BackgroundTasks, PrefetchTasks
from pipwrap.concurrency.dispatcher import EventDispatcher
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.events import DownloadStarted, Event, Info, PromptShown
from pipwrap.report.console import Console, OutputStreams


class Desk:
    """A dispatcher, background tasks, and what was printed."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.events = EventDispatcher(Console(streams=OutputStreams(self.stream, self.stream)))
        self.work = BackgroundTasks(self.events, 2, "test")

    def begin(self, key: str, work: Callable[[], object]) -> None:
        """Begin, and wait until a thread has begun with it."""
        begun = threading.Event()
        self.work.begin(key, lambda: (begun.set(), work())[1])
        assert begun.wait(20)

    @property
    def printed(self) -> list[str]:
        return self.stream.getvalue().split()


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.work.close()
    made.work.settle(20)


def test_pieces_of_work_overlap_and_are_told_one_after_another(desk: Desk):
    """Each waits for the other: in turn they would never end."""
    meeting = threading.Barrier(2, timeout=20)

    def piece(name: str) -> str:
        desk.events(Info(f"{name}1"))
        meeting.wait()
        desk.events(Info(f"{name}2"))
        return name

    for name in "ab":
        desk.begin(name, lambda name=name: piece(name))
    ends = [desk.work.finish(name) for name in "ba"]
    assert [each.result() for each in ends if each is not None] == ["b", "a"]
    assert desk.printed == ["b1", "b2", "a1", "a2"]


def test_lines_are_told_while_the_work_goes_on(desk: Desk):
    told = threading.Event()

    def piece() -> None:
        desk.events(Info("begun"))
        assert told.wait(20)

    def write(text: str) -> int:
        if "begun" in text:
            told.set()
        return len(text)

    desk.stream.write = write  # type: ignore[method-assign]
    desk.begin("a", piece)
    end = desk.work.finish("a")
    assert end is not None
    assert end.exception() is None


def test_an_error_is_for_whoever_waits(desk: Desk):
    def piece() -> None:
        raise ValueError("no luck")

    desk.begin("a", piece)
    end = desk.work.finish("a")
    assert end is not None
    with pytest.raises(ValueError, match="no luck"):
        end.result()


def test_what_was_not_begun_or_is_finished_needs_no_waiting(desk: Desk):
    assert desk.work.finish("a") is None
    desk.begin("a", list)
    assert desk.work.finish("a") is not None
    assert desk.work.finish("a") is None


def test_what_no_thread_has_begun_with_is_left_to_whoever_waits(desk: Desk):
    """So nobody waits for a thread that waits for him."""
    busy, free = threading.Barrier(3, timeout=20), threading.Event()

    def occupy() -> None:
        busy.wait()
        assert free.wait(20)

    done: list[str] = []
    for name in "ab":
        desk.work.begin(name, occupy)
    busy.wait()
    for name in "cd":
        desk.work.begin(name, lambda name=name: done.append(name))
    assert desk.work.finish("c") is None
    desk.work.close()
    free.set()
    desk.work.settle(threading.TIMEOUT_MAX)
    assert done == []


def test_what_a_task_emits_is_recorded_in_its_turn(desk: Desk):
    def piece() -> list[Event]:
        with desk.events.recording() as own:
            desk.events(Info("piece"))
        return own

    with desk.events.recording() as recorded:
        desk.work.begin("a", piece)
        desk.work.settle(20)
        desk.events(Info("before"))
        end = desk.work.finish("a")
    assert end is not None
    assert end.result() == [Info("piece")]
    assert recorded == [Info("before"), Info("piece")]


def test_a_task_that_is_no_longer_needed_ends_with_its_next_event():
    desk = Desk()
    ahead = PrefetchTasks(desk.events, 2, "test")
    goes_on, told = threading.Event(), threading.Event()

    def piece(name: str) -> str:
        desk.events(Info(f"{name}1"))
        desk.events(DownloadStarted("url", name, None))
        told.set()
        assert goes_on.wait(20)
        desk.events(Info(f"{name}2"))
        ahead.check(name)
        return name

    for name in "ab":
        told.clear()
        ahead.begin(name, lambda name=name: piece(name))
        assert told.wait(20)
    ahead.only({"b"})
    goes_on.set()
    ends = {name: ahead.finish(name) for name in "ba"}
    ahead.close()
    assert ends["b"] is not None
    assert ends["b"].result() == "b"
    assert ends["a"] is not None
    assert isinstance(ends["a"].exception(), CancelledError)
    assert desk.printed == ["b1", "b2", "a1"]


def test_a_person_is_not_asked_ahead_and_the_work_may_begin_again():
    desk = Desk()
    ahead, once = PrefetchTasks(desk.events, 1, "test"), OnceMap()

    def asks() -> str:
        desk.events(PromptShown("User: "))
        return "typed"

    ahead.begin("key", lambda: once("key", asks))
    end = ahead.finish("key")
    ahead.close()
    assert end is not None
    assert isinstance(end.exception(), CancelledError)
    assert once("key", asks) == "typed"
