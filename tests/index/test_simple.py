"""Pages of the simple repository API mean what they mean to the real pip."""

from __future__ import annotations

import itertools
import json
from typing import Any
from urllib.parse import urljoin

import pytest

from index.real_pip import ask
from pipwrap.index.listing import Listing
from pipwrap.index.page_types import JSON_TYPE, InvalidPage, is_page
from pipwrap.index.simple import File, link_of, parse_page
from pipwrap.model.link import Link, digest_of

URL = "https://index.example/simple/a/"
FILE = "https://files.example/a-1.0-py3-none-any.whl"
DIGEST = "AB" * 32


def links_of(content: bytes, content_type: str, url: str) -> tuple[Link, ...]:
    return Listing.of(parse_page(content, content_type, url), url).links()


def anchor(href: str, attributes: str = "") -> str:
    return f'<!DOCTYPE html><html><body><a href="{href}" {attributes}>x</a></body></html>'


HTML = {
    "absolute": anchor(FILE),
    "relative": anchor("../../files/a-1.0.tar.gz"),
    "relative to the host": anchor("/files/a-1.0.tar.gz"),
    "without a scheme": anchor("//other.example/a-1.0.tar.gz"),
    "a base": '<base href="https://base.example/x/">' + anchor("a-1.0.tar.gz"),
    "the first base counts": '<base href="https://one/"><base href="https://two/">' + anchor("a"),
    "a base without href": '<base target="x"><base href="https://two/">' + anchor("a-1.tar.gz"),
    "a hash": anchor(f"{FILE}#sha256={DIGEST}"),
    "an old hash": anchor(f"{FILE}#md5={'0' * 32}"),
    "a subdirectory": anchor("https://x/a-1.0.zip#subdirectory=src/a"),
    "a space": anchor("https://x/a dir/a-1.0.zip"),
    "quoted already": anchor("https://x/a%20dir/a-1.0%2Bcpu.zip"),
    "a plus": anchor("https://x/a-1.0+cpu.zip"),
    "marks that are quoted": anchor("https://x/(a)!,;=:&'/a-1.0.zip?(x)"),
    "marks that stay": anchor("https://x/a@b%2fc%40/a-1.0~x_y.zip"),
    "a port and a user": anchor("https://u:p@x:8080/a+b/a-1.0.zip#sha256=%20"),
    "a query": anchor("https://x/a-1.0.zip?token=a%2Fb"),
    "an epoch": anchor("https://x/a-1!2.0.zip"),
    "not ASCII": anchor("https://x/é/a-1.0.zip"),
    "entities": anchor("https://x/a-1.0.zip?x=1&amp;y=2"),
    "without href": "<a name='x'>a</a><a>b</a><a href=''>c</a>",
    "requires python": anchor(FILE, 'data-requires-python="&gt;=3.8,&lt;4"'),
    "empty requires python": anchor(FILE, 'data-requires-python=""'),
    "yanked": anchor(FILE, 'data-yanked="too old"'),
    "yanked for no reason": anchor(FILE, 'data-yanked=""'),
    "a sidecar": anchor(FILE, 'data-core-metadata="true"'),
    "a sidecar with a hash": anchor(FILE, f'data-core-metadata="sha256={DIGEST.lower()}"'),
    "a sidecar by its old name": anchor(FILE, 'data-dist-info-metadata="true"'),
    "the new name beats the old": anchor(
        FILE, f'data-dist-info-metadata="true" data-core-metadata="sha256={DIGEST.lower()}"'
    ),
    "an odd sidecar": anchor(FILE, 'data-core-metadata="yes"'),
    "a sidecar with a weak hash": anchor(FILE, 'data-core-metadata="md5=00"'),
    "a sidecar with an unknown hash": anchor(FILE, 'data-core-metadata="huh=00"'),
    "an empty sidecar": anchor(FILE, 'data-core-metadata=""'),
    "two files": anchor("a-1.tar.gz") + anchor("a-2.tar.gz"),
    "upper case": f'<A HREF="{FILE}" DATA-YANKED="x">x</A>',
    "no HTML at all": "hello",
}


def listed(**file: Any) -> str:
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "a", "files": [file]})


JSON = {
    "a file": listed(url=FILE, hashes={"sha256": DIGEST.lower()}, filename="x"),
    "no hashes": listed(url=FILE, hashes={}),
    "relative": listed(url="../a-1.0.tar.gz", hashes={}),
    "without url": listed(filename="x", hashes={}),
    "requires python": listed(url=FILE, hashes={}, **{"requires-python": ">=3"}),
    "requires nothing": listed(url=FILE, hashes={}, **{"requires-python": None}),
    "yanked": listed(url=FILE, hashes={}, yanked="bad"),
    "yanked for no reason": listed(url=FILE, hashes={}, yanked=True),
    "not yanked": listed(url=FILE, hashes={}, yanked=False),
    "an empty reason is none": listed(url=FILE, hashes={}, yanked=""),
    "a sidecar": listed(url=FILE, hashes={}, **{"core-metadata": True}),
    "no sidecar": listed(url=FILE, hashes={}, **{"core-metadata": False}),
    "a sidecar with hashes": listed(
        url=FILE, hashes={}, **{"core-metadata": {"sha256": DIGEST.lower()}}
    ),
    "a sidecar by its old name": listed(url=FILE, hashes={}, **{"dist-info-metadata": True}),
    "null falls back to the old name": listed(
        url=FILE, hashes={}, **{"core-metadata": None, "dist-info-metadata": True}
    ),
    "false does not fall back": listed(
        url=FILE, hashes={}, **{"core-metadata": False, "dist-info-metadata": True}
    ),
    "a space": listed(url="https://x/a dir/a-1.0.zip", hashes={}),
    "a fragment": listed(url=f"{FILE}#egg=a", hashes={}),
    "a hash in the fragment": listed(url=f"{FILE}#md5=00", hashes={}),
    "a hash in the fragment, too": listed(url=f"{FILE}#md5=00", hashes={"sha256": "11"}),
    "another hash in the fragment": listed(url=f"{FILE}#md5=00", hashes={"md5": "11"}),
    "a subdirectory": listed(url="https://x/a-1.0.zip#subdirectory=src/a", hashes={}),
    "weak hashes": listed(url=FILE, hashes={"md5": "00", "sha1": "11", "blake2b": "22"}),
    "a sidecar with a weak hash": listed(url=FILE, hashes={}, **{"core-metadata": {"md5": "00"}}),
    "a sidecar with an odd hash": listed(
        url=FILE, hashes={}, **{"core-metadata": {"blake2b": "00"}}
    ),
    "no files": json.dumps({"files": []}),
    "nothing": "{}",
}


def plain(link: Link) -> dict[str, Any]:
    return {
        "url": link.url,
        "filename": link.filename,
        "hashes": dict(link.hashes),
        "requires_python": link.requires_python,
        "yanked": link.yanked,
        "sidecar": link.metadata_hashes is not None,
        "sidecar_hashes": dict(link.metadata_hashes or ()),
        "subdirectory": link.subdirectory,
    }


@pytest.mark.parametrize(
    ("pages", "content_type"),
    [
        pytest.param(HTML, "text/html", id="HTML"),
        pytest.param(JSON, "application/vnd.pypi.simple.v1+json", id="JSON"),
    ],
)
def test_links_are_those_of_the_real_pip(pages: dict[str, str], content_type: str) -> None:
    questions = [
        {"content": content, "content_type": content_type, "url": URL} for content in pages.values()
    ]
    for (name, content), expected in zip(pages.items(), ask("links", questions), strict=True):
        found = [plain(link) for link in links_of(content.encode(), content_type, URL)]
        for link in expected:
            link["hashes"] = {key: digest_of(value) for key, value in link["hashes"].items()}
            link["requires_python"] = link["requires_python"] or None
        assert found == expected, name


def test_a_relative_base_is_relative_to_its_page() -> None:
    """As HTML has it; the real pip takes it for the whole base."""
    html = '<base href="/mirror/">' + anchor("a-1.0.tar.gz")
    (link,) = links_of(html.encode(), "text/html", URL)
    assert link.url == "https://index.example/mirror/a-1.0.tar.gz"


def test_yanked_without_a_value_is_yanked() -> None:
    """PEP 592: the attribute may have no value. The real pip overlooks it then."""
    (link,) = links_of(f'<a href="{FILE}" data-yanked>x</a>'.encode(), "text/html", URL)
    assert link.yanked == ""


def test_what_only_json_says_is_read() -> None:
    content = listed(url=FILE, hashes={}, size=12, **{"upload-time": "2026-01-01T00:00:00Z"})
    (link,) = links_of(content.encode(), "application/vnd.pypi.simple.v1+json", URL)
    assert (link.size, link.upload_time) == (12, "2026-01-01T00:00:00Z")
    assert link.comes_from == URL


ODD_VALUES: dict[str, tuple[str, Any, str, Any]] = {
    "hashes are a list": ("hashes", [1], "hashes", ()),
    "hashes are nested deeply": (
        "hashes",
        {"sha256": [[[[1]]]]},
        "hashes",
        (("sha256", "invalid"),),
    ),
    "a hash is a huge number": (
        "hashes",
        {"sha256": 10**4000},
        "hashes",
        (("sha256", "invalid"),),
    ),
    "a hash is a number": ("hashes", {"sha256": 12}, "hashes", (("sha256", "invalid"),)),
    "a hash has capitals": ("hashes", {"sha256": DIGEST}, "hashes", (("sha256", DIGEST.lower()),)),
    "a hash has a name that is no text": (
        "hashes",
        {"\udcff": "00"},
        "hashes",
        (("\udcff", "00"),),
    ),
    "requires python is a number": ("requires-python", 3, "requires_python", None),
    "yanked is a number": ("yanked", 1, "yanked", ""),
    "yanked is nothing": ("yanked", 0, "yanked", None),
    "yanked is a list": ("yanked", ["bad"], "yanked", ""),
    "a reason is no text": ("yanked", "\udcff", "yanked", "\udcff"),
    "a sidecar is a text": ("core-metadata", "yes", "metadata_hashes", ()),
    "a sidecar is nothing": ("core-metadata", "", "metadata_hashes", None),
    "a sidecar without digests": ("core-metadata", {}, "metadata_hashes", ()),
    "a sidecar's digest is a number": (
        "core-metadata",
        {"sha256": 1},
        "metadata_hashes",
        (("sha256", "invalid"),),
    ),
    "a time is a number": ("upload-time", 2026, "upload_time", None),
    "a size is a text": ("size", "9", "size", None),
    "a size is true": ("size", True, "size", None),
    "a size is no whole number": ("size", 9.0, "size", None),
    "a size is below nothing": ("size", -1, "size", None),
    "a size is very large": ("size", 10**30, "size", 10**30),
    "what nobody reads is no number": ("x", float("nan"), "size", 7),
}


@pytest.mark.parametrize(("key", "value", "field", "expected"), ODD_VALUES.values(), ids=ODD_VALUES)
def test_what_has_another_type_counts_as_absent_and_harms_nothing_else(
    key: str, value: object, field: str, expected: object
) -> None:
    """Whether or not the page is read as it should be: the file beside it says what it says."""
    good = {"url": "a-2.zip", "hashes": {"sha256": "ab"}, "core-metadata": True, "size": 7}
    content = json.dumps({"files": [{"url": FILE, "size": 7, key: value}, good]}).encode()
    odd, link = links_of(content, JSON_TYPE, URL)
    assert getattr(odd, field) == expected
    assert (link.hashes, link.metadata_hashes, link.size) == ((("sha256", "ab"),), (), 7)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        pytest.param("utf-8", "é", id="UTF-8"),
        pytest.param("utf-8-sig", "é", id="with a mark"),
        pytest.param("utf-16", "é", id="UTF-16"),
    ],
)
def test_encodings_of_json_pages(encoding: str, text: str) -> None:
    page = {"files": [{"url": FILE, "yanked": text}]}
    content = json.dumps(page, ensure_ascii=False).encode(encoding)
    assert [link.yanked for link in links_of(content, JSON_TYPE, URL)] == [text]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[1]", id="no object"),
        pytest.param(b'{"files": 1}', id="files is no list"),
        pytest.param(b'{"files": ["x"]}', id="a file is no object"),
        pytest.param(b'{"files": [{"url": 1}]}', id="url is no text"),
        pytest.param(b"\xff\xfe{", id="no text"),
        pytest.param(b'{"files": [], "x": "\xff"}', id="no text where nobody reads"),
        pytest.param(b'{"files": [{"url": "x", "hashes": {"a": "\xff"}}]}', id="no text in hashes"),
        pytest.param(b'{"files": null}', id="files is nothing"),
        pytest.param(b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="too deep inside"),
        pytest.param(b"[" * 100_000, id="too deep"),
    ],
)
def test_a_broken_json_page_is_invalid(content: bytes) -> None:
    with pytest.raises(InvalidPage):
        links_of(content, "application/vnd.pypi.simple.v1+json", URL)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        pytest.param("é".encode("latin-1"), "text/html", id="not what UTF-8 is"),
        pytest.param(b"x", "text/html; charset=nothing", id="unknown charset"),
    ],
)
def test_a_broken_html_page_is_invalid(content: bytes, content_type: str) -> None:
    with pytest.raises(InvalidPage):
        links_of(content, content_type, URL)


def test_what_is_no_url_is_left_out_alone() -> None:
    html = anchor("https://[bad/a-1.0.zip") + anchor("https://x/a-2.0.zip")
    (link,) = links_of(html.encode(), "text/html", URL)
    assert link.filename == "a-2.0.zip"
    files = [{"url": "https://[bad/a-1.0.zip"}, {"url": "https://x/a-2.0.zip"}]
    content = json.dumps({"files": files}).encode()
    (link,) = links_of(content, "application/vnd.pypi.simple.v1+json", URL)
    assert link.filename == "a-2.0.zip"


def test_a_base_that_is_no_url_is_ignored() -> None:
    html = '<base href="https://[bad">' + anchor("a-1.0.zip")
    (link,) = links_of(html.encode(), "text/html", URL)
    assert link.url == URL + "a-1.0.zip"


def test_the_charset_of_a_page_is_heeded() -> None:
    content = anchor("https://x/é.zip").encode("latin-1")
    (link,) = links_of(content, "text/html; charset=latin-1", URL)
    assert link.url == "https://x/%C3%A9.zip"


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("text/html", True),
        ("Text/HTML; charset=utf-8", True),
        ("application/vnd.pypi.simple.v1+json", True),
        ("application/vnd.pypi.simple.v1+html", True),
        ("application/json", False),
        ("application/octet-stream", False),
        ("", False),
    ],
)
def test_pages_are_told_by_their_content_type(content_type: str, expected: bool) -> None:  # noqa: FBT001
    assert is_page(content_type) is expected


def test_relative_urls_are_joined_as_by_urljoin() -> None:
    parts = ("..", ".", "a", "b.c-1.0.tar.gz", "", "~u", "_")
    base = "https://host:8/simple/p/"
    for path in map("/".join, itertools.product(parts, repeat=4)):
        page = json.dumps({"files": [{"url": path}]}).encode()
        (file,) = parse_page(page, JSON_TYPE, base)
        link = link_of(file, base) if isinstance(file, File) else file
        assert link is not None
        assert link.url == urljoin(base, path)


@pytest.mark.parametrize("field", ["hashes", "core-metadata"])
@pytest.mark.parametrize("value", ["9" * 5000, '{"sha256":' + "9" * 5000 + "}"])
def test_a_number_of_too_many_digits_harms_nothing(field: str, value: str) -> None:
    content = '{"files": [{"url": "%s", "%s": %s}]}' % (FILE, field, value)  # noqa: UP031
    (link,) = links_of(content.encode(), JSON_TYPE, URL)
    assert link.hashes in ((), (("sha256", "invalid"),))


def test_a_url_with_half_a_surrogate_is_none() -> None:
    content = b'{"files": [{"url": "a-1.zip\\ud800"}, {"url": "a-2.zip"}]}'
    (link,) = links_of(content, JSON_TYPE, URL)
    assert link.filename == "a-2.zip"


def test_html_that_the_parser_gives_up_is_no_page() -> None:
    with pytest.raises(InvalidPage):
        parse_page(b"<![x ]><a href=a-1.zip>", "text/html", URL)
