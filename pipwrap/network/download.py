"""Bodies on their way to disk: hashed as they arrive, resumed when a connection breaks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import BinaryIO, Protocol

from msgspec import Struct

from pipwrap import errors
from pipwrap.events import Listener, WarningMessage
from pipwrap.model.link import redact
from pipwrap.model.size import format_size
from pipwrap.network import failures
from pipwrap.network.transport import Headers, HttpRequest, Response, Transport

_OK = 200
_PARTIAL = 206


class Place(Protocol):
    """Makes the file that a body goes to."""

    def __call__(self) -> str:
        """Return the path of a file that does not exist, in a directory that does."""


class Spool:
    """A body in a file of its own; moves to ``elsewhere`` when the first place takes no more."""

    def __init__(self, place: Place, elsewhere: Place, refused: Callable[[OSError], None]) -> None:
        """Open the file; ``refused`` is called with the error of a place that takes nothing."""
        self._elsewhere: Place | None = elsewhere
        self._refused = refused
        self.size = 0
        self._hash = hashlib.sha256()
        try:
            self.path, self._file = _create(place)
        except OSError as error:
            self._refused(error)
            self._elsewhere = None
            self.path, self._file = _create(elsewhere)

    @property
    def moved(self) -> bool:
        """Return whether the body is in the second place."""
        return self._elsewhere is None

    @property
    def sha256(self) -> str:
        """Return the digest of what was written."""
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        """Append; every byte is on its way to disk when this returns."""
        try:
            _write_all(self._file, chunk)
        except OSError as error:
            if self._elsewhere is None:
                raise
            self._refused(error)
            self._move()
            _write_all(self._file, chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def restart(self) -> None:
        """Discard everything written."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def close(self) -> None:
        """End writing; the file stays."""
        self._file.close()

    def discard(self) -> None:
        """Remove the file."""
        self._file.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _move(self) -> None:
        """Go on in the second place with all that was written whole."""
        import shutil  # noqa: PLC0415 - where a disk is full

        place, self._elsewhere = self._elsewhere, None
        if place is None:
            return
        old_path, old = self.path, self._file
        self.path, self._file = _create(place)
        old.seek(0)
        shutil.copyfileobj(old, self._file)
        self._file.truncate(self.size)
        self._file.seek(self.size)
        old.close()
        os.unlink(old_path)


class Downloader(Struct, frozen=True):
    """Brings a body to disk; ``resume_retries`` times it requests the missing rest."""

    transport: Transport
    listener: Listener
    resume_retries: int = 5

    def receive(
        self,
        request: HttpRequest,
        response: Response,
        spool: Spool,
        *,
        progress: Callable[[int], None],
        verified: bool = False,
    ) -> Response:
        """Return the response that the whole body in ``spool`` belongs to.

        That is another than ``response`` when the file changed while it was read. ``verified``
        says that the caller knows the digest, so that parts without a validator may be joined.
        A body that stays too short is pip's ``incomplete-download``.
        """
        size = content_length(response.headers)
        if self._read(response, spool, size, progress):
            return response
        attempts = 0
        while attempts < self.resume_retries:
            attempts += 1
            self.listener(
                WarningMessage(
                    "Attempting to resume incomplete download "
                    f"({_progress(spool.size, size)}, attempt {attempts})"
                )
            )
            if not (verified or validator(response.headers)):
                spool.restart()
            rest = self._rest(request, response, spool.size)
            if rest is None:
                continue
            if rest.status == _OK:
                spool.restart()
                response, size = rest, content_length(rest.headers)
            if self._read(rest, spool, size, progress):
                return response
        raise failures.incomplete_download(
            redact(request.url), _progress(spool.size, size), attempts + 1
        )

    def _read(
        self,
        response: Response,
        spool: Spool,
        size: int | None,
        progress: Callable[[int], None],
    ) -> bool:
        """Append a body; ``False`` when it broke off and the announced ``size`` is known."""
        try:
            for chunk in response.body.chunks():
                spool.write(chunk)
                progress(spool.size)
        except errors.NetworkError:
            if size is None:
                raise
            if spool.size != size:
                self.listener(WarningMessage("Connection interrupted while downloading."))
        finally:
            response.body.close()
        return size is None or spool.size == size

    def _rest(self, request: HttpRequest, response: Response, start: int) -> Response | None:
        """Return the rest from ``start``, or the whole anew; ``None`` when neither is offered."""
        headers = request.headers.without("If-None-Match", "If-Modified-Since")
        if start:
            headers = headers.replacing(("Range", f"bytes={start}-"))
            condition = validator(response.headers)
            if condition is not None:
                headers = headers.replacing(("If-Range", condition))
        try:
            rest = self.transport.send(HttpRequest(request.url, headers))
        except errors.NetworkError:
            return None
        fits = rest.status == _PARTIAL and _starts_at(rest.headers) == start
        if fits or rest.status == _OK:
            return rest
        rest.body.close()
        return None


def content_length(headers: Headers) -> int | None:
    """Return the announced size, ``None`` when it is absent or no number."""
    value = (headers.get("Content-Length") or "").strip()
    return int(value) if value.isascii() and value.isdigit() else None


def _progress(received: int, size: int | None) -> str:
    return f"{format_size(received)}/{format_size(size or 0)}"


def validator(headers: Headers) -> str | None:
    """Return what may stand in If-Range: a strong ETag, else a date (RFC 9110, 13.1.5)."""
    etag = headers.get("ETag")
    if etag is not None and not etag.strip().startswith("W/"):
        return etag
    return headers.get("Last-Modified") if etag is None else None


def _starts_at(headers: Headers) -> int | None:
    """Return the first position of a Content-Range (RFC 9110, 14.4)."""
    unit, _, spans = (headers.get("Content-Range") or "").strip().partition(" ")
    first = spans.partition("-")[0].strip()
    return int(first) if unit.lower() == "bytes" and first.isdigit() else None


def _create(place: Place) -> tuple[str, BinaryIO]:
    """Return a new file of the user's own, unbuffered: a full disk shows at once."""
    path = place()
    descriptor = os.open(
        path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
    )
    return path, os.fdopen(descriptor, "r+b", buffering=0)


def _write_all(file: BinaryIO, chunk: bytes) -> None:
    """Write all of ``chunk``; an unbuffered file may take it in parts."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]
