"""What a find-links directory offers: as the real pip says."""

from __future__ import annotations

from pathlib import Path

from index.real_pip import ask
from index.test_selection import FILES
from pipwrap.index.locations import FlatDirectory
from pipwrap.model.location import path_to_url

PROJECTS = ("a", "a-b", "b", "a-1-0", "a-1-0-py3-11", "a-1-0-py3-8", "a-1-0-src")
PAGES = (
    "page.html",
    "page.htm",
    "PAGE.HTML",
    "page.html.gz",
    "page.xhtml",
    "page.shtml",
    "page.txt",
    "a-1.0.html",
    "a page.html",
    "page#1.html",
    "page?1.html",
)


def test_a_directory_is_listed_as_the_real_pip_does(tmp_path: Path) -> None:
    for name in (*FILES, *PAGES):
        (tmp_path / name).touch()
    (tmp_path / "a-3.0.zip").mkdir()
    ((archives, pages),) = ask("directory", [str(tmp_path)])
    flat = FlatDirectory(str(tmp_path))
    found = [link.url for project in PROJECTS for link in flat.archives(project)]
    assert sorted(found) == archives
    assert sorted(map(path_to_url, flat.pages())) == pages
    assert any(url.endswith(".tar.gz") for url in archives)
    assert not any(url.endswith(".bz2") for url in archives)
