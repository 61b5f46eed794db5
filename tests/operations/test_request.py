"""Hashes bind what they stand beside; one --hash asks for hashes everywhere."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from pipwrap.events import ignore
from pipwrap.model.requirement import Constraint, common_hashes
from pipwrap.operations.request import UserRequest
from pipwrap.options.options import SearchOptions
from pipwrap.requirements.parse import RequirementText, parse_requirement

ONE, OTHER = ("sha256", "11"), ("sha256", "22")


def request(
    *lines: RequirementText,
    constraints: tuple[Constraint, ...] = (),
    search: SearchOptions | None = None,
) -> UserRequest:
    root_requirements = tuple(parse_requirement(line, ignore) for line in lines)
    return UserRequest(
        root_requirements, {each.name: each for each in constraints}, search or SearchOptions()
    )


def test_without_hashes_nothing_is_required() -> None:
    found = request(RequirementText("a"))
    assert not found.requires_hashes
    assert found.hash_policy.allowed == {}


def test_one_hash_asks_for_all() -> None:
    found = request(RequirementText("a==1", hashes=(ONE,)), RequirementText("b==1"))
    assert found.requires_hashes
    assert found.hash_policy.allowed == {"a": (ONE,)}


def test_no_require_hashes_relaxes() -> None:
    line = RequirementText("a==1", hashes=(ONE,))
    found = request(line, search=SearchOptions(no_require_hashes=True))
    assert not found.requires_hashes
    assert found.hash_policy.allowed == {"a": (ONE,)}


def test_a_hash_in_a_url_binds_that_url_only() -> None:
    found = request(RequirementText("https://x/a.zip#sha256=11"), RequirementText("b"))
    assert not found.requires_hashes
    assert found.hash_policy.allowed_sources == {"https://x/a.zip#sha256=11": (ONE,)}


def test_hashes_of_a_requirement_count_before_those_of_a_constraint() -> None:
    """Which file is preferred is for both to say: pip finds by both, and checks by the first."""
    limit = Constraint("a", SpecifierSet("==1"), ((OTHER,),))
    both = request(RequirementText("a==1", hashes=(ONE, OTHER)), constraints=(limit,)).hash_policy
    assert (both.allowed, both.preferred) == ({"a": (ONE, OTHER)}, {"a": (OTHER,)})
    apart = request(RequirementText("a==1", hashes=(ONE,)), constraints=(limit,)).hash_policy
    assert (apart.allowed, apart.preferred) == ({"a": (ONE,)}, {"a": ()})
    unhashed = request(
        RequirementText("a==1"), RequirementText("a", hashes=(ONE,)), constraints=(limit,)
    ).hash_policy
    assert unhashed.allowed == {"a": (OTHER,)}


@pytest.mark.parametrize(
    ("sets", "common"),
    [
        pytest.param((), (), id="none"),
        pytest.param(((ONE, OTHER),), (ONE, OTHER), id="one"),
        pytest.param(((ONE, OTHER), (OTHER,)), (OTHER,), id="one in common"),
        pytest.param(((ONE,), (OTHER,)), (), id="nothing in common"),
        pytest.param(((ONE,), (OTHER,), (ONE,)), (), id="nothing in common of three"),
    ],
)
def test_what_constraints_allow_is_what_all_of_them_allow(
    sets: tuple[tuple[tuple[str, str], ...], ...], common: tuple[tuple[str, str], ...]
) -> None:
    limits = [Constraint("a", SpecifierSet(), (each,)) for each in sets]
    merged = Constraint("a", SpecifierSet())
    for each in limits:
        merged = merged.merged(each)
    assert merged.hashes == common_hashes(sets) == common
