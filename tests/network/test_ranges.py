"""Parts of remote files: each is what was asked for, or refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipwrap.network.ranges import Part, RangeRefused, Ranges, Unchanged
from pipwrap.network.session import Session
from pipwrap.network.settings import NetworkSettings
from support.origin import Origin, page
from support.server import Answer, Asked

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def origin() -> Iterator[Origin]:
    """Yield a server with one file, which has an ETag."""
    with Origin() as running:
        running.pages["/file"] = page(CONTENT, ETag='"one"')
        yield running


@pytest.fixture
def ranges() -> Iterator[Ranges]:
    """Yield what is tested, on the real client."""
    session = Session(NetworkSettings(retries=0, timeout=5.0))
    yield Ranges(session)
    session.close()


def tail(ranges: Ranges, origin: Origin, length: int = 100) -> Part:
    """Return the end of the file."""
    part = ranges.tail(origin.url("/file"), length)
    assert isinstance(part, Part)
    return part


def answered(
    status: int = 206, body: bytes = CONTENT[-100:], truncate: int | None = None, **fields: str
) -> Answer:
    """Return a right answer to the request for the last hundred bytes, but for what is named."""
    right = {"Content_Range": f"bytes {len(CONTENT) - 100}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    headers = {name.replace("_", "-"): value for name, value in {**right, **fields}.items()}
    return Answer(status, {name: value for name, value in headers.items() if value}, body, truncate)


def test_the_end_of_a_file_costs_one_request(ranges: Ranges, origin: Origin):
    part = tail(ranges, origin)
    assert (part.start, part.content, part.total) == (924, CONTENT[-100:], 1024)
    assert (part.validator, part.etag) == ('"one"', '"one"')
    assert [asked.headers["range"] for asked in origin.log] == ["bytes=-100"]


def test_a_file_that_is_shorter_comes_whole(ranges: Ranges, origin: Origin):
    part = tail(ranges, origin, length=5000)
    assert (part.start, part.content) == (0, CONTENT)


def test_further_parts_are_of_the_same_file(ranges: Ranges, origin: Origin):
    first = tail(ranges, origin)
    part = ranges.between(first, 10, 20)
    assert (part.start, part.content) == (10, CONTENT[10:20])
    assert origin.log[1].headers["if-range"] == '"one"'


def test_a_file_that_is_changed_in_between_is_refused(ranges: Ranges, origin: Origin):
    first = tail(ranges, origin)
    origin.pages["/file"] = page(CONTENT, ETag='"two"')
    with pytest.raises(RangeRefused, match="was changed while it was read") as refused:
        ranges.between(first, 10, 20)
    whole = refused.value.whole
    assert whole is not None
    assert b"".join(whole.body.chunks()) == CONTENT


@pytest.mark.parametrize(
    "fields", [{"ETag": '"two"'}, {"Content_Range": "bytes 10-19/2048"}], ids=["etag", "size"]
)
def test_a_server_that_ignores_if_range_is_found_out(
    ranges: Ranges, origin: Origin, fields: dict[str, str]
):
    first = tail(ranges, origin)
    right = {"ETag": '"one"', "Content_Range": "bytes 10-19/1024"}
    origin.pages["/file"] = answered(body=CONTENT[10:20], **{**right, **fields})
    with pytest.raises(RangeRefused, match="another part"):
        ranges.between(first, 10, 20)


@pytest.mark.parametrize("fields", [{}, {"ETag": 'W/"weak"'}], ids=["none", "weak"])
def test_without_a_validator_a_second_part_is_asked_for_without_a_condition(
    ranges: Ranges, origin: Origin, fields: dict[str, str]
):
    origin.pages["/file"] = page(CONTENT, **fields)
    first = tail(ranges, origin)
    assert ranges.between(first, 10, 20).content == CONTENT[10:20]
    assert "if-range" not in origin.log[1].headers


@pytest.mark.parametrize(
    "later",
    [page(CONTENT * 2), page(CONTENT, ETag='"one"')],
    ids=["another size", "a validator all at once"],
)
def test_without_a_validator_another_file_is_refused(ranges: Ranges, origin: Origin, later: Answer):
    origin.pages["/file"] = page(CONTENT)
    first = tail(ranges, origin)
    origin.pages["/file"] = later
    with pytest.raises(RangeRefused, match="another part"):
        ranges.between(first, 10, 20)


def test_a_known_etag_saves_the_body(ranges: Ranges, origin: Origin):
    assert ranges.tail(origin.url("/file"), 100, '"one"') == Unchanged()
    assert isinstance(ranges.tail(origin.url("/file"), 100, '"zero"'), Part)


WRONG: dict[str, Answer] = {
    "no content range": answered(Content_Range=""),
    "unknown total": answered(Content_Range="bytes 924-1023/*"),
    "another unit": answered(Content_Range="lines 924-1023/1024"),
    "backwards": answered(Content_Range="bytes 1023-924/1024"),
    "beyond the end": answered(Content_Range="bytes 924-1024/1024"),
    "not the end": answered(Content_Range="bytes 0-99/1024", body=CONTENT[:100]),
    "more than asked for": answered(Content_Range="bytes 0-1023/1024", body=CONTENT),
    "less than asked for": answered(Content_Range="bytes 974-1023/1024", body=CONTENT[-50:]),
    "shorter than it says": answered(body=CONTENT[-99:]),
    "longer than it says": answered(body=CONTENT[-101:]),
    "another length": answered(Content_Length="99"),
    "several parts": answered(Content_Type="multipart/byteranges; boundary=x"),
    "compressed": answered(Content_Encoding="gzip"),
    "ends early": answered(truncate=50),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
def test_what_is_not_exactly_the_part_is_refused_and_not_asked_for_again(
    ranges: Ranges, origin: Origin, answer: Answer
):
    origin.pages["/file"] = answer
    for _ in range(2):
        with pytest.raises(RangeRefused):
            tail(ranges, origin)
    assert len(origin.log) == 1


def test_a_server_that_has_served_parts_is_asked_for_others_after_a_failure(
    ranges: Ranges, origin: Origin
):
    tail(ranges, origin)
    origin.pages["/file"] = answered(truncate=50)
    with pytest.raises(RangeRefused):
        tail(ranges, origin)
    origin.pages["/file"] = page(CONTENT)
    assert tail(ranges, origin).content == CONTENT[-100:]


def test_no_more_is_read_than_was_asked_for(ranges: Ranges, origin: Origin):
    """A server that announces a gigabyte is not waited for: its connection stays silent."""
    huge = 1 << 30
    origin.pages["/file"] = answered(
        body=b"", Content_Range=f"bytes 0-{huge - 1}/{huge}", Content_Length=str(huge)
    )
    with pytest.raises(RangeRefused, match="another part"):
        tail(ranges, origin)


@pytest.mark.parametrize("status", [404, 416, 503])
def test_an_error_says_nothing_about_ranges(ranges: Ranges, origin: Origin, status: int):
    origin.pages["/file"] = page(b"no", status)
    with pytest.raises(RangeRefused, match=f"status {status}"):
        tail(ranges, origin)
    origin.pages["/file"] = page(CONTENT)
    assert tail(ranges, origin).content == CONTENT[-100:]


def test_a_server_without_ranges_is_asked_once_however_many_want_parts(
    ranges: Ranges, origin: Origin
):
    together = threading.Barrier(8)
    origin.ranges = False

    def ask() -> str:
        together.wait()
        with pytest.raises(RangeRefused) as refused:
            tail(ranges, origin)
        if refused.value.whole is not None:
            refused.value.whole.body.close()
        return str(refused.value)

    with ThreadPoolExecutor(8) as pool:
        reasons = {job.result() for job in [pool.submit(ask) for _ in range(8)]}
    assert reasons == {"its server serves no ranges"}
    assert len(origin.log) == 1


def test_a_server_without_suffix_ranges_is_asked_for_the_same_by_its_first_byte(
    ranges: Ranges, origin: Origin
):
    def without_suffixes(asked: Asked) -> Answer:
        if asked.headers["range"] == "bytes=924-1023":
            return answered()
        return page(CONTENT, Accept_Ranges="bytes")

    origin.ranges = False
    origin.pages["/file"] = without_suffixes
    for _ in range(2):
        assert tail(ranges, origin).content == CONTENT[-100:]
    assert len(origin.log) == 4


def test_a_server_that_only_says_that_it_serves_ranges_is_not_asked_again(
    ranges: Ranges, origin: Origin
):
    origin.ranges = False
    origin.pages["/file"] = page(CONTENT, Accept_Ranges="bytes")
    for _ in range(2):
        with pytest.raises(RangeRefused, match="serves no ranges"):
            tail(ranges, origin)
    assert len(origin.log) == 2


def test_a_server_without_ranges_sends_the_whole_to_whoever_asked(ranges: Ranges, origin: Origin):
    origin.ranges = False
    with pytest.raises(RangeRefused) as refused:
        tail(ranges, origin)
    whole = refused.value.whole
    assert whole is not None
    assert (whole.url, b"".join(whole.body.chunks())) == (origin.url("/file"), CONTENT)


def redirecting(target: Callable[[], str]) -> Callable[[Asked], Answer]:
    """Return a page that leads elsewhere."""
    return lambda asked: Answer(302, {"Location": target()}, b"")


def test_redirects_are_followed_and_further_parts_come_from_where_they_lead(
    ranges: Ranges, origin: Origin
):
    origin.pages["/first"] = redirecting(lambda: origin.url("/file"))
    part = ranges.tail(origin.url("/first"), 100)
    assert isinstance(part, Part)
    assert ranges.between(part, 0, 5).content == CONTENT[:5]
    assert origin.paths() == ["/first", "/file", "/file"]


@pytest.mark.parametrize("target", ["/first", "ftp://host.invalid/file", "http://[x/"])
def test_redirects_that_lead_nowhere_are_refused(ranges: Ranges, origin: Origin, target: str):
    origin.pages["/first"] = redirecting(lambda: target)
    with pytest.raises(RangeRefused, match="redirect"):
        ranges.tail(origin.url("/first"), 100)


@pytest.mark.parametrize(
    ("control", "may_be_stored"), [("max-age=60", True), ("private, No-Store", False)]
)
def test_what_may_not_be_stored_says_so(
    ranges: Ranges, origin: Origin, control: str, *, may_be_stored: bool
):
    origin.pages["/file"] = page(CONTENT, Cache_Control=control)
    assert tail(ranges, origin).may_be_stored == may_be_stored


@pytest.mark.parametrize("url", ["http://host:port/file", "http://127.0.0.1:1/file"])
def test_servers_that_cannot_be_reached_are_refused(ranges: Ranges, url: str):
    with pytest.raises(RangeRefused):
        ranges.tail(url, 100)
