"""``install --prefix``, ``--root`` and ``--ignore-installed``, beside the real pip."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import make_environment, snapshot
from support.index import Index
from support.runner import Result, Runner
from support.wheels import make_wheel


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with ``demo`` 2.0, which has files of every kind, and ``lib`` 1.0 and 2.0."""
    files = {
        "demo/__init__.py": "def main():\n    print('here')\n",
        "demo-2.0.data/data/share/demo.txt": "data",
        "demo-2.0.data/headers/demo.h": "/* */",
    }
    scripts = {"console_scripts": ["demo = demo:main"]}
    wheels = tmp_path / "wheels"
    index.add(
        make_wheel(wheels, "demo", "2.0", requires=["lib"], files=files, entry_points=scripts)
    )
    for version in ("1.0", "2.0"):
        index.add(make_wheel(wheels, "lib", version))
    return index


def _words(result: Result) -> list[str]:
    """Return what was said, but not how files were had (the caches differ), nor what is there."""
    lines = (result.stdout + result.stderr).splitlines()
    had = ("Downloading", "Using cached", "Requirement already")
    return [line for line in lines if line.strip() and not line.strip().startswith(had)]


def _paths(root: Path) -> list[str]:
    return sorted(path for path in snapshot(root) if not path.endswith(".pyc"))


@pytest.mark.parametrize(
    "lines",
    [
        ["install --prefix OUT/p demo"],
        ["install --prefix p demo"],
        ["install --root OUT/r demo"],
        ["install --root r --prefix p demo"],
        ["install --root r --prefix /opt/p demo"],
        ["install lib==1.0", "install --prefix p demo"],
        ["install lib==1.0", "install --prefix p lib==2.0"],
        ["install lib==1.0", "install --root r -U lib"],
        ["install lib==1.0", "install --prefix p -I demo"],
        ["install lib==1.0", "install -I demo"],
        ["install demo", "install --force-reinstall -I --no-deps demo"],
        ["install lib==1.0", "install -U --upgrade-strategy eager --prefix p demo"],
        ["install lib==1.0", "install -U --upgrade-strategy only-if-needed demo"],
        ["install --no-user --prefix p demo"],
        ["install --prefix p demo", "install --prefix p demo"],
    ],
    ids=" & ".join,
)
def test_everything_lies_where_pip_puts_it(
    pipwrap: Runner, offered: Index, tmp_path: Path, lines: list[str]
):
    rooms = []
    for name in ("ours", "reals"):
        room = tmp_path / name
        runner = pipwrap.on(make_environment(room / "environment"))
        (room / "work").mkdir()
        said = []
        for line in lines:
            words = line.replace("OUT", str(room / "work")).split()
            run = runner if name == "ours" else runner.pip
            result = run(*words, cwd=room / "work", expect=0)
            said += [text.replace(str(room), "ROOM") for text in _words(result)]
        rooms.append((sorted(said), [path.replace(str(room)[1:], "ROOM") for path in _paths(room)]))
    assert rooms[0] == rooms[1]


def test_scripts_below_a_root_run_the_environments_python(pipwrap: Runner, offered: Index):
    pipwrap("install", "--root", "r", "demo", expect=0)
    root = pipwrap.directory / "r"
    script = root / str(pipwrap.environment.script("demo"))[1:]
    assert script.read_text().splitlines()[0] == f"#!{pipwrap.environment.python}"
