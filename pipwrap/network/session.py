"""The real client behind the port: one request with its credentials, one response.

Bodies that were requested with ``Accept-Encoding: gzip`` (pages) come decoded, and their headers
say so: neither Content-Encoding nor Content-Length. All others (files) come as they are sent, for
a digest is one of raw bytes. The HTTP library is loaded by the first request.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipwrap import errors
from pipwrap.events import Listener, WarningMessage, ignore
from pipwrap.model.link import redact, why_invalid
from pipwrap.network.credentials import CredentialStore, Login
from pipwrap.network.origins import Credentials, split_credentials
from pipwrap.network.settings import NetworkSettings
from pipwrap.network.transport import HttpRequest, Response

if TYPE_CHECKING:
    from pipwrap.network.connections import Connections

_UNAUTHORIZED = 401


class Session:
    """Sends requests for a run; implements ``transport.Transport``."""

    def __init__(
        self,
        settings: NetworkSettings,
        listener: Listener = ignore,
        *,
        login: Login | None = None,
    ) -> None:
        """Store how to connect; ``login`` is tried after a 401."""
        self._settings = settings
        self._listener = listener
        self._credentials = CredentialStore(settings, login)
        self._lock = threading.Lock()
        self._connections: Connections | None = None

    def send(self, request: HttpRequest) -> Response:
        """Return the response to this one request; see the port."""
        try:
            url, embedded = split_credentials(request.url)
            address = urlsplit(url)
            found = self._credentials.find(url, embedded)
        except ValueError as error:
            raise errors.NetworkError(
                f"Invalid URL {redact(request.url)!r}: {why_invalid(error)}"
            ) from error
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise errors.NetworkError(f"Invalid URL {redact(request.url)!r}: not http or https")
        headers = request.headers
        if headers.get("User-Agent") is None:
            headers = headers.replacing(("User-Agent", self._settings.user_agent))
        bare = HttpRequest(url.partition("#")[0], headers, request.method)
        connections = self._connect()
        response = connections.send(bare, address, _basic(found))
        if response.status != _UNAUTHORIZED:
            return response
        other = self._credentials.renew(url, embedded, found)
        if other is not None:
            response.body.close()
            response = connections.send(bare, address, _basic(other))
            found = other
        if response.status == _UNAUTHORIZED and found is not None:
            self._listener(
                WarningMessage(f"401 Error, Credentials not correct for {redact(bare.url)}")
            )
        return response

    def close(self) -> None:
        """Close the connections; the session may be used again."""
        with self._lock:
            if self._connections is not None:
                self._connections.close()
                self._connections = None

    def _connect(self) -> Connections:
        with self._lock:
            if self._connections is None:
                from pipwrap.network.connections import Connections  # noqa: PLC0415 - 150 ms

                self._connections = Connections(self._settings, self._listener)
            return self._connections


def _basic(credentials: Credentials | None) -> str | None:
    """Return the Authorization field's value (RFC 7617)."""
    if credentials is None:
        return None
    import base64  # noqa: PLC0415 - where it is used

    pair = f"{credentials.username}:{credentials.password or ''}".encode()
    return "Basic " + base64.b64encode(pair).decode("ascii")
