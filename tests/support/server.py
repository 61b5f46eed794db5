"""A small HTTP/1.1 server on the loopback: keep-alive, validators, ranges, clean ends."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request: header names in lower case, the path unquoted and without a query."""

    method: str
    path: str
    headers: Mapping[str, str]

    @property
    def login(self) -> tuple[str, str] | None:
        """Return (user, password) of basic authentication, if there is one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(token).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user, password


@dataclass(frozen=True)
class Answer:
    """A response; ``truncate`` hangs up after so many bytes of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncate: int | None = None


def conditional(asked: Asked, answer: Answer) -> Answer:
    """Return 304 when the client's validators hold (RFC 9110 section 13), else the answer."""
    if answer.status != 200:
        return answer
    tag, modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
    wanted, since = asked.headers.get("if-none-match"), asked.headers.get("if-modified-since")
    if wanted is not None:
        same = tag is not None and tag in [one.strip() for one in wanted.split(",")]
    else:
        same = bool(since and modified) and _not_after(str(modified), str(since))
    if not same:
        return answer
    kept = {key: value for key, value in answer.headers.items() if key != "Content-Type"}
    return Answer(304, kept, b"")


def _not_after(modified: str, since: str) -> bool:
    """Tell whether one HTTP date is not after another."""
    return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)


def partial(asked: Asked, answer: Answer) -> Answer:
    """Return 206 with the one range that was asked for (RFC 9110 section 14), else the answer."""
    if answer.status != 200:
        return answer
    answer = Answer(200, {"Accept-Ranges": "bytes", **answer.headers}, answer.body, answer.truncate)
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.headers.get("range", ""))
    condition = asked.headers.get("if-range")
    validators = {answer.headers.get("ETag"), answer.headers.get("Last-Modified")}
    if not wanted or (condition is not None and condition not in validators):
        return answer
    size = len(answer.body)
    first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2] or 0))
    last = min(int(wanted[2]), size - 1) if wanted[1] and wanted[2] else size - 1
    if first > last:
        return Answer(416, {"Content-Range": f"bytes */{size}"}, b"")
    place = {"Content-Range": f"bytes {first}-{last}/{size}"}
    body = answer.body[first : last + 1]
    return Answer(206, {**answer.headers, **place}, body, answer.truncate)


class _Handler(BaseHTTPRequestHandler):
    """Turns requests into ``Asked`` and ``Answer`` into bytes; logs nothing on stderr."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answer one GET or HEAD."""
        fields = {key.lower(): value for key, value in self.headers.items()}
        path = unquote(urlsplit(self.path).path)
        answer = self.server.answer(Asked(self.command, path, fields))
        self._send(answer)

    do_HEAD = do_GET  # noqa: N815 - http.server looks the method up by its verb

    def _send(self, answer: Answer) -> None:
        """Write head and body in one go, so that no delayed ACK slows a test down."""
        reason = HTTPStatus(answer.status).phrase
        lines = [f"{self.protocol_version} {answer.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        names = {name.lower() for name in answer.headers}
        if answer.status != HTTPStatus.NOT_MODIFIED and "content-length" not in names:
            lines.append(f"Content-Length: {len(answer.body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        body = b"" if self.command == "HEAD" else answer.body
        if answer.truncate is not None:
            body = body[: answer.truncate]
            self.close_connection = True
        if answer.headers.get("Connection", "").lower() == "close":
            self.close_connection = True
        self.wfile.write(head + body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in http.server
        """Say nothing."""


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Knows its open connections, so that it can end them all."""

    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = False

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        """Listen on a free port."""
        self.answer = answer
        self.connections: set[socket.socket] = set()
        self.errors: list[BaseException] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: object, client_address: object) -> None:
        """Remember the connection."""
        if isinstance(request, socket.socket):
            self.connections.add(request)
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def shutdown_request(self, request: object) -> None:
        """Forget the connection."""
        self.connections.discard(request)
        super().shutdown_request(request)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what is a bug of ours; clients that hang up are none."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, ConnectionError):
            self.errors.append(error)


class LoopbackServer:
    """A server that answers by one function, between ``start`` and ``stop``."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        """Take the port; connections wait until ``start``."""
        self._server = _Server(answer)
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.port: int = self._server.server_address[1]

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than the server lives."""
        self._stopping.wait(seconds)

    def stop(self) -> None:
        """End all connections and threads; raise what went wrong inside."""
        self._stopping.set()
        self._server.shutdown()
        for connection in list(self._server.connections):
            with contextlib.suppress(OSError):  # the client was first
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()
        if self._server.errors:
            raise self._server.errors[0]
