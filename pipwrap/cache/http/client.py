"""HTTP through the cache: pages by the policy, files by their digest.

Every response is read from a file that holds its whole body. What may not be stored, or cannot
be, is in a temporary directory until ``close``.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator

from pipwrap import errors
from pipwrap.cache.http import policy
from pipwrap.cache.http.bodies import Bodies
from pipwrap.cache.http.entries import Entries, is_sha256
from pipwrap.cache.http.exchange import CachedExchange, FetchRequest, FetchSettings, shown
from pipwrap.cache.http.pins import PinnedBodies
from pipwrap.cache.http.response import FetchedResponse, StoredPage
from pipwrap.cache.layout import Layout
from pipwrap.cache.upkeep.usage import Grown, uncounted
from pipwrap.events import (
    Listener,
    WarningMessage,
)
from pipwrap.model.link import redact, why_invalid
from pipwrap.network.download import Downloader
from pipwrap.network.origins import (
    canonical,
    is_secure_origin,
)
from pipwrap.network.redirects import (
    MAXIMUM_REDIRECTS,
    may_be_followed,
    redirect_target,
)
from pipwrap.network.transport import REDIRECTS, Headers, Response, Transport

_OK = 200


class ResponseCache:
    """Answers from disk what it may, requests the rest by ``transport``; used from all threads."""

    def __init__(
        self,
        transport: Transport,
        layout: Layout,
        clock: Callable[[], float],
        listener: Listener,
        settings: FetchSettings,
        grown: Grown = uncounted,
    ) -> None:
        """Touch nothing yet; ``grown`` is called with the size of every body that is stored."""
        self._clock = clock
        self._listener = listener
        self._settings = settings
        pins = PinnedBodies(layout)
        downloader = Downloader(transport, listener, settings.resume_retries)
        self._entries = Entries(layout, listener, pins)
        self._bodies = Bodies(layout, downloader, listener, pins, grown)
        self._exchange = CachedExchange(
            transport, self._entries, self._bodies, clock, listener, settings
        )
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def page(self, url: str, headers: Headers, *, refresh: bool = False) -> FetchedResponse:
        """Return a document, decoded; ``refresh`` revalidates even a fresh one."""
        sent = self._for_pages(headers)
        if refresh:
            sent = sent.replacing(("Cache-Control", "max-age=0"))
        with self._only_one(_key(url)):
            return self._follow(url, FetchRequest(redact(url), sent))

    def known(self, url: str, headers: Headers) -> StoredPage | None:
        """Return what is known of the page that ``page`` would return.

        ``None`` where that takes a request, or leads to another URL. The body is not looked at.
        """
        if not is_secure_origin(url, self._settings.trusted_hosts):
            return None
        sent, stored = self._for_pages(headers), self._entries.heads(url)
        if self._settings.offline:
            chosen = policy.select(sent, stored)
        else:
            decision = policy.decide(sent, stored, now=self._clock())
            chosen = decision.stored if isinstance(decision, policy.Fresh) else None
        if chosen is None or chosen.status in REDIRECTS:
            return None
        content_type = chosen.headers.get("Content-Type") or ""
        return StoredPage(shown(url), chosen.status, content_type, chosen.body)

    def body(self, sha256: str) -> bytes | None:
        """Return the content of a stored body; ``None`` where it is gone or damaged."""
        return self._entries.content(sha256)

    def _for_pages(self, headers: Headers) -> Headers:
        return headers.replacing(
            ("Accept-Encoding", "gzip, deflate"), ("User-Agent", self._settings.user_agent)
        )

    def file(
        self,
        url: str,
        *,
        sha256: str | None = None,
        size_hint: int | None = None,
        is_metadata: bool = False,
        arriving: Response | None = None,
    ) -> FetchedResponse:
        """Return a file as its raw bytes.

        One whose ``sha256`` is in the cache is answered without a request; ``size_hint`` is
        the index's size of it. ``arriving`` is an answer that sends the file already. Other bytes
        than requested raise ``DigestMismatch``.
        """
        sha256 = sha256.lower() if sha256 else None
        sent = Headers((("Accept-Encoding", "identity"), ("User-Agent", self._settings.user_agent)))
        with self._only_one(sha256 or _key(url)):
            found = self._by_digest(url, sha256, size_hint) if sha256 else None
            fetch = FetchRequest(redact(url), sent, True, sha256, is_metadata)  # noqa: FBT003
            if found is None and arriving is not None:
                return self._exchange.receive(fetch, arriving)
            return found or self._follow(url, fetch)

    def holds(self, url: str, sha256: str | None) -> bool:
        """Return whether a file would be had without its body being transferred, as far as is seen.

        Nothing is requested or read: the server may have another file by now.
        """
        if sha256 is None:
            return self._entries.has(url)
        known = is_sha256(sha256) and os.path.exists(self._entries.body_path(sha256))
        return known or self._bodies.unstored(sha256) is not None

    def forget(self, sha256: str) -> None:
        """Drop a body that proved damaged, so that it is fetched again."""
        self._entries.forget(sha256)

    def close(self) -> None:
        """Remove the temporary directory."""
        self._bodies.close()

    def _by_digest(self, url: str, sha256: str, size: int | None) -> FetchedResponse | None:
        """Return the file that has this digest, whatever URL it came from."""
        path = self._entries.body(sha256, size) or self._bodies.unstored(sha256)
        if path is None:
            return None
        try:
            found = os.stat(path).st_size
        except FileNotFoundError:
            return None
        return FetchedResponse(
            shown(url), _OK, "OK", Headers(), path, sha256, found, from_cache=True
        )

    def _follow(self, url: str, fetch: FetchRequest) -> FetchedResponse:
        """Return the first response that is no redirect to follow (RFC 9110, 15.4)."""
        for _ in range(MAXIMUM_REDIRECTS + 1):
            fetched = self._exchange.answer(url, fetch)
            location = fetched.headers.get("Location")
            if fetched.status not in REDIRECTS or not location:
                return fetched
            target = redirect_target(url, location)
            if not may_be_followed(target):
                self._listener(
                    WarningMessage(
                        f"Not following redirect from {redact(fetched.url)} to {redact(target)}: "
                        "a redirect to a non-http(s) location is not allowed."
                    )
                )
                return fetched
            url = target
        raise errors.NetworkError(f"Exceeded {MAXIMUM_REDIRECTS} redirects: {redact(url)}")

    @contextlib.contextmanager
    def _only_one(self, subject: str) -> Iterator[None]:
        """Let one thread at a time request ``subject``; the others then find it stored."""
        with self._lock:
            lock = self._locks.setdefault(subject, threading.Lock())
        with lock:
            yield


def _key(url: str) -> str:
    """Return what identifies a URL in the cache."""
    try:
        return canonical(url)
    except ValueError as error:
        raise errors.NetworkError(f"Invalid URL {redact(url)!r}: {why_invalid(error)}") from error
