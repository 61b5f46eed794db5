"""The benchmark's loopback index: what it serves, and what it records of another index."""

from __future__ import annotations

import gzip
import hashlib
import json
import urllib.request
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urljoin

import pytest

from benchmark import exchange, made
from benchmark.directories import Site, serving
from benchmark.exchange import Asked, Extent
from benchmark.mirror import Mirror
from support.index import Index
from support.wheels import make_wheel


def asked(**headers: str) -> Asked:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Asked("GET", "/files/x", named)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(asked(), Extent(HTTPStatus.OK, 0, 10), id="all"),
        pytest.param(asked(range="bytes=2-4"), Extent(HTTPStatus.PARTIAL_CONTENT, 2, 3), id="part"),
        pytest.param(asked(range="bytes=7-"), Extent(HTTPStatus.PARTIAL_CONTENT, 7, 3), id="rest"),
        pytest.param(asked(range="bytes=-4"), Extent(HTTPStatus.PARTIAL_CONTENT, 6, 4), id="end"),
        pytest.param(
            asked(range="bytes=10-"),
            Extent(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, 0),
            id="beyond",
        ),
        pytest.param(
            asked(range="bytes=2-4", if_range='"old"'), Extent(HTTPStatus.OK, 0, 10), id="changed"
        ),
        pytest.param(
            asked(if_none_match='"x", "tag"'), Extent(HTTPStatus.NOT_MODIFIED, 0, 0), id="same"
        ),
    ],
)
def test_validators_and_ranges_decide_what_is_sent(request_: Asked, expected: Extent):
    assert exchange.extent(request_, '"tag"', 10) == expected


def test_pages_and_files_come_with_the_headers_of_the_public_index(tmp_path: Path):
    site = Site.below(str(tmp_path), str(tmp_path))
    made.make_small(site.made, 1)
    with serving(site, 0, "") as index:
        request = urllib.request.Request(
            f"{index.url}bench-0000/", headers={"Accept-Encoding": "gzip"}
        )
        with urllib.request.urlopen(request) as response:
            assert response.headers["Cache-Control"] == "max-age=600, public"
            etag = response.headers["ETag"]
            (entry,) = json.loads(gzip.decompress(response.read()))["files"]
        request.add_header("If-None-Match", etag)
        with pytest.raises(HTTPError, match="304"):
            urllib.request.urlopen(request)
        file = urljoin(f"{index.url}bench-0000/", entry["url"])
        with urllib.request.urlopen(file) as response:
            assert "immutable" in response.headers["Cache-Control"]
            assert hashlib.sha256(response.read()).hexdigest() == entry["hashes"]["sha256"]
        with urllib.request.urlopen(f"{file}.metadata") as response:
            sidecar = hashlib.sha256(response.read()).hexdigest()
            assert entry["core-metadata"] == {"sha256": sidecar}
        with pytest.raises(HTTPError, match="404"):
            urllib.request.urlopen(f"{index.url}nothing/")


def test_what_is_missing_is_asked_of_the_other_index_once(tmp_path: Path, index: Index):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    mirror = Mirror(str(tmp_path / "recorded"), f"{index.url}/")
    for _ in range(2):
        assert mirror.served_page("demo") is not None
        path = mirror.file("demo", "demo-1.0-py3-none-any.whl.metadata")
        assert path is not None
        assert "Name: demo" in Path(path).read_text(encoding="utf-8")
    assert index.paths() == ["/simple/demo/", "/files/demo-1.0-py3-none-any.whl.metadata"]
    assert mirror.projects() == ["demo"]


def test_metadata_that_the_other_index_lacks_is_read_from_the_wheel(tmp_path: Path, index: Index):
    index.add(make_wheel(tmp_path, "demo", "1.0"), metadata=False)
    mirror = Mirror(str(tmp_path / "recorded"), f"{index.url}/")
    path = mirror.file("demo", "demo-1.0-py3-none-any.whl.metadata")
    assert path is not None
    assert "Name: demo" in Path(path).read_text(encoding="utf-8")
    page = json.loads(mirror.served_page("demo") or b"")
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert page["files"][0]["core-metadata"] == {"sha256": digest}


def test_the_index_counts_what_it_had_to_fetch(tmp_path: Path, index: Index):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    with serving(
        Site.below(str(tmp_path / "scratch"), str(tmp_path)), 0, f"{index.url}/"
    ) as recording:
        for _ in range(2):
            urllib.request.urlopen(f"{recording.url}demo/").close()
        assert recording.fetched() == 1
