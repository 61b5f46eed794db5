"""A server whose every answer a test sets, and a cache in front of it with a clock of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipwrap.cache.http.client import ResponseCache
from pipwrap.cache.http.exchange import FetchSettings
from pipwrap.cache.http.response import FetchedResponse
from pipwrap.cache.layout import Layout
from pipwrap.events import Event, WarningMessage
from pipwrap.network.session import Session
from pipwrap.network.settings import NetworkSettings
from pipwrap.network.transport import Headers
from support.server import Answer, Asked, LoopbackServer, conditional, partial

Page = Answer | Callable[[Asked], Answer]


class HungUp(ConnectionError):
    """Raised by a page to end the connection without an answer."""


def sha256(content: bytes) -> str:
    """Return the hex digest."""
    return hashlib.sha256(content).hexdigest()


def page(body: bytes = b"page", status: int = 200, **fields: str) -> Answer:
    """Return an answer; ``Cache_Control`` stands for ``Cache-Control``."""
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return Answer(status, headers, body)


class Origin:
    """A running server: ``pages`` by path, and ``log`` of what was asked."""

    def __init__(self) -> None:
        """Take a port."""
        self.pages: dict[str, Page] = {}
        self.log: list[Asked] = []
        self.ranges = True
        """Whether Range requests for pages with status 200 are honoured."""
        self._server = LoopbackServer(self._answer)

    def __enter__(self) -> Origin:  # noqa: PYI034 - typing has Self from 3.11 on
        """Serve."""
        self._server.start()
        return self

    def __exit__(self, *error: object) -> None:
        """End."""
        self._server.stop()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """Return the URL of a page."""
        return f"http://{host}:{self._server.port}{path}"

    def paths(self) -> list[str]:
        """Return what was asked for since the last call, and forget it."""
        asked = [one.path for one in self.log]
        self.log.clear()
        return asked

    def _answer(self, asked: Asked) -> Answer:
        self.log.append(asked)
        found = self.pages.get(asked.path, Answer(404, {}, b"nothing here"))
        answer = found(asked) if callable(found) else found
        answer = conditional(asked, answer)
        return partial(asked, answer) if self.ranges else answer


@dataclass
class Clock:
    """Stands still unless a test moves it."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@dataclass
class Browser:
    """A cache over a session, the clock it reads and the events it told."""

    cache: ResponseCache
    session: Session
    clock: Clock
    layout: Layout
    events: list[Event] = field(default_factory=list)

    def page(
        self, url: str, accept: str = "text/html", *, refresh: bool = False
    ) -> FetchedResponse:
        """Return a page."""
        return self.cache.page(url, Headers((("Accept", accept),)), refresh=refresh)

    def warnings(self) -> list[str]:
        """Return the messages of the warnings told."""
        return [event.message for event in self.events if isinstance(event, WarningMessage)]


@contextmanager
def browser(
    root: str,
    *,
    clock: Clock | None = None,
    offline: bool = False,
    resume_retries: int = 5,
    **settings: object,
) -> Iterator[Browser]:
    """Yield a cache in ``root``; retries are off unless ``settings`` say otherwise."""
    chosen = NetworkSettings(**{"retries": 0, "timeout": 5.0, **settings})  # type: ignore[arg-type]
    events: list[Event] = []
    clock, layout = clock or Clock(), Layout(root)
    session = Session(chosen, events.append)
    cache = ResponseCache(
        session,
        layout,
        clock,
        events.append,
        FetchSettings(
            trusted_hosts=chosen.trusted_hosts,
            resume_retries=resume_retries,
            offline=offline,
        ),
    )
    try:
        yield Browser(cache, session, clock, layout, events)
    finally:
        cache.close()
        session.close()
