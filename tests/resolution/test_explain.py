"""A conflict is reported as by pip: what requires what, the user's own requirements first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from pipwrap.events import Info, WarningMessage
from pipwrap.resolution.engine import Unsolvable
from pipwrap.resolution.explain import HELP, Cause, describe, essential, python_conflict
from resolution.worlds import File, World, f, resolution, resolve, shown


def conflict(
    index: Mapping[str, Sequence[File]], *root_requirements: str, **rules: object
) -> list[str]:
    """Return what requires what, as the engine gives it: ``a 1.0: c<2``; the user's without a name."""
    with pytest.raises(Unsolvable) as caught:
        resolve(World(index), *root_requirements, **rules)  # type: ignore[arg-type]
    return [
        f"{each.parent} {each.parent_version}: {each.requirement}"
        if each.parent
        else each.requirement
        for each in essential(caught.value.causes)
    ]


def test_two_root_requirements_that_contradict_are_both_named_in_their_order() -> None:
    assert conflict({"a": [f("1"), f("2")]}, "a>1", "a<2") == ["a>1", "a<2"]


def test_a_root_requirement_comes_before_what_a_distribution_requires() -> None:
    index = {"a": [f("1", "c<2")], "c": [f("1"), f("2")]}
    assert conflict(index, "a", "c>1") == ["c>1", "a 1: c<2"]


def test_two_distributions_that_contradict_are_named_without_what_led_to_them() -> None:
    index = {
        "a": [f("1", "m")],
        "m": [f("1", "c<2")],
        "b": [f("1", "c>1")],
        "c": [f("1"), f("2")],
    }
    assert sorted(conflict(index, "a", "b")) == ["b 1: c>1", "m 1: c<2"]


def test_a_requirement_that_nothing_satisfies_is_the_only_cause() -> None:
    assert conflict({"a": [f("1")]}, "a>1") == ["a>1"]
    assert conflict({"a": [f("1", "b>1")], "b": [f("1")]}, "a") == ["a 1: b>1"]
    assert conflict({"a": []}, "a") == ["a"]


def test_unusable_metadata_leaves_the_root_requirement_as_the_cause() -> None:
    assert conflict({"a": [f("1", broken="huh")]}, "a") == ["a"]


def test_a_python_that_does_not_fit_is_reported_with_its_distribution() -> None:
    with pytest.raises(Unsolvable) as caught:
        resolve(World({"a": [f("1", requires_python="<3")]}), "a")
    told = python_conflict(essential(caught.value.causes), "3.11.7")
    assert told == "Package 'a' requires a different Python: 3.11.7 not in '<3'"


def test_several_pythons_are_listed() -> None:
    causes = [Cause("", "<3", "a", "1", satisfiable=False), Cause("", ">=4", "b", "2")]
    assert python_conflict(causes, "3.11.7") == (
        "Packages require a different Python. 3.11.7 not in:\n"
        "'<3' (required by a 1)\n'>=4' (required by b 2)"
    )
    assert python_conflict([Cause("a", "a")], "3.11.7") is None


def test_the_frame_is_pips() -> None:
    causes = [
        Cause("c", "c>1", trigger="c>1", position=0),
        Cause("c", "c<2,!=1.5", "a", "1", trigger="a==1"),
    ]
    told = describe(causes, {"c": "c<9"}, lambda project: True)
    assert told.headline == (
        "Cannot install a==1 and c>1 because these package versions have conflicting dependencies."
    )
    assert told.reasons == (
        "\nThe conflict is caused by:\n"
        "    The user requested c>1\n"
        "    a 1 depends on c<2 and !=1.5\n"
        "    The user requested (constraint) c<9\n"
        "\nTo fix this you could try to:\n"
        "1. loosen the range of package versions you've specified\n"
        "2. remove package versions to allow pip to attempt to solve the dependency conflict\n"
    )
    assert told.error == HELP


def test_projects_that_no_index_offers_are_listed() -> None:
    causes = [Cause("c", "c>1"), Cause("c", "c<2", "a", "1")]
    told = describe(causes, {}, lambda project: False)
    assert told.reasons is not None
    assert (
        "\nAdditionally, some packages in these conflicts have no matching distributions "
        "available for your environment:\n    c\n"
    ) in told.reasons


def test_an_extra_that_is_not_provided_is_warned_of_once() -> None:
    world = World({"a": [f("1.0")], "b": [f("1", "a[x]")]})
    assert resolve(world, "a[x]", "b") == {"a": "1.0", "b": "1"}
    warned = [each.message for each in world.events if isinstance(each, WarningMessage)]
    assert warned == ["a 1.0 does not provide the extra 'x'"]


def test_what_is_done_is_reported_in_pips_words() -> None:
    world = World({"a": [f("1.0", "b>=1")]}, {"b": f("2.0")})
    resolve(world, "A")
    told = [each.message for each in world.events if isinstance(each, Info)]
    assert told == ["Collecting A", "Requirement already satisfied: b>=1 in /site (from A) (2.0)"]


def test_ignored_metadata_is_warned_of() -> None:
    world = World({"a": [f("1.0"), f("2.0", broken="bad line")]})
    resolve(world, "a")
    (warned,) = [each.message for each in world.events if isinstance(each, WarningMessage)]
    assert warned.startswith("Ignoring version 2.0 of a since it has invalid metadata:\nbad line")


def test_the_graph_names_what_requires_what_with_extras_folded_in() -> None:
    world = World(
        {
            "a": [f("1", "b; extra == 'x'", "a[y]; extra == 'x'", "c; extra == 'y'", extras="xy")],
            "b": [f("1", "c")],
            "c": [f("1", "b")],
        }
    )
    found = resolution(world, "A[x]")
    assert shown(found) == {"a": "1", "b": "1", "c": "1"}
    assert set(found.edges) == {("a", "b"), ("a", "c"), ("b", "c"), ("c", "b")}
    assert found.extras == {"a": ("x", "y")}
    assert found.names["a"] == "A"
