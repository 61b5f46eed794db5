"""A long way back is found without choosing every version on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cached_property

import pytest

from pipwrap.errors import UnusableMetadata
from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata
from pipwrap.resolution import engine
from pipwrap.resolution.lookahead import MIN_TRIES
from resolution.worlds import File, World, _metadata, f, resolve

LENGTH = 300


def long_way(**keywords: object) -> World:
    """Return where each ``a`` wants a ``b`` of its own, and all but the first of those want c 2."""
    return World(
        {
            "a": [f(f"{n}.0", f"b=={n}.0", **keywords) for n in range(1, LENGTH + 1)],
            "b": [f("1.0")] + [f(f"{n}.0", "c>=2", **keywords) for n in range(2, LENGTH + 1)],
            "c": [f("1.0"), f("2.0")],
        }
    )


def test_versions_that_contradict_what_is_known_are_not_chosen() -> None:
    world = long_way()
    assert resolve(world, "a", "c<2") == {"a": "1.0", "b": "1.0", "c": "1.0"}
    assert len([each for each in world.visited if each.startswith("a")]) <= 4 * MIN_TRIES
    assert len(world.foreseen) == len(set(world.foreseen)) <= 2 * LENGTH


def test_the_first_versions_are_tried_one_by_one() -> None:
    """What is usual ends sooner than reading ahead would pay."""
    world = World(
        {
            "a": [f("1.0"), *(f(f"{n}.0", "c>=2") for n in range(2, MIN_TRIES + 1))],
            "c": [f("1.0"), f("2.0")],
        }
    )
    assert resolve(world, "a", "c<2")["a"] == "1.0"
    assert world.foreseen == []


def test_without_metadata_apart_every_version_is_tried() -> None:
    """Nothing is built or fetched whole for a guess."""
    world = long_way(is_alone=True)
    assert resolve(world, "a", "c<2")["a"] == "1.0"
    assert f"a=={LENGTH // 2}.0" in world.visited


def test_metadata_that_cannot_be_used_is_left_to_whoever_chooses_it() -> None:
    world = long_way()
    files: list[File] = list(world.index["a"])
    files[LENGTH // 2] = f(f"{LENGTH // 2 + 1}.0", "no requirement!")
    world = World({**world.index, "a": files})
    assert resolve(world, "a", "c<2")["a"] == "1.0"


def test_no_page_is_asked_for_what_was_only_read_ahead() -> None:
    others = {f"other{n}": [f("1.0")] for n in range(2, 30)}
    world = World(
        {
            "a": [
                f("1.0"),
                *(f(f"{n}.0", f"other{n}", "c>=2") for n in range(2, 30)),
                *(f(f"{n}.0", "c>=2") for n in range(30, 30 + MIN_TRIES)),
            ],
            "c": [f("1.0"), f("2.0")],
            **others,
        },
        unasked=frozenset(others) - {"other29", "other28"},
    )
    assert resolve(world, "a", "c<2") == {"a": "1.0", "c": "1.0"}


def test_a_decision_that_may_fall_refuses_nothing() -> None:
    """The newest ``a`` is chosen with another ``b``, as where every version is tried."""
    needs = [
        ("b<2",),
        ("b<3",),
        ("b==2.0rc1", "c>=2"),
        ("b!=1.5",),
        ("b", "c<2"),
        ("b<2", "c>=2"),
        ("b>=2.0rc1",),
        ("b==2.0rc1",),
        ("b!=1.5", "c"),
        *[("c>=2",)] * 4,
    ]
    for is_alone in (True, False):
        files = [f(f"{n}.0", *each, is_alone=is_alone) for n, each in enumerate(needs, 1)]
        others = {"b": [f("1.0"), f("1.5"), f("2.0rc1")], "c": [f("1.0"), f("2.0")]}
        world = World({"root": [f("1.0", "a")], "a": files, **others})
        assert resolve(world, "root", "b", "c<2")["a"] == "9.0"


def test_a_prerelease_that_only_an_untried_version_asks_for_is_found() -> None:
    world = World(
        {
            "root": [f("1.0", "a")],
            "a": [f("1.0", "b>=2.0rc1"), *(f(f"{n}.0", f"m=={n}.0") for n in range(2, 13))],
            "m": [f(f"{n}.0", "n" if n % 3 else "c>=2") for n in range(1, 20)],
            "n": [f("1.0", "c>=2"), f("2.0", "c>=2")],
            "b": [f("1.5"), f("2.0rc1")],
            "c": [f("1.0"), f("2.0")],
        }
    )
    assert resolve(world, "b", "root", "c<2")["b"] == "2.0rc1"


def test_the_reasons_name_versions_that_were_only_read_ahead() -> None:
    newer = [f"{n}.0" for n in range(2, 40)]
    world = World({"a": [f(n, f"c=={n}") for n in newer], "c": [f("1.0"), *map(f, newer)]})
    with pytest.raises(engine.Unsolvable) as told:
        resolve(world, "a", "c<2")
    assert {cause.parent_version for cause in told.value.causes if cause.parent} == set(newer)
    assert len(world.visited) < len(newer)


class Prompt(World):
    """Where everything that is begun has arrived at once."""

    def prefetch(
        self, wanted: str | Candidate, then: Callable[[Metadata], None] | None = None
    ) -> Future[None]:
        """Note what is begun, with how much was chosen by then."""
        page: Future[None] = Future()
        if isinstance(wanted, str):
            assert wanted not in self.unasked, wanted
            page.set_result(None)
            return page
        name = f"{wanted.project}=={wanted.version}"
        if then is not None and name not in self.begun:
            self.begun[name] = len(self.visited)
            with contextlib.suppress(UnusableMetadata):
                then(_metadata(wanted.project, self._file(wanted)))
        return page

    def ahead(self, project: str) -> Sequence[Candidate]:
        """Return what is offered without a note that it was asked for."""
        asked = len(self.asked)
        found = self.candidates(project)
        del self.asked[asked:]
        return found

    @cached_property
    def begun(self) -> dict[str, int]:
        """Return how many had been read when each was begun."""
        return {}


def test_what_has_arrived_is_followed_to_its_end_before_anything_is_chosen() -> None:
    world = Prompt(
        {
            "a": [f("1.0", "b<3", "d; sys_platform == 'nowhere'")],
            "b": [f("1.0"), f("2.0", "c"), f("2.5", yanked="broken"), f("3.0")],
            "c": [f("1.0", "a"), f("2.0.dev1", "d")],
            "d": [f("1.0")],
        },
        unasked=frozenset({"d"}),
    )
    assert resolve(world, "a") == {"a": "1.0", "b": "2.0", "c": "1.0"}
    assert world.begun == {"a==1.0": 0, "b==2.0": 0, "c==1.0": 0}


def test_what_arrives_broken_is_met_by_whoever_chooses_it() -> None:
    world = Prompt({"a": [f("1.0", "b"), f("2.0", broken="what?")], "b": [f("1.0", "no such!")]})
    with pytest.raises(engine.Unsolvable):
        resolve(world, "a")
    assert set(world.begun) == {"a==2.0", "b==1.0"}


def test_nothing_is_looked_at_ahead_of_what_is_installed_and_stays() -> None:
    world = Prompt(
        {"a": [f("1.0", "b")], "b": [f("2.0")]},
        installed={"b": f("1.0")},
        unasked=frozenset({"b"}),
    )
    assert resolve(world, "a")["b"] == "1.0 (installed)"
    assert world.begun == {"a==1.0": 0}
