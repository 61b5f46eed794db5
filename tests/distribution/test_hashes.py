"""Only bytes that the user allows, and the table that tells of others."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from packaging.version import Version

from pipwrap import errors
from pipwrap.distribution.hashes import MISSING, HashPolicy, verify
from pipwrap.model.candidate import Candidate
from pipwrap.model.link import Link
from pipwrap.model.requirement import Requirement, UserRequirement
from pipwrap.model.source import Archive

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
        "        Expected     or 11",
        f"             Got        {SHA256}",
    ]


@pytest.mark.parametrize("name", ["huh", "shake_128"])
def test_an_unknown_algorithm_is_refused(path: str, name: str) -> None:
    with pytest.raises(errors.PipwrapError, match=f"Unknown hash name: {name}"):
        verify(((name, "00"),), "a", path, SHA256)


def test_without_hashes_everything_is_allowed_unless_they_are_required(path: str) -> None:
    HashPolicy().check((), "a==1.0 from https://x/a.zip", path, SHA256)
    with pytest.raises(errors.HashMismatch) as caught:
        HashPolicy(required=True).check((), "a==1.0 from https://x/a.zip", path, SHA256)
    assert caught.value.message == f"{MISSING}\n    a==1.0 --hash=sha256:{SHA256}"


ONE, OTHER, WEAK = ("sha256", "00"), ("sha256", "11"), ("md5", "22")
USER_HASHES = {
    "by name": HashPolicy({"a": (OTHER,)}),
    "by url": HashPolicy(allowed_sources={Link("https://x/a-1.zip", (ONE,)).identity: (OTHER,)}),
    "required": HashPolicy(required=True),
    "neither": HashPolicy(),
}


@pytest.mark.parametrize(
    ("policy", "named", "offered", "direct"),
    [
        # (expected hashes, the digest that is known) of a file of an index, and of a reference
        ("by name", (ONE,), ((OTHER,), "11"), ((ONE,), "00")),
        ("by url", (ONE,), ((ONE,), "00"), ((OTHER,), "11")),
        ("required", (ONE,), ((), None), ((), None)),
        ("neither", (ONE,), ((ONE,), "00"), ((ONE,), "00")),
        ("neither", (WEAK,), ((WEAK,), None), ((WEAK,), None)),
        ("neither", (WEAK, ONE), ((WEAK,), "00"), ((WEAK,), "00")),
        ("neither", (ONE, WEAK), ((ONE,), "00"), ((ONE,), "00")),
        ("neither", (), ((), None), ((), None)),
    ],
)
def test_hashes_of_the_user_replace_those_from_elsewhere(
    policy: str, named: tuple[tuple[str, str], ...], offered: object, direct: object
) -> None:
    """Of those from elsewhere pip compares the first; a sha256 among them identifies the file."""
    link, hashes = Link("https://x/a-1.zip", named), USER_HASHES[policy]
    for distribution, right in (
        (Candidate("a", Version("1"), link), offered),
        (Archive(link), direct),
    ):
        assert (hashes.expected(distribution), hashes.digest(distribution)) == right


def test_of_several_allowed_files_an_index_tells_which_it_has() -> None:
    policy = HashPolicy({"a": (ONE, OTHER)})
    for named, digest in (((ONE,), "00"), ((OTHER,), "11"), ((WEAK,), None)):
        link = Link("https://x/a-1.zip", named)
        assert policy.digest(Candidate("a", Version("1"), link)) == digest


def test_a_file_is_named_by_the_requirement_that_asked_for_it() -> None:
    link = "https://x/a-1.0.tar.gz"
    root_requirement = UserRequirement(
        "a==1.0", Requirement.parse("a==1.0"), comes_from="-r all.txt (line 3)"
    )
    policy = HashPolicy(
        root_requirements={"a": root_requirement, link: UserRequirement(link, None)}
    )
    assert policy.shown("a", "a==1.0", link) == f"a==1.0 from {link} (from -r all.txt (line 3))"
    assert policy.shown("b", "b==2.0", link) == f"b==2.0 from {link}"
    assert policy.shown(link, "", link) == link
