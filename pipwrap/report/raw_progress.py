"""``--progress-bar raw``: downloads as lines that a program can read."""

from __future__ import annotations

from collections.abc import Callable

from pipwrap.events import DownloadFinished, DownloadProgressed, DownloadStarted
from pipwrap.report.summary import OutputLine

_SMALL = 512 * 1024
"""pip shows no progress up to this size."""
_PAUSE = 0.25
"""Seconds between two lines of one download."""


class RawProgress:
    """Turns the events of downloads into ``Progress N of TOTAL``; 0 is an unknown total."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start with no download."""
        self._clock = clock
        self._totals: dict[str, int] = {}
        self._last: dict[str, float] = {}

    def take(
        self, event: DownloadStarted | DownloadProgressed | DownloadFinished
    ) -> tuple[OutputLine, ...]:
        """Return the lines to print."""
        if isinstance(event, DownloadStarted):
            if event.is_metadata or 0 < (event.size or 0) <= _SMALL:
                return ()
            self._totals[event.url] = event.size or 0
            return self._line(event.url, 0)
        if event.url not in self._totals:
            return ()
        if isinstance(event, DownloadFinished):
            del self._totals[event.url]
            return ()
        late = self._clock() - self._last[event.url] >= _PAUSE
        if late or event.received == self._totals[event.url]:
            return self._line(event.url, event.received)
        return ()

    def _line(self, url: str, received: int) -> tuple[OutputLine, ...]:
        self._last[url] = self._clock()
        return (OutputLine(f"Progress {received} of {self._totals[url]}"),)
