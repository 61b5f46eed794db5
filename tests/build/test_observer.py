"""The preloaded observer: what processes read, whatever they are written in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipwrap.build import observe
from pipwrap.build.environment import PRELOAD
from pipwrap.build.observation import Observation
from pipwrap.build.observer import ObserverLibrary
from pipwrap.cache.layout import Layout

COMPILER = shutil.which("cc")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or COMPILER is None, reason="takes Linux and a C compiler"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the library as this machine's compiler makes it."""
    layout = Layout(str(tmp_path_factory.mktemp("cache")))
    path = ObserverLibrary(layout, os.environ).path()
    assert path is not None
    return path


def observed(library: str, directory: Path, *command: str, **variables: str) -> Observation:
    """Return what was seen of a command that runs in a directory."""
    log = directory.parent / "observed"
    environ = {"PATH": os.environ["PATH"], **variables}
    environ |= {PRELOAD: library, observe.OBSERVE: str(log)}
    subprocess.run(command, cwd=directory, env=environ, check=False, capture_output=True)
    return observe.read_observation(str(log))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return a directory with a source file that includes others."""
    directory = tmp_path / "work"
    (directory / "include").mkdir(parents=True)
    (directory / "include" / "used.h").write_text("#define USED 1\n")
    (directory / "a.c").write_text(
        '#include "used.h"\n#if __has_include("appears.h")\n#endif\nint main(void) { return 0; }\n'
    )
    return directory


def test_a_compiler_s_headers_searches_and_variables_are_seen(library: str, work: Path):
    seen = observed(library, work, "cc", "-Iinclude", "a.c", "-o", "a")
    assert str(work / "include" / "used.h") in seen.of("file")
    assert str(work / "include" / "appears.h") in seen.of("absent")
    assert str(work / "used.h") in seen.of("absent")
    assert {"CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH"} <= seen.of("env")
    assert str(work / "a") in seen.of("made")
    assert "as" in seen.programs
    assert not seen.of("blind")


def test_a_shell_s_script_and_command_are_seen(library: str, work: Path):
    (work / "configure").write_text('#!/bin/sh\necho "$FROM_SCRIPT" > made\nprintenv NAMED\n')
    (work / "configure").chmod(0o755)
    seen = observed(library, work, "sh", "-c", "./configure; echo $FROM_COMMAND")
    assert str(work / "configure") in {os.path.normpath(path) for path in seen.of("text")}
    assert str(work / "made") in seen.of("made")
    assert seen.relevant_variables(()) >= {"NAMED"}


def test_files_listings_and_programs_of_a_python_are_seen(library: str, work: Path):
    code = (
        "import glob, os, subprocess\n"
        "open('a.c').read(); os.path.exists('gone/away'); glob.glob('include/*')\n"
        "subprocess.run(['true']); os.rename('a.c', 'b.c')\n"
        "try: subprocess.run(['no-such-program'])\n"
        "except FileNotFoundError: pass\n"
    )
    seen = observed(library, work, sys.executable, "-c", code)
    assert str(work / "a.c") in seen.of("file")
    assert str(work / "gone/away") in seen.of("absent")
    assert str(work / "include") in seen.of("listed")
    assert str(work / "b.c") in seen.of("made")
    assert "true" in seen.programs
    found = {Path(path).name for path in seen.of("absent")} | seen.of("missing")
    assert "no-such-program" in found


def test_a_program_that_gets_no_library_is_named(library: str, work: Path):
    code = "import subprocess; subprocess.run(['true'], env={'PATH': '/usr/bin:/bin'})"
    seen = observed(library, work, sys.executable, "-c", code)
    assert {Path(path).name for path in seen.of("blind")} == {"true"}


def test_what_a_compiler_makes_is_the_same_bytes(library: str, work: Path):
    subprocess.run(["cc", "-Iinclude", "a.c", "-o", "plain"], cwd=work, check=True)
    observed(library, work, "cc", "-Iinclude", "a.c", "-o", "seen")
    assert (work / "plain").read_bytes() == (work / "seen").read_bytes()


def test_what_closes_every_descriptor_is_observed_further(library: str, work: Path):
    code = "import os; os.closerange(3, 256); open('a.c').read()"
    assert str(work / "a.c") in observed(library, work, sys.executable, "-c", code).of("file")


def test_without_a_compiler_there_is_none(tmp_path: Path):
    layout = Layout(str(tmp_path))
    assert ObserverLibrary(layout, {"PATH": str(tmp_path)}).path() is None


def test_a_compiler_that_makes_nonsense_is_not_used(tmp_path: Path):
    (tmp_path / "cc").write_text('#!/bin/sh\nfor last; do :; done\necho nonsense > "$5"\n')
    (tmp_path / "cc").chmod(0o755)
    layout = Layout(str(tmp_path / "cache"))
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "CC": "cc"}
    path = ObserverLibrary(layout, environ).path()
    assert path is None or Path(path).read_bytes().startswith(b"\x7fELF")
