"""Which files can be installed here, and in which order they are liked: as the real pip says."""

from __future__ import annotations

import random
from typing import Any

import pytest
from packaging.version import Version

from index.real_pip import ask
from pipwrap.index.candidates import Judged
from pipwrap.index.selection import Selector, supports_python, version_of_sdist
from pipwrap.model.candidate import Candidate, Rejection
from pipwrap.model.link import Link

TAGS = ("cp311-cp311-linux_x86_64", "cp311-abi3-linux_x86_64", "py3-none-any")
SELECTOR = Selector({tag: rank for rank, tag in enumerate(TAGS)}, "3.11.7")

FILES = [
    "a-1.0-py3-none-any.whl",
    "a-1.0-1-py3-none-any.whl",
    "a-1.0-2x-py3-none-any.whl",
    "a-1.0-x-py3-none-any.whl",
    "a-1.0-py2.py3-none-any.whl",
    "a-1.0-cp311-abi3-linux_x86_64.whl",
    "a-1.0-cp310-cp310-linux_x86_64.whl",
    "a-1.0-py3-none-any.WHL",
    "A-1.0-py3-none-any.whl",
    "b-1.0-py3-none-any.whl",
    "a-1.0.whl",
    "a-huh-py3-none-any.whl",
    "a-1_0-py3-none-any.whl",
    "a-1.0+cpu-py3-none-any.whl",
    "a-1!2.0-py3-none-any.whl",
    "-1.0-py3-none-any.whl",
    "a-1.0.tar.gz",
    "A-1.0.tar.gz",
    "a-1.0.zip",
    "a-1.0.tgz",
    "a-1.0.tar.bz2",
    "a-1.0.tbz",
    "a-1.0.tar.xz",
    "a-1.0.txz",
    "a-1.0.tar.lz",
    "a-1.0.tlz",
    "a-1.0.tar.lzma",
    "a-1.0.tar",
    "a-1.0.tar.Z",
    "a-1.0.egg",
    "a-1.0.exe",
    "a-1.0.tar.gz.asc",
    "a-1.0-py3.11.egg",
    "a-1.0.macosx10.zip",
    "a-1.0+macosx10.zip",
    "a-1.0+macosx10.tar.gz",
    "a-1.0.ZIP",
    "a-1.0.TAR.GZ",
    "a-1.0.Tar.gz",
    "a-1.0.tar.BZ2",
    "a.tar.gz",
    "a-.tar.gz",
    "a-huh.tar.gz",
    "a-1.0-1.tar.gz",
    "a-1.0-py3.11.tar.gz",
    "a-1.0-py3.8.tar.gz",
    "a-1.0rc1.tar.gz",
    "a-1.0.dev0.zip",
    "a-1.0-src.tar.gz",
    "a_b-1.0.tar.gz",
    "a-b-1.0.tar.gz",
    "A.B-1.0.tar.gz",
    "a--b-1.0.tar.gz",
    "a",
    "index.html",
]


def questions() -> list[dict[str, Any]]:
    formats = (("source", "binary"), ("source",), ("binary",))
    found: list[dict[str, Any]] = [
        {"project": project, "filename": name, "formats": kinds, "python": None}
        for project in ("a", "a-b")
        for kinds in formats
        for name in FILES
    ]
    for python in (">=3.8", ">=3.12", "<3", "huh", "", ">=3.11,!=3.11.7", ">3.12,>=4", "==3.11.*"):
        found += [
            {"project": "a", "filename": name, "formats": ("source", "binary"), "python": python}
            for name in ("a-1.0.tar.gz", "a-1.0-py3-none-any.whl")
        ]
    return found


def test_files_are_judged_as_the_real_pip_does() -> None:
    asked = questions()
    for question, (is_candidate, detail) in zip(asked, ask("judge", asked), strict=True):
        link = Link("https://files/" + question["filename"], requires_python=question["python"])
        judged = SELECTOR.judge(
            question["project"],
            link,
            allows_binary="binary" in question["formats"],
            allows_source="source" in question["formats"],
        )
        try:
            expected = Version(detail) if is_candidate else None
        except ValueError:
            expected = None
        got = judged.version if isinstance(judged, Candidate) else None
        assert got == expected, (question, detail, judged)
        if isinstance(judged, Rejection) and judged.kind == "requires_python":
            assert judged.reason == detail


@pytest.mark.parametrize("prefer_binary", [False, True])
def test_files_are_ordered_as_the_real_pip_does(prefer_binary: bool) -> None:  # noqa: FBT001
    """Of equals, too: the one that was named last comes first."""
    chance = random.Random(20)
    endings = [f"-{tag}.whl" for tag in TAGS] + [f"-2-{TAGS[2]}.whl", f"-10b-{TAGS[2]}.whl", ".zip"]
    asked = []
    for _ in range(60):
        found = []
        for number in range(chance.randint(2, 9)):
            version = chance.choice(("1.0", "2.0", "2.0rc1", "1.0+local"))
            url = f"https://files/{number}/a-{version}{chance.choice(endings)}"
            found.append((version, url, "" if chance.random() < 0.2 else None))
        asked.append({"candidates": found, "prefer_binary": prefer_binary})
    selector = Selector(SELECTOR.tags, "3.11.7", prefer_binary=prefer_binary)
    for question, expected in zip(asked, ask("order", asked), strict=True):
        candidates = []
        for _, url, yanked in question["candidates"]:
            judged = selector.judge(
                "a", Link(url, yanked=yanked), allows_binary=True, allows_source=True
            )
            assert isinstance(judged, Candidate), url
            candidates.append(judged)
        assert [each.link.url for each in selector.ordered(candidates)] == expected


GOOD = ("sha256", "aa")


def test_a_file_with_an_allowed_hash_comes_first() -> None:
    right, newer = candidate("1.0", GOOD), candidate("2.0")
    assert SELECTOR.ordered((right, newer)) == (newer, right)
    assert SELECTOR.ordered((right, newer), frozenset({GOOD})) == (right, newer)


def candidate(version: str, *hashes: tuple[str, str], yanked: str | None = None) -> Candidate:
    link = Link(f"https://files/a-{version}.zip", hashes=hashes, yanked=yanked)
    return Candidate("a", Version(version), link)


@pytest.mark.parametrize(
    ("stem", "project", "version"),
    [
        ("a-1.0", "a", "1.0"),
        ("A.b_C-1.0-1", "a-b-c", "1.0-1"),
        ("a-b-1.0", "a", "b-1.0"),
        ("a-", "a", None),
        ("a", "a", None),
        ("b-1.0", "a", None),
    ],
)
def test_the_version_stands_behind_the_name(stem: str, project: str, version: str | None) -> None:
    assert version_of_sdist(stem, project) == version


def test_an_invalid_requires_python_admits_every_python() -> None:
    assert supports_python("huh", "3.11.7")
    assert not supports_python(">=3.12", "3.11.7")


def test_what_is_offered_is_told_by_kind() -> None:
    other = Rejection(Link("https://x/a-3.zip"), "3 Requires-Python >=4", "requires_python")
    judged = Judged((candidate("2.0"), candidate("1.0"), candidate("3.0", yanked="")), (other,), ())
    assert judged.versions == (Version("1.0"), Version("2.0"))
    assert judged.yanked_versions == (Version("3.0"),)
    assert judged.other_pythons == ("3 Requires-Python >=4",)
