"""What ``uninstall`` shows, asks and refuses, beside the real pip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

Preparation = Callable[[Path], object]


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with ``demo``, which has files of every kind, and ``lib``."""
    files = {
        "demo/__init__.py": "def main(): ...\n",
        "demo/deep/data.txt": "x",
        "demo/loose/module.py": "x = 1\n",
        "single.py": "x = 1\n",
        "demo-1.0.data/data/share/demo.txt": "x",
    }
    scripts = {"console_scripts": ["demo = demo:main"]}
    index.add(make_wheel(tmp_path / "wheels", "demo", "1.0", files=files, entry_points=scripts))
    index.add(make_wheel(tmp_path / "wheels", "lib", "1.0"))
    return index


def _egg_info(name: str) -> Preparation:
    def prepare(site: Path) -> None:
        info = site / name
        info.mkdir()
        (info / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: eggy\nVersion: 1\n")
        (info / "top_level.txt").write_text("eggy\n")
        (site / "eggy").mkdir()
        (site / "eggy" / "__init__.py").touch()

    return prepare


def _distutils(site: Path) -> None:
    text = "Metadata-Version: 1.0\nName: dist\nVersion: 1\n"
    (site / "dist-1-py3.egg-info").write_text(text)


def _develop(site: Path) -> None:
    source = site.parent / "source"
    (source / "dev.egg-info").mkdir(parents=True)
    text = "Metadata-Version: 1.0\nName: dev\nVersion: 1\n"
    (source / "dev.egg-info" / "PKG-INFO").write_text(text)
    (site / "dev.egg-link").write_text(f"{source}\n.")
    (site / "easy-install.pth").write_text(f"{source}\nother\n")


def _unrecorded(site: Path) -> None:
    (site / "lib-1.0.dist-info" / "RECORD").unlink()
    # Each of the two takes its own installations for repairable, and pipwrap pip's as well.
    (site / "lib-1.0.dist-info" / "INSTALLER").write_text("pip\n")


def _foreign(site: Path) -> None:
    _unrecorded(site)
    (site / "lib-1.0.dist-info" / "INSTALLER").write_text("conda\n")


def _added(site: Path) -> None:
    (site / "demo" / "mine.txt").touch()


@pytest.mark.parametrize(
    ("prepare", "line", "answers"),
    [
        (None, "uninstall demo", "n\n"),
        (None, "uninstall demo", "perhaps\ny\n"),
        (None, "uninstall demo", "\n"),
        (None, "uninstall -v demo", "n\n"),
        (_added, "uninstall demo", "n\n"),
        (_added, "uninstall -y demo", ""),
        (None, "uninstall -y LIB Demo nope", ""),
        (None, "uninstall -y lib==7 lib", ""),
        (None, "uninstall ./lib-1.0-py3-none-any.whl", "y\n"),
        (None, "uninstall -y ./lib-1.0-py3-none-any.whl lib", ""),
        (None, "uninstall -y -r names.txt", ""),
        (None, "uninstall -y -r missing.txt", ""),
        (None, "uninstall", ""),
        (None, "uninstall -y lib=1", ""),
        (_egg_info("eggy-1-py3.egg-info"), "uninstall eggy", "y\n"),
        (_egg_info("eggy-1-py3.egg-info"), "uninstall -y eggy", ""),
        (_egg_info("eggy.egg-info"), "uninstall -y eggy", ""),
        (_distutils, "uninstall -y dist", ""),
        (_develop, "uninstall dev", "y\n"),
        (_develop, "uninstall -y dev", ""),
        (_unrecorded, "uninstall -y lib", ""),
        (_foreign, "uninstall -y lib", ""),
    ],
)
def test_what_is_said_and_left_is_pips(
    pipwrap: Runner,
    environment: VirtualEnvironment,
    offered: Index,
    tmp_path: Path,
    prepare: Preparation | None,
    line: str,
    answers: str,
):
    other = make_environment(tmp_path / "other")
    (pipwrap.directory / "names.txt").write_text("./ignored.whl\nlib>3; python_version<'3'\n-c c\n")
    (pipwrap.directory / "c").write_text("demo\n")
    outcomes = []
    for place in (environment, other):
        runner = pipwrap.on(place)
        runner("install", "--no-compile", "demo", "lib", expect=0)
        if prepare is not None:
            prepare(place.site_packages)
        run = runner if place is environment else runner.pip
        result = run(*line.split(), stdin=answers)
        said = [
            text.replace(str(place.path), "ENV")
            for text in (result.stdout + result.stderr).splitlines()
            if "Removing file or directory" not in text
        ]
        files = [path for path, what in place.tree(bytecode=False).items() if what[0] == "f"]
        outcomes.append((result.returncode, said, sorted(files)))
    ours, theirs = outcomes
    assert ours == theirs


def test_a_question_that_nobody_answers_changes_nothing(pipwrap: Runner, offered: Index):
    pipwrap("install", "demo", expect=0)
    before = pipwrap.environment.tree()
    assert "nobody to answer" in pipwrap("uninstall", "demo", expect=2).stderr
    assert "No input was expected" in pipwrap("uninstall", "--no-input", "demo", expect=2).stderr
    assert pipwrap.environment.tree() == before
