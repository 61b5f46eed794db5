"""Parts of remote files: one range a request, and each answer is right or refused.

RFC 9110 section 14 lets a server ignore a range, and its Content-Range says what it sent instead.
Whatever is not exactly what was requested is refused: the caller has the whole file to fall back
to.
"""

from __future__ import annotations

import re
import threading

from msgspec import Struct, field
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.model.link import why_invalid
from pipwrap.network.download import content_length, validator
from pipwrap.network.origins import is_secure_origin, origin
from pipwrap.network.redirects import (
    MAXIMUM_REDIRECTS,
    may_be_followed,
    redirect_target,
)
from pipwrap.network.transport import REDIRECTS, Headers, HttpRequest, Response, Transport

_OK = 200
_PARTIAL = 206
_NOT_MODIFIED = 304
_CONTENT_RANGE = re.compile(r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII | re.IGNORECASE)


class RangeRefused(Exception):
    """No part can be had, or none that is certain to be right; the text says why."""

    def __init__(self, reason: str, whole: Response | None = None) -> None:
        """Keep the answer that sends the whole file instead."""
        super().__init__(reason)
        self.whole = whole

    def take(self) -> Response | None:
        """Return the answer that sends the whole file, once: the caller closes it."""
        whole, self.whole = self.whole, None
        return whole


class Part(Struct, frozen=True):
    """Some bytes of a file."""

    url: str
    """Where they came from, after redirects."""
    start: int
    content: bytes
    total: int
    """Bytes of the whole file."""
    validator: str | None
    """What stands in If-Range: a strong ETag or a date (RFC 9110, 13.1.5)."""
    may_be_stored: bool
    """They could not be changed on the way, and no Cache-Control forbids to store them."""

    @property
    def etag(self) -> str | None:
        """Return the strong ETag: unlike a date it identifies the same file later on."""
        return self.validator if self.validator and self.validator.startswith('"') else None


class Unchanged(Struct, frozen=True):
    """The file is the one with the ETag that is known."""


class _Answer(Struct, frozen=True):
    """The first response that is no redirect."""

    url: str
    secure: bool
    """It could not be changed on the way, nor the redirects before it."""
    response: Response

    @property
    def whole(self) -> Response:
        """Return the response as that to a request for the whole file."""
        return replace(self.response, url=self.url)


class _Server(Struct):
    """Whether a server serves ranges; one request at a time until that is known."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    serves: bool | None = None


class Ranges:
    """Requests parts; a server without ranges gets one request a run. Used from all threads."""

    def __init__(self, transport: Transport, trusted_hosts: tuple[str, ...] = ()) -> None:
        """Send nothing yet."""
        self._transport = transport
        self._trusted_hosts = trusted_hosts
        self._lock = threading.Lock()
        self._servers: dict[object, _Server] = {}

    def tail(self, url: str, length: int, etag: str | None = None) -> Part | Unchanged:
        """Return the last ``length`` bytes of a file, all of it when it is shorter.

        ``Unchanged`` when it still has ``etag``. Raises ``RangeRefused``.
        """
        server = self._server(url)
        if server.serves is None:
            with server.lock:
                if server.serves is None:
                    return self._tail(server, url, length, etag)
        if not server.serves:
            raise RangeRefused("its server serves no ranges")
        return self._tail(server, url, length, etag)

    def between(self, part: Part, start: int, stop: int) -> Part:
        """Return the bytes from ``start`` to ``stop`` of the file that ``part`` is of.

        Raises ``RangeRefused``, also when the file was changed since. Without a validator only
        another size shows that: the checksums in the file have to be compared.
        """
        condition = (("If-Range", part.validator),) if part.validator else ()
        fields = (("Range", f"bytes={start}-{stop - 1}"), *condition)
        answer = self._send(part.url, fields)
        if answer.response.status == _OK:
            raise RangeRefused("the file was changed while it was read", answer.whole)
        found = _part(answer, stop - start)
        same = (found.total, found.validator) == (part.total, part.validator)
        if not same or (found.start, len(found.content)) != (start, stop - start):
            raise RangeRefused("its server sent another part than was asked for")
        return found

    def _tail(self, server: _Server, url: str, length: int, etag: str | None) -> Part | Unchanged:
        conditions = (("If-None-Match", etag),) if etag else ()
        answer = self._send(url, (("Range", f"bytes=-{length}"), *conditions))
        total = _offered(answer.response)
        if total is not None and total > length:
            # Some object stores serve no suffix ranges (RFC 9110, 14.1.2), but all others.
            answer.response.body.close()
            tail = f"bytes={total - length}-{total - 1}"
            answer = self._send(url, (("Range", tail), *conditions))
        status = answer.response.status
        if status == _OK:
            server.serves = False
            raise RangeRefused("its server serves no ranges", answer.whole)
        if status != _PARTIAL:
            answer.response.body.close()
            if status == _NOT_MODIFIED and etag:
                return Unchanged()
            raise RangeRefused(f"its server answered with status {status}")
        try:
            part = _last(_part(answer, length), length)
        except RangeRefused:
            # One that has served others may do so again: the connection may have broken down.
            server.serves = server.serves or False
            raise
        server.serves = True
        return part

    def _server(self, url: str) -> _Server:
        try:
            key = origin(url)
        except ValueError as error:
            raise RangeRefused(f"its URL is invalid: {why_invalid(error)}") from error
        with self._lock:
            return self._servers.setdefault(key, _Server())

    def _send(self, url: str, fields: tuple[tuple[str, str], ...]) -> _Answer:
        headers = Headers((("Accept-Encoding", "identity"), *fields))
        secure = True
        for _ in range(MAXIMUM_REDIRECTS + 1):
            secure = secure and is_secure_origin(url, self._trusted_hosts)
            try:
                response = self._transport.send(HttpRequest(url, headers))
                location = response.headers.get("Location")
                if response.status not in REDIRECTS or not location:
                    return _Answer(url, secure, response)
                response.body.close()
                url = redirect_target(url, location)
            except errors.NetworkError as error:
                raise RangeRefused(error.message) from error
            if not may_be_followed(url):
                break
        raise RangeRefused("it redirects to no end, or to no http URL")


def _offered(response: Response) -> int | None:
    """Return the size of a file that was sent whole, though parts of it are to be had."""
    accepted = (response.headers.get("Accept-Ranges") or "").strip().lower()
    is_whole = response.status == _OK and accepted == "bytes"
    return content_length(response.headers) if is_whole else None


def _last(part: Part, length: int) -> Part:
    """Return a part that is the end of its file, as it was requested."""
    stop = part.start + len(part.content)
    if (part.start, stop) != (max(0, part.total - length), part.total):
        raise RangeRefused("its server sent another part than was asked for")
    return part


def _part(answer: _Answer, longest: int) -> Part:
    """Return what a 206 holds, read to its end."""
    response = answer.response
    try:
        first, last, total = _span(response, longest)
        content = _content(response, last - first + 1)
    finally:
        response.body.close()
    forbidden = "no-store" in (response.headers.get("Cache-Control") or "").lower()
    return Part(
        answer.url,
        first,
        content,
        total,
        validator(response.headers),
        may_be_stored=answer.secure and not forbidden,
    )


def _span(response: Response, longest: int) -> tuple[int, int, int]:
    """Return (first, last, total) of a 206 with a single part (RFC 9110, 14.4)."""
    headers = response.headers
    if response.status != _PARTIAL:
        raise RangeRefused(f"its server answered with status {response.status}")
    if (headers.get("Content-Type") or "").strip().lower().startswith("multipart/"):
        raise RangeRefused("its server sent several parts")
    if (headers.get("Content-Encoding") or "identity").strip().lower() != "identity":
        raise RangeRefused("its server sent the part in another encoding")
    match = _CONTENT_RANGE.fullmatch((headers.get("Content-Range") or "").strip())
    if match is None:
        raise RangeRefused("its server does not say which part it sent")
    first, last, total = (int(group) for group in match.groups())
    length = content_length(headers)
    if not first <= last < total or length not in {None, last - first + 1}:
        raise RangeRefused("its server contradicts itself about the part")
    if last - first >= longest:
        raise RangeRefused("its server sent another part than was asked for")
    return first, last, total


def _content(response: Response, length: int) -> bytes:
    """Return the body, which must have ``length`` bytes; no more of it is read than that."""
    received = bytearray()
    try:
        for chunk in response.body.chunks():
            received += chunk
            if len(received) > length:
                break
    except errors.NetworkError as error:
        raise RangeRefused(error.message) from error
    if len(received) != length:
        raise RangeRefused("its server sent more or less than it said")
    return bytes(received)
