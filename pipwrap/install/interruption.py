"""SIGINT and SIGTERM while an environment changes: the work is undone first."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator


class Signals:
    """SIGINT and SIGTERM while an environment changes."""

    def __init__(self) -> None:
        """Start with nothing received."""
        self.pending: int | None = None
        """The last signal; SIGINT that became ``KeyboardInterrupt`` is done with."""
        self._is_blocked = False

    @contextlib.contextmanager
    def blocked(self) -> Iterator[None]:
        """Let no signal stop the body; it takes effect afterwards."""
        before, self._is_blocked = self._is_blocked, True
        try:
            yield
        finally:
            self._is_blocked = before

    def receive(self, number: int, frame: object) -> None:
        """Stop the work, unless it must not be stopped."""
        del frame
        self.pending = number
        if not self._is_blocked:
            self._is_blocked = True
            self.pending = None if number == signal.SIGINT else number
            raise KeyboardInterrupt


@contextlib.contextmanager
def deferring() -> Iterator[Signals]:
    """Turn the first SIGINT or SIGTERM into ``KeyboardInterrupt``, and defer the others.

    What was deferred, and SIGTERM in any case, is delivered again at the end. An ignored signal
    stays ignored. Only the main thread may do this; others see no signal.
    """
    signals = Signals()
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    numbers = [
        number
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = {number: signal.signal(number, signals.receive) for number in numbers}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if signals.pending is not None:
            os.kill(os.getpid(), signals.pending)
