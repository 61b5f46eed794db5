"""RFC 9111 for a private cache, one row a rule; the second column is the section."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate

import pytest

from pipwrap.cache.http.cache_control import Directives, delta_seconds, http_date
from pipwrap.cache.http.policy import (
    DoNotStore,
    Fetch,
    FetchAgain,
    Fresh,
    Refresh,
    Refuse,
    Revalidate,
    SentRequest,
    StoredResponse,
    StoreResponse,
    current_age,
    decide,
    freshness_lifetime,
    judge,
    merged,
    select,
    usable_on_error,
)
from pipwrap.network.transport import Headers

NOW = 1_700_000_000.0
DAY = 86400.0


def http(seconds: float) -> str:
    """Return an HTTP-date."""
    return formatdate(seconds, usegmt=True)


def headers(*fields: str) -> Headers:
    """Return header fields written as ``Name: value``."""
    pairs = (field.partition(":") for field in fields)
    return Headers(tuple((name, value.strip()) for name, _, value in pairs))


def stored(
    *fields: str,
    status: int = 200,
    received: float = NOW,
    delay: float = 0.0,
    selecting: tuple[tuple[str, str | None], ...] = (),
    body: str = "body",
) -> StoredResponse:
    """Return a stored response that arrived at ``received``."""
    return StoredResponse(
        status, headers(*fields), selecting, received - delay, received, body, len(body)
    )


@dataclass(frozen=True)
class Row:
    """A stored response, some time later, and a request."""

    name: str
    section: str
    response: tuple[str, ...]
    elapsed: float
    expected: type
    request: tuple[str, ...] = ()
    status: int = 200
    delay: float = 0.0


ETAG = 'ETag: "1"'
DATE = f"Date: {http(NOW)}"
ROWS = [
    Row("max-age not reached", "4.2.1", ("Cache-Control: max-age=600",), 599, Fresh),
    Row("max-age reached", "4.2", ("Cache-Control: max-age=600", ETAG), 600, Revalidate),
    Row("stale without a validator", "4.3.1", ("Cache-Control: max-age=600",), 601, Fetch),
    Row("no lifetime at all", "4.2.1", (ETAG,), 0, Revalidate),
    Row("s-maxage is for shared caches", "5.2.2.10", ("Cache-Control: s-maxage=9", ETAG), 1, Revalidate),
    Row("s-maxage does not shorten", "5.2.2.10", ("Cache-Control: max-age=9, s-maxage=0",), 1, Fresh),
    Row("directive in any case", "5.2", ("cache-control: Max-AGE=600",), 1, Fresh),
    Row("argument in quotes", "5.2", ('Cache-Control: max-age="600"',), 1, Fresh),
    Row("argument in single quotes", "4.2.1", ("Cache-Control: max-age='600'", ETAG), 1, Revalidate),
    Row("decimal max-age", "4.2.1", ("Cache-Control: max-age=600.5", ETAG), 1, Revalidate),
    Row("negative max-age", "4.2.1", ("Cache-Control: max-age=-600", ETAG), 1, Revalidate),
    Row("max-age that is no number", "4.2.1", ("Cache-Control: max-age=soon", ETAG), 1, Revalidate),
    Row("max-age without an argument", "4.2.1", ("Cache-Control: max-age", ETAG), 1, Revalidate),
    Row("max-age with leftovers", "4.2.1", ("Cache-Control: max-age=60 0", ETAG), 1, Revalidate),
    Row("max-age beyond every counter", "1.2.2", (f"Cache-Control: max-age={'9' * 40}",), DAY, Fresh),
    Row("duplicates that agree", "4.2.1", ("Cache-Control: max-age=9, max-age=9",), 1, Fresh),
    Row("duplicates that conflict", "4.2.1", ("Cache-Control: max-age=9, max-age=99", ETAG), 1, Revalidate),
    Row("conflict over two lines", "4.2.1", ("Cache-Control: max-age=9", "Cache-Control: max-age=99", ETAG), 1, Revalidate),
    Row("lines that add up", "5.2", ("Cache-Control: private", "Cache-Control: max-age=9"), 1, Fresh),
    Row("unknown directives", "5.2.3", ('Cache-Control: x="max-age=0, no-cache", max-age=9, y=1',), 1, Fresh),
    Row("private is no matter", "5.2.2.7", ("Cache-Control: private, max-age=9",), 1, Fresh),
    Row("no-cache beats max-age", "5.2.2.4", ("Cache-Control: no-cache, max-age=600", ETAG), 1, Revalidate),
    Row("no-cache with field names", "5.2.2.4", ('Cache-Control: no-cache="A, B", max-age=9', ETAG), 1, Revalidate),
    Row("must-revalidate while fresh", "5.2.2.2", ("Cache-Control: max-age=9, must-revalidate",), 1, Fresh),
    Row("Expires ahead", "5.3", (DATE, f"Expires: {http(NOW + 60)}"), 59, Fresh),
    Row("Expires passed", "5.3", (DATE, f"Expires: {http(NOW + 60)}", ETAG), 60, Revalidate),
    Row("Expires counts from Date", "4.2.1", (f"Date: {http(NOW + 30)}", f"Expires: {http(NOW + 60)}", ETAG), 31, Revalidate),
    Row("Expires without Date", "4.2.1", (f"Expires: {http(NOW + 60)}",), 59, Fresh),
    Row("Expires of 0", "5.3", ("Expires: 0", ETAG), 0, Revalidate),
    Row("Expires in a local time", "5.3", ("Expires: Sat, 02 Jan 2100 00:00:00 CEST", ETAG), 0, Revalidate),
    Row("two Expires that differ", "4.2.1", (f"Expires: {http(NOW + 60)}", f"Expires: {http(NOW + 90)}", ETAG), 1, Revalidate),
    Row("max-age beats Expires", "5.3", ("Cache-Control: max-age=9", "Expires: 0"), 1, Fresh),
    Row("bad max-age beats Expires", "4.2.1", ("Cache-Control: max-age=x", f"Expires: {http(NOW + 60)}", ETAG), 1, Revalidate),
    Row("Age counts", "4.2.3", ("Age: 700", "Cache-Control: max-age=600", ETAG), 0, Revalidate),
    Row("Age adds to the time here", "4.2.3", ("Age: 500", "Cache-Control: max-age=600", ETAG), 100, Revalidate),
    Row("Age below the lifetime", "4.2.3", ("Age: 500", "Cache-Control: max-age=600"), 99, Fresh),
    Row("Age that is no number", "5.1", ("Age: old", "Cache-Control: max-age=600"), 1, Fresh),
    Row("negative Age", "5.1", ("Age: -700", "Cache-Control: max-age=600"), 1, Fresh),
    Row("the first Age of two", "5.1", ("Age: 1", "Age: 700", "Cache-Control: max-age=600"), 1, Fresh),
    Row("an old Date", "4.2.3", (f"Date: {http(NOW - 700)}", "Cache-Control: max-age=600", ETAG), 0, Revalidate),
    Row("a Date ahead", "4.2.3", (f"Date: {http(NOW + 700)}", "Cache-Control: max-age=600"), 599, Fresh),
    Row("a Date that is none", "4.2.3", ("Date: today", "Cache-Control: max-age=600"), 599, Fresh),
    Row("a slow response", "4.2.3", ("Cache-Control: max-age=600", ETAG), 590, Revalidate, delay=10),
    Row("nothing is guessed from Last-Modified", "4.2.2", (DATE, f"Last-Modified: {http(NOW - 10 * DAY)}"), 1, Revalidate),
    Row("a redirect with a lifetime", "3", ("Location: /x", "Cache-Control: max-age=9"), 1, Fresh, status=302),
    Row("request max-age=0", "5.2.1.1", ("Cache-Control: max-age=600", ETAG), 0, Revalidate, ("Cache-Control: max-age=0",)),
    Row("request max-age reached", "5.2.1.1", ("Cache-Control: max-age=600", ETAG), 20, Revalidate, ("Cache-Control: max-age=10",)),
    Row("request max-age not reached", "5.2.1.1", ("Cache-Control: max-age=600",), 5, Fresh, ("Cache-Control: max-age=10",)),
    Row("request no-cache", "5.2.1.4", ("Cache-Control: max-age=600", ETAG), 0, Revalidate, ("Cache-Control: no-cache",)),
    Row("request no-store", "5.2.1.5", ("Cache-Control: max-age=600", ETAG), 0, Fetch, ("Cache-Control: no-store",)),
    Row("request min-fresh met", "5.2.1.3", ("Cache-Control: max-age=600",), 1, Fresh, ("Cache-Control: min-fresh=500",)),
    Row("request min-fresh not met", "5.2.1.3", ("Cache-Control: max-age=600", ETAG), 200, Revalidate, ("Cache-Control: min-fresh=500",)),
    Row("request max-stale reaches", "5.2.1.2", ("Cache-Control: max-age=600", ETAG), 650, Fresh, ("Cache-Control: max-stale=60",)),
    Row("request max-stale too short", "5.2.1.2", ("Cache-Control: max-age=600", ETAG), 700, Revalidate, ("Cache-Control: max-stale=60",)),
    Row("request max-stale without end", "5.2.1.2", ("Cache-Control: max-age=600", ETAG), DAY, Fresh, ("Cache-Control: max-stale",)),
    Row("must-revalidate beats max-stale", "5.2.2.2", ("Cache-Control: max-age=600, must-revalidate", ETAG), 650, Revalidate, ("Cache-Control: max-stale",)),
    Row("no-cache between unknown words", "5.2", ("Cache-Control: @@, no-cache ;x, max-age=9", ETAG), 1, Revalidate),
    Row("no-cache after a quote that never ends", "5.2", ('Cache-Control: x="a, no-cache, max-age=9', ETAG), 1, Revalidate),
    Row("no-cache in a quoted argument", "5.2", ('Cache-Control: x="a, no-cache", max-age=9',), 1, Fresh),
    Row("an escaped quote in an argument", "5.2", ('Cache-Control: x="a\\", no-cache", max-age=9',), 1, Fresh),
    Row("tabs around commas", "5.2", ("Cache-Control:\tpublic\t,\tmax-age=9\t",), 1, Fresh),
    Row("an empty argument", "1.2.2", ("Cache-Control: max-age=", ETAG), 1, Revalidate),
    Row("semicolons for commas", "5.2", ("Cache-Control: max-age=9; no-cache", ETAG), 1, Revalidate),
    Row("bytes that no field has", "5.2", ("Cache-Control: max-age=9\xe9", ETAG), 1, Revalidate),
    Row("a duplicate in quotes that agrees", "4.2.1", ('Cache-Control: max-age=9, max-age="9"',), 1, Fresh),
    Row("private with field names", "5.2.2.7", ('Cache-Control: private="Set-Cookie", max-age=9',), 1, Fresh),
    Row("proxy-revalidate is for shared caches", "5.2.2.8", ("Cache-Control: max-age=9, proxy-revalidate",), 1, Fresh),
    Row("proxy-revalidate and max-stale", "5.2.2.8", ("Cache-Control: max-age=9, proxy-revalidate", ETAG), 10, Fresh, ("Cache-Control: max-stale",)),
    Row("must-understand with a status that is", "5.2.2.3", ("Cache-Control: max-age=9, must-understand",), 1, Fresh),
    Row("immutable is past its lifetime", "5.2.3", ("Cache-Control: max-age=9, immutable", ETAG), 9, Revalidate),
    Row("stale-while-revalidate is not used", "4.2.4", ("Cache-Control: max-age=9, stale-while-revalidate=60", ETAG), 10, Revalidate),
    Row("stale-if-error while nothing fails", "4.2.4", ("Cache-Control: max-age=9, stale-if-error=60", ETAG), 10, Revalidate),
    Row("no-store came with a 304", "5.2.2.5", ("Cache-Control: max-age=9, no-store", ETAG), 1, Revalidate),
    Row("Vary: * came with a 304", "4.1", ("Cache-Control: max-age=9", "Vary: *", ETAG), 1, Fetch),
    Row("Set-Cookie is no matter", "7.3", ("Cache-Control: max-age=9", "Set-Cookie: a=b"), 1, Fresh),
    Row("Warning is obsolete", "5.5", ("Cache-Control: max-age=9", 'Warning: 110 - "stale"'), 1, Fresh),
    Row("Pragma of a response says nothing", "5.4", ("Cache-Control: max-age=9", "Pragma: no-cache"), 1, Fresh),
    Row("Pragma of a request says nothing", "5.4", ("Cache-Control: max-age=9",), 1, Fresh, ("Pragma: no-cache",)),
    Row("an empty Expires", "5.3", ("Expires: ", ETAG), 0, Revalidate),
    Row("Expires of -1", "5.3", ("Expires: -1", ETAG), 0, Revalidate),
    Row("Expires in the form of RFC 850", "5.3", (DATE, "Expires: Thursday, 01-Jan-60 00:00:00 GMT"), DAY, Fresh),
    Row("Expires in the form of asctime", "5.3", (DATE, "Expires: Thu Jan  1 00:00:00 2060"), DAY, Fresh),
    Row("Expires twice the same", "4.2.1", (DATE, f"Expires: {http(NOW + 60)}", f"Expires: {http(NOW + 60)}"), 1, Fresh),
    Row("Expires with no time left", "4.2.1", (DATE, f"Expires: {http(NOW)}", ETAG), 0, Revalidate),
    Row("two Dates", "4.2.3", (DATE, f"Date: {http(NOW - DAY)}", "Cache-Control: max-age=600"), 599, Fresh),
    Row("Age beyond every counter", "1.2.2", (f"Age: {'9' * 40}", f"Cache-Control: max-age={DAY:.0f}", ETAG), 0, Revalidate),
    Row("two Ages in one line", "5.1", ("Age: 1, 700", "Cache-Control: max-age=600"), 1, Fresh),
    Row("Age with a fraction", "5.1", ("Age: 700.5", "Cache-Control: max-age=600"), 1, Fresh),
    Row("Last-Modified after Date", "4.2.2", (DATE, f"Last-Modified: {http(NOW + DAY)}"), 0, Revalidate),
    Row("Last-Modified that is no date", "4.2.2", (DATE, "Last-Modified: yesterday"), 0, Revalidate),
    Row("request max-age that is none", "5.2.1.1", ("Cache-Control: max-age=600", ETAG), 1, Revalidate, ("Cache-Control: max-age=x",)),
    Row("request max-stale that is none", "5.2.1.2", ("Cache-Control: max-age=600", ETAG), 601, Revalidate, ("Cache-Control: max-stale=x",)),
    Row("request max-stale after max-age", "5.2.1.1", ("Cache-Control: max-age=600", ETAG), 650, Revalidate, ("Cache-Control: max-age=10, max-stale",)),
    Row("request min-fresh against max-stale", "5.2.1.3", ("Cache-Control: max-age=600", ETAG), 601, Revalidate, ("Cache-Control: min-fresh=1, max-stale",)),
    Row("no-cache of the response against max-stale", "5.2.2.4", ("Cache-Control: no-cache", ETAG), 1, Revalidate, ("Cache-Control: max-stale",)),
    Row("only-if-cached takes max-stale", "5.2.1.7", (ETAG,), 1, Fresh, ("Cache-Control: only-if-cached, max-stale",)),
    Row("only-if-cached against no-cache", "5.2.1.7", ("Cache-Control: max-age=9",), 1, Refuse, ("Cache-Control: only-if-cached, no-cache",)),
    Row("only-if-cached and fresh", "5.2.1.7", ("Cache-Control: max-age=600",), 1, Fresh, ("Cache-Control: only-if-cached",)),
    Row("only-if-cached and stale", "5.2.1.7", (ETAG,), 1, Refuse, ("Cache-Control: only-if-cached",)),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.section} {row.name}")
def test_a_stored_response_is_used_revalidated_or_replaced(row: Row):
    kept = stored(*row.response, status=row.status, delay=row.delay)
    decision = decide(headers(*row.request), [kept], now=NOW + row.elapsed)
    assert type(decision) is row.expected


def test_nothing_stored_is_fetched_unless_only_the_cache_may_answer():
    assert decide(Headers(), [], now=NOW) == Fetch()
    assert decide(headers("Cache-Control: only-if-cached"), [], now=NOW) == Refuse()


def test_age_is_the_greater_of_date_and_age_plus_the_time_here():
    kept = stored(f"Date: {http(NOW - 5)}", "Age: 10", delay=2)
    assert current_age(kept, now=NOW + 100) == 112
    assert current_age(stored(f"Date: {http(NOW - 50)}", "Age: 10"), now=NOW + 100) == 150


def test_a_clock_that_went_back_makes_nothing_younger():
    assert current_age(stored("Age: 10"), now=NOW - 1000) == 10


def test_a_lifetime_that_nobody_grants_is_zero():
    assert freshness_lifetime(stored(ETAG)) == 0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (('ETag: "a"',), (("If-None-Match", '"a"'),)),
        (('ETag: W/"a"',), (("If-None-Match", 'W/"a"'),)),
        (("Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT",),
         (("If-Modified-Since", "Sat, 01 Jan 2000 00:00:00 GMT"),)),
        (('ETag: "a"', "Last-Modified: then"), (("If-None-Match", '"a"'), ("If-Modified-Since", "then"))),
    ],
    ids=["4.3.1 strong", "4.3.1 weak", "4.3.1 date only", "4.3.1 both"],
)  # fmt: skip
def test_validators_become_conditions_as_they_were_written(
    fields: tuple[str, ...], expected: tuple[tuple[str, str], ...]
):
    decision = decide(Headers(), [stored(*fields)], now=NOW)
    assert isinstance(decision, Revalidate)
    assert decision.headers == expected


VARIANTS = [
    stored("Cache-Control: max-age=9", selecting=(("accept", "a"),), body="a"),
    stored("Cache-Control: max-age=9", selecting=(("accept", "b"),), body="b"),
    stored("Cache-Control: max-age=9", selecting=(("accept", None),), body="none"),
]


@pytest.mark.parametrize(
    ("request_fields", "body"),
    [(("Accept: a",), "a"), (("ACCEPT:  b ",), "b"), ((), "none"), (("Accept: c",), None)],
    ids=["4.1 first", "4.1 second, other case", "4.1 absent", "4.1 no variant"],
)
def test_a_variant_is_selected_by_the_request_fields_that_vary_named(
    request_fields: tuple[str, ...], body: str | None
):
    chosen = select(headers(*request_fields), VARIANTS)
    assert (chosen and chosen.body) == body


def test_white_space_in_a_list_selects_the_same_variant():
    kept = stored(selecting=(("accept-encoding", "gzip, deflate"),))
    assert select(headers("Accept-Encoding: gzip,deflate"), [kept]) is kept


def test_of_several_matching_variants_the_one_with_the_latest_date_is_used():
    old = stored(f"Date: {http(NOW - 60)}", received=NOW)
    new = stored(f"Date: {http(NOW - 30)}", received=NOW - 10)
    assert select(Headers(), [new, old]) is new


def test_a_stored_star_matches_nothing():
    assert select(Headers(), [stored(selecting=(("*", None),))]) is None


def test_what_varies_by_credentials_is_asked_about_even_when_fresh():
    kept = stored("Cache-Control: max-age=9", ETAG, selecting=(("authorization", None),))
    assert isinstance(decide(Headers(), [kept], now=NOW), Revalidate)


def exchange(*fields: str, status: int = 200, request: tuple[str, ...] = ()) -> SentRequest:
    """Return a request and its response."""
    return SentRequest(headers(*request), status, headers(*fields), NOW, NOW)


LIFE = "Cache-Control: max-age=60"
MODIFIED = f"Last-Modified: {http(NOW - DAY)}"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(exchange(), StoreResponse, id="3 a plain 200"),
        pytest.param(exchange(status=203), DoNotStore, id="3 a 203 without a lifetime"),
        pytest.param(exchange("Cache-Control: no-store"), DoNotStore, id="5.2.2.5 no-store"),
        pytest.param(exchange("Cache-Control: No-Store, max-age=9"), DoNotStore, id="5.2.2.5 in any case"),
        pytest.param(exchange(request=("Cache-Control: no-store",)), DoNotStore, id="5.2.1.5 the request's"),
        pytest.param(exchange("Cache-Control: private"), StoreResponse, id="5.2.2.7 private"),
        pytest.param(exchange("Cache-Control: no-cache"), StoreResponse, id="5.2.2.4 no-cache"),
        pytest.param(exchange("Vary: *"), DoNotStore, id="4.1 star"),
        pytest.param(exchange("Vary: Accept, *"), DoNotStore, id="4.1 star in a list"),
        pytest.param(exchange(LIFE, status=206), DoNotStore, id="3 parts never"),
        pytest.param(exchange(LIFE, status=304), DoNotStore, id="3 a 304 nobody asked for"),
        pytest.param(exchange(LIFE, status=401), DoNotStore, id="3 401 never"),
        pytest.param(exchange(LIFE, status=404), StoreResponse, id="3 a 404 with a lifetime"),
        pytest.param(exchange(status=404), DoNotStore, id="3 a 404 of a page without"),
        pytest.param(exchange(status=301), DoNotStore, id="3 a 301 of a page without"),
        pytest.param(exchange(LIFE, status=302), StoreResponse, id="3 a 302 with a lifetime"),
        pytest.param(exchange(status=302), DoNotStore, id="3 a 302 without"),
        pytest.param(exchange(MODIFIED, status=301), DoNotStore, id="3 a 301 without a lifetime"),
        pytest.param(exchange(MODIFIED, status=308), DoNotStore, id="3 a 308 without a lifetime"),
        pytest.param(exchange(LIFE, status=307), StoreResponse, id="3 a 307 with a lifetime"),
        pytest.param(exchange(MODIFIED, status=307), DoNotStore, id="3 a 307 without"),
        pytest.param(exchange(LIFE, status=303), StoreResponse, id="3 a 303 with a lifetime"),
        pytest.param(exchange(status=410), DoNotStore, id="3 a 410 without a lifetime"),
        pytest.param(exchange(LIFE, status=407), DoNotStore, id="3 407 never"),
        pytest.param(exchange("Expires: 0", status=404), DoNotStore, id="3 a 404 that has passed"),
        pytest.param(exchange(LIFE, status=299), StoreResponse, id="3 an unknown status with a lifetime"),
        pytest.param(exchange("Cache-Control: must-understand, max-age=9", status=299), DoNotStore, id="5.2.2.3 a status that is not understood"),
        pytest.param(exchange("Cache-Control: must-understand, max-age=9"), StoreResponse, id="5.2.2.3 a status that is"),
        pytest.param(exchange("Cache-Control: must-understand, no-store"), DoNotStore, id="5.2.2.3 no-store is kept to"),
        pytest.param(exchange("Cache-Control: max-age=9", "Cache-Control: no-store"), DoNotStore, id="5.2.2.5 on a line of its own"),
        pytest.param(exchange('Cache-Control: x="no-store"'), StoreResponse, id="5.2 no-store in a quoted argument"),
        pytest.param(exchange(LIFE, "Set-Cookie: a=b"), StoreResponse, id="7.3 Set-Cookie"),
        pytest.param(exchange(LIFE, request=("Authorization: x",)), StoreResponse, id="3.5 credentials in a private cache"),
        pytest.param(exchange("Vary: Accept", "Vary: *"), DoNotStore, id="4.1 star on a line of its own"),
        pytest.param(exchange(status=500), DoNotStore, id="3 a 500"),
        pytest.param(exchange(status=100), DoNotStore, id="3 not final"),
    ],
)  # fmt: skip
def test_a_response_is_stored_or_not(answer: SentRequest, expected: type):
    assert type(judge(answer)) is expected


@pytest.mark.parametrize(
    ("status", "invalidates"),
    [(404, True), (410, True), (302, True), (408, False), (429, False), (500, False), (503, False)],
)
def test_only_a_failing_or_busy_server_leaves_what_is_stored(status: int, invalidates: bool):  # noqa: FBT001
    verdict = judge(exchange(status=status))
    assert isinstance(verdict, DoNotStore)
    assert verdict.invalidates is invalidates


def test_the_selecting_fields_are_kept_in_one_order():
    answer = exchange("Vary: User-Agent", "vary: Accept", request=("accept: a",))
    verdict = judge(answer)
    assert isinstance(verdict, StoreResponse)
    assert verdict.selecting == (("accept", "a"), ("user-agent", None))


def test_a_connection_cannot_take_what_caching_rests_on():
    """RFC 9110 section 7.6.1: no connection option names a field that is meant for everybody."""
    verdict = judge(exchange("Connection: Cache-Control, Vary", "Cache-Control: no-cache"))
    assert isinstance(verdict, StoreResponse)
    assert verdict.headers.get("Cache-Control") == "no-cache"


def test_fields_of_the_connection_are_not_stored():
    verdict = judge(exchange("Connection: X-Hop, close", "X-Hop: 1", "Keep-Alive: 5", "X-End: 2"))
    assert isinstance(verdict, StoreResponse)
    assert verdict.headers == headers("X-End: 2")


@pytest.mark.parametrize(
    ("kept", "named", "expected"),
    [
        (ETAG, ETAG, Refresh),
        (ETAG, 'ETag: W/"1"', Refresh),
        (ETAG, 'ETag: "2"', FetchAgain),
        ('ETag: W/"1"', 'ETag: W/"1"', Refresh),
        ('ETag: W/"1"', ETAG, FetchAgain),
        (ETAG, "X: 1", Refresh),
        (MODIFIED, MODIFIED, Refresh),
        (MODIFIED, ETAG, FetchAgain),
        (MODIFIED, f"Last-Modified: {http(NOW)}", FetchAgain),
    ],
    ids=[
        "4.3.4 same",
        "4.3.4 weakened",
        "4.3.4 another",
        "4.3.4 both weak",
        "4.3.4 a strong one that is not stored",
        "4.3.4 none named",
        "4.3.4 date",
        "4.3.4 a strong one where none is stored",
        "4.3.4 another date",
    ],
)
def test_a_304_confirms_what_it_names(kept: str, named: str, expected: type):
    verdict = judge(exchange(named, status=304), revalidated=stored(kept))
    assert type(verdict) is expected


@pytest.mark.parametrize(
    ("update", "storable"),
    [
        ("Cache-Control: max-age=9", True),
        ("Cache-Control: no-store", False),
        ("Vary: *", False),
    ],
    ids=["3 as before", "5.2.2.5 no-store", "4.1 star"],
)
def test_a_304_may_forbid_to_keep_what_it_confirms(update: str, storable: bool):  # noqa: FBT001
    verdict = judge(exchange(ETAG, update, status=304), revalidated=stored(ETAG))
    assert isinstance(verdict, Refresh)
    assert verdict.storable is storable


def test_a_304_replaces_fields_but_not_what_describes_the_body():
    kept = headers(
        "Date: old", "Cache-Control: max-age=1", "Content-Length: 5", "Age: 9", "X: kept", "Y: 1",
        "Content-Type: application/json",
    )  # fmt: skip
    update = headers(
        "Date: new", "cache-control: max-age=2", "Content-Length: 0", "Content-Encoding: gzip",
        "Connection: Z", "Z: hop", "Y: 2", "Y: 3",
        "Content-Type: text/plain",
    )  # fmt: skip
    assert merged(kept, update) == headers(
        "Content-Length: 5", "X: kept", "Content-Type: application/json",
        "Date: new", "cache-control: max-age=2", "Y: 2", "Y: 3",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("response", "request_fields", "elapsed", "expected"),
    [
        ("max-age=10, stale-if-error=60", (), 70, True),
        ("max-age=10, stale-if-error=60", (), 71, False),
        ("max-age=10", (), 11, False),
        ("max-age=10", ("Cache-Control: stale-if-error=60",), 70, True),
        ("max-age=10, stale-if-error=60, must-revalidate", (), 11, False),
        ("no-cache, stale-if-error=60", (), 11, False),
        ("max-age=10, stale-if-error=60", ("Cache-Control: no-cache",), 11, False),
        ("max-age=10, stale-if-error=x", (), 11, False),
        ("max-age=10, stale-if-error", (), 11, False),
        ("max-age=10, stale-if-error=1, stale-if-error=60", (), 12, False),
        ("max-age=10, stale-if-error=60, s-maxage=9, proxy-revalidate", (), 11, True),
        ("max-age=10, stale-if-error=60", ("Cache-Control: no-store",), 11, False),
        ("max-age=10, stale-while-revalidate=60", (), 11, False),
    ],
)
def test_a_stale_response_stands_in_for_a_failing_server_only_where_allowed(
    response: str, request_fields: tuple[str, ...], elapsed: float, expected: object
):
    """RFC 5861 section 4."""
    kept = stored(f"Cache-Control: {response}")
    assert usable_on_error(headers(*request_fields), kept, now=NOW + elapsed) is expected


def test_what_varies_by_credentials_never_stands_in_for_a_failing_server():
    """Section 4.1: whether the request's are those of the stored response cannot be known."""
    kept = stored("Cache-Control: stale-if-error=60", selecting=(("authorization", None),))
    assert not usable_on_error(Headers(), kept, now=NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777.0),
        (" Sun, 06 Nov 1994 08:49:37 GMT\t", 784111777.0),
        ("Sun, 06 Nov 1994 08:49:60 GMT", 784111800.0),
        ("sunday, 06-nov-94 08:49:37 GMT", 784111777.0),
        ("Sun Nov 06 08:49:37 1994", 784111777.0),
        ("Sun, 06 Nov 0000 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37", None),
        ("Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT", None),
        ("784111777", None),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777.0),
        ("Sun Nov  6 08:49:37 1994", 784111777.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 +0000", None),
        ("Sun, 6 Nov 1994 08:49:37 GMT", None),
        ("Sun, 31 Feb 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 25:49:37 GMT", None),
        ("0", None),
        ("", None),
        (None, None),
    ],
)
def test_the_three_forms_of_a_date_are_read_and_no_other(text: str | None, expected: float | None):
    """RFC 9110 section 5.6.7."""
    assert http_date(text, now=NOW) == expected


def test_two_digits_of_a_year_are_at_most_fifty_years_ahead():
    assert http_date("Friday, 01-Jan-60 00:00:00 GMT", now=NOW) == http_date(
        "Thu, 01 Jan 2060 00:00:00 GMT", now=NOW
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("600", 600), (" 7 ", 7), ("", None), ("-1", None), ("+1", None), ("٣", None)],
)
def test_delta_seconds_are_plain_digits(text: str, expected: int | None):
    assert delta_seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("", ()),
        (", ,no-store,", (("no-store", None),)),
        ("A=1;B, c", (("a", "1;B"), ("c", None))),
        ('x="a, no-store", max-age=1', (("x", "a, no-store"), ("max-age", "1"))),
        ("max-age = 1", (("max-age", None),)),
    ],
)
def test_directives_are_read_with_their_quotes(
    text: str, members: tuple[tuple[str, str | None], ...]
):
    assert Directives.parse((text,)).members == members
