"""Cases: small indexes, what pip chooses from them, and what must not be looked at on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipwrap.resolution.engine import Unsolvable
from resolution.worlds import File, World, resolve


@dataclass(frozen=True)
class Case:
    index: dict[str, list[File]]
    root_requirements: tuple[str, ...]
    chosen: dict[str, str] | None
    """``None``: there is no solution."""
    installed: dict[str, File] = field(default_factory=dict)
    urls: dict[str, tuple[str, File]] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    unvisited: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()


def check(case: Case) -> None:
    """Resolve a case's requirements and compare with what pip chooses."""
    world = World(case.index, case.installed, case.urls, frozenset(case.unasked))
    if case.chosen is None:
        with pytest.raises(Unsolvable):
            resolve(world, *case.root_requirements, **case.rules)
    else:
        assert resolve(world, *case.root_requirements, **case.rules) == case.chosen
    assert not set(case.unvisited).intersection(world.visited), world.visited


def parametrized(groups: Mapping[str, Mapping[str, Case]]) -> pytest.MarkDecorator:
    """Return the mark that runs a test once for each case of some groups."""
    cases = [
        pytest.param(case, id=f"{group}: {name}")
        for group, found in groups.items()
        for name, case in found.items()
    ]
    return pytest.mark.parametrize("case", cases)
