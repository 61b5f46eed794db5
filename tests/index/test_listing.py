"""Pages in groups: the same links, of which only those that may be usable are read."""

from __future__ import annotations

import pytest

from index.test_selection import FILES, SELECTOR
from pipwrap.index.listing import Group, Listing
from pipwrap.index.simple import Row, parse_page
from pipwrap.model.candidate import Candidate

URL = "https://index.example/simple/a/"


def row(url: str, yanked: str | None = None) -> Row:
    return (url, (("sha256", "ab"),), ">=3.8", yanked, (), "2026-01-01T00:00:00Z", 9, None)


def test_links_keep_their_order_and_everything_that_the_page_says() -> None:
    names = ("a-1-py3-none-any.whl", "a-1.zip", "a-2-cp39-abi3-win32.whl", "a-2.zip")
    html = "".join(
        f'<a href="{name}#sha256=ab&subdirectory=x" data-yanked="a&#9;b\n" '
        'data-requires-python=">3" data-core-metadata="sha256=cd">x</a>'
        for name in names
    )
    rows = [*parse_page(html.encode(), "text/html", URL), row("https://x/a-3.zip", "\udcff")]
    links = Listing.of(rows, URL).links()
    assert [link.filename for link in links] == [*names, "a-3.zip"]
    for link, expected in zip(links, rows, strict=True):
        found = (link.url, link.hashes, link.requires_python, link.yanked, link.metadata_hashes)
        assert (*found, link.upload_time, link.size, link.subdirectory) == expected
        assert link.comes_from == URL


def test_what_is_there_twice_counts_once() -> None:
    rows = [row("https://x/a-1.zip"), row("https://x/a-1.zip", "bad"), row("https://x/a-1.zip")]
    assert [link.yanked for link in Listing.of(rows, URL).links()] == [None, "bad"]


@pytest.mark.parametrize("project", ["a", "b"])
def test_candidates_are_those_of_all_links(project: str) -> None:
    urls = [f"https://x/{name}" for name in (*FILES, *reversed(FILES))]
    urls += ["https://x/a-1.0%2Bx-py3-none-any.whl", "https://x/a-1.0-py3-none-any.whl?y=z"]
    listing = Listing.of(map(row, urls), URL)
    for binary, source in ((True, True), (True, False), (False, True), (False, False)):
        allows = {"allows_binary": binary, "allows_source": source}
        judged = [SELECTOR.judge(project, link, **allows) for link in listing.links()]
        expected = [each for each in judged if isinstance(each, Candidate)]
        assert [*SELECTOR.usable(project, listing, **allows)] == expected


def test_of_wheels_for_other_platforms_nothing_is_read() -> None:
    usable = Listing.of([row("https://x/a-1-py3-none-any.whl")], URL)
    foreign = Group(("cp27", "cp27m", "win32"), "it would not even be JSON")
    listing = Listing(URL, (foreign, *usable.groups))
    (found,) = SELECTOR.usable("a", listing, allows_binary=True, allows_source=True)
    assert str(found.version) == "1"
