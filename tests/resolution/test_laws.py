"""The engine finds a solution exactly when there is one, and what it finds is one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence

import pytest
from msgspec import Struct
from packaging.requirements import Requirement

from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.release_control import ReleaseControl
from pipwrap.resolution.admission import is_still_best
from pipwrap.resolution.choice import Choice
from pipwrap.resolution.engine import Unsolvable
from pipwrap.resolution.outcome import Resolution
from pipwrap.resolution.preferences import Preference
from resolution.worlds import File, World, candidates_of, f, resolution, resolve, shown

NAMES = ("a", "b", "c", "d")
VERSIONS = ("1", "2", "3")
UNLIKE = (*VERSIONS, "2.0rc1", "3.0rc1")
"""Some of which are chosen only when they are asked for."""
EXTRA = "x"
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "~=", "")
Index = dict[str, list[File]]


def random_world(seed: int | str, versions: Sequence[str] = VERSIONS) -> tuple[Index, list[str]]:
    """Return what is offered, and what is required; small enough to try every combination."""
    chance = random.Random(seed)
    index = {
        name: [
            File(version, tuple(dependencies(chance, versions)), extras=(EXTRA,))
            for version in chance.sample(versions, chance.randint(1, 3))
        ]
        for name in NAMES
    }
    root_requirements = [requirement(chance, versions) for _ in range(chance.randint(1, 3))]
    return index, root_requirements


def dependencies(chance: random.Random, versions: Sequence[str] = VERSIONS) -> Iterator[str]:
    for _ in range(chance.choice((0, 0, 1, 2, 3))):
        marker = f"; extra == '{EXTRA}'" if chance.random() < 0.3 else ""
        yield requirement(chance, versions) + marker


def requirement(chance: random.Random, versions: Sequence[str] = VERSIONS) -> str:
    extra = f"[{EXTRA}]" if chance.random() < 0.25 else ""
    operator = chance.choice(OPERATORS)
    version = chance.choice(versions) if operator else ""
    if operator == "~=" and version.isdecimal():
        version += ".0"
    return f"{chance.choice(NAMES)}{extra}{operator}{version}"


def is_solution(index: Index, root_requirements: list[str], chosen: dict[str, str]) -> bool:
    """Tell whether everything that is asked for, from the root requirements on, is there."""
    waiting = [Requirement(root_requirement) for root_requirement in root_requirements]
    done: set[tuple[str, str | None]] = set()
    while waiting:
        wanted = waiting.pop()
        version = chosen.get(wanted.name)
        if version is None or not wanted.specifier.contains(version):
            return False
        for extra in (None, *wanted.extras):
            if (wanted.name, extra) not in done:
                done.add((wanted.name, extra))
                waiting += needs(index, wanted.name, version, extra)
    return True


def needs(index: Index, name: str, version: str, extra: str | None) -> list[Requirement]:
    file = next(each for each in index[name] if each.version == version)
    parsed = [Requirement(text) for text in file.requires]
    return [
        each
        for each in parsed
        if each.marker is None or each.marker.evaluate({"extra": extra or ""})
    ]


def has_solution(index: Index, root_requirements: list[str]) -> bool:
    choices = itertools.product(*([file.version for file in index[name]] for name in NAMES))
    return any(
        is_solution(index, root_requirements, dict(zip(NAMES, versions, strict=True)))
        for versions in choices
    )


@pytest.mark.parametrize("block", range(8))
def test_a_solution_is_found_exactly_when_there_is_one(block: int) -> None:
    found = 0
    for seed in range(block * 100, block * 100 + 100):
        index, root_requirements = random_world(seed)
        expected = has_solution(index, root_requirements)
        try:
            chosen = resolve(World(index), *root_requirements)
        except Unsolvable:
            assert not expected, (seed, root_requirements)
        else:
            assert is_solution(index, root_requirements, chosen), (seed, root_requirements, chosen)
            found += 1
    assert 20 < found < 95, "the worlds are too easy or too hard to say much"


@pytest.mark.parametrize("block", range(4))
def test_what_is_installed_never_makes_the_difference(block: int) -> None:
    """A set that the index alone can solve stays solvable, whatever is there already."""
    for seed in range(block * 100, block * 100 + 100):
        index, root_requirements = random_world(seed)
        chance = random.Random(f"installed {seed}")
        installed = {name: chance.choice(index[name]) for name in NAMES if chance.random() < 0.5}
        try:
            chosen = resolve(World(index, installed), *root_requirements)
        except Unsolvable:
            assert not has_solution(index, root_requirements), (seed, root_requirements)
        else:
            plain = {name: version.partition(" ")[0] for name, version in chosen.items()}
            assert is_solution(index, root_requirements, plain), (seed, root_requirements, chosen)


def test_the_same_request_has_the_same_resolution() -> None:
    index, root_requirements = random_world(7)
    first, second = World(index), World(index)
    assert resolve(first, *root_requirements) == resolve(second, *root_requirements)
    assert first.visited == second.visited


def changed_file(chance: random.Random) -> File:
    """Return a version that was not there before: newer, older, between, pre-release or yanked."""
    version = chance.choice(("0.5", "1.5", "2.0rc1", "2.5", "3.5", "4", "4.0b2"))
    yanked = "broken" if chance.random() < 0.2 else None
    return File(version, tuple(dependencies(chance, UNLIKE)), extras=(EXTRA,), yanked=yanked)


def changed(chance: random.Random, index: Index) -> Index:
    """Return the index with some pages that are other now."""
    result = dict(index)
    for name in chance.sample(NAMES, chance.choice((1, 2, 3))):
        files = list(index[name])
        if len(files) > 1 and chance.random() < 0.3:
            files.pop(chance.randrange(len(files)))
        result[name] = [*files, *(changed_file(chance) for _ in range(chance.choice((0, 1, 2))))]
        result[name] = list({each.version: each for each in result[name]}.values())
    return result


class Change(Struct, frozen=True):
    """A question with its answer, and the world as it is later."""

    before: World
    later: World
    root_requirements: list[str]
    limits: list[str]
    keeps: bool
    found: Resolution

    @classmethod
    def made(cls, seed: int) -> Change | None:
        """Return one; ``None`` where there is no answer."""
        chance = random.Random(f"changed {seed}")
        index, root_requirements = random_world(f"before {seed}", UNLIKE)
        limits = [
            requirement(chance).replace(f"[{EXTRA}]", "") for _ in range(chance.choice((0, 1)))
        ]
        there = chance.sample(NAMES, chance.choice((0, 0, 1, 2)))
        installed = {name: chance.choice(index[name]) for name in there}
        before, keeps = World(index, installed), chance.random() < 0.5
        try:
            found = resolution(
                before, *root_requirements, constraints=limits, keeps=lambda _: keeps
            )
        except Unsolvable:
            return None
        return cls(
            before,
            World(changed(chance, index), installed),
            root_requirements,
            limits,
            keeps,
            found,
        )

    @property
    def installed(self) -> dict[str, InstalledCandidate]:
        return candidates_of(self.before.installed)

    @property
    def same(self) -> list[str]:
        """Return the projects that were looked at whose pages are the same."""
        asked = dict.fromkeys(self.before.asked)
        return [each for each in asked if self.later.index[each] == self.before.index[each]]

    @property
    def other(self) -> list[str]:
        return [each for each in dict.fromkeys(self.before.asked) if each not in self.same]

    def answer(self, preferences: Mapping[str, Preference] | None = None) -> Resolution | None:
        """Return the later answer; ``None`` where there is none."""
        try:
            return resolution(
                self.later,
                *self.root_requirements,
                constraints=self.limits,
                keeps=lambda _: self.keeps,
                preferences=preferences,
            )
        except Unsolvable:
            return None


@pytest.mark.parametrize("block", range(8))
def test_what_its_active_specifiers_hold_for_is_chosen_again(block: int) -> None:
    """Where pages have changed and each choice stands, resolving anew does the very same."""
    outcomes = {True: 0, False: 0}
    for seed in range(block * 200, block * 200 + 200):
        change = Change.made(seed)
        if change is None:
            continue
        active_specifiers, choices = change.found.active_specifiers, change.found.choices
        stand = all(
            project in active_specifiers
            and is_still_best(
                choices[project],
                active_specifiers[project],
                change.later,
                change.installed,
                ReleaseControl(),
            )
            for project in change.other
        )
        outcomes[stand] += 1
        if stand:
            change.later.asked.clear()
            again = change.answer()
            assert again is not None, seed
            assert shown(again) == shown(change.found), seed
            assert again.edges == change.found.edges, seed
            assert change.later.visited == change.before.visited, seed
    assert min(outcomes.values()) > 5, outcomes


def is_plain(choice: Choice) -> bool:
    return isinstance(choice, Candidate) and choice.is_plain


@pytest.mark.parametrize("block", range(8))
def test_preferences_make_no_difference(block: int) -> None:
    """It spares looking at pages that have not changed, and nothing else."""
    spared = 0
    for seed in range(block * 200, block * 200 + 200):
        change = Change.made(seed)
        if change is None:
            continue
        found, later = change.found, change.later
        expected = change.answer()
        in_full = set(later.asked)
        later.asked.clear()
        preferences = {
            project: Preference(found.choices[project], found.active_specifiers[project])  # type: ignore[arg-type]
            for project in change.same
            if project in found.active_specifiers
            and project not in change.installed
            and is_plain(found.choices[project])
        }
        answer = change.answer(preferences)
        spared += len(in_full - set(later.asked))
        assert (answer and shown(answer)) == (expected and shown(expected)), seed
        assert (answer and answer.edges) == (expected and expected.edges), seed
    assert spared > 5


def test_a_choice_after_a_failed_attempt_has_no_active_specifiers() -> None:
    """An older version of another project may let the first attempt succeed, and change it."""
    index = {
        "a": [f("1.0", "c<2"), f("2.0")],
        "b": [f("2.0", "c>=2")],
        "c": [f("1.0"), f("2.0")],
    }
    there = {"a": f("1.0", "c<2")}
    found = resolution(World(index, there), "a", "b")
    assert shown(found) == {"a": "2.0", "b": "2.0", "c": "2.0"}
    assert found.active_specifiers == {}
    later = World({**index, "b": [*index["b"], f("1.0")]}, there)
    assert resolve(later, "a", "b") == {"a": "1.0 (installed)", "b": "1.0", "c": "1.0"}
