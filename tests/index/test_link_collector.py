"""All places together answer for a project, once; what cannot be had is skipped and said."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.cache.upkeep.usage import UsageKind
from pipwrap.events import Event, WarningMessage
from pipwrap.index.candidates import Offers
from pipwrap.index.link_collector import LinkCollector
from pipwrap.index.locations import FlatDirectory
from pipwrap.index.page_types import JSON_TYPE
from pipwrap.index.project_links import ProjectLinks, SkippedPage
from pipwrap.index.scope import SearchScope, project_url
from pipwrap.index.selection import Selector
from pipwrap.model.format_control import FormatControl
from pipwrap.network.transport import Headers

INDEX = "https://index.example/simple"
OTHER = "https://other.example/simple/"


@dataclass(frozen=True)
class Page:
    url: str
    path: str
    status: int = 200
    headers: Headers = field(default_factory=Headers)
    from_cache: bool = False

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type") or ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(Path(self.path).read_bytes()).hexdigest()


class Pages:
    """Answers for the pages that were set up, and refuses all others."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.asked: list[str] = []
        self.refreshed: list[bool] = []
        self.has_lost_bodies = False
        self._pages: dict[str, Page | errors.NetworkError] = {}

    def set_up(
        self,
        url: str,
        content: str,
        *,
        status: int = 200,
        content_type: str | None = "text/html",
        from_cache: bool = False,
    ) -> None:
        path = self.directory / f"{len(self._pages)}.page"
        path.write_text(content, encoding="utf-8")
        fields = (("Content-Type", content_type),) if content_type else ()
        self._pages[url] = Page(url, str(path), status, Headers(fields), from_cache)

    def fail(self, url: str, message: str) -> None:
        self._pages[url] = errors.NetworkError(message)

    def page(self, url: str, headers: Headers, *, refresh: bool = False) -> Page:
        assert url in self._pages, f"nobody set up {url}"
        assert "json" in (headers.get("Accept") or "")
        self.asked.append(url)
        self.refreshed.append(refresh)
        found = self._pages[url]
        if isinstance(found, errors.NetworkError):
            raise found
        return found

    def known(self, url: str, headers: Headers) -> Page | None:
        found = self._pages[url]
        if isinstance(found, errors.NetworkError) or not found.from_cache:
            return None
        return found

    def body(self, sha256: str) -> bytes | None:
        if self.has_lost_bodies:
            return None
        stored = [each for each in self._pages.values() if isinstance(each, Page)]
        (path,) = {each.path for each in stored if each.sha256 == sha256}
        return Path(path).read_bytes()


class Collectors:
    """Link collectors over the same pages, and the events that they emitted."""

    def __init__(self, directory: Path) -> None:
        self.pages = Pages(directory)
        self.events: list[Event] = []
        self.used: list[tuple[UsageKind, str]] = []
        self._made: list[LinkCollector] = []

    def __call__(self, *indexes: str, find_links: tuple[str, ...] = ()) -> LinkCollector:
        scope = SearchScope(indexes, find_links)
        made = LinkCollector(
            scope,
            self.pages,
            self.events.append,
            lambda kind, name: self.used.append((kind, name)),
            workers=2,
        )
        self._made.append(made)
        return made

    @property
    def warnings(self) -> list[str]:
        return [each.message for each in self.events if isinstance(each, WarningMessage)]

    def close(self) -> None:
        for each in self._made:
            each.close()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Collectors]:
    (tmp_path / "pages").mkdir()
    made = Collectors(tmp_path / "pages")
    yield made
    made.close()


def names(found: ProjectLinks) -> list[str]:
    return [link.filename for link in found.links]


def anchors(*hrefs: str) -> str:
    return "".join(f'<a href="{href}">x</a>' for href in hrefs)


def test_all_indexes_are_read_and_merged_in_their_order(session: Collectors) -> None:
    session.pages.set_up(f"{INDEX}/a/", anchors("a-1.zip", "a-2.zip"))
    session.pages.set_up(f"{OTHER}a/", anchors("a-3.zip"))
    assert names(session(INDEX, OTHER).find("a")) == ["a-1.zip", "a-2.zip", "a-3.zip"]


def test_a_project_is_asked_for_once(session: Collectors) -> None:
    session.pages.set_up(f"{INDEX}/a/", "")
    collector = session(INDEX, INDEX + "/")
    collector.prefetch("a")
    assert collector.find("a") is collector.find("a")
    assert session.pages.asked == [f"{INDEX}/a/"]


@pytest.mark.parametrize(
    ("content", "status", "content_type", "reason"),
    [
        ("", 404, "text/html", "404 Client Error"),
        ("", 503, "text/html", "503 Server Error"),
        ("{}", 200, "application/json", "Content-Type application/json"),
        ("", 200, None, "Content-Type Unknown"),
        ("[", 200, "application/vnd.pypi.simple.v1+json", "cannot be read"),
    ],
)
def test_a_page_that_cannot_be_used_is_skipped_with_its_reason(
    session: Collectors, content: str, status: int, content_type: str | None, reason: str
) -> None:
    session.pages.set_up(f"{INDEX}/a/", content, status=status, content_type=content_type)
    session.pages.set_up(f"{OTHER}a/", anchors("a-1.zip"))
    found = session(INDEX, OTHER).find("a")
    assert names(found) == ["a-1.zip"]
    (skipped,) = found.skipped
    assert skipped.url == f"{INDEX}/a/"
    assert reason in skipped.reason


def test_a_server_that_cannot_be_reached_is_skipped(session: Collectors) -> None:
    session.pages.fail(f"{INDEX}/a/", "connection refused")
    skipped = (SkippedPage(f"{INDEX}/a/", "connection refused"),)
    assert session(INDEX).find("a") == ProjectLinks(skipped=skipped, is_certain=False)


def test_credentials_are_not_printed(session: Collectors) -> None:
    url = "https://user:secret@index.example/simple"
    session.pages.set_up(f"{url}/a/", "", status=404)
    found = session(url).find("a")
    assert "secret" not in str(found.skipped) + str(session.events)


def test_plain_http_is_left_out_with_one_warning(session: Collectors) -> None:
    collector = session("http://u:p@index.example:8080/simple")
    assert collector.find("a") == collector.find("b")
    assert not collector.find("a").links
    (warning,) = session.warnings
    assert "index.example is not a trusted or secure host" in warning
    assert "u:p" not in warning


def test_only_what_came_from_the_cache_is_asked_again_and_only_once(session: Collectors) -> None:
    session.pages.set_up(f"{INDEX}/a/", anchors("a-1.zip"), from_cache=True)
    session.pages.set_up(f"{INDEX}/b/", anchors("b-1.zip"))
    collector = session(INDEX)
    collector.find("a")
    collector.find("b")
    session.pages.set_up(f"{INDEX}/a/", anchors("a-1.zip", "a-2.zip"), from_cache=True)
    assert collector.refresh()
    assert names(collector.find("a")) == ["a-1.zip", "a-2.zip"]
    collector.find("b")
    assert session.pages.asked == [f"{INDEX}/b/", f"{INDEX}/a/"]
    assert session.pages.refreshed == [False, True]
    assert not collector.refresh()


def test_what_asking_again_confirms_is_what_it_was(session: Collectors) -> None:
    session.pages.set_up(f"{INDEX}/a/", anchors("a-1.zip"), from_cache=True)
    collector = session(INDEX)
    found = collector.find("a")
    assert not collector.refresh()
    assert collector.find("a") is found
    assert session.pages.refreshed == [True]


def test_nothing_from_the_cache_is_nothing_to_ask_again(session: Collectors) -> None:
    session.pages.set_up(f"{INDEX}/a/", "")
    collector = session(INDEX)
    collector.find("a")
    assert not collector.refresh()


def test_a_find_links_directory_offers_its_files_newest_name_first(
    session: Collectors, tmp_path: Path
) -> None:
    links = tmp_path / "links"
    links.mkdir()
    for name in ("a-1.zip", "a-2.tar.gz", "A_B-3.zip", "b-1.zip", "a-3.txt", "README"):
        (links / name).touch()
    (links / "more.html").write_text(anchors("https://x/a-9.zip"), encoding="utf-8")
    collector = session(find_links=(str(links), str(links)))
    assert names(collector.find("a")) == ["a-2.tar.gz", "a-1.zip", "a-9.zip"]
    assert names(collector.find("a-b")) == ["A_B-3.zip", "a-9.zip"]


def test_find_links_may_be_a_file_a_page_or_a_remote_archive(
    session: Collectors, tmp_path: Path
) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    page = tmp_path / "links.html"
    wheel.touch()
    page.write_text(anchors("a-2.zip"), encoding="utf-8")
    session.pages.set_up("https://x/list", anchors("a-3.zip"))
    places = (str(wheel), page.as_uri(), "https://x/a-4.zip", "https://x/list")
    found = session(find_links=places).find("a")
    assert set(names(found)) == {wheel.name, "a-2.zip", "a-3.zip", "a-4.zip"}


def test_a_fresh_page_takes_neither_a_request_nor_a_thread(
    session: Collectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"{INDEX}/a/"
    session.pages.set_up(page, anchors("a-1.zip"), from_cache=True)
    monkeypatch.setattr(LinkCollector, "_pool", None)
    found = session(INDEX).find("a")
    assert names(found) == ["a-1.zip"]
    assert found.from_cache
    assert session.pages.asked == []
    (state,) = (seen.state for seen in found.evidence)
    assert session.used == [(UsageKind.BODY, state.rpartition(" ")[2])]


@pytest.mark.parametrize(
    ("content", "content_type", "is_lost"),
    [
        pytest.param(anchors("a-1.zip"), "text/html", True, id="its body is gone"),
        pytest.param("x", "text/plain", False, id="it is no page"),
        pytest.param("x", JSON_TYPE, False, id="it is no JSON"),
    ],
)
def test_a_fresh_page_that_cannot_be_read_at_once_goes_the_long_way(
    session: Collectors,
    content: str,
    content_type: str,
    is_lost: bool,  # noqa: FBT001 - of the table
) -> None:
    page = f"{INDEX}/a/"
    session.pages.set_up(page, content, content_type=content_type, from_cache=True)
    session.pages.has_lost_bodies = is_lost
    assert names(session(INDEX).find("a")) == (["a-1.zip"] if is_lost else [])
    assert session.pages.asked == [page]
    assert len(session.warnings) == (not is_lost)


def test_a_page_that_was_transferred_is_not_noted_as_used(session: Collectors) -> None:
    session.pages.set_up(f"{INDEX}/a/", anchors("a-1.zip"))
    session(INDEX).find("a")
    assert session.used == []


@pytest.mark.parametrize(
    ("place", "warning"),
    [
        ("nowhere", "it is either a non-existing path or lacks a specific scheme."),
        ("file:///nowhere", "it is neither a file nor a directory."),
    ],
)
def test_a_place_that_is_not_there_is_warned_of_once(
    session: Collectors, place: str, warning: str
) -> None:
    collector = session(find_links=(place,))
    assert collector.find("a") == collector.find("b")
    assert not collector.find("a").links
    assert session.warnings == [f"Location '{place}' is ignored: {warning}"]


def test_a_directory_with_pages_is_an_index(session: Collectors, tmp_path: Path) -> None:
    page = tmp_path / "simple" / "a" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(anchors("a-1.zip"), encoding="utf-8")
    root = tmp_path / "simple"
    for index in (str(root), root.as_uri(), root.as_uri() + "/"):
        (link,) = session(index).find("a").links
        assert link.url == (tmp_path / "simple" / "a" / "a-1.zip").as_uri()


@pytest.mark.parametrize(
    ("index", "url"),
    [
        ("https://x/simple", "https://x/simple/a/"),
        ("https://x/simple/", "https://x/simple/a/"),
        ("https://x/simple//", "https://x/simple/a/"),
    ],
)
def test_the_page_of_a_project_ends_with_a_slash(index: str, url: str) -> None:
    assert project_url(index, "a") == url


def test_a_flat_directory_that_is_not_there_is_empty(tmp_path: Path) -> None:
    flat = FlatDirectory(str(tmp_path / "nowhere"))
    assert flat.archives("a") == []
    assert flat.pages() == []


def test_offers_are_judged_once_for_each_answer(session: Collectors) -> None:
    session.pages.set_up(
        f"{INDEX}/a/", anchors("a-1.zip", "a-2-py3-none-any.whl", "b-1.zip"), from_cache=True
    )
    offers = Offers(session(INDEX), Selector({"py3-none-any": 0}, "3.11.7"))
    first = offers.judged("a")
    assert [str(each.version) for each in first.candidates] == ["2", "1"]
    assert [each.kind for each in first.rejections] == ["name"]
    assert offers.candidates("a") is first.candidates
    session.pages.set_up(f"{INDEX}/a/", anchors("a-1.zip"), from_cache=True)
    assert offers.collector.refresh()
    assert offers.candidates("a") is not first.candidates


def test_formats_narrow_what_is_offered_and_hashes_order_it(session: Collectors) -> None:
    session.pages.set_up(
        f"{INDEX}/a/",
        anchors("a-1.zip#sha256=aa", "a-2.zip#sha256=bb", "a-3-py3-none-any.whl"),
    )
    offers = Offers(
        session(INDEX),
        Selector({"py3-none-any": 0}, "3.11.7"),
        FormatControl(no_binary=frozenset({":all:"})),
        {"a": (("sha256", "aa"),)},
    )
    assert [str(each.version) for each in offers.candidates("a")] == ["1", "2"]


def test_asking_again_does_not_wait_for_what_has_not_arrived(
    session: Collectors, monkeypatch: pytest.MonkeyPatch
):
    """A page that is still on its way may need what asking again would hold."""
    arrives = threading.Event()
    session.pages.set_up(f"{INDEX}/late/", "?", content_type="text/plain", from_cache=True)
    session.pages.set_up(f"{INDEX}/demo/", anchors("demo-1.0.tar.gz"), from_cache=True)
    page = session.pages.page

    def slow(url: str, headers: Headers, *, refresh: bool = False) -> Page:
        if "late" in url:
            assert arrives.wait(20)
        return page(url, headers, refresh=refresh)

    monkeypatch.setattr(session.pages, "page", slow)
    collector = session(INDEX)
    late = collector.prefetch("late")
    collector.find("demo")
    assert not collector.refresh()
    arrives.set()
    assert late.result().skipped
    collector.find("late")
    assert session.pages.refreshed[-1]
