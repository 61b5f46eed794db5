"""docs/cache.md says what the code does: the lists of names and the tree on disk."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipwrap.build import variables
from pipwrap.cache import layout

PAGE = (Path(__file__).parents[2] / "docs" / "cache.md").read_text(encoding="utf-8")


def names_after(words: str) -> frozenset[str]:
    """Return the names in code style in the first paragraph after some words of the page."""
    paragraph = PAGE.partition(words)[2].strip().partition("\n\n")[0]
    return frozenset(re.findall(r"`([^`]+)`", paragraph))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        pytest.param("They are never evidence:", variables.SESSION, id="session"),
        pytest.param("that begins with", frozenset(variables.SESSION_PREFIXES), id="prefixes"),
        pytest.param("code reads them by name:", variables.AMBIENT, id="ambient"),
        pytest.param("has them by tool):", variables.TOOL_VARIABLES, id="tools"),
    ],
)
def test_the_page_lists_the_names_that_count(words: str, names: frozenset[str]):
    assert names_after(words) == names


def test_the_page_draws_the_tree_as_the_layout_does():
    tree = (layout.__doc__ or "").partition("\n\n")[2].strip().splitlines()
    assert "\n".join(f"    {line}" for line in tree) in PAGE
    assert all(f"{bucket}/" in PAGE for bucket in layout.BUCKETS)
