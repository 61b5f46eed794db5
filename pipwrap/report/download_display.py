"""Downloads under way, as bars on a live terminal or as lines that a program can read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TextIO

from pipwrap.events import DownloadFinished, DownloadProgressed, DownloadStarted

if TYPE_CHECKING:
    from pipwrap.report.progress import Progress
    from pipwrap.report.raw_progress import RawProgress
    from pipwrap.report.summary import OutputLine


class DownloadDisplay:
    """What ``--progress-bar`` asks for; what draws it is loaded by the first download."""

    def __init__(self, stdout: TextIO, kind: str) -> None:
        """Draw nothing yet; ``kind`` is ``on`` (bars, on a terminal only), ``raw`` or ``off``."""
        self._stdout = stdout
        self.is_live = kind == "on" and stdout.isatty()
        """Whether bars are drawn."""
        self._is_raw = kind == "raw"
        self._raw: RawProgress | None = None
        self._bars: Progress | None = None

    def lines(
        self, event: DownloadStarted | DownloadProgressed | DownloadFinished
    ) -> tuple[OutputLine, ...]:
        """Return the lines to print."""
        if not self._is_raw:
            return ()
        if self._raw is None:
            from pipwrap.report.raw_progress import RawProgress  # noqa: PLC0415 - for one option

            self._raw = RawProgress(time.monotonic)
        return self._raw.take(event)

    def draw(self, event: DownloadStarted | DownloadProgressed | DownloadFinished) -> None:
        """Move the bar of a download; the terminal is given back where there is none."""
        if not self.is_live:
            return
        if self._bars is None:
            if not isinstance(event, DownloadStarted) or event.is_metadata:
                return
            from pipwrap.report.progress import Progress  # noqa: PLC0415 - 90 ms, terminals only

            self._bars = Progress(self._stdout)
        self._bars.take(event)
        if self._bars.is_idle:
            self.close()

    def print_above(self, text: str, stream: TextIO) -> bool:
        """Print a line while bars are drawn; ``False`` where none are, and nothing is printed."""
        if self._bars is None:
            return False
        self._bars.above(text, stream)
        return True

    def abandon(self) -> None:
        """Drop the bars: their terminal is gone."""
        self._bars = None

    def close(self) -> None:
        """Take the bars off the terminal."""
        if self._bars is not None:
            self._bars.close()
            self._bars = None
