"""What is asked of a server again, and what is not; the server's log is the witness."""

from __future__ import annotations

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from support.environments import make_environment
from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.wheels import make_wheel

PAGES = "/simple/*"


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with ``demo``, which needs ``lib``."""
    index.add(make_wheel(tmp_path / "files", "demo", "1.0", requires=["lib"]))
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"))
    return index


def _again(pipwrap: Runner, tmp_path: Path, name: str = "second") -> None:
    """Install the same into another empty environment."""
    pipwrap.on(make_environment(tmp_path / name))("install", "demo", expect=0)


@pytest.mark.parametrize("json", [True, False], ids=["json", "html"])
def test_fresh_pages_and_known_files_are_not_asked_for(
    pipwrap: Runner, offered: Index, tmp_path: Path, *, json: bool
):
    offered.json = json
    offered.headers(PAGES, {"Cache-Control": "max-age=600", "ETag": "auto"})
    pipwrap("install", "demo", expect=0)
    offered.clear_log()
    _again(pipwrap, tmp_path)
    assert offered.requests == []


def test_a_stale_page_costs_one_conditional_request_and_304_makes_it_fresh_again(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    offered.headers(PAGES, {"Cache-Control": "max-age=600", "ETag": "auto", "Age": "601"})
    pipwrap("install", "demo", expect=0)
    offered.clear_log()
    offered.headers(PAGES, {"Age": ""})
    _again(pipwrap, tmp_path)
    assert sorted(request.path for request in offered.requests) == ["/simple/demo/", "/simple/lib/"]
    assert all("if-none-match" in request.headers for request in offered.requests)
    assert {request.status for request in offered.requests} == {304}
    offered.clear_log()
    _again(pipwrap, tmp_path, "third")
    assert offered.requests == []


def test_last_modified_is_a_validator_too(pipwrap: Runner, offered: Index, tmp_path: Path):
    offered.headers(PAGES, {"Last-Modified": formatdate(time.time() - 86_400, usegmt=True)})
    pipwrap("install", "demo", expect=0)
    offered.clear_log()
    _again(pipwrap, tmp_path)
    assert [request.status for request in offered.requests] == [304, 304]
    assert all("if-modified-since" in request.headers for request in offered.requests)


def test_a_page_without_a_lifetime_is_never_fresh(pipwrap: Runner, offered: Index, tmp_path: Path):
    """No heuristic for pages: a release must be seen at once."""
    offered.headers(PAGES, {"Last-Modified": formatdate(0, usegmt=True)})
    pipwrap("install", "demo", expect=0)
    offered.add(make_wheel(tmp_path / "files", "demo", "2.0"))
    offered.headers("/simple/demo/", {"Last-Modified": formatdate(time.time(), usegmt=True)})
    pipwrap("install", "-U", "demo", expect=0)
    assert "demo==2.0" in pipwrap.environment.freeze()


def test_no_store_leaves_nothing_to_ask_with(pipwrap: Runner, offered: Index, tmp_path: Path):
    offered.headers(PAGES, {"Cache-Control": "No-Store, max-age=600", "ETag": "auto"})
    pipwrap("install", "demo", expect=0)
    offered.clear_log()
    _again(pipwrap, tmp_path)
    assert [request.status for request in offered.requests] == [200, 200]
    assert not any("if-none-match" in request.headers for request in offered.requests)


def test_a_fresh_page_is_asked_for_again_before_a_bad_answer_is_given(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    """What was released a minute ago is found though the page was fresh without it."""
    offered.headers(PAGES, {"Cache-Control": "max-age=600", "ETag": "auto"})
    pipwrap("install", "demo", expect=0)
    offered.add(make_wheel(tmp_path / "files", "demo", "2.0"))
    offered.clear_log()
    pipwrap("install", "demo==2.0", expect=0)
    assert offered.paths().count("/simple/demo/") == 1
    offered.clear_log()
    says = "No matching distribution found for demo==3.0"
    refused(pipwrap, "install", "demo==3.0", says=says, messages=2)
    assert offered.paths().count("/simple/demo/") == 1


def test_a_file_of_known_digest_is_found_whatever_its_url_is(
    pipwrap: Runner, offered: Index, tmp_path: Path
):
    """The same bytes do not travel twice because a mirror has them too."""
    pipwrap("install", "demo", expect=0)
    with Index() as mirror:
        for name in ("demo", "lib"):
            mirror.add(tmp_path / "files" / f"{name}-1.0-py3-none-any.whl")
        second = pipwrap.on(make_environment(tmp_path / "second"))
        second("install", "--index-url", mirror.url, "demo", expect=0)
        assert not [path for path in mirror.paths() if path.endswith(".whl")]


def test_a_file_without_a_digest_is_asked_for_again(pipwrap: Runner, index: Index, tmp_path: Path):
    """Its URL alone says nothing of its content."""
    index.add(make_wheel(tmp_path, "demo", "1.0"), hashes={}, metadata=False)
    pipwrap("install", "demo", expect=0)
    files = {"demo/__init__.py": "changed = True\n"}
    index.add(make_wheel(tmp_path, "demo", "1.0", files=files), hashes={}, metadata=False)
    pipwrap("install", "--force-reinstall", "demo", expect=0)
    assert pipwrap.environment.run_python("import demo; print(demo.changed)") == "True\n"


def test_a_truncated_download_is_resumed(pipwrap: Runner, index: Index, tmp_path: Path):
    content = {"demo/__init__.py": "", "demo/data.txt": "0123456789" * 20_000}
    wheel = make_wheel(tmp_path, "demo", "1.0", files=content)
    index.add(wheel)
    index.headers("/files/*", {"ETag": "auto"})
    index.fault(f"/files/{wheel.name}", truncate=700, times=1)
    pipwrap("install", "demo", expect=0)
    asked = [one for one in index.requests if one.path == f"/files/{wheel.name}"]
    assert [one.status for one in asked] == [200, 206]


def test_a_server_that_fails_once_is_asked_again(pipwrap: Runner, offered: Index):
    offered.fault("/simple/demo/", status=503, times=1)
    pipwrap("install", "demo", expect=0)
    assert offered.paths().count("/simple/demo/") == 2


def test_a_damaged_cache_is_a_miss_with_one_warning(
    pipwrap: Runner, offered: Index, tmp_path: Path, cache_root: Path
):
    offered.headers(PAGES, {"Cache-Control": "max-age=600", "ETag": "auto"})
    pipwrap("install", "demo", expect=0)
    for body in (cache_root / "bodies-v1").rglob("*"):
        if body.is_file():
            body.write_bytes(b"damaged")
    for entry in (cache_root / "http-v1").rglob("*.json"):
        entry.write_bytes(b"{")
    second = pipwrap.on(make_environment(tmp_path / "second"))
    second("install", "demo", expect=0)
    assert second.environment.freeze() == ["demo==1.0", "lib==1.0"]
