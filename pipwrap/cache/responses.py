"""HTTP through the cache: pages by the policy, files by their digest.

Every response is read from a file that holds its whole body. What may not be stored, or cannot
be, lies in a temporary directory until ``close``.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pipwrap import errors
from pipwrap.cache import policy
from pipwrap.cache.bodies import Bodies, DigestDiffers, Received
from pipwrap.cache.entries import Entries, is_sha256
from pipwrap.cache.fetched import Fetched
from pipwrap.cache.layout import Layout
from pipwrap.cache.pins import Pins
from pipwrap.cache.policy import Exchange, Stored
from pipwrap.cache.usage import Grown, uncounted
from pipwrap.events import (
    DownloadFinished,
    DownloadProgressed,
    DownloadStarted,
    Listener,
    Told,
    Warned,
)
from pipwrap.model.link import Link, redact
from pipwrap.network.download import Downloader, content_length
from pipwrap.network.origins import (
    canonical,
    is_secure_origin,
    without_credentials,
)
from pipwrap.network.redirects import (
    MAXIMUM_REDIRECTS,
    REDIRECTS,
    leads_with_secrets,
    may_be_followed,
    redirect_target,
)
from pipwrap.network.transport import Body, Headers, Request, Response, Transport

__all__ = ["DigestDiffers", "Fetched", "ResponseCache"]

_OK = 200


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a caller asks for, whichever URL its redirects lead to."""

    url: str
    """The first one, as it may be printed; names the download."""
    headers: Headers
    is_file: bool = False
    sha256: str | None = None
    is_metadata: bool = False


class ResponseCache:
    """Answers from disk what it may and asks ``transport`` for the rest; used from all threads."""

    def __init__(  # noqa: PLR0913 - ports first, then the settings of a run
        self,
        transport: Transport,
        layout: Layout,
        clock: Callable[[], float],
        listener: Listener,
        *,
        user_agent: str = "pipwrap",
        trusted_hosts: tuple[str, ...] = (),
        resume_retries: int = 5,
        offline: bool = False,
        allow_stale: bool = False,
        grown: Grown = uncounted,
    ) -> None:
        """Touch nothing yet.

        ``user_agent`` is sent with every request, since responses may vary by it. ``offline``
        answers from the cache only, stale or not; ``allow_stale`` does so where a server fails.
        ``grown`` hears the size of every body that is stored.
        """
        self._transport = transport
        self._clock = clock
        self._listener = listener
        self._user_agent = user_agent
        self._trusted_hosts = trusted_hosts
        self._offline = offline
        self._allow_stale = allow_stale
        pins = Pins(layout)
        downloader = Downloader(transport, listener, resume_retries)
        self._entries = Entries(layout, listener, pins)
        self._bodies = Bodies(layout, downloader, listener, pins, grown)
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def page(self, url: str, headers: Headers, *, refresh: bool = False) -> Fetched:
        """Return a document, decoded; ``refresh`` asks the server even about a fresh one."""
        sent = self._for_pages(headers)
        if refresh:
            sent = sent.replacing(("Cache-Control", "max-age=0"))
        with self._only_one(_key(url)):
            return self._follow(url, _Wanted(redact(url), sent))

    def known(self, url: str, headers: Headers) -> tuple[int, str] | None:
        """Return status and digest of the page that ``page`` would return.

        ``None`` where that takes a request, or leads to another URL. The body is not looked at.
        """
        if not is_secure_origin(url, self._trusted_hosts):
            return None
        sent, stored = self._for_pages(headers), self._entries.heads(url)
        if self._offline:
            chosen = policy.select(sent, stored)
        else:
            decision = policy.decide(sent, stored, now=self._clock())
            chosen = decision.stored if isinstance(decision, policy.Fresh) else None
        if chosen is None or chosen.status in REDIRECTS:
            return None
        return chosen.status, chosen.body

    def _for_pages(self, headers: Headers) -> Headers:
        return headers.replacing(
            ("Accept-Encoding", "gzip, deflate"), ("User-Agent", self._user_agent)
        )

    def file(
        self,
        url: str,
        *,
        sha256: str | None = None,
        size_hint: int | None = None,
        is_metadata: bool = False,
    ) -> Fetched:
        """Return a file as its raw bytes.

        One whose ``sha256`` is in the cache is answered without a request; ``size_hint`` is
        the index's size of it. Other bytes than asked for raise ``DigestDiffers``.
        """
        sha256 = sha256.lower() if sha256 else None
        sent = Headers((("Accept-Encoding", "identity"), ("User-Agent", self._user_agent)))
        with self._only_one(sha256 or _key(url)):
            found = self._by_digest(url, sha256, size_hint) if sha256 else None
            wanted = _Wanted(redact(url), sent, True, sha256, is_metadata)  # noqa: FBT003
            return found or self._follow(url, wanted)

    def holds(self, url: str, sha256: str | None) -> bool:
        """Tell whether a file would be had without its body being transferred, as far as is seen.

        Nothing is asked or read: the server may say that it is another file by now.
        """
        if sha256 is None:
            return self._entries.has(url)
        known = is_sha256(sha256) and os.path.exists(self._entries.body_path(sha256))
        return known or self._bodies.unstored(sha256) is not None

    def forget(self, sha256: str) -> None:
        """Drop a body that proved damaged, so that it is fetched again."""
        self._entries.forget(sha256)

    def close(self) -> None:
        """Remove what lay in the temporary directory."""
        self._bodies.close()

    def _by_digest(self, url: str, sha256: str, size: int | None) -> Fetched | None:
        """Return the file that has this digest, wherever it once came from."""
        path = self._entries.body(sha256, size) or self._bodies.unstored(sha256)
        if path is None:
            return None
        try:
            found = os.stat(path).st_size
        except FileNotFoundError:
            return None
        return Fetched(_shown(url), _OK, "OK", Headers(), path, sha256, found, from_cache=True)

    def _follow(self, url: str, wanted: _Wanted) -> Fetched:
        """Return the first response that is no redirect to follow (RFC 9110, 15.4)."""
        for _ in range(MAXIMUM_REDIRECTS + 1):
            fetched = self._answer(url, wanted)
            location = fetched.headers.get("Location")
            if fetched.status not in REDIRECTS or not location:
                return fetched
            target = redirect_target(url, location)
            if not may_be_followed(target):
                self._listener(
                    Warned(
                        f"Not following redirect from {redact(fetched.url)} to {redact(target)}: "
                        "a redirect to a non-http(s) location is not allowed."
                    )
                )
                return fetched
            url = target
        raise errors.NetworkError(f"Exceeded {MAXIMUM_REDIRECTS} redirects: {redact(url)}")

    def _answer(self, url: str, wanted: _Wanted) -> Fetched:
        """Return the response of one hop, by what the policy decides."""
        secure = is_secure_origin(url, self._trusted_hosts)
        # A body with the wanted digest is not there: what is stored can only lead to it.
        useful = REDIRECTS if wanted.sha256 else None
        stored = self._entries.read(url, useful) if secure else []
        if self._offline:
            return self._stored_or_nothing(url, wanted, stored)
        decision = policy.decide(
            wanted.headers, stored, now=self._clock(), heuristic=wanted.is_file
        )
        if isinstance(decision, policy.Fresh):
            return self._fetched(url, decision.stored)
        if isinstance(decision, policy.Refuse):
            return self._stored_or_nothing(url, wanted, [])
        if isinstance(decision, policy.Revalidate):
            return self._ask(url, wanted, stored, decision)
        return self._ask(url, wanted, stored, None)

    def _stored_or_nothing(self, url: str, wanted: _Wanted, stored: list[Stored]) -> Fetched:
        chosen = policy.select(wanted.headers, stored)
        if chosen is None:
            raise errors.NetworkError(
                f"{redact(url)} is not in the cache, and the network is not to be used"
            )
        return self._fetched(url, chosen)

    def _ask(
        self, url: str, wanted: _Wanted, stored: list[Stored], condition: policy.Revalidate | None
    ) -> Fetched:
        """Return what the server answers, having stored what may be."""
        conditions = condition.headers if condition else ()
        request = Request(url, Headers(wanted.headers.fields + conditions))
        requested_at = self._clock()
        try:
            response = self._transport.send(request)
        except errors.NetworkError as error:
            instead = self._instead(url, wanted, stored, str(error))
            if instead is None:
                raise
            return instead
        if response.status in policy.SERVER_FAILURES:
            instead = self._instead(url, wanted, stored, f"status {response.status}")
            if instead is not None:
                response.body.close()
                return instead
        exchange = Exchange(
            wanted.headers, response.status, response.headers, requested_at, self._clock()
        )
        confirmed = condition.stored if condition else None
        verdict = policy.judge(exchange, revalidated=confirmed, heuristic=wanted.is_file)
        if isinstance(verdict, policy.FetchAgain):
            response.body.close()
            return self._ask(url, wanted, stored, None)
        if isinstance(verdict, policy.Refresh) and confirmed is not None:
            _drain(response.body)
            return self._refresh(url, confirmed, verdict, exchange)
        if isinstance(verdict, policy.DoNotStore) and verdict.invalidates:
            self._invalidate(url, wanted, stored)
        return self._keep(request, wanted, response, exchange, verdict)

    def _instead(
        self, url: str, wanted: _Wanted, stored: list[Stored], reason: str
    ) -> Fetched | None:
        """Return the stale response that may stand in for a failing server, if one may."""
        chosen = policy.select(wanted.headers, stored)
        if chosen is None:
            return None
        if self._allow_stale:
            about = f"{redact(url)}, which may be out of date"
            self._listener(Warned(f"Using the stored {about}: {reason}"))
            return self._fetched(url, chosen)
        if not policy.usable_on_error(wanted.headers, chosen, now=self._clock()):
            return None
        self._listener(Told(f"Using the stored {redact(url)}, as its server allows: {reason}", 1))
        return self._fetched(url, chosen)

    def _refresh(
        self, url: str, confirmed: Stored, verdict: policy.Refresh, exchange: Exchange
    ) -> Fetched:
        """Return the stored response with the fields of its confirmation (4.3.4)."""
        stored = replace(
            confirmed,
            headers=verdict.headers,
            requested_at=exchange.requested_at,
            received_at=exchange.received_at,
        )
        if verdict.storable:
            self._write_head(url, stored)
        else:
            self._remove(url, confirmed)
        return replace(self._fetched(url, stored), revalidated=True)

    def _keep(
        self,
        request: Request,
        wanted: _Wanted,
        response: Response,
        exchange: Exchange,
        verdict: policy.Verdict,
    ) -> Fetched:
        """Return a transferred response, having stored it where the verdict and its way allow."""
        secure = is_secure_origin(request.url, self._trusted_hosts)
        target = response.headers.get("Location") or ""
        keep = secure and isinstance(verdict, policy.Store) and not leads_with_secrets(target)
        received = self._receive(request, wanted, response, keep=keep)
        whole = received.response
        if whole is not response:
            exchange = replace(exchange, headers=whole.headers)
            verdict = policy.judge(exchange, heuristic=wanted.is_file)
        headers = policy.storable(whole.headers)
        if received.stored and isinstance(verdict, policy.Store):
            stored = Stored(
                status=whole.status,
                reason=whole.reason,
                headers=headers,
                selecting=verdict.selecting,
                requested_at=exchange.requested_at,
                received_at=exchange.received_at,
                body=received.sha256,
                size=received.size,
            )
            self._write_head(request.url, stored)
        return Fetched(
            _shown(request.url),
            whole.status,
            whole.reason,
            headers,
            received.path,
            received.sha256,
            received.size,
            from_cache=False,
        )

    def _receive(
        self, request: Request, wanted: _Wanted, response: Response, *, keep: bool
    ) -> Received:
        """Return the body on disk, telling of it when it is a file's."""
        is_download = wanted.is_file and response.status == _OK

        def progress(received: int) -> None:
            if is_download:
                self._listener(DownloadProgressed(wanted.url, received))

        if is_download:
            size = content_length(response.headers)
            filename = Link.from_url(wanted.url).filename
            self._listener(DownloadStarted(wanted.url, filename, size, wanted.is_metadata))
        try:
            return self._bodies.receive(
                request,
                response,
                keep=keep,
                expected=wanted.sha256 if is_download else None,
                progress=progress,
            )
        finally:
            if is_download:
                self._listener(DownloadFinished(wanted.url))

    def _fetched(self, url: str, stored: Stored) -> Fetched:
        """Return a stored response."""
        return Fetched(
            _shown(url),
            stored.status,
            stored.reason,
            stored.headers,
            self._entries.body_path(stored.body),
            stored.body,
            stored.size,
            from_cache=True,
        )

    def _write_head(self, url: str, stored: Stored) -> None:
        try:
            self._entries.write(url, stored)
        except OSError as error:
            self._bodies.refused(error)

    def _invalidate(self, url: str, wanted: _Wanted, stored: list[Stored]) -> None:
        """Forget the variant that no longer is the answer."""
        chosen = policy.select(wanted.headers, stored)
        if chosen is not None:
            self._remove(url, chosen)

    def _remove(self, url: str, stored: Stored) -> None:
        try:
            self._entries.remove(url, stored)
        except OSError as error:
            self._bodies.refused(error)

    @contextlib.contextmanager
    def _only_one(self, subject: str) -> Iterator[None]:
        """Let one thread at a time ask for ``subject``; the others then find it stored."""
        with self._lock:
            lock = self._locks.setdefault(subject, threading.Lock())
        with lock:
            yield


def _shown(url: str) -> str:
    """Return a URL as it is handed on: without credentials and fragment."""
    return without_credentials(url).partition("#")[0]


def _key(url: str) -> str:
    """Return what identifies a URL in the cache."""
    try:
        return canonical(url)
    except ValueError as error:
        raise errors.NetworkError(f"Invalid URL {redact(url)!r}: {error}") from error


def _drain(body: Body) -> None:
    """Read a body that says nothing, so that its connection serves again."""
    try:
        for _ in body.chunks():
            break
    except errors.NetworkError:
        # The head was complete, and the body of a 304 is empty (RFC 9110, 15.4.5).
        pass
    finally:
        body.close()
