"""The same command line through the real pip and through pipwrap: what differs is listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parity.compare import Outcome, outcome
from parity.scenarios import Scenario, differences, filled, scenarios, words
from parity.sides import Side, make_side
from parity.world import World, make_world
from support.index import Index

SCENARIOS = scenarios()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Index() as index:
        yield make_world(tmp_path_factory.mktemp("world"), index)


@pytest.mark.parity
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.id)
def test_pipwrap_does_what_pip_does(
    scenario: Scenario, world: World, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    (real, _), (ours, side) = (_run(who, scenario, world, tmp_path) for who in ("pip", "our"))
    record_property("handed_over", side.was_handed_over)
    found = real.differences_from(ours)
    listed = [one for one in differences() if scenario.id in one.lines]
    unlisted = [line for line in found if not any(one.covers(line) for one in listed)]
    gone = [one.name for one in listed if not any(one.covers(line) for line in found)]
    assert not unlisted, "\n".join([f"pip {scenario.command}", *unlisted])
    assert not gone, f"listed and no longer so: {', '.join(gone)}"


def _run(who: str, scenario: Scenario, world: World, tmp_path: Path) -> tuple[Outcome, Side]:
    """Return what the command leaves on a fresh side."""
    side = make_side(
        tmp_path / who,
        world.index.url,
        world.work,
        system_site_packages=scenario.system_site_packages,
    )
    names = {**world.placeholders(), "root": str(side.root)}
    for path, content in scenario.files.items():
        target = side.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(filled(content, names), encoding="utf-8")
    environ = {name: filled(value, names) for name, value in scenario.environ.items()}
    for line in scenario.prepare:
        done = side.pip(words(line, names), {}, "")
        assert done.returncode == 0, done.output
    run = side.pip if who == "pip" else side.pipwrap
    result = run(words(scenario.command, names), environ, scenario.stdin)
    left = outcome(
        side,
        result,
        {world.index.host: "$HOST", str(world.root): "$WORLD"},
        contract=scenario.contract,
    )
    return left, side


def test_each_line_has_a_name_of_its_own() -> None:
    names = [one.id for one in SCENARIOS]
    assert sorted(set(names)) == sorted(names)


def test_listed_differences_name_lines_that_exist() -> None:
    names = {one.id for one in SCENARIOS}
    assert [line for one in differences() for line in one.lines if line not in names] == []


def test_each_difference_has_a_name_of_its_own_and_a_reason() -> None:
    names = [one.name for one in differences()]
    assert sorted(set(names)) == sorted(names)
    assert all(one.reason and one.lines and one.shows for one in differences())


def test_there_are_enough_lines() -> None:
    assert len(SCENARIOS) >= 250
