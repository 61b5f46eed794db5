"""Only bytes that the user allows, and the table that tells of others."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.artifacts.hashes import MISSING, HashPolicy, trusted, verify
from pipwrap.model.requirement import Requirement, UserRequirement

CONTENT = b"content"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SHA512 = hashlib.sha512(CONTENT).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "a.zip").write_bytes(CONTENT)
    return str(tmp_path / "a.zip")


@pytest.mark.parametrize(
    "allowed",
    [
        pytest.param((("sha256", SHA256),), id="sha256"),
        pytest.param((("sha512", SHA512),), id="another algorithm"),
        pytest.param((("sha256", SHA256.upper()),), id="upper case"),
        pytest.param((("sha256", "00"), ("sha256", SHA256)), id="one of two"),
        pytest.param((("sha256", "00"), ("sha512", SHA512)), id="one of two algorithms"),
    ],
)
def test_allowed_bytes_pass(path: str, allowed: tuple[tuple[str, str], ...]) -> None:
    verify(allowed, "a", path, SHA256)


def test_other_bytes_are_told_in_pips_table(path: str) -> None:
    with pytest.raises(errors.HashMismatch) as caught:
        verify((("sha256", "00"), ("sha256", "11")), "a==1.0", path, SHA256)
    assert caught.value.message.splitlines()[1:] == [
        "    a==1.0:",
        "        Expected sha256 00",
        "                     or 11",
        f"             Got        {SHA256}",
    ]


def test_an_unknown_algorithm_is_refused(path: str) -> None:
    with pytest.raises(errors.PipwrapError, match="Unknown hash name: huh"):
        verify((("huh", "00"),), "a", path, SHA256)


def test_without_hashes_everything_is_allowed_unless_they_are_required(path: str) -> None:
    HashPolicy().check((), "a==1.0 from https://x/a.zip", path, SHA256)
    with pytest.raises(errors.HashMismatch) as caught:
        HashPolicy(required=True).check((), "a==1.0 from https://x/a.zip", path, SHA256)
    assert caught.value.message == f"{MISSING}\n    a==1.0 --hash=sha256:{SHA256}"


def test_a_policy_knows_projects_and_urls() -> None:
    one, other = (("sha256", "00"),), (("sha256", "11"),)
    policy = HashPolicy({"a": one}, {"https://x/b.zip": other})
    assert policy.of("a") == one
    assert policy.of("b") == ()
    assert policy.of_source("https://x/b.zip") == other
    assert policy.of_source("https://x/c.zip") == ()


def test_a_file_is_named_by_the_requirement_that_asked_for_it() -> None:
    link = "https://x/a-1.0.tar.gz"
    wish = UserRequirement("a==1.0", Requirement.parse("a==1.0"), comes_from="-r all.txt (line 3)")
    policy = HashPolicy(wishes={"a": wish, link: UserRequirement(link, None)})
    assert policy.shown("a", "a==1.0", link) == f"a==1.0 from {link} (from -r all.txt (line 3))"
    assert policy.shown("b", "b==2.0", link) == f"b==2.0 from {link}"
    assert policy.shown(link, "", link) == link


def test_weak_hashes_identify_nothing() -> None:
    given = (("md5", "0"), ("sha1", "1"), ("sha256", "2"), ("sha512", "3"))
    assert trusted(given) == (("sha256", "2"), ("sha512", "3"))
