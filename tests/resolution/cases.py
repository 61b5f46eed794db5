"""Small worlds with what pip chooses in them, and what must not be looked at on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipwrap.resolution.engine import Unsolvable
from resolution.worlds import File, World, resolve


@dataclass(frozen=True)
class Story:
    index: dict[str, list[File]]
    root_requirements: tuple[str, ...]
    chosen: dict[str, str] | None
    """``None``: there is no solution."""
    installed: dict[str, File] = field(default_factory=dict)
    urls: dict[str, tuple[str, File]] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    unvisited: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()


def check(story: Story) -> None:
    """Resolve the story's wishes and compare with what pip chooses."""
    world = World(story.index, story.installed, story.urls, frozenset(story.unasked))
    if story.chosen is None:
        with pytest.raises(Unsolvable):
            resolve(world, *story.root_requirements, **story.rules)
    else:
        assert resolve(world, *story.root_requirements, **story.rules) == story.chosen
    assert not set(story.unvisited).intersection(world.visited), world.visited


def told(groups: Mapping[str, Mapping[str, Story]]) -> pytest.MarkDecorator:
    """Return the mark that runs a test once for each story of some groups."""
    stories = [
        pytest.param(story, id=f"{group}: {name}")
        for group, found in groups.items()
        for name, story in found.items()
    ]
    return pytest.mark.parametrize("story", stories)
