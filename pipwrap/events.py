"""What happened, as frozen values: whatever is to be printed is emitted to a listener."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from pipwrap.errors import BuildFailed


class Event(Struct, frozen=True):
    """The root of all events."""


class Listener(Protocol):
    """Takes events, from any thread; must not raise."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""


class WarningMessage(Event, frozen=True):
    """Something is odd and the command goes on; printed after ``WARNING: `` on stderr."""

    message: str
    indent: int = 0


class DeprecationMessage(Event, frozen=True):
    """Something that pip means to give up; printed after ``DEPRECATION: `` on stderr."""

    message: str


class Info(Event, frozen=True):
    """A line of the run, for stdout; ``level`` 0 is always shown, 1 at -v, 2 at -vv."""

    message: str
    level: int = 0
    indent: int = 0


class CommandOutput(Event, frozen=True):
    """What the user asked for (a listing, a report): for stdout, at any verbosity."""

    message: str


class ErrorMessage(Event, frozen=True):
    """An error that does not end the command; printed after ``ERROR: `` on stderr."""

    message: str
    is_critical: bool = False
    """Not even -qqq hides it."""


class ProgramOutput(Event, frozen=True):
    """What a program (git, a build backend) is called with or prints; for stderr, as it is."""

    message: str
    level: int = 0
    """The verbosity from which it is shown."""


class DownloadStarted(Event, frozen=True):
    """Bytes of a file are about to arrive; ``size`` is unknown when the server did not name it."""

    url: str
    filename: str
    size: int | None
    is_metadata: bool = False


class DownloadProgressed(Event, frozen=True):
    """More bytes of a started download."""

    url: str
    received: int


class DownloadFinished(Event, frozen=True):
    """A started download ended, well or not."""

    url: str


DOWNLOADS = (DownloadStarted, DownloadProgressed, DownloadFinished)


class PromptShown(Event, frozen=True):
    """The user is about to be prompted for a login; a listener may end the work instead."""

    question: str


class BuildStarted(Event, frozen=True):
    """A backend hook runs (``Building wheel for NAME (pyproject.toml)``, ...)."""

    description: str


class BuildFinished(Event, frozen=True):
    """A backend hook ended; ``status`` is ``done``, ``error`` or ``canceled``."""

    description: str
    status: str


class BuildAborted(Event, frozen=True):
    """A wheel could not be built, and the others are tried all the same."""

    error: BuildFailed


def ignore(event: Event, /) -> None:
    """Take an event and do nothing: the default listener."""
    del event
