"""Bodies that arrive, written to the cache, or to a directory of this run where they may not."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache import disk
from pipwrap.cache.http.pins import PinnedBodies
from pipwrap.cache.layout import Layout
from pipwrap.cache.upkeep.usage import Grown
from pipwrap.events import Listener, WarningMessage
from pipwrap.model.link import redact
from pipwrap.network.download import Downloader, Spool
from pipwrap.network.transport import HttpRequest, Response


class DigestMismatch(Exception):
    """A file is not the one that was requested; nothing of it was stored."""

    def __init__(self, url: str, expected: str, got: str) -> None:
        """Take both digests, for pip's table of hashes."""
        super().__init__(f"{redact(url)}: expected sha256 {expected}, got {got}")
        self.url = url
        self.expected = expected
        self.got = got


class ReceivedBody(Struct, frozen=True):
    """A whole body on disk, and the response that it belongs to."""

    response: Response
    path: str
    sha256: str
    size: int
    stored: bool
    """It is in the cache; otherwise it is removed when the run ends."""


class Bodies:
    """Receives bodies; the first error of the cache directory is a warning, and ends storing."""

    def __init__(
        self,
        layout: Layout,
        downloader: Downloader,
        listener: Listener,
        pins: PinnedBodies,
        grown: Grown,
    ) -> None:
        """Touch nothing; ``grown`` is called with the size of what is stored."""
        self._grown = grown
        self._layout = layout
        self._pins = pins
        self._downloader = downloader
        self._listener = listener
        self._lock = threading.Lock()
        self._scratch: Layout | None = None
        self._writable = True
        self._closed = False

    def receive(
        self,
        request: HttpRequest,
        response: Response,
        *,
        store: bool,
        expected: str | None,
        progress: Callable[[int], None],
    ) -> ReceivedBody:
        """Return the body of ``response``, stored by its digest where ``store`` allows it.

        Raises ``DigestMismatch`` for other bytes than ``expected``, ``errors.NetworkError``
        for a body that stays incomplete, ``errors.CommandError`` when no disk takes it.
        """
        try:
            spool = Spool(self._cache if store else self._beside, self._beside, self.refused)
            try:
                whole = self._downloader.receive(
                    request, response, spool, progress=progress, verified=expected is not None
                )
                spool.close()
                _check(request.url, expected, spool.sha256)
                path, stored = self._publish(spool, store=store)
            except BaseException:
                spool.discard()
                raise
        except OSError as error:
            if disk.is_full(error):
                place = self._run_layout().root
                raise errors.DiskFull(f"download {redact(request.url)}", place) from error
            raise errors.CommandError(
                f"Could not install packages due to an OSError: {error}"
            ) from error
        finally:
            response.body.close()
        return ReceivedBody(whole, path, spool.sha256, spool.size, stored)

    def unstored(self, sha256: str) -> str | None:
        """Return the body with this digest among those that are removed when the run ends."""
        if self._scratch is None:
            return None
        path = self._scratch.body(sha256)
        return path if os.path.exists(path) else None

    def refused(self, error: OSError) -> None:
        """Stop storing, and report why, once.

        Raises ``CancelledError`` for what arrives when the run has ended: its directory is gone.
        """
        with self._lock:
            if self._closed:
                raise _ended() from error
            first, self._writable = self._writable, False
        if first:
            self._listener(
                WarningMessage(
                    f"The cache directory {self._layout.root} cannot be written to "
                    f"({error.strerror or error}). Nothing more is stored in this run."
                )
            )

    def close(self) -> None:
        """Remove what was not stored; nothing is received any more."""
        with self._lock:
            self._closed = True
            scratch, self._scratch = self._scratch, None
        if scratch is not None:
            import shutil  # noqa: PLC0415 - where something could not be stored

            shutil.rmtree(scratch.root, ignore_errors=True)

    def _publish(self, spool: Spool, *, store: bool) -> tuple[str, bool]:
        """Give a whole body its name; return where it is and whether that is the cache."""
        if store and not spool.moved:
            try:
                path = self._pins.publish(spool.path, spool.sha256)
            except OSError as error:
                self.refused(error)
            else:
                self._grown(spool.size)
                return path, True
        import shutil  # noqa: PLC0415 - as above

        path = self._run_layout().body(spool.sha256)
        disk.make_directory(os.path.dirname(path))
        shutil.move(spool.path, path)
        return path, False

    def _cache(self) -> str:
        """Return a new path in the cache; ``OSError`` when it takes nothing."""
        if not self._writable:
            return self._beside()
        disk.make_directory(self._layout.temporary)
        return disk.unused_name(self._layout.temporary)

    def _beside(self) -> str:
        """Return a new path in the directory of this run."""
        return disk.unused_name(self._run_layout().root)

    def _run_layout(self) -> Layout:
        """Return the tree of what is not stored; private to the user, made when first needed."""
        with self._lock:
            if self._closed:
                raise _ended()
            if self._scratch is None:
                self._scratch = Layout(disk.temporary_directory("pipwrap-http-"))
            return self._scratch


def _check(url: str, expected: str | None, got: str) -> None:
    if expected is not None and got != expected:
        raise DigestMismatch(url, expected, got)


def _ended() -> Exception:
    from concurrent.futures import CancelledError  # noqa: PLC0415 - where a download has not ended

    return CancelledError()
