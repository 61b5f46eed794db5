"""RFC 9111 for a private cache: what to do with a request, then with its response; pure.

    decide(request, stored, now)     -> Fresh | Revalidate | Fetch | Refuse
    judge(exchange, revalidated)     -> StoreResponse | DoNotStore | Refresh | FetchAgain
    usable_on_error(request, stored) -> may a stale response replace that of a failing server

A stored response answers a request if the request has the fields that ``Vary`` named (4.1), and if
the response is fresh: its age (4.2.3) is below its lifetime (4.2.1).

    current age = max(received - Date, Age + (received - requested)) + (now - received)
    lifetime    = max-age, else Expires - Date, else 0 (no heuristic, 4.2.2)

A stale response with a validator is confirmed by a conditional request (4.3.1); a 304 gives it the
fields of the confirmation and a new age (4.3.4). Directives of the request narrow or widen what is
fresh (5.2.1), directives of the response narrow it and decide what is stored (3, 5.2.2).

Only GET is meant. Section numbers are those of RFC 9111.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from pipwrap.cache.http.cache_control import Directives, delta_seconds, http_date, members
from pipwrap.network.transport import REDIRECTS, Headers

NOT_MODIFIED = 304
SERVER_FAILURES = frozenset({500, 502, 503, 504})
"""Statuses that a stale response may replace (RFC 5861 section 4)."""

_NEVER_STORED = frozenset({206, 304, 401, 403, 407})
"""Parts, answers to conditions, and what depends on credentials that no key holds."""
_UNDERSTOOD = frozenset({200, 203, 204, 300, 404, 405, 410, 414, 501}) | REDIRECTS
"""What a response with must-understand may be stored with (5.2.2.3)."""

_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authentication-info",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
"""Never stored (3.1)."""
_END_TO_END = frozenset({"cache-control", "expires", "vary"})
"""Never fields of the connection, whatever ``Connection`` says (RFC 9110 section 7.6.1)."""
_ABOUT_THE_BODY = frozenset({
    "content-encoding", "content-length", "content-range", "content-type",
})  # fmt: skip
"""What a 304 never changes, for the reading of the stored body depends on it (3.2)."""
_TRY_LATER = frozenset({408, 429})
"""Statuses below 500 of a server that is to be tried later (RFC 9110, RFC 6585)."""
_SECRET_FIELDS = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Request fields that are set below this cache; a response that varies by them is revalidated."""


class StoredResponse(Struct, frozen=True):
    """One stored variant of a response."""

    status: int
    headers: Headers
    selecting: tuple[tuple[str, str | None], ...]
    """The request's fields that ``Vary`` named, with their values (4.1)."""
    requested_at: float
    received_at: float
    body: str
    """sha256 of the content."""
    size: int
    reason: str = ""


class SentRequest(Struct, frozen=True):
    """A request that was sent, and the head of its response."""

    request: Headers
    status: int
    headers: Headers
    requested_at: float
    received_at: float


class Fresh(Struct, frozen=True):
    """Answer with ``stored``; send nothing."""

    stored: StoredResponse


class Revalidate(Struct, frozen=True):
    """Send ``headers`` as well; a 304 confirms ``stored``."""

    stored: StoredResponse
    headers: tuple[tuple[str, str], ...]


class Fetch(Struct, frozen=True):
    """Send the request as if nothing were stored."""


class Refuse(Struct, frozen=True):
    """Nothing stored fits and the request forbids to send it: a 504 (5.2.1.7)."""


class StoreResponse(Struct, frozen=True):
    """Store this response with ``headers`` under ``selecting``."""

    headers: Headers
    selecting: tuple[tuple[str, str | None], ...]


class DoNotStore(Struct, frozen=True):
    """Hand the response on; ``invalidates`` when what was stored no longer is the answer."""

    reason: str
    invalidates: bool


class Refresh(Struct, frozen=True):
    """The stored response is confirmed, with these ``headers`` from now on."""

    headers: Headers
    storable: bool = True
    """The confirmation allows to store it."""


class FetchAgain(Struct, frozen=True):
    """The 304 confirms something that is not stored: request it without conditions (4.3.4)."""


Decision = Fresh | Revalidate | Fetch | Refuse
Verdict = StoreResponse | DoNotStore | Refresh | FetchAgain


def decide(request: Headers, stored: Iterable[StoredResponse], *, now: float) -> Decision:
    """Return how to answer a request whose stored variants are these (4).

    A response is fresh by an explicit lifetime alone; none is guessed (4.2.2).
    """
    requested = Directives.parse(request.all("Cache-Control"))
    chosen = select(request, stored)
    only_stored = "only-if-cached" in requested
    if chosen is None or "no-store" in requested:
        return Refuse() if only_stored else Fetch()
    if _satisfies(requested, chosen, now=now):
        return Fresh(chosen)
    if only_stored:
        return Refuse()
    conditions = validators(chosen)
    return Revalidate(chosen, conditions) if conditions else Fetch()


def select(request: Headers, stored: Iterable[StoredResponse]) -> StoredResponse | None:
    """Return the newest variant whose selecting fields match the request (4.1)."""
    matching = [variant for variant in stored if _matches(request, variant)]
    return max(matching, key=lambda variant: (_date(variant), variant.received_at), default=None)


def freshness_lifetime(stored: StoredResponse) -> float:
    """Return for how many seconds the response is fresh; 0 when nothing says so (4.2.1)."""
    return explicit_lifetime(stored.headers, stored.received_at) or 0.0


def explicit_lifetime(headers: Headers, received_at: float) -> float | None:
    """Return what ``max-age``, else ``Expires``, grants; ``None`` when neither is there.

    ``s-maxage`` is for shared caches. An ``Expires`` that is no date has passed (5.3).
    """
    max_age = Directives.parse(headers.all("Cache-Control")).seconds("max-age")
    if max_age is not None:
        return float(max_age)
    if headers.get("Expires") is None:
        return None
    written = {value.strip() for value in headers.all("Expires")}
    expires = http_date(written.pop(), now=received_at) if len(written) == 1 else None
    date = http_date(headers.get("Date"), now=received_at)
    return max(0.0, (expires or 0.0) - (received_at if date is None else date))


def current_age(stored: StoredResponse, *, now: float) -> float:
    """Return the seconds since the origin made or confirmed the response (4.2.3)."""
    apparent = max(0.0, stored.received_at - _date(stored))
    response_delay = max(0.0, stored.received_at - stored.requested_at)
    corrected_age = _age(stored.headers) + response_delay
    resident = max(0.0, now - stored.received_at)
    return max(apparent, corrected_age) + resident


def validators(stored: StoredResponse) -> tuple[tuple[str, str], ...]:
    """Return the fields that make a request conditional (4.3.1)."""
    conditions = []
    if etag := stored.headers.get("ETag"):
        conditions.append(("If-None-Match", etag.strip()))
    if modified := stored.headers.get("Last-Modified"):
        conditions.append(("If-Modified-Since", modified.strip()))
    return tuple(conditions)


def judge(exchange: SentRequest, *, revalidated: StoredResponse | None = None) -> Verdict:
    """Return what becomes of a response; ``revalidated`` is what a 304 would confirm (3, 4.3.3)."""
    if exchange.status == NOT_MODIFIED and revalidated is not None:
        if not _confirms(exchange.headers, revalidated):
            return FetchAgain()
        return _refresh(exchange, revalidated)
    reason = _reason_not_to_store(exchange)
    if reason is not None:
        # The answer of a failing server does not mean that what is stored has changed (4.3.3).
        is_answer = exchange.status < 500 and exchange.status not in _TRY_LATER  # noqa: PLR2004
        return DoNotStore(reason, invalidates=is_answer)
    names = dict.fromkeys(members(exchange.headers.all("Vary")))
    selecting = tuple((name, _normalised(exchange.request, name)) for name in sorted(names))
    return StoreResponse(storable(exchange.headers), selecting)


def usable_on_error(request: Headers, stored: StoredResponse, *, now: float) -> bool:
    """Return whether ``stored`` may answer while the server fails (RFC 5861 section 4).

    The response or the request must allow it.
    """
    reply = Directives.parse(stored.headers.all("Cache-Control"))
    requested = Directives.parse(request.all("Cache-Control"))
    if (
        _forbids_stale(reply)
        or "no-cache" in requested
        or "no-store" in requested
        or _is_unseen(stored)
    ):
        return False
    staleness = current_age(stored, now=now) - freshness_lifetime(stored)
    allowances = (reply.seconds("stale-if-error"), requested.seconds("stale-if-error"))
    return any(allowed is not None and staleness <= allowed for allowed in allowances)


def storable(headers: Headers) -> Headers:
    """Return the fields without those that belong to one connection (3.1)."""
    dropped = _HOP_BY_HOP | (set(members(headers.all("Connection"))) - _END_TO_END)
    return Headers(tuple(pair for pair in headers.fields if pair[0].lower() not in dropped))


def merged(stored: Headers, update: Headers) -> Headers:
    """Return stored fields as a 304 leaves them (3.2)."""
    fresh = tuple(
        pair for pair in storable(update).fields if pair[0].lower() not in _ABOUT_THE_BODY
    )
    # An Age of the old response does not apply to the confirmed one (4.2.3).
    names = {name.lower() for name, _ in fresh} | {"age"}
    unchanged = tuple(pair for pair in stored.fields if pair[0].lower() not in names)
    return Headers(unchanged + fresh)


def _refresh(exchange: SentRequest, confirmed: StoredResponse) -> Refresh:
    """Return the confirmed response, as a whole judged like a new one (3.2, 5.2.2.5)."""
    headers = merged(confirmed.headers, exchange.headers)
    whole = replace(exchange, status=confirmed.status, headers=headers)
    return Refresh(headers, storable=_reason_not_to_store(whole) is None)


def _reason_not_to_store(exchange: SentRequest) -> str | None:
    """Return what forbids storing, ``None`` when nothing does (3)."""
    reply = Directives.parse(exchange.headers.all("Cache-Control"))
    if "no-store" in reply or "no-store" in Directives.parse(exchange.request.all("Cache-Control")):
        return "no-store"
    if exchange.status < 200 or exchange.status in _NEVER_STORED:  # noqa: PLR2004 - not final
        return f"status {exchange.status}"
    if "must-understand" in reply and exchange.status not in _UNDERSTOOD:
        return f"status {exchange.status} with must-understand"
    if "*" in members(exchange.headers.all("Vary")):
        return "Vary: *"
    if exchange.status == 200 or explicit_lifetime(exchange.headers, exchange.received_at):  # noqa: PLR2004
        return None
    return f"status {exchange.status} without a lifetime"


def _satisfies(requested: Directives, stored: StoredResponse, *, now: float) -> bool:
    """Return whether ``stored`` may be used without revalidation (4.2, 5.2.1)."""
    reply = Directives.parse(stored.headers.all("Cache-Control"))
    if "no-store" in reply or "no-cache" in reply or "no-cache" in requested or _is_unseen(stored):
        return False
    age = current_age(stored, now=now)
    lifetime = freshness_lifetime(stored)
    maximum = requested.seconds("max-age")
    # The equal case is left out: ``max-age=0`` must reach the server.
    if maximum is not None and age >= maximum:
        return False
    if age + (requested.seconds("min-fresh") or 0) < lifetime:
        return True
    return _accepts_stale(requested, age - lifetime) and not _forbids_stale(reply)


def _is_unseen(stored: StoredResponse) -> bool:
    """Return whether it varies by fields that are set below this cache (4.1)."""
    return any(name in _SECRET_FIELDS for name, _ in stored.selecting)


def _accepts_stale(requested: Directives, staleness: float) -> bool:
    """Return whether ``max-stale`` reaches this far; without an argument always (5.2.1.2)."""
    if "min-fresh" in requested or "max-stale" not in requested:
        return False
    if ("max-stale", None) in requested.members:
        return True
    return staleness <= (requested.seconds("max-stale") or 0)


def _forbids_stale(reply: Directives) -> bool:
    """Return whether the response may never be used stale (4.2.4)."""
    return "must-revalidate" in reply or "no-cache" in reply or "no-store" in reply


def _matches(request: Headers, stored: StoredResponse) -> bool:
    """Return whether the request has the selecting fields of ``stored`` (4.1)."""
    if "*" in members(stored.headers.all("Vary")) or ("*", None) in stored.selecting:
        return False
    return all(_normalised(request, name) == value for name, value in stored.selecting)


def _normalised(request: Headers, name: str) -> str | None:
    """Return a field's value with its list's white space evened out."""
    value = request.get(name)
    return None if value is None else ", ".join(part.strip() for part in value.split(","))


def _confirms(headers: Headers, stored: StoredResponse) -> bool:
    """Return whether a 304 is about ``stored``.

    A strong ETag must be the stored one; without it, weak ones (RFC 9110 section 8.8.3.2) or
    dates must not contradict each other. A 304 that names none confirms it (4.3.4).
    """
    named, known = headers.get("ETag"), stored.headers.get("ETag")
    if named is not None and not named.strip().startswith("W/"):
        return known is not None and named.strip() == known.strip()
    if named is not None and known is not None:
        return named.strip()[2:] == known.strip().removeprefix("W/")
    dates = headers.get("Last-Modified"), stored.headers.get("Last-Modified")
    return None in dates or dates[0] == dates[1]


def _date(stored: StoredResponse) -> float:
    """Return the value of Date, the time of arrival where it has none (RFC 9110, 6.6.1)."""
    date = http_date(stored.headers.get("Date"), now=stored.received_at)
    return stored.received_at if date is None else date


def _age(headers: Headers) -> int:
    """Return the first member of Age; what is invalid is ignored (5.1)."""
    value = headers.get("Age") or ""
    return delta_seconds(value.partition(",")[0]) or 0
