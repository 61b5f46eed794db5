"""Sets of the public index in which somebody has to give way, recorded, beside what pip chooses.

``recorded/NAME.json.gz``: the requirements, Python's version, every version that was on the pages
then, the metadata of those that were looked at (``null``: of none other; -1: unusable), and what pip
26.3 comes to by its own provider (``pips.py``; ``null``: no solution). Where ours differs, ``chosen``
is ours and ``because`` says why that is better.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipwrap.resolution.engine import Unsolvable
from resolution import pips, worlds
from resolution.worlds import File, World

RECORDED = Path(__file__).parent / "recorded"
SETS = sorted(path.name.partition(".")[0] for path in RECORDED.glob("*.json.gz"))
QUICK = ("aio-boto", "black", "flask", "numba", "otel", "proto", "s3fs", "snow", "torch")
"""Sets for which pip's own provider takes seconds at most."""


class Recorded(Mapping[str, Sequence[File]]):
    """The pages of a recorded set; metadata that was not recorded is refused."""

    def __init__(self, record: dict[str, Any]) -> None:
        self._versions, self._metadata = record["versions"], record["metadata"]
        self._files: dict[str, Sequence[File]] = {}

    def __getitem__(self, project: str) -> Sequence[File]:
        if project not in self._files:
            self._files[project] = [self._file(project, *each) for each in self._versions[project]]
        return self._files[project]

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def _file(self, project: str, version: str, number: int | None) -> File:
        if number is None:
            return Unrecorded(version)
        if number < 0:
            return File(version, broken=f"the metadata of {project} {version} is invalid")
        requires, requires_python, extras = self._metadata[number]
        return File(version, requires, extras, requires_python)


class Unrecorded(File):
    """A version of which nothing but its page was recorded."""

    def __getattribute__(self, name: str) -> Any:
        assert name != "requires", f"nobody recorded the metadata of {object.__repr__(self)}"
        return super().__getattribute__(name)


@pytest.fixture
def record(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return a recorded set, with the Python of its time."""
    content = gzip.decompress((RECORDED / f"{request.param}.json.gz").read_bytes())
    found: dict[str, Any] = json.loads(content)
    monkeypatch.setattr(worlds, "PYTHON", found["python"])
    monkeypatch.setitem(worlds.MARKERS, "python_full_version", found["python"])
    short = ".".join(found["python"].split(".")[:2])
    monkeypatch.setitem(worlds.MARKERS, "python_version", short)
    return found


def ours(record: dict[str, Any]) -> tuple[dict[str, str] | None, World]:
    world = World(Recorded(record))
    try:
        return worlds.resolve(world, *record["requirements"]), world
    except Unsolvable:
        return None, world


@pytest.mark.parametrize("record", SETS, indirect=True)
def test_somebody_gives_way_as_with_pip(record: dict[str, Any]) -> None:
    chosen, _ = ours(record)
    assert chosen == record.get("chosen", record["pip"]), record.get("because", "as pip")
    assert ("chosen" in record) == (chosen != record["pip"]), "a difference is listed, and shows"


@pytest.mark.parametrize("record", QUICK, indirect=True)
def test_what_is_recorded_of_pip_is_what_pip_chooses(record: dict[str, Any]) -> None:
    assert pips.choices(Recorded(record), *record["requirements"]) == record["pip"]


@pytest.mark.parametrize(
    ("record", "most"), [("dandi", 170), ("dvc", 115), ("torch", 105)], indirect=["record"]
)
def test_few_versions_are_tried_in_vain(record: dict[str, Any], most: int) -> None:
    """Of dandi's 104 projects 2,619 versions were chosen before anybody gave way."""
    _, world = ours(record)
    assert len(world.visited) <= most
