"""A fresh environment and a fresh store for each test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from install.worlds import World, bare_environment, environment_at
from pipwrap.cache.layout import Layout
from pipwrap.cache.store import WheelStore
from pipwrap.events import Event


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    prefix = str(tmp_path / "venv")
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", prefix])
    events: list[Event] = []
    layout = Layout(str(tmp_path / "cache"))
    store = WheelStore(layout, events.append, lambda: 1_700_000_000.5)
    return World(environment_at(prefix), store, str(tmp_path / "wheels"), events)


@pytest.fixture
def shell(tmp_path: Path) -> World:
    """An environment without an interpreter: for what never runs one."""
    prefix = str(tmp_path / "venv")
    purelib = os.path.join(prefix, "lib", "site-packages")
    os.makedirs(purelib)
    os.makedirs(os.path.join(prefix, "bin"))
    events: list[Event] = []
    store = WheelStore(Layout(str(tmp_path / "cache")), events.append, lambda: 1_700_000_000.5)
    return World(bare_environment(prefix, purelib), store, str(tmp_path / "wheels"), events)
