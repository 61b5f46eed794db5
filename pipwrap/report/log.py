"""The file of ``--log``: everything that could be printed, each line with its time, as in pip."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TextIO

from pipwrap.errors import cause_of
from pipwrap.model.link import redact
from pipwrap.report.summary import OutputLine


class Log:
    """Appends lines to a file, which is opened by the first one."""

    def __init__(self, path: str, clock: Callable[[], float]) -> None:
        """Store the path."""
        self._path = path
        self._clock = clock
        self._stream: TextIO | None = None
        self._failed = False

    def write(self, lines: tuple[OutputLine, ...]) -> str | None:
        """Append; return what to warn the user of when that is impossible, the first time."""
        if self._failed or not lines:
            return None
        try:
            if self._stream is None:
                os.makedirs(os.path.dirname(os.path.abspath(self._path)), exist_ok=True)
                self._stream = open(  # noqa: SIM115 - until close
                    self._path, "a", encoding="utf-8", errors="backslashreplace"
                )
            moment = _moment(self._clock())
            for line in lines:
                text = redact(line.text)  # as on the console
                self._stream.writelines(f"{moment} {part}\n" for part in text.splitlines())
            self._stream.flush()
        except OSError as error:
            self._failed = True
            return f"The log file {self._path} cannot be written: {cause_of(error)}"
        return None

    def close(self) -> None:
        """Close the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _moment(seconds: float) -> str:
    """Return local time as Python's logging spells it."""
    import time  # noqa: PLC0415 - with --log only

    local = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))
    return f"{local},{int(seconds * 1000) % 1000:03d}"
