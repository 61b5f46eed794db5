"""A response that the cache returns."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from pipwrap.model.link import redact
from pipwrap.network.transport import Headers

_CLIENT_ERROR, _SERVER_ERROR = 400, 500


class StoredPage(NamedTuple):
    """What is known of a stored response without its body."""

    url: str
    """Without credentials."""
    status: int
    content_type: str
    """Nothing where the response does not have it."""
    sha256: str


class FetchedResponse(Struct, frozen=True):
    """A response, whatever its status, with its body on disk."""

    url: str
    """After redirects; without credentials."""
    status: int
    reason: str
    headers: Headers
    path: str
    """The file that holds the body; to be read, never changed."""
    sha256: str
    size: int
    from_cache: bool
    """No body was transferred: fresh, found by digest, or confirmed by a 304."""
    revalidated: bool = False
    """The server confirmed it in this very call."""

    @property
    def content_type(self) -> str:
        """Return the Content-Type as it was sent, nothing without one."""
        return self.headers.get("Content-Type") or ""

    @property
    def media_type(self) -> str:
        """Return the type of the body in lower case, without parameters."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def problem(self) -> str | None:
        """Return what pip says of an error status, ``None`` for any other."""
        if self.status < _CLIENT_ERROR:
            return None
        kind = "Client" if self.status < _SERVER_ERROR else "Server"
        return f"{self.status} {kind} Error: {self.reason} for url: {redact(self.url)}"
