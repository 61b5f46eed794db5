"""Every input of a native build is evidence: a real compiler, and what it reads."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.archives import tar_gz_bytes, write_file
from support.environments import make_environment
from support.index import Index
from support.runner import Runner
from support.sdists import BUILD_LOG, builds
from support.wheels import make_wheel

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="takes Linux and a C compiler"
)

BACKEND = """\
import glob, os, subprocess, zipfile


def read(path):
    try:
        with open(path) as stream:
            return stream.read()
    except OSError:
        return ""


def build_wheel(directory, config_settings=None, metadata_directory=None):
    with open(os.environ[{log!r}], "a") as stream:
        stream.write("build_wheel probe 1.0\\n")
    outside = {outside!r}
    run = lambda *command: subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    includes = [path for path in __import__("sys").path if path.endswith("site-packages")]
    run("cc", "-I", outside + "/include", *("-I" + path for path in includes), "-E", "a.c")
    try:
        run("no-such-program")
    except OSError:
        pass
    facts = [
        read(outside + "/settings"), read(outside + "/appears"), sorted(os.listdir(outside + "/parts")),
        run("sh", "-c", 'echo "$BY_SHELL"'), os.environ.copy().get("BY_COPY"),
        [each for each in os.environ.items() if each[0].startswith("BY_LISTING")],
        os.getenvb(b"BY_BYTES"), subprocess.run(["printenv", "BY_PRINTENV"]).returncode,
        os.environ.get("HOME"),
    ]
    info = "probe-1.0.dist-info"
    files = {{
        "probe.py": repr(facts),
        info + "/METADATA": "Metadata-Version: 2.1\\nName: probe\\nVersion: 1.0\\n",
        info + "/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    files[info + "/RECORD"] = "".join(name + ",,\\n" for name in [*files, info + "/RECORD"])
    with zipfile.ZipFile(os.path.join(directory, "probe-1.0-py3-none-any.whl"), "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return "probe-1.0-py3-none-any.whl"
"""


class Machine:
    """Files that a build reads outside its tree, and pipwrap that installs what it makes."""

    def __init__(self, runner: Runner, index: Index, directory: Path) -> None:
        self.index = index
        self.outside = directory / "outside"
        self.log = directory / "builds.log"
        self._runner = runner
        self._directory = directory
        self._count = 0
        for name in ("include", "other", "parts", "home"):
            (self.outside / name).mkdir(parents=True)
        (self.outside / "include" / "used.h").write_text("#define USED 1\n")
        (self.outside / "other" / "used.h").write_text("#define USED 2\n")
        (self.outside / "settings").write_text("1")
        self.offer_header("1.0")
        backend = BACKEND.format(log=BUILD_LOG, outside=str(self.outside))
        source = (
            '#include "used.h"\n#include "required.h"\n'
            '#if __has_include("appears.h")\n#include "appears.h"\n#endif\n'
        )
        pyproject = (
            '[build-system]\nrequires = ["required"]\n'
            'build-backend = "backend"\nbackend-path = ["."]\n'
        )
        files = {
            "PKG-INFO": "Metadata-Version: 2.2\nName: probe\nVersion: 1.0\n",
            "pyproject.toml": pyproject,
            "backend.py": backend,
            "a.c": source,
        }
        content = {f"probe-1.0/{name}": text.encode() for name, text in files.items()}
        index.add(write_file(directory / "files" / "probe-1.0.tar.gz", tar_gz_bytes(content)))

    def offer_header(self, version: str) -> None:
        """Offer a build requirement that is a header."""
        files = {"required.h": f"#define REQUIRED {version[0]}\n"}
        self.index.add(make_wheel(self._directory / "files", "required", version, files=files))

    def install(self, *arguments: str, **variables: str) -> str:
        """Install into a new environment and return what was printed."""
        self._count += 1
        target = make_environment(self._directory / f"target{self._count}")
        environ = {**self._runner.environ, BUILD_LOG: str(self.log), **variables}
        runner = Runner(target, environ, self._directory)
        return runner("install", "-v", "--refresh", *arguments, "probe").output

    @property
    def built(self) -> int:
        """Return the number of builds."""
        return len(builds(self.log))


@pytest.fixture
def machine(pipwrap: Runner, index: Index, tmp_path: Path) -> Machine:
    """Return a machine on which nothing was built yet."""
    directory = tmp_path / "machine"
    directory.mkdir()
    return Machine(pipwrap, index, directory)


def _write(name: str, text: str) -> Callable[[Machine], None]:
    def change(machine: Machine) -> None:
        (machine.outside / name).write_text(text)

    return change


CHANGES: dict[str, tuple[Callable[[Machine], None], dict[str, str]]] = {
    "a header's content": (_write("include/used.h", "#define USED 3\n"), {}),
    "a header appears": (_write("include/appears.h", ""), {}),
    "a file outside the tree": (_write("settings", "2"), {}),
    "a file that was looked for": (_write("appears", "x"), {}),
    "a listing": (_write("parts/more", ""), {}),
    "headers of a build requirement": (lambda machine: machine.offer_header("2.0"), {}),
    "CPATH": (lambda _: None, {"CPATH": "{outside}/other"}),
    "C_INCLUDE_PATH": (lambda _: None, {"C_INCLUDE_PATH": "{outside}/other"}),
    "a variable of a shell": (lambda _: None, {"BY_SHELL": "1"}),
    "a variable of printenv": (lambda _: None, {"BY_PRINTENV": "1"}),
    "a variable of a copy": (lambda _: None, {"BY_COPY": "1"}),
    "a variable of a listing": (lambda _: None, {"BY_LISTING_NEW": "1"}),
    "a variable as bytes": (lambda _: None, {"BY_BYTES": "1"}),
    "HOME, which the project reads": (lambda _: None, {"HOME": "{outside}/home"}),
}


@pytest.mark.parametrize(("change", "variables"), CHANGES.values(), ids=CHANGES)
def test_an_input_that_changes_builds_again_once(
    machine: Machine, change: Callable[[Machine], None], variables: dict[str, str]
):
    machine.install()
    change(machine)
    given = {name: text.format(outside=machine.outside) for name, text in variables.items()}
    printed = machine.install(**given)
    assert "Rebuilding probe 1.0" in printed
    assert machine.built == 2
    machine.install(**given)
    assert machine.built == 2
    if variables:
        machine.install()
        assert machine.built == 2, "back in the state before"


@pytest.mark.parametrize(
    "variables",
    [{}, {"UNRELATED": "1"}, {"LANG": "de_DE.UTF-8"}, {"CPLUS_INCLUDE_PATH": "/nowhere"}],
    ids=["nothing", "an unrelated variable", "the locale", "the variable of another language"],
)
def test_what_is_no_input_builds_nothing(machine: Machine, variables: dict[str, str]):
    machine.install()
    header = machine.outside / "include" / "used.h"
    os.utime(header, (1, 1))
    (machine.outside / "unrelated").touch()
    machine.install(**variables)
    assert machine.built == 1


def test_what_was_read_is_listed_and_compared(machine: Machine, cache_root: Path, pipwrap: Runner):
    machine.install()
    _write("include/used.h", "#define USED 3\n")(machine)
    machine.install()
    entries = sorted(cache_root.glob("wheels-v2/*/*/*/entry.json"), key=os.path.getmtime)
    evidence = json.loads(entries[0].read_bytes())["evidence"]
    header = str(machine.outside / "include" / "used.h")
    assert header in [file[0] for file in evidence["files"]]
    assert evidence["consumed"] == [["required", "1.0"]]
    assert evidence["partial"] is None
    explained = pipwrap("cache", "explain", "probe").stdout
    assert f"does not hold: {header} has changed" in explained
    assert "built from files of required 1.0" in explained
    assert "evidence: whole" in pipwrap("cache", "list", "-v").stdout
    names = [entry.parent.name for entry in entries]
    assert pipwrap("cache", "why", *names, expect=1).stdout == f"file {header}: differs\n"
    copied = shutil.copy(entries[0], machine.outside / "entry.json")
    assert "same inputs" in pipwrap("cache", "why", names[0], str(copied)).stdout
    assert "No built wheel" in pipwrap("cache", "why", names[0], "nothing", expect=1).stderr
    assert "Please name 2 entries" in pipwrap("cache", "why", names[0], expect=1).stderr
