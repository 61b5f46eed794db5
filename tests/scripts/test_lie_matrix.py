"""The lie matrix on sources that need no network, and how it judges."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lie_matrix import trace
from lie_matrix.rows import ROWS
from lie_matrix.values import Expect, Outcome, Verdict, judge
from support.sources import PROJECT

needs_compiler = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("gcc", path="/usr/bin:/bin") is None,
    reason="the sources are compiled by the system's gcc",
)


def lies(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lie_matrix", "--scratch", str(directory), *arguments]
    return subprocess.run(
        command, cwd=PROJECT / "scripts", capture_output=True, text=True, check=False
    )


@needs_compiler
def test_pipwrap_installs_what_a_build_now_gives(tmp_path: Path):
    rows = "CPATH,header,header-touched,header-appears,requirement,unrelated,compiler-gone"
    done = lies(tmp_path, "--tools", "pipwrap", "--columns", "cc", "--rows", rows, "--json")
    found = json.loads(done.stdout)
    assert found["problems"] == [], done.stderr
    verdicts = {cell["row"]: (cell["expect"], cell["verdict"]) for cell in found["cells"]}
    must = dict.fromkeys(("CPATH", "header", "header-appears", "requirement"), "must rebuild")
    must_not = dict.fromkeys(("header-touched", "unrelated", "compiler-gone"), "must not rebuild")
    assert verdicts == {row: (expect, "right") for row, expect in (must | must_not).items()}


@needs_compiler
def test_the_matrix_sees_where_pip_installs_an_old_wheel(tmp_path: Path):
    done = lies(tmp_path, "--tools", "pip", "--columns", "python", "--rows", "outside-file,nothing")
    assert "| a file outside the tree | ! L |" in done.stdout
    assert "| nothing | = . |" in done.stdout
    assert "| lies | 1 of 1 (100%) |" in done.stdout


@pytest.mark.parametrize(
    ("expect", "built", "digest", "verdict"),
    [
        (Expect.MUST, True, "new", Verdict.RIGHT),
        (Expect.MUST, True, "old", Verdict.LIE),
        (Expect.MUST, False, "new", Verdict.RIGHT),
        (Expect.MUST, False, "old", Verdict.LIE),
        (Expect.MUST, True, None, Verdict.FAILED),
        (Expect.MUST_NOT, True, "new", Verdict.NEEDLESS),
        (Expect.MUST_NOT, False, "old", Verdict.RIGHT),
        (Expect.OPEN, True, "old", Verdict.OPEN),
    ],
)
def test_a_cell_is_judged(expect: Expect, digest: str | None, verdict: Verdict, *, built: bool):
    assert judge(expect, Outcome(built, digest), "new", by_build=False) is verdict


def test_the_rows_are_many_and_named_once():
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names)) >= 24


def test_strace_tells_what_the_processes_of_a_build_read():
    lines = """\
1 openat(AT_FDCWD</>, "/etc/before", O_RDONLY) = 3</etc/before>
1 vfork( <unfinished ...>
2 execve("/cache/env/bin/python", ["python", "build"], 0x1 /* 2 vars */) = 0
1 <... vfork resumed>)             = 2
2 clone(child_stack=NULL, flags=SIGCHLD) = 3
3 execve("/usr/bin/ld", ["ld"], 0x1 /* 2 vars */) = 0
3 openat(AT_FDCWD</work>, "a.h", O_RDONLY <unfinished ...>
2 openat(AT_FDCWD</>, "/none", O_RDONLY) = -1 ENOENT (No such file or directory)
3 <... openat resumed>) = 4</work/a.h>
3 openat(AT_FDCWD</work>, "a.o", O_WRONLY|O_CREAT, 0666) = 5</work/a.o>
3 openat(AT_FDCWD</work>, "a.o", O_RDONLY) = 5</work/a.o>
3 openat(AT_FDCWD</work>, "/lib/libz.so", O_RDONLY|O_CLOEXEC) = 5</lib/libz.so>
"""
    assert trace.opened(lines.splitlines(), ("/cache",)) == [
        trace.Opened("/work/a.h", "/usr/bin/ld", by_loader=False),
        trace.Opened("/lib/libz.so", "/usr/bin/ld", by_loader=True),
    ]


def test_a_wrong_argument_is_refused(tmp_path: Path):
    done = lies(tmp_path, "--rows", "nonsense")
    assert done.returncode == 2
    assert "no 'nonsense': compiler-gone" in done.stderr
