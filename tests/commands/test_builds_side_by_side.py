"""Several builds at once: what runs, what is told, and how all of it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipwrap.concurrency.worker_process import processors
from support.environments import scripts_directory
from support.index import Index
from support.runner import Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, make_sdist, make_source_tree, make_wheel, wheel_of_installed

MEETING = "PIPWRAP_TEST_MEETING"
MEET = f"""\
import os, sys, time
place, me = os.environ[{MEETING!r}], {{name!r}}
hook = sys.argv[1]
open(os.path.join(place, hook + "-" + me), "w").close()
deadline = time.monotonic() + 30
while not all(os.path.exists(os.path.join(place, hook + "-" + each)) for each in "ab"):
    if time.monotonic() > deadline:
        sys.exit("the other build did not come")
    time.sleep(0.01)
"""
SLEEP = f"""\
import os, time
open(os.path.join(os.environ[{MEETING!r}], str(os.getpid())), "w").close()
time.sleep(60)
"""
several = pytest.mark.skipif(processors() < 2, reason="one processor builds one by one")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "files"


@pytest.fixture
def meeting(tmp_path: Path) -> Path:
    """Return a directory in which builds leave signs of themselves."""
    place = tmp_path / "meeting"
    place.mkdir()
    return place


@pytest.fixture
def build_log(tmp_path: Path) -> Path:
    """Return the file to which every hook appends a line."""
    return tmp_path / "build.log"


@pytest.fixture
def pipwrap(pipwrap: Runner, build_log: Path, meeting: Path) -> Runner:
    """Return a runner whose builds are counted."""
    environ = {**pipwrap.environ, BUILD_LOG: str(build_log), MEETING: str(meeting)}
    return Runner(pipwrap.environment, environ, pipwrap.directory)


def build_lines(output: str) -> list[str]:
    """Return what is told of projects and wheels, without digests and places."""
    kept = ("Collecting", "  Building wheel", "  Created", "Success", "Failed", "  Preparing")
    lines = [line for line in output.splitlines() if line.startswith(kept)]
    return [line.partition(":")[0] for line in lines if not line.endswith(": started")]


@several
def test_pinned_sdists_are_built_at_once_and_told_in_order(
    pipwrap: Runner, index: Index, files: Path, build_log: Path
):
    """Every hook waits for the same hook of the other build: in turn none would end."""
    for name in "ab":
        meet = {"meet.py": MEET.format(name=name)}
        index.add(make_sdist(files, name, "1.0", imports=["meet"], extra_files=meet))
    result = pipwrap("install", "a==1.0", "b==1.0", expect=0)
    assert sorted(builds(build_log)) == ["a 1.0", "b 1.0"]
    assert build_lines(result.stdout) == [
        "Collecting a==1.0",
        "  Preparing metadata (pyproject.toml)",
        "Collecting b==1.0",
        "  Preparing metadata (pyproject.toml)",
        "  Building wheel for a (pyproject.toml)",
        "  Created wheel for a",
        "  Building wheel for b (pyproject.toml)",
        "  Created wheel for b",
        "Successfully built a b",
        "Successfully installed a-1.0 b-1.0",
    ]


def test_a_build_that_fails_leaves_the_others_and_their_lines_alone(
    pipwrap: Runner, index: Index, files: Path, build_log: Path
):
    index.add(make_sdist(files, "a", "1.0", fail_in="build_wheel"))
    for name in "bc":
        index.add(make_sdist(files, name, "1.0"))
    result = pipwrap("install", "a==1.0", "b==1.0", "c==1.0", expect=1)
    assert sorted(builds(build_log)) == ["a 1.0", "b 1.0", "c 1.0"]
    assert build_lines(result.stdout)[6:] == [
        "  Building wheel for a (pyproject.toml)",
        "  Building wheel for b (pyproject.toml)",
        "  Created wheel for b",
        "  Building wheel for c (pyproject.toml)",
        "  Created wheel for c",
        "Successfully built b c",
        "Failed to build a",
    ]
    assert result.stderr.count("the build says why it failed") == 1


def test_only_what_is_certain_to_be_asked_is_begun_ahead(
    pipwrap: Runner, index: Index, files: Path, build_log: Path
):
    """The newest of b is never looked at, so its backend is never run."""
    index.add(make_sdist(files, "a", "1.0", requires=["b<2"]))
    for version in ("1.0", "2.0"):
        index.add(make_sdist(files, "b", version))
    pipwrap("install", "a==1.0", "b", expect=0)
    assert {line.split(" ", 1)[1] for line in build_log.read_text().splitlines()} == {
        "a 1.0",
        "b 1.0",
    }


def test_directories_are_built_in_turn(pipwrap: Runner, build_log: Path):
    """One may be part of another."""
    names = [f"d{number}" for number in range(4)]
    for name in names:
        make_source_tree(pipwrap.directory, name, "1.0")
    pipwrap("install", *(f"./{name}" for name in names), expect=0)
    assert builds(build_log) == [f"{name} 1.0" for name in names]


def test_one_interpreter_for_a_build_and_one_question_for_all(
    pipwrap: Runner, index: Index, files: Path, meeting: Path
):
    """setuptools is imported once for each of both at most, and its page is asked for once."""
    for name in ("setuptools", "wheel", "packaging"):
        index.add(wheel_of_installed(files, name))
    starts = meeting / "starts"
    line = f"import os; open({str(starts)!r}, 'a').write('%d\\n' % os.getpid())\n"
    index.add(make_wheel(files, "counter", "1.0", files={"counter.pth": line}))
    requires = ["setuptools", "wheel", "counter"]
    for name in "ab":
        index.add(make_sdist(files, name, "1.0", backend="setuptools", build_requires=requires))
    pipwrap("install", "a==1.0", "b==1.0", expect=0)
    hooks = 3
    started = len(set(starts.read_text().split()))
    assert started in {1, 2} if sys.platform == "linux" else started == 2 * hooks
    assert index.paths().count("/simple/setuptools/") == 1


def test_build_requirements_are_linked_and_a_change_to_them_stays_where_it_is(
    pipwrap: Runner, index: Index, files: Path, meeting: Path
):
    """The next build gets what the store has, unpacked again where a build has changed it."""
    index.add(make_wheel(files, "tool", "1.0", files={"tool.py": "names = []\n"}))
    look = f"""\
import os, tool
with open(os.path.join({str(meeting)!r}, "seen"), "a") as stream:
    print(os.stat(tool.__file__).st_nlink, os.stat(tool.__cached__).st_nlink, tool.names, file=stream)
with open(tool.__file__, "a") as stream:
    stream.write("names.append(1)\\n")
"""
    for name in "ab":
        sdist = make_sdist(
            files,
            name,
            "1.0",
            build_requires=["tool"],
            imports=["look"],
            extra_files={"look.py": look},
            metadata_version="2.2",
        )
        index.add(sdist)
        pipwrap("install", name, expect=0)
    seen = (meeting / "seen").read_text().splitlines()
    assert len(seen) == 4
    assert seen[0] == seen[2] == "2 2 []"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_an_interrupt_ends_every_build(
    pipwrap: Runner, index: Index, files: Path, meeting: Path, cache_root: Path
):
    for name in "ab":
        extra = {"meet.py": SLEEP}
        index.add(make_sdist(files, name, "1.0", imports=["meet"], extra_files=extra))
    target = pipwrap.environment.python
    with subprocess.Popen(
        [scripts_directory() / "pipwrap", "--python", target, "install", "a==1.0", "b==1.0"],
        env=dict(pipwrap.environ),
        cwd=pipwrap.directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for(lambda: len(os.listdir(meeting)) == min(processors(), 2))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert said == "ERROR: Operation cancelled by user\n"
    wait_for(lambda: not any(map(is_there, os.listdir(meeting))))
    assert pipwrap.environment.freeze() == []
    assert os.listdir(cache_root / "tmp-v1") == []


def is_there(process: str) -> bool:
    """Tell whether a process is running, or waits to be looked after."""
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
