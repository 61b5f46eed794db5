"""Which URLs are safe to trust, and where a redirect leads."""

from __future__ import annotations

import pytest

from pipwrap.network.origins import (
    Credentials,
    canonical,
    is_secure_origin,
    is_trusted_host,
    origin,
    redirected,
    split_credentials,
)

SECURE = [
    "https://example.org/simple",
    "HTTPS://example.org",
    "file:///srv/simple",
    "ssh://example.org/x",
    "git+ssh://git@example.org/x",
    "wss://example.org",
    "http://localhost:8080/simple",
    "http://LOCALHOST/simple",
    "http://127.0.0.1/simple",
    "http://127.9.8.7:1/simple",
    "http://[::1]:3141/simple",
]
INSECURE = [
    "http://example.org/simple",
    "http://localhost.example.org",
    "http://127.example.org",
    "http://128.0.0.1",
    "http://[::2]/",
    "git+http://example.org/x",
    "http://[::1/broken",
    "",
]


@pytest.mark.parametrize("url", SECURE)
def test_these_are_secure(url: str):
    assert is_secure_origin(url)


@pytest.mark.parametrize("url", INSECURE)
def test_these_are_not(url: str):
    assert not is_secure_origin(url)


@pytest.mark.parametrize(
    ("url", "trusted", "expected"),
    [
        ("http://example.org/x", "example.org", True),
        ("http://Example.ORG:8080/x", "example.org", True),
        ("http://example.org:8080/x", "example.org:8080", True),
        ("http://example.org:8081/x", "example.org:8080", False),
        ("https://example.org/x", "example.org:443", True),
        ("http://sub.example.org/x", "example.org", False),
        ("http://[2001:db8::1]:80/x", "2001:db8::1", True),
        ("http://[2001:db8::1]:80/x", "[2001:db8::1]:80", True),
        ("http://example.org/x", "example.org:port", False),
        ("http://example.org/x", "", False),
        ("http://example.org:x/", "example.org", False),
    ],
)
def test_a_trusted_host_is_trusted_at_its_port_or_at_any(url: str, trusted: str, expected: object):
    assert is_trusted_host(url, ("other.example", trusted)) is expected
    if url.startswith("http:"):
        assert is_secure_origin(url, (trusted,)) is expected


@pytest.mark.parametrize(
    ("url", "bare", "credentials"),
    [
        ("https://h/x", "https://h/x", None),
        ("https://u:p@h:1/x", "https://h:1/x", Credentials("u", "p")),
        ("https://token@h/x", "https://h/x", Credentials("token", None)),
        ("https://u:@h/x", "https://h/x", Credentials("u", "")),
        ("https://a%40b:p%3Aq@h/x", "https://h/x", Credentials("a@b", "p:q")),
        ("https://u:p@ss@h/x", "https://h/x", Credentials("u", "p@ss")),
    ],
)
def test_credentials_are_taken_off_a_url(url: str, bare: str, credentials: Credentials | None):
    assert split_credentials(url) == (bare, credentials)


def test_credentials_do_not_show():
    assert "secret" not in repr(Credentials("secret-user", "secret"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h", ("http", "h", 80)),
        ("https://H:444/x", ("https", "h", 444)),
        ("ftp://h/x", ("ftp", "h", None)),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: tuple[str, str, int | None]):
    assert origin(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://u:p@Host/Path?Q=1#f", "https://host/Path?Q=1"),
        ("https://host", "https://host/"),
        ("https://host/a%20b", "https://host/a%20b"),
    ],
)
def test_a_key_has_neither_credentials_nor_fragment(url: str, expected: str):
    assert canonical(url) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/y", "https://h/y#f"),
        ("y#g", "https://h/y#g"),
        ("//other/y", "https://other/y#f"),
        ("http://other/y", "http://other/y#f"),
        ("file:///etc/passwd", "file:///etc/passwd#f"),
    ],
)
def test_a_redirect_leaves_the_credentials_behind(location: str, expected: str):
    assert redirected("https://u:p@h/x#f", location) == expected
