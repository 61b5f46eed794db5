"""The four fixtures: an environment, an index, a cache, and pipwrap run on all three."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.runner import Runner, clean_environ


@pytest.fixture
def environment(tmp_path: Path) -> VirtualEnvironment:
    """Return an empty virtual environment, without pip."""
    return make_environment(tmp_path / "environment")


@pytest.fixture
def index() -> Iterator[Index]:
    """Yield a running, empty Simple index on the loopback."""
    with Index() as running:
        yield running


@pytest.fixture
def cache_root(tmp_path: Path) -> Path:
    """Return where ``pipwrap`` keeps its cache; not made yet."""
    return tmp_path / "cache" / "pipwrap"


@pytest.fixture
def pipwrap(
    tmp_path: Path, environment: VirtualEnvironment, index: Index, cache_root: Path
) -> Runner:
    """Return a function that runs pipwrap on ``environment`` against ``index``."""
    home, directory = tmp_path / "home", tmp_path / "work"
    for made in (home / "tmp", directory):
        made.mkdir(parents=True)
    environ = clean_environ(home, environment, cache_root, index.url)
    return Runner(environment, environ, directory)
