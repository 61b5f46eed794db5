"""The only writer of stdout and stderr: prints events, one at a time.

``concurrency.dispatcher`` decides in which order the events of several threads come here.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, TextIO

from pipwrap import errors
from pipwrap.events import (
    DOWNLOADS,
    BuildFinished,
    BuildStarted,
    CommandOutput,
    DownloadFinished,
    DownloadProgressed,
    DownloadStarted,
    Event,
    WarningMessage,
)
from pipwrap.model.link import redact
from pipwrap.report.encoding import printable
from pipwrap.report.summary import OutputLine, error_lines, lines_of

if TYPE_CHECKING:
    from pipwrap.report.log import Log
    from pipwrap.report.progress import Progress
    from pipwrap.report.raw_progress import RawProgress

_EVERYTHING = 2
"""The verbosity of -vv."""


class Console:
    """Takes events (it is a listener) and prints what pip would print of them."""

    def __init__(
        self,
        verbosity: int = 0,
        *,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        progress: str = "off",
        log: Log | None = None,
        transcript: list[tuple[bool, str]] | None = None,
        plain: bool = False,
    ) -> None:
        """Write to the process's streams unless others are given.

        ``transcript`` gets (on stderr?, text) of all that is printed.

        ``progress`` is ``on`` (bars, on a terminal only), ``raw`` or ``off``. ``log`` gets
        everything, whatever the verbosity. ``plain`` has no colours on any terminal.
        """
        self.plain = plain
        self._log = log
        self._transcript = transcript
        self._raw = progress == "raw" and verbosity >= 0
        self._raw_progress: RawProgress | None = None
        self._verbosity = verbosity
        self._stdout = stdout or sys.stdout
        self._stderr = stderr or sys.stderr
        self._lock = threading.RLock()
        self._live = progress == "on" and verbosity >= 0 and self._stdout.isatty()
        self._progress: Progress | None = None

    @classmethod
    def on_stderr(cls) -> Console:
        """Return one that leaves stdout, which may be JSON, to the command's own output."""
        return cls(stdout=sys.stderr)

    def __call__(self, event: Event, /) -> None:
        """Print what the event says at this verbosity."""
        with self._lock:
            if isinstance(event, DOWNLOADS):
                self._draw(event)
                return
            self._record(lines_of(event, _EVERYTHING))
            if self._live and isinstance(event, BuildStarted):
                return
            if self._live and isinstance(event, BuildFinished):
                self._write((OutputLine(f"  {event.description} ... {event.status}"),))
            else:
                self._write(lines_of(event, self._verbosity))

    def line(self, text: str) -> None:
        """Print a line of what the user asked for."""
        self(CommandOutput(text))

    def record(self, error: errors.PipwrapError) -> None:
        """Put an error into the log that somebody else prints."""
        self._record(error_lines(error))

    def error(self, error: errors.PipwrapError) -> None:
        """Print the error that ends the command."""
        self._write(error_lines(error))

    def text(self, text: str) -> None:
        """Print text on stdout as it is: what another program said for us."""
        with self._lock:
            shown = printable(text, self._stdout)
            self._stdout.write(shown)
            self._stdout.flush()
            if self._transcript is not None:
                self._transcript.append((False, shown))

    def error_text(self, text: str) -> None:
        """Print text on stderr as it is: usage, a frame made elsewhere."""
        with self._lock:
            self._stderr.write(printable(redact(text), self._stderr))
            self._stderr.flush()

    def abandon(self, reason: str) -> None:
        """Stop writing to a stdout that takes nothing, so that nothing fails again at exit.

        The reason is the error that ends the command; stderr may be the same broken pipe.
        """
        self._progress = None
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stdout.fileno())
        try:
            self.error(errors.PipwrapError(reason))
        except OSError:
            os.dup2(nowhere, self._stderr.fileno())

    def close(self) -> None:
        """Take the bars off the terminal and flush."""
        with self._lock:
            if self._progress is not None:
                self._progress.close()
                self._progress = None
            if self._log is not None:
                self._log.close()
            self._stdout.flush()
            self._stderr.flush()

    def _coloured(self, text: str) -> str:
        """Return what goes to stderr with pip's colours, where there are any."""
        named = os.environ.get
        is_terminal = named("TERM") not in {"dumb", "unknown"} and self._stderr.isatty()
        if self.plain or named("NO_COLOR") or not (named("FORCE_COLOR") or is_terminal):
            return text
        from pipwrap.report.colours import painted  # noqa: PLC0415 - on terminals

        return painted(text)

    def _write(self, lines: tuple[OutputLine, ...]) -> None:
        with self._lock:
            for line in lines:
                stream = self._stderr if line.is_error else self._stdout
                text = redact(line.text)  # whoever wrote it: this is the only way out
                if self._progress is not None:
                    self._progress.above(text, stream)
                else:
                    shown = printable(text, stream) + "\n"
                    stream.write(self._coloured(shown) if line.is_error else shown)
                    if self._transcript is not None:
                        self._transcript.append((line.is_error, shown))
            self._stdout.flush()

    def _draw(self, event: DownloadStarted | DownloadProgressed | DownloadFinished) -> None:
        if self._raw:
            self._write(self._raw_lines(event))
        if not self._live:
            return
        if self._progress is None:
            if not isinstance(event, DownloadStarted) or event.is_metadata:
                return
            from pipwrap.report.progress import Progress  # noqa: PLC0415 - 90 ms, terminals only

            self._progress = Progress(self._stdout)
        self._progress.take(event)
        if self._progress.is_idle:
            self._progress.close()
            self._progress = None

    def _raw_lines(
        self, event: DownloadStarted | DownloadProgressed | DownloadFinished
    ) -> tuple[OutputLine, ...]:
        if self._raw_progress is None:
            from pipwrap.report.raw_progress import RawProgress  # noqa: PLC0415 - for one option

            self._raw_progress = RawProgress(time.monotonic)
        return self._raw_progress.take(event)

    def _record(self, lines: tuple[OutputLine, ...]) -> None:
        if self._log is None:
            return
        with self._lock:
            problem = self._log.write(lines)
        if problem is not None:
            self._write(lines_of(WarningMessage(problem), self._verbosity))
