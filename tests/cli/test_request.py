"""Hashes bind what they stand beside; one --hash asks for hashes everywhere."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet

from pipwrap.cli.options import SearchOptions
from pipwrap.cli.request import Request
from pipwrap.cli.requirements import Line, parse_requirement
from pipwrap.events import ignore
from pipwrap.model.requirement import Constraint

ONE, OTHER = ("sha256", "11"), ("sha256", "22")


def request(
    *lines: Line, constraints: tuple[Constraint, ...] = (), search: SearchOptions | None = None
) -> Request:
    wishes = tuple(parse_requirement(line, ignore) for line in lines)
    return Request(wishes, {each.name: each for each in constraints}, search or SearchOptions())


def test_without_hashes_nothing_is_required() -> None:
    found = request(Line("a"))
    assert not found.requires_hashes
    assert found.hash_policy.of("a") == ()


def test_one_hash_asks_for_all() -> None:
    found = request(Line("a==1", hashes=(ONE,)), Line("b==1"))
    assert found.requires_hashes
    assert found.hash_policy.of("a") == (ONE,)


def test_no_require_hashes_relaxes() -> None:
    line = Line("a==1", hashes=(ONE,))
    found = request(line, search=SearchOptions(no_require_hashes=True))
    assert not found.requires_hashes
    assert found.hash_policy.of("a") == (ONE,)


def test_a_hash_in_a_url_binds_that_url_only() -> None:
    found = request(Line("https://x/a.zip#sha256=11"), Line("b"))
    assert not found.requires_hashes
    assert found.hash_policy.of_source("https://x/a.zip") == (ONE,)


def test_hashes_of_requirement_and_constraint_intersect() -> None:
    limit = Constraint("a", SpecifierSet("==1"), (OTHER,))
    both = request(Line("a==1", hashes=(ONE, OTHER)), constraints=(limit,))
    assert both.hash_policy.of("a") == (OTHER,)
    none = request(Line("a==1", hashes=(ONE,)), constraints=(limit,))
    assert none.hash_policy.of("a") not in ((), (ONE,), (OTHER,))
