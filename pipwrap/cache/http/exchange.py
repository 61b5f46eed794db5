"""One request and its response: from disk by the policy, or from the server and stored.

The policy decides twice: what to do with a request and what is stored for its URL, and what to do
with the response. Between the two is the only request that may be sent, and its failure.

    stored variants -decide-> Fresh ------------------------------------> stored response
                            > Refuse, or offline -----------------------> stored, or an error
                            > Revalidate, Fetch -send-+-> no answer, 5xx > stale response, or it
                                                      |   (RFC 5861 section 4, --allow-stale)
                                                      v
    Refresh <- 304 -------------------------------- judge -> StoreResponse, DoNotStore
       |  the stored head gets the new fields         | |     the body is received; the head is
       v  (RFC 9111 section 4.3.4)                    | v     written after the body is there
    stored response, revalidated                      | response
                                                      +-> FetchAgain: request without conditions

Redirects are responses here: ``client.ResponseCache`` follows them, each an exchange of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.cache.http import policy
from pipwrap.cache.http.bodies import Bodies, ReceivedBody
from pipwrap.cache.http.entries import Entries
from pipwrap.cache.http.policy import SentRequest, StoredResponse
from pipwrap.cache.http.response import FetchedResponse
from pipwrap.events import (
    DownloadFinished,
    DownloadProgressed,
    DownloadStarted,
    Info,
    Listener,
    WarningMessage,
)
from pipwrap.model.link import Link, redact
from pipwrap.network.download import content_length
from pipwrap.network.origins import (
    is_secure_origin,
    without_credentials,
)
from pipwrap.network.redirects import leads_with_secrets
from pipwrap.network.transport import REDIRECTS, Body, Headers, HttpRequest, Response, Transport

_OK = 200


class FetchRequest(Struct, frozen=True):
    """What a caller requests, whichever URL its redirects lead to."""

    url: str
    """The first one, as it may be printed; names the download."""
    headers: Headers
    is_file: bool = False
    sha256: str | None = None
    is_metadata: bool = False


class FetchSettings(Struct, frozen=True):
    """How a run requests, and what it does without a response."""

    user_agent: str = "pipwrap"
    """Sent with every request, since responses may vary by it."""
    trusted_hosts: tuple[str, ...] = ()
    """Hosts whose responses may be stored though they come by plain http, as in pip."""
    resume_retries: int = 5
    """How often an incomplete body is requested again."""
    offline: bool = False
    """Answer from the cache only, stale or not."""
    allow_stale: bool = False
    """Answer from the cache where a server fails, whatever it allowed."""


class CachedExchange:
    """Answers requests without following redirects; used from all threads."""

    def __init__(
        self,
        transport: Transport,
        entries: Entries,
        bodies: Bodies,
        clock: Callable[[], float],
        listener: Listener,
        settings: FetchSettings,
    ) -> None:
        """Send and read nothing yet."""
        self._transport = transport
        self._entries = entries
        self._bodies = bodies
        self._clock = clock
        self._listener = listener
        self._settings = settings

    def answer(self, url: str, fetch: FetchRequest) -> FetchedResponse:
        """Return the response of one exchange, by what the policy decides."""
        secure = is_secure_origin(url, self._settings.trusted_hosts)
        # A body with this digest is not in the cache: what is stored can only lead to it.
        useful = REDIRECTS if fetch.sha256 else None
        stored = self._entries.read(url, useful) if secure else []
        if self._settings.offline:
            return self._stored_or_nothing(url, fetch, stored)
        decision = policy.decide(fetch.headers, stored, now=self._clock())
        if isinstance(decision, policy.Fresh):
            return self._fetched(url, decision.stored)
        if isinstance(decision, policy.Refuse):
            return self._stored_or_nothing(url, fetch, [])
        if isinstance(decision, policy.Revalidate):
            return self._request(url, fetch, stored, decision)
        return self._request(url, fetch, stored, None)

    def receive(self, fetch: FetchRequest, response: Response) -> FetchedResponse:
        """Return a response that another request was answered with, stored where it may be."""
        now = self._clock()
        exchange = SentRequest(fetch.headers, response.status, response.headers, now, now)
        request = HttpRequest(response.url, fetch.headers)
        return self._store(request, fetch, response, exchange, policy.judge(exchange))

    def _stored_or_nothing(
        self, url: str, fetch: FetchRequest, stored: list[StoredResponse]
    ) -> FetchedResponse:
        chosen = policy.select(fetch.headers, stored)
        if chosen is None:
            raise errors.NetworkError(
                f"{redact(url)} is not in the cache, and the network is not to be used"
            )
        return self._fetched(url, chosen)

    def _request(
        self,
        url: str,
        fetch: FetchRequest,
        stored: list[StoredResponse],
        condition: policy.Revalidate | None,
    ) -> FetchedResponse:
        """Return what the server answers, having stored what may be."""
        conditions = condition.headers if condition else ()
        request = HttpRequest(url, Headers(fetch.headers.fields + conditions))
        requested_at = self._clock()
        try:
            response = self._transport.send(request)
        except errors.NetworkError as error:
            stale = self._stale_response(url, fetch, stored, str(error))
            if stale is None:
                raise
            return stale
        if response.status in policy.SERVER_FAILURES:
            stale = self._stale_response(url, fetch, stored, f"status {response.status}")
            if stale is not None:
                response.body.close()
                return stale
        exchange = SentRequest(
            fetch.headers, response.status, response.headers, requested_at, self._clock()
        )
        confirmed = condition.stored if condition else None
        verdict = policy.judge(exchange, revalidated=confirmed)
        if isinstance(verdict, policy.FetchAgain):
            response.body.close()
            return self._request(url, fetch, stored, None)
        if isinstance(verdict, policy.Refresh) and confirmed is not None:
            _drain(response.body)
            return self._refresh(url, confirmed, verdict, exchange)
        if isinstance(verdict, policy.DoNotStore) and verdict.invalidates:
            self._invalidate(url, fetch, stored)
        return self._store(request, fetch, response, exchange, verdict)

    def _stale_response(
        self, url: str, fetch: FetchRequest, stored: list[StoredResponse], reason: str
    ) -> FetchedResponse | None:
        """Return the stale response that may replace that of a failing server, if one may."""
        chosen = policy.select(fetch.headers, stored)
        if chosen is None:
            return None
        if self._settings.allow_stale:
            about = f"{redact(url)}, which may be out of date"
            self._listener(WarningMessage(f"Using the stored {about}: {reason}"))
            return self._fetched(url, chosen)
        if not policy.usable_on_error(fetch.headers, chosen, now=self._clock()):
            return None
        self._listener(Info(f"Using the stored {redact(url)}, as its server allows: {reason}", 1))
        return self._fetched(url, chosen)

    def _refresh(
        self, url: str, confirmed: StoredResponse, verdict: policy.Refresh, exchange: SentRequest
    ) -> FetchedResponse:
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

    def _store(
        self,
        request: HttpRequest,
        fetch: FetchRequest,
        response: Response,
        exchange: SentRequest,
        verdict: policy.Verdict,
    ) -> FetchedResponse:
        """Return a transferred response, stored where the verdict and its origin allow it."""
        secure = is_secure_origin(request.url, self._settings.trusted_hosts)
        target = response.headers.get("Location") or ""
        store = (
            secure and isinstance(verdict, policy.StoreResponse) and not leads_with_secrets(target)
        )
        received = self._receive(request, fetch, response, store=store)
        whole = received.response
        if whole is not response:
            exchange = replace(exchange, headers=whole.headers)
            verdict = policy.judge(exchange)
        headers = policy.storable(whole.headers)
        if received.stored and isinstance(verdict, policy.StoreResponse):
            stored = StoredResponse(
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
        return FetchedResponse(
            shown(request.url),
            whole.status,
            whole.reason,
            headers,
            received.path,
            received.sha256,
            received.size,
            from_cache=False,
        )

    def _receive(
        self, request: HttpRequest, fetch: FetchRequest, response: Response, *, store: bool
    ) -> ReceivedBody:
        """Return the body on disk; the progress of a file is reported."""
        is_download = fetch.is_file and response.status == _OK

        def progress(received: int) -> None:
            if is_download:
                self._listener(DownloadProgressed(fetch.url, received))

        if is_download:
            size = content_length(response.headers)
            filename = Link.from_url(fetch.url).filename
            self._listener(DownloadStarted(fetch.url, filename, size, fetch.is_metadata))
        try:
            return self._bodies.receive(
                request,
                response,
                store=store,
                expected=fetch.sha256 if is_download else None,
                progress=progress,
            )
        finally:
            if is_download:
                self._listener(DownloadFinished(fetch.url))

    def _fetched(self, url: str, stored: StoredResponse) -> FetchedResponse:
        """Return a stored response."""
        return FetchedResponse(
            shown(url),
            stored.status,
            stored.reason,
            stored.headers,
            self._entries.body_path(stored.body),
            stored.body,
            stored.size,
            from_cache=True,
        )

    def _write_head(self, url: str, stored: StoredResponse) -> None:
        try:
            self._entries.write(url, stored)
        except OSError as error:
            self._bodies.refused(error)

    def _invalidate(self, url: str, fetch: FetchRequest, stored: list[StoredResponse]) -> None:
        """Remove the variant that no longer is the answer."""
        chosen = policy.select(fetch.headers, stored)
        if chosen is not None:
            self._remove(url, chosen)

    def _remove(self, url: str, stored: StoredResponse) -> None:
        try:
            self._entries.remove(url, stored)
        except OSError as error:
            self._bodies.refused(error)


def shown(url: str) -> str:
    """Return a URL as it is handed on: without credentials and fragment."""
    return without_credentials(url).partition("#")[0]


def _drain(body: Body) -> None:
    """Read a body to its end, so that its connection can be used again."""
    try:
        for _ in body.chunks():
            break
    except errors.NetworkError:
        # The head was complete, and the body of a 304 is empty (RFC 9110, 15.4.5).
        pass
    finally:
        body.close()
