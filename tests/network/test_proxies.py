"""Which proxy a request takes."""

from __future__ import annotations

import pytest

from pipwrap.network.proxies import bypassed, proxy_for
from pipwrap.network.settings import NetworkSettings


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({}, "https://h/", None),
        ({"https_proxy": "http://p:1"}, "https://h/", "http://p:1"),
        ({"HTTPS_PROXY": "p:1"}, "https://h/", "http://p:1"),
        ({"https_proxy": "http://low", "HTTPS_PROXY": "http://up"}, "https://h/", "http://low"),
        ({"https_proxy": "http://p:1"}, "http://h/", None),
        ({"all_proxy": "http://p:1"}, "http://h/", "http://p:1"),
        ({"http_proxy": "http://p", "no_proxy": "h"}, "http://h/", None),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": "other"}, "http://h/", "http://p"),
        ({"HTTP_PROXY": "http://p", "REQUEST_METHOD": "GET"}, "http://h/", None),
    ],
)
def test_the_environment_names_a_proxy(environ: dict[str, str], url: str, expected: str | None):
    assert proxy_for(url, NetworkSettings(environ=environ)) == expected


def test_an_option_beats_the_environment_and_its_exceptions():
    environ = {"https_proxy": "http://other", "no_proxy": "*"}
    assert proxy_for("https://h/", NetworkSettings(proxy="p:1", environ=environ)) == "http://p:1"


def test_an_empty_option_means_no_proxy():
    settings = NetworkSettings(proxy="", environ={"https_proxy": "http://other"})
    assert proxy_for("https://h/", settings) is None


@pytest.mark.parametrize(
    ("url", "no_proxy", "expected"),
    [
        ("http://h.example.org/", "example.org", True),
        ("http://h.example.org/", ".example.org", True),
        ("http://hexample.org/", "example.org", False),
        ("http://h:8080/", "h:8080", True),
        ("http://h:8080/", "h:80", False),
        ("http://10.1.2.3/", "10.0.0.0/8", True),
        ("http://11.1.2.3/", "10.0.0.0/8", False),
        ("http://10.1.2.3/", "10.1.2.3", True),
        ("http://h/", "10.0.0.0/8", False),
        ("http://H/", "a, h ,b", True),
        ("http://h/", "*", True),
        ("http://h/", "", False),
        ("http://h/", "/", False),
        ("file:///x", "", True),
    ],
)
def test_no_proxy_names_hosts_domains_addresses_and_networks(
    url: str, no_proxy: str, expected: object
):
    assert bypassed(url, no_proxy) is expected
