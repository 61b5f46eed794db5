"""Bodies on their way to disk, without a network."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.events import ignore
from pipwrap.network.download import Downloader, Spool, content_length, format_size
from pipwrap.network.transport import Headers, HttpRequest, Response
from support.origin import sha256


class Places:
    """Two directories that hand out new names, and what was refused."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.refusals: list[OSError] = []
        self.count = 0

    def name(self, directory: str) -> str:
        self.count += 1
        (self.root / directory).mkdir(exist_ok=True)
        return str(self.root / directory / str(self.count))

    def first(self) -> str:
        return self.name("first")

    def second(self) -> str:
        return self.name("second")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_a_disk_that_fills_up_moves_the_body_without_losing_a_byte(places: Places):
    """A limit on the size of files stands for the full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def refused(error: OSError) -> None:
        places.refusals.append(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    spool = Spool(places.first, places.second, refused)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, before[1]))
        for letter in b"abc":
            spool.write(bytes([letter]) * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    spool.close()
    whole = b"a" * 1000 + b"b" * 1000 + b"c" * 1000
    assert Path(spool.path).read_bytes() == whole
    assert (spool.moved, spool.size, spool.sha256) == (True, 3000, sha256(whole))
    assert len(places.refusals) == 1
    assert list((places.root / "first").iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_refused_at_once(places: Places):
    def nowhere() -> str:
        return str(places.root / "missing" / "x")

    spool = Spool(nowhere, places.second, places.refusals.append)
    spool.write(b"here")
    spool.close()
    assert (spool.moved, Path(spool.path).read_bytes()) == (True, b"here")
    spool.discard()
    assert not Path(spool.path).exists()


def test_a_restarted_body_forgets_what_it_was(places: Places):
    spool = Spool(places.first, places.second, places.refusals.append)
    spool.write(b"longer")
    spool.restart()
    spool.write(b"short")
    spool.close()
    assert (Path(spool.path).read_bytes(), spool.sha256) == (b"short", sha256(b"short"))


@dataclass
class Broken:
    """A body that ends in an error after its parts."""

    parts: tuple[bytes, ...]

    def chunks(self) -> Iterator[bytes]:
        yield from self.parts
        raise errors.NetworkError("broken")

    def close(self) -> None:
        """Nothing to give back."""


class Refusing:
    """A transport that answers from a list, and refuses when it is at its end."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.asked: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> Response:
        self.asked.append(request)
        if not self.answers:
            raise errors.NetworkError("nobody set up an answer")
        return self.answers.pop(0)


def broken(status: int = 200, *fields: tuple[str, str]) -> Response:
    return Response("http://h/x", status, "", Headers(fields), Broken((b"12345",)))


def receive(transport: Refusing, places: Places, first: Response) -> bytes:
    spool = Spool(places.first, places.second, places.refusals.append)
    try:
        Downloader(transport, ignore, 2).receive(
            HttpRequest("http://u:secret@h/x"), first, spool, progress=lambda _: None
        )
        return Path(spool.path).read_bytes()
    finally:
        spool.discard()


def test_a_body_of_unknown_size_is_not_resumed(places: Places):
    transport = Refusing()
    with pytest.raises(errors.NetworkError, match="broken"):
        receive(transport, places, broken())
    assert transport.asked == []


@pytest.mark.parametrize(
    "rest",
    [
        broken(206, ("Content-Range", "bytes 3-9/10")),
        broken(206),
        broken(416),
        broken(500),
        broken(302, ("Location", "/y")),
    ],
    ids=["from elsewhere", "from nowhere", "unsatisfiable", "failing", "moved"],
)
def test_what_is_not_the_rest_is_not_joined(places: Places, rest: Response):
    first = broken(200, ("Content-Length", "10"), ("ETag", '"1"'))
    with pytest.raises(errors.NetworkError) as caught:
        receive(Refusing(rest), places, first)
    assert "(5 bytes/10 bytes)" in caught.value.message
    assert "secret" not in (caught.value.context or "")


def test_a_rest_that_breaks_as_well_is_continued(places: Places):
    first = broken(200, ("Content-Length", "10"), ("ETag", '"1"'))
    rest = broken(206, ("Content-Range", "bytes 5-9/10"))
    assert receive(Refusing(rest), places, first) == b"1234512345"


@pytest.mark.parametrize(
    ("validators", "condition"),
    [
        ((("ETag", '"1"'), ("Last-Modified", "then")), '"1"'),
        ((("Last-Modified", "then"),), "then"),
    ],
)
def test_the_rest_is_asked_for_on_condition(
    places: Places, validators: tuple[tuple[str, str], ...], condition: str
):
    transport = Refusing()
    with pytest.raises(errors.NetworkError):
        receive(transport, places, broken(200, ("Content-Length", "10"), *validators))
    assert transport.asked[0].headers == Headers((("Range", "bytes=5-"), ("If-Range", condition)))


def test_a_weak_validator_joins_no_parts(places: Places):
    """RFC 9110 section 13.1.5."""
    transport = Refusing()
    with pytest.raises(errors.NetworkError):
        receive(transport, places, broken(200, ("Content-Length", "10"), ("ETag", 'W/"1"')))
    assert transport.asked[0].headers == Headers()


@pytest.mark.parametrize(
    ("value", "expected"), [("5", 5), (" 5 ", 5), ("-5", None), ("5, 5", None), ("x", None)]
)
def test_an_announced_size_is_a_number_or_unknown(value: str, expected: int | None):
    assert content_length(Headers((("content-length", value),))) == expected


@pytest.mark.parametrize(
    ("size", "text"),
    [(999, "999 bytes"), (1500, "1.5 kB"), (15_000, "15 kB"), (1_500_000, "1.5 MB")],
)
def test_sizes_are_written_as_in_pip(size: int, text: str):
    assert format_size(size) == text
