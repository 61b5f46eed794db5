"""Distributions that a finder on sys.meta_path yields: installed, as pip sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

FINDER = """
import importlib.metadata, os, pathlib, sys

class Virtual(importlib.metadata.Distribution):
    def read_text(self, name):
        if name == "METADATA":
            return "Metadata-Version: 2.1\\nName: Virtual\\nVersion: 1.0\\nRequires-Dist: needed<2\\n"

    def locate_file(self, path):
        return path

class Finder:
    @classmethod
    def find_spec(cls, *arguments):
        return None

    @classmethod
    def find_distributions(cls, context):
        if context.name in (None, "virtual"):
            yield Virtual()
        for path in pathlib.Path({elsewhere!r}).glob("*.dist-info"):
            yield importlib.metadata.PathDistribution(path)

sys.meta_path.insert(0, Finder)
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a directory on no path, whose distributions the finder yields."""
    info = tmp_path / "elsewhere" / "outside-1.0.dist-info"
    info.mkdir(parents=True)
    text = "Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n"
    (info / "METADATA").write_text(text, encoding="utf-8")
    (info / "RECORD").write_text("outside-1.0.dist-info/METADATA,,\n", encoding="utf-8")
    return info.parent


def _add_finder(environment: VirtualEnvironment, elsewhere: Path) -> None:
    text = FINDER.replace("{elsewhere!r}", repr(str(elsewhere)))
    (environment.site_packages / "added_finder.py").write_text(text, encoding="utf-8")
    (environment.site_packages / "added.pth").write_text("import added_finder\n", encoding="utf-8")


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with newer ones of what the finder yields."""
    for name, version in (("virtual", "2.0"), ("outside", "2.0"), ("needed", "1.0")):
        index.add(make_wheel(tmp_path / "files", name, version))
    index.add(make_wheel(tmp_path / "files", "needed", "2.0"))
    index.add(make_wheel(tmp_path / "files", "user", "1.0", requires=["virtual==1.0"]))
    return index


LINES = (
    ["install", "virtual", "outside"],
    ["install", "user"],
    ["uninstall", "-y", "virtual"],
    ["uninstall", "-y", "outside"],
    ["install", "needed>=2"],
    ["install", "-U", "virtual"],
    ["install", "outside>1"],
)


UNTOLD = (
    *("Downloading ", "Using cached ", "Looking in"),
    # What pip finds afterwards: the finder's version, which hides the one that was installed.
    *("Successfully installed virtual", "Successfully installed outside"),
)


def test_they_are_installed_as_for_pip(
    pipwrap: Runner, offered: Index, elsewhere: Path, tmp_path: Path
):
    theirs = pipwrap.on(make_environment(tmp_path / "theirs"))
    pipwrap("--version", expect=0)  # what was remembered of the interpreter is asked again
    for runner in (pipwrap, theirs):
        _add_finder(runner.environment, elsewhere)
    for line in LINES:
        ours, pips = pipwrap(*line), theirs.pip(*line)
        told = [
            [
                each.replace(str(runner.environment.path), "ENVIRONMENT")
                for each in (result.stdout + result.stderr).splitlines()
                if not each.lstrip().startswith(UNTOLD)
            ]
            for runner, result in ((pipwrap, ours), (theirs, pips))
        ]
        assert sorted(told[0]) == sorted(told[1]), line
        assert ours.returncode == pips.returncode, line


def test_the_answer_is_not_remembered_while_a_finder_decides(
    pipwrap: Runner, offered: Index, elsewhere: Path
):
    _add_finder(pipwrap.environment, elsewhere)
    for _ in range(2):
        result = pipwrap("install", "outside", expect=0)
        assert "Requirement already satisfied: outside" in result.stdout
    for path in (*elsewhere.glob("*/*"), *elsewhere.iterdir()):
        path.unlink() if path.is_file() else path.rmdir()
    result = pipwrap("install", "outside", expect=0)
    assert "Successfully installed outside-2.0" in result.stdout


def test_a_finder_that_fails_is_told(pipwrap: Runner, offered: Index, elsewhere: Path):
    _add_finder(pipwrap.environment, elsewhere)
    path = pipwrap.environment.site_packages / "added_finder.py"
    text = path.read_text(encoding="utf-8").replace("yield Virtual()", "raise ValueError('broken')")
    path.write_text(text, encoding="utf-8")
    result = pipwrap("install", "outside", expect=1)
    assert "a finder of" in result.stderr
    assert "ValueError: broken" in result.stderr
    assert "Traceback" not in result.stderr
