"""``install --report``: the same JSON as the real pip's, and nothing else on stdout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.environments import make_environment
from support.index import Index
from support.runner import Runner
from support.wheels import make_sdist, make_wheel, wheel_of_installed

METADATA = (
    "Metadata-Version: 2.1\nName: rich.metadata\nVersion: 1.0\nSummary: häl o\n"
    "Keywords: one,two three\nClassifier: A\nClassifier: B\nProject-URL: Home, there\n"
    "Author-email: somebody\nLicense: MIT\nRequires-Python: >=3.8\nRequires-Dist: lib[more]\n"
    "Provides-Extra: more\nPlatform: any\n\nA description.\n\nOf two parts: ü.\n"
)


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with wheels, a yanked one and an sdist."""
    wheels = tmp_path / "wheels"
    index.add(wheel_of_installed(wheels, "setuptools"))
    index.add(make_wheel(wheels, "rich.metadata", "1.0", metadata=METADATA))
    index.add(make_wheel(wheels, "lib", "2.0", extras={"more": ["extra"]}))
    index.add(make_wheel(wheels, "extra", "1.0"), yanked="broken")
    index.add(make_wheel(wheels, "extra", "0.9"))
    index.add(make_sdist(wheels, "source", "1.0"))
    return index


def _reports(pipwrap: Runner, tmp_path: Path, *line: str) -> tuple[Any, Any]:
    """Return our report and the real pip's about the same line, in two fresh environments."""
    other = pipwrap.on(make_environment(tmp_path / "other"))
    ours = pipwrap("install", "-q", "--report", "-", *line, expect=0)
    theirs = other.pip("install", "-q", "--no-cache-dir", "--report", "-", *line, expect=0)
    return json.loads(ours.stdout), json.loads(theirs.stdout)


@pytest.mark.parametrize(
    "line",
    [
        ["rich.metadata"],
        ["--dry-run", "rich.metadata[more]", "extra"],
        ["--dry-run", "extra==1.0"],
        ["--dry-run", "--ignore-installed", "lib[more]"],
        ["source"],
        ["lib", "lib"],
        ["--target", "t", "lib"],
    ],
    ids=" ".join,
)
def test_the_report_is_pips(pipwrap: Runner, offered: Index, tmp_path: Path, line: list[str]):
    ours, theirs = _reports(pipwrap, tmp_path, *line)
    key = "metadata"
    for report in (ours, theirs):
        report["install"].sort(key=lambda item: item[key]["name"])
    assert ours == theirs


def test_direct_references_are_reported_as_such(pipwrap: Runner, offered: Index, tmp_path: Path):
    wheel = make_wheel(tmp_path / "local", "local", "1.0")
    url = offered.file_url("lib-2.0-py3-none-any.whl")
    ours, theirs = _reports(pipwrap, tmp_path, "--dry-run", str(wheel), f"lib @ {url}")
    for report in (ours, theirs):
        report["install"].sort(key=lambda item: item["metadata"]["name"])
    assert ours == theirs
    assert [item["is_direct"] for item in ours["install"]] == [True, True]


def test_a_file_holds_the_report(pipwrap: Runner, offered: Index):
    result = pipwrap("install", "--dry-run", "--report", "report.json", "lib", expect=0)
    assert result.stdout.splitlines()[-1] == "Would install lib-2.0"
    with open(pipwrap.directory / "report.json", encoding="utf-8") as stream:
        assert json.load(stream)["install"][0]["metadata"]["name"] == "lib"


def test_nothing_to_install_is_an_empty_report(pipwrap: Runner, offered: Index):
    pipwrap("install", "lib", expect=0)
    result = pipwrap("install", "-q", "--report", "-", "lib", expect=0)
    assert json.loads(result.stdout)["install"] == []


def test_a_report_that_cannot_be_written_is_pips_error(pipwrap: Runner, offered: Index):
    line = ("install", "--report", "no/such/place", "lib")
    ours, theirs = pipwrap(*line, expect=1), pipwrap.pip(*line, expect=1)
    assert ours.stderr == theirs.stderr
    assert pipwrap.environment.freeze() == []
