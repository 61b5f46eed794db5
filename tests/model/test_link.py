"""Links: what a URL with its fragment says, and what of it may be printed."""

from __future__ import annotations

import pytest

from pipwrap.model.link import Link, redact, split_archive_name

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("https://host/simple/", "https://host/simple/"),
        ("https://me:secret@host/simple/", "https://me:****@host/simple/"),
        ("https://token@host/simple/", "https://****@host/simple/"),
        ("https://me:@host/", "https://me:****@host/"),
        ("HTTPS://me:secret@host/", "HTTPS://me:****@host/"),
        ("s3://me:secret@bucket/", "s3://me:****@bucket/"),
        ("a+b.c-1://me:secret@host/", "a+b.c-1://me:****@host/"),
        ("x" * 1_000_000, "x" * 1_000_000),
        ("git+ssh://git@host/project.git", "git+ssh://****@host/project.git"),
        ("git+https://me:secret@host/x.git@main", "git+https://me:****@host/x.git@main"),
        ("https://host/x@2/y", "https://host/x@2/y"),
        ("http://a:b@one/ and http://c:d@two/", "http://a:****@one/ and http://c:****@two/"),
        ("demo @ https://me:p%40ss@host/d.whl", "demo @ https://me:****@host/d.whl"),
    ],
)
def test_credentials_are_hidden_in_every_url_of_a_text(text: str, printed: str):
    assert redact(text) == printed


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("demo-1.0.tar.gz", ("demo-1.0", ".tar.gz")),
        ("demo-1.0.TAR.GZ", ("demo-1.0", ".TAR.GZ")),
        ("demo-1.0.zip", ("demo-1.0", ".zip")),
        ("demo-1.0.tar.lzma", ("demo-1.0", ".tar.lzma")),
        ("demo-1.0.tar", ("demo-1.0", ".tar")),
        ("demo-1.0.exe", ("demo-1.0.exe", "")),
        ("demo", ("demo", "")),
        ("", ("", "")),
    ],
)
def test_an_archive_is_known_by_its_longest_extension(name: str, parts: tuple[str, str]):
    assert split_archive_name(name) == parts


@pytest.mark.parametrize(
    ("fragment", "hashes", "subdirectory"),
    [
        ("", (), None),
        (f"#sha256={DIGEST}", (("sha256", DIGEST),), None),
        (f"#sha256={DIGEST.upper()}", (("sha256", DIGEST),), None),
        ("#md5=abc&sha1=def", (("md5", "abc"), ("sha1", "def")), None),
        ("#egg=demo&subdirectory=a%20b/c", (), "a b/c"),
        (f"#subdirectory=src&sha512={DIGEST}", (("sha512", DIGEST),), "src"),
        ("#sha256=", (), None),
        ("#crc32=1", (), None),
    ],
)
def test_a_fragment_names_hashes_and_the_subdirectory(
    fragment: str, hashes: tuple[tuple[str, str], ...], subdirectory: str | None
):
    link = Link.from_url(f"https://host/demo-1.0.tar.gz{fragment}", comes_from="page")
    assert link.url == "https://host/demo-1.0.tar.gz"
    assert (link.hashes, link.subdirectory, link.comes_from) == (hashes, subdirectory, "page")


@pytest.mark.parametrize(
    ("url", "filename", "scheme", "is_wheel"),
    [
        ("https://host/a/demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl", "https", True),
        ("HTTPS://host/demo-1.0-py3-none-any.WHL", "demo-1.0-py3-none-any.WHL", "https", True),
        ("https://host/demo-1.0%2Bcpu.zip?token=a/b", "demo-1.0+cpu.zip", "https", False),
        ("file:///tmp/demo/", "demo", "file", False),
        ("https://host/", "host", "https", False),
    ],
)
def test_a_url_knows_its_file(url: str, filename: str, scheme: str, is_wheel: bool):  # noqa: FBT001
    link = Link(url)
    assert (link.filename, link.scheme, link.is_wheel) == (filename, scheme, is_wheel)


def test_the_sidecar_lies_beside_the_file():
    assert Link("https://host/d.whl").metadata_url == "https://host/d.whl.metadata"


def test_a_query_is_part_of_the_url_and_stays():
    assert Link.from_url("https://host/d.whl?x=1#sha256=ab").url == "https://host/d.whl?x=1"


def test_hashes_can_be_set_without_changing_the_link():
    link = Link("https://me:secret@host/d.whl", size=3)
    changed = link.with_hashes((("sha256", DIGEST),))
    assert (link.sha256, changed.sha256, changed.size) == (None, DIGEST, 3)
    assert changed.redacted == "https://me:****@host/d.whl"
