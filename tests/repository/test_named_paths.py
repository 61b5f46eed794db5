"""The pages for maintainers name files that exist: a file that moves takes its mentions along."""

from __future__ import annotations

import re

import pytest

from support.sources import PROJECT

PAGES = ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md")
ROOTS = ("", "pipwrap/", "pipwrap/operations/", "tests/repository/", "tests/support/")
"""Where the names on these pages begin."""


def named(text: str) -> list[str]:
    """Return the paths in code style: those with a directory, and modules."""
    words = re.findall(r"`([\w.-]+(?:/[\w.-]*)*)`", text)
    return [word for word in words if word.endswith(".py") or re.match(r"\.?[a-z_]+/", word)]


def exists(path: str) -> bool:
    """Tell whether a path leads to something from one of the roots, as a module too."""
    places = (PROJECT / (root + path + suffix) for root in ROOTS for suffix in ("", ".py"))
    return any(place.exists() for place in places)


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page: str):
    paths = [
        path
        for path in named((PROJECT / page).read_text(encoding="utf-8"))
        if not path.startswith(".scratch/")
    ]
    assert paths
    assert [path for path in paths if not exists(path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str):
    text = (PROJECT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)\)", text)
    wrong = [one for one in targets if not ((PROJECT / page).parent / one).exists()]
    assert wrong == []
