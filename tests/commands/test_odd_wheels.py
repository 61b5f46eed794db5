"""Wheels that are published and odd, each installed by pipwrap and by pip: the same files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, make_environment
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def other(tmp_path: Path) -> VirtualEnvironment:
    """Return the environment that pip installs into."""
    return make_environment(tmp_path / "other")


def files(environment: VirtualEnvironment) -> dict[str, str]:
    """Return what is installed, without what tells the two installers apart."""
    return {
        path: seen
        for path, seen in environment.tree(bytecode=False).items()
        if path.startswith("lib") and not path.endswith(("/INSTALLER", "/RECORD"))
    }


@pytest.mark.parametrize("name", ["demo/__init__.py", "./demo/__init__.py", "demo//__init__.py"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_installed(
    pipwrap: Runner, other: VirtualEnvironment, tmp_path: Path, name: str
):
    wheel = make_wheel(tmp_path / "files", "demo", "1.0", files={"demo/__init__.py": "value = 1\n"})
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(name, "value = 1\n")
        archive.writestr("demo-1.0.dist-info/METADATA", archive.read("demo-1.0.dist-info/METADATA"))
    pipwrap("install", wheel, expect=0)
    pipwrap.on(other).pip("install", wheel, expect=0)
    assert files(pipwrap.environment) == files(other)
    pipwrap("uninstall", "-y", "demo", expect=0)
    assert pipwrap.environment.freeze() == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(pipwrap: Runner, tmp_path: Path):
    wheel = make_wheel(tmp_path / "files", "demo", "1.0", files={"demo/__init__.py": "value = 1\n"})
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("demo/__init__.py", "value = 2\n")
    before = pipwrap.environment.tree()
    result = pipwrap("install", wheel, expect=1)
    assert "two different files named 'demo/__init__.py'" in result.stderr
    assert pipwrap.environment.tree() == before


ENTRY_POINTS = {
    "comment": "[console_scripts]\nNAME = m:f  # note\n",
    "comment with a colon": "[console_scripts]\nNAME = m:f # x:y\n",
    "comment after an extra": "[console_scripts]\nNAME = m:f [x, y] # note\n",
    "call": "[console_scripts]\nNAME = m:f()\n",
    "tail": "[console_scripts]\nNAME = m:f;x\n",
    "dash in the attribute": "[console_scripts]\nNAME = m:f-g\n",
    "no space": "[console_scripts]\nNAME=m:f\n",
    "tabs and indentation": "[console_scripts]\n  NAME\t=\tm:f\n",
    "extra": "[console_scripts]\nNAME = m:f[x]\n",
    "path of objects": "[console_scripts]\nNAME = m.n:f.g.h\n",
    "name with a space": "[console_scripts]\nmy NAME = m:f\n",
    "name after a semicolon": "[console_scripts]\n; NAME-semicolon = m:f\n",
    "name with odd characters": "[console_scripts]\nNAME+t@ol!#%.:x = m:f\n",
    "name in capitals": "[console_scripts]\nNAME = m:f\nn-NAME = m:f\nN-NAME = m:g\n",
    "name with a slash": "[console_scripts]\nsub/NAME = m:f\nNAME/ = m:f\n",
    "name twice": "[console_scripts]\nNAME = m:f\nNAME = m:g\n",
    "section twice": "[console_scripts]\nNAME = m:f\n[x]\na = 1\n[console_scripts]\n2-NAME = m:g\n",
    "no such section": "[ console_scripts ]\nNAME = m:f\n[Console_Scripts]\nNAME = m:f\n",
    "before a section": "NAME = m:f\n[console_scripts]\n2-NAME = m:f\n",
    "graphical": "[gui_scripts]\nNAME = m:f # note\n",
    "graphical and not": "[console_scripts]\nNAME = m:f\n[gui_scripts]\nNAME = m:g\n",
    "not ASCII": "[console_scripts]\nNAME-\u00e9 = m:\u00e9\n",
    "line ends": "[console_scripts]\r\nNAME = m:f\r\n# NAME-2 = m:f\r\nNAME-3 = m:f\x0cNAME-4 = m:g\n",
}


def test_scripts_are_those_of_pip(pipwrap: Runner, other: VirtualEnvironment, tmp_path: Path):
    wheels = [
        make_wheel(
            tmp_path / "files",
            f"demo{number}",
            "1.0",
            files={f"demo{number}.py": ""},
            unrecorded={
                f"demo{number}-1.0.dist-info/entry_points.txt": text.replace("NAME", f"s{number}")
            },
        )
        for number, text in enumerate(ENTRY_POINTS.values())
    ]
    pipwrap("install", *wheels, expect=0)
    pipwrap.on(other).pip("install", *wheels, expect=0)
    ours, theirs = (scripts(each) for each in (pipwrap.environment, other))
    assert ours == theirs
    assert len(ours) > len(ENTRY_POINTS)
    names = [f"demo{number}" for number in range(len(wheels))]
    pipwrap("uninstall", "-y", *names, expect=0)
    assert scripts(pipwrap.environment) == {}


def scripts(environment: VirtualEnvironment) -> dict[str, list[str]]:
    """Return the lines of every script that pip knows, without the one for the interpreter."""
    found = (path for path in environment.bin.rglob("*") if path.is_file())
    return {
        str(path.relative_to(environment.bin)): text.splitlines()[1:]
        for path in found
        if "sys.exit(" in (text := path.read_text("utf-8", "replace"))
    }


@pytest.mark.parametrize("line", ["s = m", "s = m : f", "s = m-n:f", "s = t = m:f", "../s = m:f"])
def test_what_pip_makes_no_script_of_is_refused_in_its_words(
    pipwrap: Runner, tmp_path: Path, line: str
):
    text = f"[console_scripts]\n{line}\n"
    unrecorded = {"demo-1.0.dist-info/entry_points.txt": text}
    wheel = make_wheel(tmp_path / "files", "demo", "1.0", unrecorded=unrecorded)
    before = pipwrap.environment.tree()
    ours = pipwrap("install", wheel, expect=1)
    assert pipwrap.environment.tree() == before
    theirs = pipwrap.pip("install", wheel, expect=1)
    assert ours.stderr == theirs.stderr
