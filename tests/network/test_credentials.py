"""Whose credentials go with a request."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipwrap.network.credentials import CredentialStore
from pipwrap.network.origins import Credentials
from pipwrap.network.settings import NetworkSettings

INDEX = ("https://u:p@h/one/simple/", "https://v:q@h/two/simple", "https://h/none", "https://t@k/")


def book(*indexes: str, netrc: Path | None = None, home: Path | None = None) -> CredentialStore:
    environ = {"HOME": str(home or "/nonexistent")}
    if netrc is not None:
        environ["NETRC"] = str(netrc)
    return CredentialStore(NetworkSettings(index_urls=indexes, environ=environ))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/one/simple/flit/", Credentials("u", "p")),
        ("https://h/two/simple/", Credentials("v", "q")),
        ("https://h/two/files/x.whl", Credentials("v", "q")),
        ("https://h", Credentials("u", "p")),
        ("http://h/one/simple/", None),
        ("https://h:444/one/simple/", None),
        ("https://other/one/simple/", None),
        ("https://k/x", Credentials("t", "")),
    ],
)
def test_the_credentials_of_an_index_hold_for_its_origin(url: str, expected: Credentials | None):
    assert book(*INDEX).find(url, None) == expected


def test_those_of_the_url_come_first():
    mine = Credentials("me", "mine")
    assert book(*INDEX).find("https://h/one/", mine) == mine


def test_a_user_alone_is_sent_with_an_empty_password():
    assert book().find("https://h/", Credentials("token", None)) == Credentials("token", "")


def test_what_was_used_once_is_used_again_at_the_same_origin_only():
    known = book()
    known.find("https://h/x", Credentials("u", "p"))
    assert known.find("https://h/y", None) == Credentials("u", "p")
    assert known.find("https://h/y", Credentials("u", None)) == Credentials("u", "p")
    assert known.find("https://h/y", Credentials("other", None)) == Credentials("other", "")
    assert known.find("http://h/y", None) is None


def test_netrc_is_asked_when_neither_url_nor_index_know(tmp_path: Path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine h login n password r\n")
    assert book(netrc=netrc).find("https://h/x", None) == Credentials("n", "r")
    assert book("https://u:p@h/", netrc=netrc).find("https://h/x", None) == Credentials("u", "p")
    assert book(netrc=netrc).find("https://other/x", None) is None


def test_netrc_is_found_at_home(tmp_path: Path):
    (tmp_path / ".netrc").write_text("default login n password r\n")
    (tmp_path / ".netrc").chmod(0o600)
    assert book(home=tmp_path).find("https://h/x", None) == Credentials("n", "r")


def test_a_broken_netrc_is_none(tmp_path: Path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine\nnonsense \x00 here")
    assert book(netrc=netrc).find("https://h/x", None) is None


class Keyring:
    """Knows one answer and what it was asked."""

    def __init__(self, answer: Credentials | None) -> None:
        self.answer = answer
        self.asked: list[tuple[str | None, str, str | None]] = []

    def credentials(
        self, index_url: str | None, host: str, username: str | None
    ) -> Credentials | None:
        self.asked.append((index_url, host, username))
        return self.answer


def test_a_login_is_tried_after_a_refusal_and_its_answer_is_kept():
    keyring = Keyring(Credentials("k", "s"))
    known = CredentialStore(NetworkSettings(index_urls=("https://k@h/simple",)), keyring)
    refused = Credentials("k", "")
    assert known.renew("https://h/simple/x/", None, refused) == Credentials("k", "s")
    assert known.renew("https://h/simple/y/", None, refused) == Credentials("k", "s")
    assert keyring.asked == [("https://h/simple/", "h", "k")]


def test_a_login_that_has_nothing_better_ends_the_matter():
    refused = Credentials("k", "s")
    known = CredentialStore(NetworkSettings(), Keyring(refused))
    assert known.renew("https://h/", None, refused) is None
    assert CredentialStore(NetworkSettings()).renew("https://h/", None, refused) is None
