"""The port to HTTP: one request, one response, nothing followed and nothing stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct, field


class Headers(Struct, frozen=True):
    """Header fields in their order; names compare without case (RFC 9110 section 5.1)."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the values of ``name`` joined with commas (RFC 9110 section 5.3)."""
        values = self.all(name)
        return ", ".join(values) if values else default

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of ``name``, in order."""
        lowered = name.lower()
        return tuple(value for key, value in self.fields if key.lower() == lowered)

    def replacing(self, *updates: tuple[str, str]) -> Headers:
        """Return these fields with every name in ``updates`` set anew."""
        names = {name.lower() for name, _ in updates}
        others = tuple(pair for pair in self.fields if pair[0].lower() not in names)
        return Headers(others + updates)

    def without(self, *names: str) -> Headers:
        """Return these fields less those called ``names``."""
        dropped = {name.lower() for name in names}
        return Headers(tuple(pair for pair in self.fields if pair[0].lower() not in dropped))


REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""Statuses whose ``Location`` is the next URL to request (RFC 9110 section 15.4)."""


class HttpRequest(Struct, frozen=True):
    """A GET or HEAD."""

    url: str
    headers: Headers = field(default_factory=Headers)
    method: str = "GET"


class Body(Protocol):
    """The bytes of a response as they arrive."""

    def chunks(self) -> Iterator[bytes]:
        """Yield the body, once; a body that ends early raises ``errors.NetworkError``."""

    def close(self) -> None:
        """Give the connection back; safe to call twice."""


class Response(Struct, frozen=True):
    """What one request was answered with, redirects and errors included."""

    url: str
    status: int
    reason: str
    headers: Headers
    body: Body


class Transport(Protocol):
    """Sends requests; called from many threads at once."""

    def send(self, request: HttpRequest) -> Response:
        """Return the response to this one request; redirects are not followed.

        Transport failures (after the configured retries) raise ``errors.NetworkError`` with the
        URL redacted. Any HTTP status is a response, not an error.
        """
