"""Bars for downloads on a live terminal: the only importer of rich."""

from __future__ import annotations

from typing import TextIO, cast

from rich.console import Console as RichConsole
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress

from pipwrap.events import DownloadFinished, DownloadProgressed, DownloadStarted
from pipwrap.report.encoding import printable


class _Degrading:
    """A stream that replaces what its encoding lacks, for rich, which handles UTF-8 and ASCII."""

    def __init__(self, stream: TextIO) -> None:
        """Wrap ``stream``."""
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        """Return everything else as the stream has it."""
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write what can be written."""
        return self._stream.write(printable(text, self._stream))


class Progress:
    """One bar for each download under way; all vanish when they are done."""

    def __init__(self, stdout: TextIO) -> None:
        """Start to draw."""
        self._stdout = stdout
        self._console = RichConsole(file=cast("TextIO", _Degrading(stdout)))
        self._bars = RichProgress(
            TextColumn("  {task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._bars.start()

    def take(self, event: DownloadStarted | DownloadProgressed | DownloadFinished) -> None:
        """Move the bar of a download."""
        if isinstance(event, DownloadStarted):
            if not event.is_metadata:
                task = self._bars.add_task(event.filename, total=event.size)
                self._tasks[event.url] = task
        elif event.url not in self._tasks:
            return
        elif isinstance(event, DownloadProgressed):
            self._bars.update(self._tasks[event.url], completed=event.received)
        else:
            self._bars.remove_task(self._tasks.pop(event.url))

    @property
    def is_idle(self) -> bool:
        """Return whether no download is under way: the terminal is given back."""
        return not self._tasks

    def above(self, text: str, stream: TextIO) -> None:
        """Print a line above the bars, or on another stream."""
        if stream is self._stdout:
            self._console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            self._bars.stop()
            stream.write(printable(text, stream) + "\n")
            self._bars.start()

    def close(self) -> None:
        """Stop drawing and leave the terminal clean."""
        self._bars.stop()
