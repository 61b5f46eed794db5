"""What specifiers mean among numbered versions, and in which order pip takes them."""

from __future__ import annotations

import itertools

import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from pipwrap.model.candidate import Candidate
from pipwrap.model.link import Link
from pipwrap.resolution.ranges import RankRange
from pipwrap.resolution.version_map import VersionMap

_RELEASES = ("0.9", "1.0", "1.0.0", "1.0.1", "1.2", "1.10", "2", "1!1.0")
_SUFFIXES = ("", ".dev0", "a1.dev1", "a1", "a1.post1", "rc2", "+here.1", ".post1.dev2", ".post1")
VERSIONS = sorted({Version(f"{a}{b}") for a, b in itertools.product(_RELEASES, _SUFFIXES)})
OPERATORS = ("<", "<=", "==", "!=", ">", ">=", "~=", "===")


def version_map(*versions: Version) -> VersionMap:
    """Return the version map of these, best first."""
    return VersionMap(
        [Candidate("a", each, Link(f"https://index/a-{each}.tar.gz")) for each in versions]
    )


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_specifier_means_the_versions_that_it_contains(operator: str) -> None:
    """The ends of its run are searched for, so every kind of neighbour is tried."""
    whole = version_map(*reversed(VERSIONS))
    wildcards = [f"{release}.*" for release in _RELEASES] if operator in {"==", "!="} else []
    for text in [*map(str, VERSIONS), *wildcards]:
        try:
            specifier = SpecifierSet(f"{operator}{text}")
        except InvalidSpecifier:
            continue
        allowed = whole.range_of(specifier)
        found = [
            ranked.version for rank, ranked in enumerate(whole.ranked_versions) if rank in allowed
        ]
        expected = [each for each in VERSIONS if specifier.contains(each, prereleases=True)]
        assert found == expected, specifier


def test_clauses_of_a_set_hold_together() -> None:
    whole = version_map(*(Version(f"1.{minor}") for minor in range(9, -1, -1)))
    allowed = whole.range_of(SpecifierSet(">=1.2,!=1.4,<1.7"))
    assert [rank for rank in range(10) if rank in allowed] == [2, 3, 5, 6]


@pytest.mark.parametrize(
    ("order", "allowed", "expected"),
    [
        pytest.param("3 2 1 0", [0, 1, 3], "3 1 0", id="newest first"),
        pytest.param("3 1 2 0", [0, 2, 3], "3 2 0", id="what is yanked comes last"),
        pytest.param("0 1 2 3", [1, 2], "1 2", id="the other way round"),
        pytest.param("3 2 1 0", [], "", id="nothing"),
    ],
)
def test_best_first_keeps_the_order(order: str, allowed: list[int], expected: str) -> None:
    whole = version_map(*(Version(number) for number in order.split()))
    assert [*whole.best_first(RankRange.of(allowed))] == [
        int(number) for number in expected.split()
    ]


def test_best_first_reads_ranges_without_ends() -> None:
    """The core excludes versions by complements."""
    whole = version_map(*(Version(number) for number in "3210"))
    assert [*whole.best_first(~RankRange.of([1, 2]))] == [3, 0]
