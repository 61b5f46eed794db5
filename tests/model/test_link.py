"""Links: what a URL with its fragment says, and what of it may be printed."""

from __future__ import annotations

import time

import pytest
from pip._internal.models.link import Link as PipLink
from pip._internal.models.link import links_equivalent
from pip._internal.utils.misc import redact_auth_from_url

from pipwrap.model.link import Link, redact, split_archive_name

DIGEST = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("https://host/simple/", "https://host/simple/"),
        ("https://me:secret@host/simple/", "https://me:****@host/simple/"),
        ("https://token@host/simple/", "https://****@host/simple/"),
        ("https://token:@host/", "https://****@host/"),
        ("https://token:x-oauth-basic@host/", "https://****@host/"),
        ("https://token:X%2Doauth-basic@host/", "https://****@host/"),
        ("git+https://token:@host/x.git@main", "git+https://****@host/x.git@main"),
        ("https://me@corp:secret@host/simple/", "https://me%40corp:****@host/simple/"),
        ("https://me:s@e:c@ret@host:8080/", "https://me:****@host:8080/"),
        ("git+ssh://me@corp:secret@host:org/x@1", "git+ssh://me%40corp:****@host:org/x@1"),
        ("from 'https://me@corp:secret@host'", "from 'https://me%40corp:****@host'"),
        ("https://me:sec ret@host/simple/", "https://me:****@host/simple/"),
        ("at https://me:sec ret@host/simple/", "at https://me:****@host/simple/"),
        ("at https://me:sec/ret@host/simple/", "at https://me:****@host/simple/"),
        ("at https://me:sec#ret@host/simple/", "at https://me:****@host/simple/"),
        ("at https://me:sec?ret@host/simple/", "at https://me:****@host/simple/"),
        ("at http://host:80/ ask me@host", "at http://host:80/ ask me@host"),
        ("at http://host: ask me@host", "at http://host: ask me@host"),
        ("at http://[::1]:80/x@1", "at http://[::1]:80/x@1"),
        ("at http://[::1]/x@1", "at http://[::1]/x@1"),
        ("file:///C:/x@1", "file:///C:/x@1"),
        ("//me:secret@host/", "//me:****@host/"),
        ("svn+https://me:secret@host/x@5", "svn+https://me:****@host/x@5"),
        ("s3://key:secret@bucket/x", "s3://key:****@bucket/x"),
        ("http://one,http://c:d@two/", "http://one,http://c:****@two/"),
        ("https://a:b@one/?at=c@d", "https://a:****@one/?at=c@d"),
        ("https://host?at=c@d", "https://host?at=c@d"),
        ("https://${USER}:${PASS}@host/", "https://%24%7BUSER%7D:****@host/"),
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
    assert redact(printed) == printed


@pytest.mark.parametrize(
    "url",
    [
        *("https://me@corp:secret@host/simple/", "https://me:s@e:c@ret@host:8080/"),
        *("https://me:sec ret@host/", "https://t oken@host/", "https://a+b:c@host?x=1@2#y@z"),
        *("svn+ssh://me@host/x@1", "//me:secret@host/", "https://:secret@host/"),
    ],
)
def test_a_url_is_hidden_as_by_pip(url: str):
    assert redact(url) == redact_auth_from_url(url)


def test_a_long_line_takes_no_long_time():
    """Each character is looked at a few times, not once for every other one."""
    text = "a" * 400_000 + "@" + "http://x:y " * 20_000 + "@"
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 5


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
        ("https://me@corp:secret@host", "host", "https", False),
        ("https://token:@host/", "host", "https", False),
        ("https://me:secret@host/d%40-1.0.zip", "d@-1.0.zip", "https", False),
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


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/d.zip", "https://me:secret@h/d.zip", True),
        ("https://h/d.zip?a=1&b=2", "https://h/d.zip?b=2&a=1", True),
        ("https://h/d.zip?a=1&a=2", "https://h/d.zip?a=2&a=1", False),
        ("https://h/d.zip?a=1", "https://h/d.zip", False),
        ("https://h/d.zip?a=%20b", "https://h/d.zip?a=+b", True),
        ("https://h/d.zip#egg=d", "https://h/d.zip", True),
        ("https://h/d.zip#subdirectory=a", "https://h/d.zip#subdirectory=b", False),
        ("https://h/d.zip#subdirectory=a", "https://h/d.zip#egg=d&subdirectory=a", True),
        ("https://h/d.zip#subdirectory=a&subdirectory=b", "https://h/d.zip#subdirectory=a", True),
        (f"https://h/d.zip#sha256={DIGEST}", "https://h/d.zip", False),
        (f"https://h/d.zip#sha256={DIGEST}", f"https://h/d.zip#md5=0&sha256={DIGEST}", False),
        ("https://h/d.zip#sha1=1&md5=0", "https://h/d.zip#md5=0&sha1=1", True),
        ("https://h/d.zip#md5=0&md5=1", "https://h/d.zip#md5=0", True),
        ("file:///d.zip", "file://localhost/d.zip", True),
        ("file:///d.zip", "file:/d.zip", True),
        ("file:///d.zip", "file://elsewhere/d.zip", False),
        ("https:///d.zip", "https://localhost/d.zip", False),
        ("git+ssh://git@h/d@v1", "git+ssh://h/d@v1", True),
        ("git+ssh://git@h/d@v1", "git+ssh://git@h/d@v2", False),
    ],
)
def test_two_links_are_the_same_as_pip_takes_them(one: str, other: str, same: bool):  # noqa: FBT001
    assert links_equivalent(PipLink(one), PipLink(other)) is same
    assert (Link.from_url(one).identity == Link.from_url(other).identity) is same


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("file:proj#egg=d", "file:proj"),
        ("file:./proj?x=1", "file:./proj?x=1"),
        ("file:../proj", "file:../proj"),
        ("FILE:/proj", "file:///proj"),
        ("file:///proj", "file:///proj"),
        ("file://localhost/proj#x", "file://localhost/proj"),
    ],
)
def test_a_relative_file_url_stays_relative(written: str, url: str):
    """On every Python: the urlunsplit of 3.10 to 3.12 puts slashes before it."""
    assert Link.from_url(written).url == url
