"""The only writer of stdout and stderr: prints events, one at a time.

``concurrency.dispatcher`` decides in which order the events of several threads come here.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, TextIO

from pipwrap import errors
from pipwrap.events import (
    DOWNLOADS,
    BuildFinished,
    BuildStarted,
    CommandOutput,
    Event,
    WarningMessage,
)
from pipwrap.model.link import redact
from pipwrap.report.download_display import DownloadDisplay
from pipwrap.report.encoding import printable
from pipwrap.report.summary import OutputLine, error_lines, lines_of

if TYPE_CHECKING:
    from pipwrap.report.log import Log

_EVERYTHING = 2
"""The verbosity of -vv."""


class OutputStreams:
    """stdout and stderr, and what was printed on them."""

    def __init__(
        self,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        *,
        transcript: list[tuple[bool, str]] | None = None,
        plain: bool = False,
    ) -> None:
        """Write to the process's streams unless others are given.

        ``transcript`` gets (on stderr?, text) of all that is printed. ``plain`` has no colours on
        any terminal.
        """
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr
        self.plain = plain
        self._transcript = transcript

    def write(self, text: str, *, is_error: bool = False) -> None:
        """Write text as the stream can take it, on stderr with pip's colours."""
        stream = self.stderr if is_error else self.stdout
        shown = printable(text, stream)
        stream.write(self._coloured(shown) if is_error else shown)
        if self._transcript is not None:
            self._transcript.append((is_error, shown))

    def flush(self) -> None:
        """Flush what was written."""
        self.stdout.flush()
        self.stderr.flush()

    def _coloured(self, text: str) -> str:
        """Return what goes to stderr with pip's colours, where there are any."""
        variable = os.environ.get
        is_terminal = variable("TERM") not in {"dumb", "unknown"} and self.stderr.isatty()
        if self.plain or variable("NO_COLOR") or not (variable("FORCE_COLOR") or is_terminal):
            return text
        from pipwrap.report.colours import painted  # noqa: PLC0415 - on terminals

        return painted(text)


class Console:
    """Takes events (it is a listener) and prints what pip would print of them."""

    def __init__(
        self,
        verbosity: int = 0,
        streams: OutputStreams | None = None,
        *,
        progress: str = "off",
        log: Log | None = None,
    ) -> None:
        """Write to the process's streams unless others are given.

        ``progress`` is ``on`` (bars, on a terminal only), ``raw`` or ``off``. ``log`` gets
        everything, whatever the verbosity.
        """
        self.streams = streams or OutputStreams()
        self._log = log
        self._verbosity = verbosity
        self._lock = threading.RLock()
        self._downloads = DownloadDisplay(
            self.streams.stdout, progress if verbosity >= 0 else "off"
        )

    @classmethod
    def on_stderr(cls) -> Console:
        """Return one that leaves stdout, which may be JSON, to the command's own output."""
        return cls(streams=OutputStreams(stdout=sys.stderr))

    def __call__(self, event: Event, /) -> None:
        """Print what the event says at this verbosity."""
        with self._lock:
            if isinstance(event, DOWNLOADS):
                lines = self._downloads.lines(event)
                if lines:
                    self._write(lines)
                self._downloads.draw(event)
                return
            self._record(lines_of(event, _EVERYTHING))
            is_live = self._downloads.is_live
            if is_live and isinstance(event, BuildStarted):
                return
            if is_live and isinstance(event, BuildFinished):
                self._write((OutputLine(f"  {event.description} ... {event.status}"),))
            else:
                self._write(lines_of(event, self._verbosity))

    def line(self, text: str) -> None:
        """Print a line of what the user asked for."""
        self(CommandOutput(text))

    def record(self, error: errors.PipwrapError) -> None:
        """Put an error into the log that is printed elsewhere."""
        self._record(error_lines(error))

    def error(self, error: errors.PipwrapError) -> None:
        """Print the error that ends the command."""
        self._write(error_lines(error))

    def text(self, text: str) -> None:
        """Print text on stdout as it is: the output of another program."""
        with self._lock:
            self.streams.write(text)
            self.streams.stdout.flush()

    def error_text(self, text: str) -> None:
        """Print text on stderr as it is: usage, a frame made elsewhere."""
        with self._lock:
            stderr = self.streams.stderr
            stderr.write(printable(redact(text), stderr))
            stderr.flush()

    def abandon(self, reason: str) -> None:
        """Stop writing to a stdout that cannot be written to, so that nothing fails again at exit.

        The reason is the error that ends the command; stderr may be the same broken pipe.
        """
        self._downloads.abandon()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.streams.stdout.fileno())
        try:
            self.error(errors.PipwrapError(reason))
        except OSError:
            os.dup2(null, self.streams.stderr.fileno())

    def close(self) -> None:
        """Take the bars off the terminal and flush."""
        with self._lock:
            self._downloads.close()
            if self._log is not None:
                self._log.close()
            self.streams.flush()

    def _write(self, lines: tuple[OutputLine, ...]) -> None:
        with self._lock:
            streams = self.streams
            for line in lines:
                text = redact(line.text)  # whatever emitted it: this is the only way out
                stream = streams.stderr if line.is_error else streams.stdout
                if not self._downloads.print_above(text, stream):
                    streams.write(text + "\n", is_error=line.is_error)
            streams.stdout.flush()

    def _record(self, lines: tuple[OutputLine, ...]) -> None:
        if self._log is None:
            return
        with self._lock:
            problem = self._log.write(lines)
        if problem is not None:
            self._write(lines_of(WarningMessage(problem), self._verbosity))
