"""Wheels come while the resolution goes on, and nobody hears of those that came in vain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

WHEEL, METADATA = "/files/demo-1.0-py3-none-any.whl", "/files/lib-1.0-py3-none-any.whl.metadata"
LARGE = 9 * 1024 * 1024


@pytest.fixture
def files(tmp_path: Path, index: Index) -> Path:
    """Offer demo, whose lib takes its time."""
    directory = tmp_path / "files"
    index.add(make_wheel(directory, "demo", "1.0", requires=["lib"]))
    index.add(make_wheel(directory, "lib", "1.0"))
    index.fault("/simple/lib/", delay=1)
    return directory


def test_a_wheel_is_asked_for_as_soon_as_it_is_chosen(pipwrap: Runner, index: Index, files: Path):
    result = pipwrap("install", "demo", expect=0)
    asked = index.paths()
    assert asked.count(WHEEL) == 1
    assert asked.index(WHEEL) < asked.index(METADATA)
    downloaded = [line for line in result.stdout.splitlines() if "Downloading" in line]
    assert [line.split()[1] for line in downloaded] == [
        "demo-1.0-py3-none-any.whl.metadata",
        "lib-1.0-py3-none-any.whl.metadata",
        "demo-1.0-py3-none-any.whl",
        "lib-1.0-py3-none-any.whl",
    ]
    assert pipwrap.environment.freeze() == ["demo==1.0", "lib==1.0"]


def test_bytecode_of_what_came_ahead_is_made_once(pipwrap: Runner, index: Index, files: Path):
    pipwrap("install", "demo", expect=0)
    compiled = sorted(pipwrap.environment.site_packages.rglob("*.pyc"))
    assert [path.name.partition(".")[0] for path in compiled] == ["__init__", "__init__"]


@pytest.mark.parametrize("told", [{"size": LARGE}, {"size": False}], ids=["large", "unknown"])
def test_what_could_be_much_in_vain_waits(
    pipwrap: Runner, index: Index, files: Path, told: dict[str, Any]
):
    index.add(files / "demo-1.0-py3-none-any.whl", **told)
    pipwrap("install", "demo", expect=0)
    asked = index.paths()
    assert asked.index(WHEEL) > asked.index(METADATA)


def test_a_dry_run_fetches_none(pipwrap: Runner, index: Index, files: Path):
    pipwrap("install", "--dry-run", "demo", expect=0)
    assert WHEEL not in index.paths()


def test_nobody_hears_of_a_wheel_that_was_chosen_at_first_only(
    pipwrap: Runner, index: Index, files: Path
):
    index.add(make_wheel(files, "demo", "2.0", requires=["lib>=2"]))
    index.fault("/files/demo-2.0-py3-none-any.whl", truncate=100)
    result = pipwrap("install", "demo", expect=0)
    assert "/files/demo-2.0-py3-none-any.whl" in index.paths()
    assert "resume" not in result.stderr
    assert "demo-2.0-py3-none-any.whl " not in result.stdout
    assert pipwrap.environment.freeze() == ["demo==1.0", "lib==1.0"]


def test_a_wheel_that_cannot_be_had_is_the_error_of_the_command(
    pipwrap: Runner, index: Index, files: Path
):
    index.fault(WHEEL, status=404)
    result = pipwrap("install", "demo", expect=1)
    assert result.stderr.count("404 Client Error") == 1
    assert pipwrap.environment.freeze() == []


def test_a_resolution_that_fails_leaves_nothing(pipwrap: Runner, index: Index, files: Path):
    result = pipwrap("install", "demo", "lib>1", expect=1)
    assert "No matching distribution found for lib>1" in result.stderr
    assert pipwrap.environment.freeze() == []
