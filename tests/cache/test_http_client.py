"""What is asked of a real server, and what is answered from disk."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.cache.http.bodies import DigestMismatch
from pipwrap.cache.http.response import FetchedResponse
from pipwrap.events import DownloadFinished, DownloadProgressed, DownloadStarted
from support.origin import Browser, Clock, Origin, browser, page, sha256
from support.server import Answer, Asked


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Browser]:
    with browser(str(tmp_path / "cache")) as made:
        yield made


def content(fetched: FetchedResponse) -> bytes:
    return Path(fetched.path).read_bytes()


def files(client: Browser, bucket: str) -> list[Path]:
    return sorted(path for path in Path(client.layout.bucket(bucket)).rglob("*") if path.is_file())


def test_a_fresh_page_costs_no_request(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", Cache_Control="max-age=600", Content_Type="Text/HTML; a=b")
    first = client.page(origin.url("/p"))
    client.clock.now += 599
    second = client.page(origin.url("/p"))
    assert origin.paths() == ["/p"]
    assert (content(first), content(second)) == (b"one", b"one")
    assert (first.from_cache, second.from_cache, second.revalidated) == (False, True, False)
    assert second.media_type == "text/html"


def test_a_stale_page_costs_one_conditional_request_which_makes_it_fresh(
    origin: Origin, client: Browser
):
    origin.pages["/p"] = page(b"one", ETag='"1"', Cache_Control="max-age=600")
    client.page(origin.url("/p"))
    client.clock.now += 600
    again = client.page(origin.url("/p"))
    assert (again.from_cache, again.revalidated, content(again)) == (True, True, b"one")
    assert [one.headers.get("if-none-match") for one in origin.log] == [None, '"1"']
    client.clock.now += 599
    client.page(origin.url("/p"))
    assert len(origin.log) == 2


def test_a_changed_page_replaces_the_stored_one(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", ETag='"1"')
    client.page(origin.url("/p"))
    origin.pages["/p"] = page(b"two", ETag='"2"', Cache_Control="max-age=9")
    changed = client.page(origin.url("/p"))
    assert (changed.from_cache, content(changed)) == (False, b"two")
    assert content(client.page(origin.url("/p"))) == b"two"
    assert len(files(client, "http-v1")) == 1


def test_a_date_is_validator_enough(origin: Origin, client: Browser):
    origin.pages["/p"] = page(Last_Modified="Sat, 01 Jan 2000 00:00:00 GMT")
    client.page(origin.url("/p"))
    assert client.page(origin.url("/p")).revalidated
    assert origin.log[1].headers["if-modified-since"] == "Sat, 01 Jan 2000 00:00:00 GMT"


def test_without_headers_a_page_is_asked_for_each_time(origin: Origin, client: Browser):
    origin.pages["/p"] = page()
    client.page(origin.url("/p"))
    assert not client.page(origin.url("/p")).from_cache
    assert "if-none-match" not in origin.log[1].headers


def test_refresh_asks_about_a_fresh_page(origin: Origin, client: Browser):
    origin.pages["/p"] = page(ETag='"1"', Cache_Control="max-age=600")
    client.page(origin.url("/p"))
    refreshed = client.page(origin.url("/p"), refresh=True)
    assert (refreshed.from_cache, refreshed.revalidated) == (True, True)
    assert origin.log[1].headers["cache-control"] == "max-age=0"


def test_each_variant_is_stored_by_itself(origin: Origin, client: Browser):
    def answer(asked: Asked) -> Answer:
        body = asked.headers["accept"].encode()
        return page(body, Vary="Accept", Cache_Control="max-age=9")

    origin.pages["/p"] = answer
    for accept in ("a/a", "b/b", "a/a", "b/b"):
        assert content(client.page(origin.url("/p"), accept)) == accept.encode()
    assert len(origin.log) == 2


@pytest.mark.parametrize("field", ["no-store", "No-Store, max-age=600"])
def test_no_store_leaves_nothing_in_the_cache(origin: Origin, client: Browser, field: str):
    origin.pages["/p"] = page(b"secret", Cache_Control=field)
    assert content(client.page(origin.url("/p"))) == b"secret"
    client.page(origin.url("/p"))
    assert len(origin.log) == 2
    assert files(client, "http-v1") == files(client, "bodies-v1") == []


def test_no_store_drops_what_was_stored(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", ETag='"1"')
    client.page(origin.url("/p"))
    origin.pages["/p"] = page(b"two", Cache_Control="no-store")
    assert content(client.page(origin.url("/p"))) == b"two"
    assert files(client, "http-v1") == []


def test_what_was_not_stored_goes_with_the_run(origin: Origin, tmp_path: Path):
    origin.pages["/p"] = page(Cache_Control="no-store")
    with browser(str(tmp_path)) as client:
        path = client.page(origin.url("/p")).path
        assert os.path.exists(path)
    assert not os.path.exists(path)


def test_errors_of_pages_are_handed_on_and_not_stored(origin: Origin, client: Browser):
    missing = client.page(origin.url("/none"))
    assert missing.status == 404
    assert missing.problem == f"404 Client Error: Not Found for url: {origin.url('/none')}"
    client.page(origin.url("/none"))
    assert len(origin.log) == 2


def test_an_error_with_a_lifetime_is_stored(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"", 404, Cache_Control="max-age=60")
    assert [client.page(origin.url("/p")).status for _ in range(2)] == [404, 404]
    assert len(origin.log) == 1


def test_a_failing_server_leaves_what_is_stored(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", ETag='"1"')
    client.page(origin.url("/p"))
    origin.pages["/p"] = page(b"broken", 503)
    assert client.page(origin.url("/p")).status == 503
    origin.pages["/p"] = page(b"one", ETag='"1"')
    assert client.page(origin.url("/p")).revalidated


def test_a_stale_page_stands_in_for_a_failing_server_where_it_says_so(
    origin: Origin, client: Browser
):
    origin.pages["/p"] = page(b"one", Cache_Control="max-age=1, stale-if-error=60")
    client.page(origin.url("/p"))
    origin.pages["/p"] = page(b"broken", 503)
    client.clock.now += 30
    assert content(client.page(origin.url("/p"))) == b"one"
    client.clock.now += 60
    assert client.page(origin.url("/p")).status == 503


def test_a_page_is_asked_for_compressed_and_stored_decoded(origin: Origin, client: Browser):
    text = b"<a>" * 1000
    origin.pages["/p"] = page(
        gzip.compress(text), Content_Encoding="gzip", Cache_Control="max-age=9"
    )
    fetched = client.page(origin.url("/p"))
    assert origin.log[0].headers["accept-encoding"] == "gzip, deflate"
    assert content(fetched) == content(client.page(origin.url("/p"))) == text
    assert fetched.headers.get("Content-Encoding") is None


def test_a_file_is_asked_for_and_kept_as_it_is(origin: Origin, client: Browser):
    packed = gzip.compress(b"text")
    origin.pages["/f.tar.gz"] = page(packed, Content_Encoding="gzip")
    assert content(client.cache.file(origin.url("/f.tar.gz"))) == packed
    assert origin.log[0].headers["accept-encoding"] == "identity"


def test_a_304_about_something_else_is_not_believed(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", ETag='"1"')
    client.page(origin.url("/p"))

    def answer(asked: Asked) -> Answer:
        if "if-none-match" in asked.headers:
            return page(b"", 304, ETag='"2"')
        return page(b"two", ETag='"2"')

    origin.pages["/p"] = answer
    assert content(client.page(origin.url("/p"))) == b"two"
    assert len(origin.log) == 3


# Redirects


def test_redirects_are_followed_and_each_hop_is_cached_by_itself(origin: Origin, client: Browser):
    origin.pages["/a"] = page(b"", 301, Location="b", Cache_Control="max-age=600")
    origin.pages["/b"] = page(b"", 302, Location="/c#x")
    origin.pages["/c"] = page(b"end", Cache_Control="max-age=600")
    first = client.page(origin.url("/a"))
    assert (first.url, content(first)) == (origin.url("/c"), b"end")
    assert origin.paths() == ["/a", "/b", "/c"]
    client.page(origin.url("/a"))
    assert origin.paths() == ["/b"]


def test_a_redirect_to_a_file_is_not_followed(origin: Origin, client: Browser):
    origin.pages["/a"] = page(b"", 302, Location="file:///etc/passwd")
    assert client.page(origin.url("/a")).status == 302
    (warning,) = client.warnings()
    assert warning == (
        f"Not following redirect from {origin.url('/a')} to file:///etc/passwd: "
        "a redirect to a non-http(s) location is not allowed."
    )


def test_redirects_end(origin: Origin, client: Browser):
    origin.pages["/a"] = page(b"", 302, Location="/a")
    with pytest.raises(errors.NetworkError, match="Exceeded 10 redirects"):
        client.page(origin.url("/a"))
    assert len(origin.log) == 11


def test_a_redirect_with_credentials_is_not_stored(origin: Origin, client: Browser):
    target = origin.url("/b").replace("//", "//user:secret@")
    origin.pages["/a"] = page(b"", 301, Location=target, Cache_Control="max-age=600")
    origin.pages["/b"] = page(b"end", Cache_Control="max-age=600")
    fetched = client.page(origin.url("/a"))
    assert fetched.url == origin.url("/b")
    assert origin.log[1].login == ("user", "secret")
    assert all(b"secret" not in path.read_bytes() for path in files(client, "http-v1"))


# Files


def test_a_known_digest_is_found_whatever_the_headers_and_the_url(origin: Origin, client: Browser):
    origin.pages["/f.whl"] = page(b"wheel", Cache_Control="no-cache")
    digest = sha256(b"wheel")
    assert not client.cache.file(origin.url("/f.whl"), sha256=digest).from_cache
    again = client.cache.file(origin.url("/other/f.whl"), sha256=digest.upper(), size_hint=5)
    assert (again.from_cache, content(again), again.size) == (True, b"wheel", 5)
    assert origin.paths() == ["/f.whl"]


def test_other_bytes_than_asked_for_are_not_kept(origin: Origin, client: Browser):
    origin.pages["/f.whl"] = page(b"evil", Cache_Control="max-age=600")
    with pytest.raises(DigestMismatch) as caught:
        client.cache.file(origin.url("/f.whl"), sha256=sha256(b"good"))
    assert (caught.value.expected, caught.value.got) == (sha256(b"good"), sha256(b"evil"))
    assert files(client, "bodies-v1") == files(client, "http-v1") == files(client, "tmp") == []


def test_a_stored_file_with_another_digest_does_not_answer(origin: Origin, client: Browser):
    origin.pages["/f.whl"] = page(b"one", Cache_Control="max-age=600")
    client.cache.file(origin.url("/f.whl"))
    origin.pages["/f.whl"] = page(b"two", Cache_Control="max-age=600")
    assert content(client.cache.file(origin.url("/f.whl"), sha256=sha256(b"two"))) == b"two"


def test_a_file_without_a_digest_is_asked_about_each_time(origin: Origin, client: Browser):
    """How long it has not changed says nothing of whether it has since."""
    origin.pages["/f.whl"] = page(
        b"wheel",
        Date="Tue, 14 Nov 2023 22:13:20 GMT",
        Last_Modified="Tue, 01 Nov 2022 00:00:00 GMT",
    )
    client.cache.file(origin.url("/f.whl"))
    assert client.cache.file(origin.url("/f.whl")).revalidated
    assert len(origin.log) == 2
    origin.pages["/f.whl"] = page(b"other", Last_Modified="Tue, 01 Nov 2022 00:00:01 GMT")
    assert content(client.cache.file(origin.url("/f.whl"))) == b"other"


def test_downloads_are_told_and_cache_hits_are_not(origin: Origin, client: Browser):
    origin.pages["/f.whl.metadata"] = page(b"x" * 700_000)
    url = origin.url("/f.whl.metadata")
    for _ in range(2):
        client.cache.file(url, sha256=sha256(b"x" * 700_000), is_metadata=True)
    started, *progress, finished = client.events
    assert started == DownloadStarted(url, "f.whl.metadata", 700_000, is_metadata=True)
    assert finished == DownloadFinished(url)
    counts = [event.received for event in progress if isinstance(event, DownloadProgressed)]
    assert counts == sorted(counts)
    assert counts[-1] == 700_000


def test_sixteen_threads_fetch_a_file_once(origin: Origin, client: Browser):
    origin.pages["/f.whl"] = page(b"wheel")
    with ThreadPoolExecutor(16) as pool:
        asked = [
            pool.submit(client.cache.file, origin.url("/f.whl"), sha256=sha256(b"wheel"))
            for _ in range(32)
        ]
        assert {content(one.result()) for one in asked} == {b"wheel"}
    assert len(origin.log) == 1


# Broken connections


def cut(body: bytes, after: int, **fields: str) -> Answer:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return Answer(200, {"Content-Length": str(len(body)), **headers}, body, truncate=after)


BIG = bytes(range(256)) * 4096


def test_a_broken_download_is_resumed_where_it_ended(origin: Origin, client: Browser):
    def answer(asked: Asked) -> Answer:
        return page(BIG, ETag='"1"') if "range" in asked.headers else cut(BIG, 300_000, ETag='"1"')

    origin.pages["/f.whl"] = answer
    fetched = client.cache.file(origin.url("/f.whl"), sha256=sha256(BIG))
    assert content(fetched) == BIG
    assert origin.log[1].headers["if-range"] == '"1"'
    assert origin.log[1].headers["range"] == "bytes=300000-"
    assert client.warnings() == [
        "Connection interrupted while downloading.",
        "Attempting to resume incomplete download (300 kB/1.0 MB, attempt 1)",
    ]
    assert client.cache.file(origin.url("/f.whl"), sha256=sha256(BIG)).from_cache


def test_a_file_that_changed_meanwhile_starts_anew(origin: Origin, client: Browser):
    new = BIG[::-1]
    answers = iter(
        [cut(BIG, 300_000, ETag='"1"'), page(new, ETag='"2"', Cache_Control="max-age=9")]
    )
    origin.pages["/f.whl"] = lambda _: next(answers)
    assert content(client.cache.file(origin.url("/f.whl"))) == new
    assert client.cache.file(origin.url("/f.whl")).headers.get("ETag") == '"2"'


def test_parts_without_a_validator_are_joined_only_under_a_digest(origin: Origin, client: Browser):
    answers = iter([cut(BIG, 300_000), page(BIG)])
    origin.pages["/f.whl"] = lambda _: next(answers)
    assert content(client.cache.file(origin.url("/f.whl"))) == BIG
    assert "range" not in origin.log[1].headers


def test_a_download_that_stays_short_is_an_error_and_leaves_nothing(origin: Origin, tmp_path: Path):
    origin.pages["/f.whl"] = cut(BIG, 1000)
    with browser(str(tmp_path / "cache"), resume_retries=2) as client:
        with pytest.raises(errors.NetworkError) as caught:
            client.cache.file(origin.url("/f.whl"))
        assert caught.value.message == (
            "Download failed after 3 attempts because not enough bytes were received "
            "(1000 bytes/1.0 MB)"
        )
        assert files(client, "bodies-v1") == files(client, "tmp") == []
    assert len(origin.log) == 3


def test_a_short_page_is_an_error_and_is_not_stored(origin: Origin, client: Browser):
    origin.pages["/p"] = cut(b"page" * 100, 10, Cache_Control="max-age=600")
    with browser(client.layout.root, resume_retries=0) as hasty, pytest.raises(errors.NetworkError):
        hasty.page(origin.url("/p"))
    origin.pages["/p"] = page(b"whole")
    assert content(client.page(origin.url("/p"))) == b"whole"


# Damage, and disks that refuse


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"version": 1}', b"\xff\xfe"])
def test_a_damaged_head_is_a_miss_one_warning_and_replaced(
    origin: Origin, client: Browser, damage: bytes
):
    origin.pages["/p"] = page(b"one", Cache_Control="max-age=600")
    client.page(origin.url("/p"))
    (head,) = files(client, "http-v1")
    head.write_bytes(damage)
    assert [content(client.page(origin.url("/p"))) for _ in range(2)] == [b"one", b"one"]
    assert len(client.warnings()) == 1
    assert len(origin.log) == 2


def test_a_damaged_body_is_a_miss_one_warning_and_replaced(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", ETag='"1"', Cache_Control="max-age=600")
    Path(client.page(origin.url("/p")).path).write_bytes(b"on")
    assert [content(client.page(origin.url("/p"))) for _ in range(2)] == [b"one", b"one"]
    assert len(client.warnings()) == 1
    assert "if-none-match" not in origin.log[1].headers


def test_a_body_that_was_removed_is_a_silent_miss(origin: Origin, client: Browser):
    """Prune takes bodies; that is no damage."""
    origin.pages["/p"] = page(b"one", ETag='"1"', Cache_Control="max-age=600")
    Path(client.page(origin.url("/p")).path).unlink()
    assert [content(client.page(origin.url("/p"))) for _ in range(2)] == [b"one", b"one"]
    assert client.warnings() == []
    assert "if-none-match" not in origin.log[1].headers


@pytest.mark.parametrize(("damage", "size"), [(b"whee", 5), (b"whell", None)])
def test_a_damaged_file_is_not_found_by_its_digest(
    origin: Origin, client: Browser, damage: bytes, size: int | None
):
    origin.pages["/f.whl"] = page(b"wheel")
    url, digest = origin.url("/f.whl"), sha256(b"wheel")
    Path(client.cache.file(url, sha256=digest).path).write_bytes(damage)
    assert content(client.cache.file(url, sha256=digest, size_hint=size)) == b"wheel"
    assert len(client.warnings()) == 1


def test_a_forgotten_file_is_fetched_again(origin: Origin, client: Browser):
    origin.pages["/f.whl"] = page(b"wheel")
    for _ in range(2):
        client.cache.file(origin.url("/f.whl"), sha256=sha256(b"wheel"))
        client.cache.forget(sha256(b"wheel"))
    assert len(origin.log) == 2


def test_a_cache_that_takes_nothing_is_told_once_and_all_is_delivered(
    origin: Origin, tmp_path: Path
):
    """A file where the directory should be refuses the superuser too."""
    (tmp_path / "cache").write_bytes(b"in the way")
    origin.pages["/p"] = page(b"one", Cache_Control="max-age=600")
    origin.pages["/f.whl"] = page(b"wheel")
    with browser(str(tmp_path / "cache")) as client:
        assert content(client.page(origin.url("/p"))) == b"one"
        for _ in range(2):
            fetched = client.cache.file(origin.url("/f.whl"), sha256=sha256(b"wheel"))
            assert content(fetched) == b"wheel"
        assert len([one for one in client.warnings() if "cannot be written to" in one]) == 1
        assert origin.paths() == ["/p", "/f.whl"]


def test_a_refused_head_is_told_and_the_response_delivered(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", Cache_Control="max-age=600")
    os.makedirs(client.layout.root)
    Path(client.layout.bucket("http-v1")).write_bytes(b"in the way")
    assert content(client.page(origin.url("/p"))) == b"one"
    assert any("cannot be written to" in one for one in client.warnings())


def test_what_arrives_when_the_run_has_ended_is_neither_told_nor_left(
    origin: Origin, client: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Work that nobody waits for may come to its end then; the cache takes nothing any more."""
    (tmp_path / "own").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "own"))
    origin.pages["/p"] = page(b"one", Cache_Control="max-age=600")
    os.makedirs(client.layout.root)
    Path(client.layout.temporary).write_bytes(b"in the way")
    client.cache.close()
    with pytest.raises(CancelledError):
        client.page(origin.url("/p"))
    assert client.warnings() == []
    assert os.listdir(tmp_path / "own") == []


def test_files_are_the_users_own(origin: Origin, client: Browser):
    origin.pages["/p"] = page(Cache_Control="max-age=600")
    client.page(origin.url("/p"))
    stored = files(client, "http-v1") + files(client, "bodies-v1")
    assert {path.stat().st_mode & 0o777 for path in stored} == {0o600}


def test_a_lookup_writes_nothing(origin: Origin, client: Browser):
    origin.pages["/p"] = page(Cache_Control="max-age=600")
    client.page(origin.url("/p"))
    root = Path(client.layout.root)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    client.page(origin.url("/p"))
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


# Who may be trusted, and no network at all


def test_offline_answers_stale_pages_and_says_what_is_missing(origin: Origin, tmp_path: Path):
    origin.pages["/p"] = page(b"one")
    with browser(str(tmp_path)) as online:
        online.page(origin.url("/p"))
    with browser(str(tmp_path), clock=Clock(2e9), offline=True) as client:
        assert content(client.page(origin.url("/p"))) == b"one"
        with pytest.raises(errors.NetworkError, match="is not in the cache"):
            client.page(origin.url("/other"))
    assert origin.paths() == ["/p"]


def test_credentials_are_no_part_of_a_key_and_are_written_nowhere(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", Cache_Control="max-age=600")
    fetched = client.page(origin.url("/p").replace("//", "//user:secret@"))
    assert fetched.url == origin.url("/p")
    assert client.page(origin.url("/p")).from_cache
    assert origin.log[0].login == ("user", "secret")
    assert all(b"secret" not in path.read_bytes() for path in files(client, "http-v1"))


@pytest.mark.parametrize(("trusted", "requests"), [((), 2), (("far.invalid",), 1)])
def test_plain_http_is_stored_for_trusted_hosts_only(
    origin: Origin, tmp_path: Path, trusted: tuple[str, ...], requests: int
):
    """A proxy on the loopback stands for the far host."""
    origin.pages["/p"] = page(b"one", Cache_Control="max-age=600")
    with browser(str(tmp_path), proxy=origin.url(""), trusted_hosts=trusted) as client:
        for _ in range(2):
            assert content(client.page("http://far.invalid/p")) == b"one"
        assert bool(files(client, "http-v1")) is bool(trusted)
    assert len(origin.log) == requests


def test_a_hop_to_an_insecure_host_is_followed_and_not_stored(origin: Origin, tmp_path: Path):
    """pip follows such redirects as well; the next run asks again."""
    origin.pages["/a"] = page(b"", 301, Location="http://far.invalid/p", Cache_Control="max-age=9")
    origin.pages["/p"] = page(b"one", Cache_Control="max-age=600")
    with browser(str(tmp_path), proxy=origin.url("")) as client:
        for _ in range(2):
            assert client.page(origin.url("/a")).url == "http://far.invalid/p"
    assert origin.paths() == ["/a", "/p", "/p"]


def test_a_location_in_utf_8_is_followed(origin: Origin, client: Browser):
    origin.pages["/a"] = page(b"", 302, Location="/é".encode().decode("latin-1"))
    origin.pages["/é"] = page(b"there")
    assert content(client.page(origin.url("/a"))) == b"there"


def test_a_url_that_makes_no_sense_is_an_error(origin: Origin, client: Browser):
    origin.pages["/a"] = page(b"", 302, Location="http://[::1")
    for url in ("http://[::1", origin.url("/a"), "http://h:port/"):
        with pytest.raises(errors.NetworkError, match="Invalid"):
            client.page(url)


FETCH = """
import sys, time
from pipwrap.cache.layout import Layout
from pipwrap.cache.http.client import ResponseCache
from pipwrap.cache.http.exchange import FetchSettings
from pipwrap.events import ignore
from pipwrap.network.session import Session
from pipwrap.network.settings import NetworkSettings
from pipwrap.network.transport import Headers
root, page, file, digest = sys.argv[1:]
session = Session(NetworkSettings())
cache = ResponseCache(session, Layout(root), time.time, ignore, FetchSettings())
for _ in range(20):
    assert open(cache.page(page, Headers(), refresh=True).path, "rb").read() == b"page" * 9
    assert len(open(cache.file(file, sha256=digest).path, "rb").read()) == 1048576
cache.close()
session.close()
"""


def test_two_processes_share_an_entry(origin: Origin, tmp_path: Path):
    origin.pages["/p"] = page(b"page" * 9, ETag='"1"')
    origin.pages["/f.whl"] = page(BIG)
    arguments = [str(tmp_path), origin.url("/p"), origin.url("/f.whl"), sha256(BIG)]
    started = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", FETCH, *arguments]) for _ in range(2)
    ]
    assert [process.wait(60) for process in started] == [0, 0]
    assert origin.paths().count("/f.whl") <= 2
    with browser(str(tmp_path)) as client:
        assert client.page(origin.url("/p"), "*/*").revalidated
        assert files(client, "tmp") == []
        assert client.warnings() == []


def test_a_304_with_no_store_confirms_and_is_the_last_that_is_kept(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", ETag='"1"')
    client.page(origin.url("/p"))
    origin.pages["/p"] = page(b"", 304, ETag='"1"', Cache_Control="no-store")
    again = client.page(origin.url("/p"))
    assert (again.revalidated, content(again)) == (True, b"one")
    assert files(client, "http-v1") == []


def test_a_busy_server_costs_nothing_that_is_stored(origin: Origin, client: Browser):
    origin.pages["/p"] = page(b"one", ETag='"1"')
    client.page(origin.url("/p"))
    origin.pages["/p"] = page(b"later", 429)
    assert client.page(origin.url("/p")).status == 429
    origin.pages["/p"] = page(b"one", ETag='"1"')
    assert client.page(origin.url("/p")).revalidated
