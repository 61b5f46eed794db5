"""A fresh environment and a fresh store for each test."""

from __future__ import annotations

import subprocess
import sys

import pytest
from install.worlds import World, environment_at

from pipwrap.cache.layout import Layout
from pipwrap.cache.store import Store
from pipwrap.events import Event


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    prefix = str(tmp_path / "venv")
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", prefix])
    events: list[Event] = []
    layout = Layout(str(tmp_path / "cache"))
    store = Store(layout, events.append, lambda: 1_700_000_000.5)
    return World(environment_at(prefix), store, str(tmp_path / "wheels"), events)
