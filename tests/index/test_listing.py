"""Pages in groups: the same links, of which only those that may be usable are made."""

from __future__ import annotations

import json

import pytest
from msgspec import Raw
from packaging.version import Version

from index.test_selection import FILES, SELECTOR
from pipwrap.index.listing import Listing
from pipwrap.index.page_types import JSON_TYPE
from pipwrap.index.simple import File, parse_page
from pipwrap.model.candidate import Candidate
from pipwrap.model.link import Link

URL = "https://index.example/simple/a/"
FOREIGN = "https://x/a-1-cp27-cp27m-win32.whl"


def link(url: str, yanked: str | None = None) -> Link:
    return Link(url, (("sha256", "ab"),), ">=3.8", yanked, (), "2026-01-01T00:00:00Z", 9, URL)


def of_json(*urls: str) -> Listing:
    content = json.dumps({"files": [{"url": url} for url in urls]}).encode()
    return Listing.of(parse_page(content, JSON_TYPE, URL), URL)


def test_links_keep_their_order_and_everything_that_the_page_says() -> None:
    names = ("a-1-py3-none-any.whl", "a-1.zip", "a-2-cp39-abi3-win32.whl", "a-2.zip")
    html = "".join(
        f'<a href="{name}#sha256=ab&subdirectory=x" data-yanked="a&#9;b\n" '
        'data-requires-python=">3" data-core-metadata="sha256=cd">x</a>'
        for name in names
    )
    found = [*parse_page(html.encode(), "text/html", URL), link("https://x/a-3.zip", "\udcff")]
    links = Listing.of(found, URL).links()
    assert [each.filename for each in links] == [*names, "a-3.zip"]
    assert list(links) == found
    assert {each.comes_from for each in links} == {URL}


def test_what_is_there_twice_counts_once() -> None:
    found = [link("https://x/a-1.zip", yanked) for yanked in (None, "bad", None)]
    assert [each.yanked for each in Listing.of(found, URL).links()] == [None, "bad"]


@pytest.mark.parametrize(
    "urls",
    [
        pytest.param(["a-1-py3-none-any.whl", URL + "a-1-py3-none-any.whl"], id="relative"),
        pytest.param(["a-1-py3-none-any.whl", "a-1-py3-none-any.whl#egg=a"], id="a fragment"),
        pytest.param(["a-1-py3-none-any.whl", "a-1-py3-none-an%79.whl"], id="quoted"),
        pytest.param(["a-1-py3-none-any.whl", "a-1-py3-none-any.whl\n"], id="a line's end"),
        pytest.param(["./a-1.tar.gz", "a-1.tar.gz#egg=a"], id="an sdist"),
    ],
)
def test_one_url_in_two_spellings_counts_once_in_the_first_place(urls: list[str]) -> None:
    other = "https://x/a-2-py3-none-any.whl"
    for spelled in (urls, urls[::-1]):
        listing = of_json(spelled[0], other, spelled[1])
        assert [each.filename.split("-")[1][0] for each in listing.links()] == ["1", "2"]
        usable = SELECTOR.usable("a", listing, allows_binary=True, allows_source=True)
        assert [str(each.version) for each in usable] == ["1", "2"]


@pytest.mark.parametrize("project", ["a", "b"])
def test_candidates_are_those_of_all_links(project: str) -> None:
    urls = [f"https://x/{name}" for name in (*FILES, *reversed(FILES))]
    urls += ["https://x/a-1.0%2Bx-py3-none-any.whl", "https://x/a-1.0-py3-none-any.whl?y=z"]
    urls += ["https://x/a.zip?/b-1-py3-none-any.whl", "https://x-1/a#/b-1-py3-none-any.whl"]
    urls += ["a-3-py3-none-any.whl", "a/b-py3-none-any.whl", "a-py3-none-any.whl", "a-4-1.WHL"]
    for listing in (Listing.of([*map(link, urls)], URL), of_json(*urls)):
        for binary, source in ((True, True), (True, False), (False, True), (False, False)):
            allows = {"allows_binary": binary, "allows_source": source}
            judged = [SELECTOR.judge(project, each, **allows) for each in listing.links()]
            expected = [each for each in judged if isinstance(each, Candidate)]
            assert [*SELECTOR.usable(project, listing, **allows)] == expected


def test_of_wheels_for_other_platforms_nothing_is_read() -> None:
    foreign = File(FOREIGN, hashes=Raw(b"it would not even be JSON"))
    listing = Listing.of([foreign, link("https://x/a-1-py3-none-any.whl")], URL)
    (found,) = SELECTOR.usable("a", listing, allows_binary=True, allows_source=True)
    assert str(found.version) == "1"


@pytest.mark.parametrize("project", ["a", "b"])
def test_an_sdist_whose_version_has_a_wheel_may_be_left_out(project: str) -> None:
    sdists = ["a-1.0.tar.gz", "A-1.0.tar.gz", "a-1-2.tar.gz", "b-1.0.tar.gz", "a-9.0.tar.gz"]
    wheels = ["a-1.0-py3-none-any.whl", "a-2-py3-none-any.whl", "b-1-py3-none-any.whl"]
    files = [{"url": f"https://x/{name}"} for name in (*FILES, *sdists, *wheels)]
    files += [{"url": "a-9.0-py3-none-any.whl", "yanked": True}]
    listing = Listing.of(parse_page(json.dumps({"files": files}).encode(), JSON_TYPE, URL), URL)
    best: list[dict[Version, Candidate]] = []
    counts: list[int] = []
    for every_sdist in (True, False):
        usable = SELECTOR.usable(
            project, listing, allows_binary=True, allows_source=True, every_sdist=every_sdist
        )
        ordered = SELECTOR.ordered(usable)
        best.append({each.version: each for each in reversed(ordered)})
        counts.append(len(usable))
    assert best[0]
    assert best[0] == best[1]
    assert counts[1] < counts[0]


def test_a_candidate_of_a_page_is_that_of_its_link():
    listing = of_json("a-1-py3-none-any.whl")
    (found,) = SELECTOR.usable("a", listing, allows_binary=True, allows_source=True)
    (link,) = listing.links()
    same = Candidate("a", found.version, link, found.tag_rank)
    assert not isinstance(found.file, Link)
    assert found == same
    assert len({found, same}) == 1
    assert found != Candidate("a", found.version, Link("https://x/a-1.zip"), found.tag_rank)
