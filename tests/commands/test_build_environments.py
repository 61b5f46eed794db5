"""One build environment serves several builds, and none sees what another left."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipwrap.concurrency.worker_process import processors
from support.index import Index
from support.runner import Runner
from support.wheels import make_sdist, make_wheel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux")

NOTES = "PIPWRAP_TEST_NOTES"
AT_ONCE = processors() + 1
"""Builds that may hold an environment at a time: the command waits for none, but takes its turn."""
# Under the name of a backend whose hooks are forks; what it does is written in the source tree.
BACKEND = f"""\
import os, sys
def note(word):
    with open(os.environ[{NOTES!r}], "a") as stream:
        stream.write(word + "\\n")
note("import")
print("said by the import")
os.environ.get("READ_BY_THE_IMPORT")
def inner():
    sys.path.insert(0, os.getcwd())
    import in_tree_backend
    return in_tree_backend
def get_requires_for_build_wheel(settings=None):
    return inner().get_requires_for_build_wheel(settings)
def prepare_metadata_for_build_wheel(directory, settings=None):
    return inner().prepare_metadata_for_build_wheel(directory, settings)
def build_wheel(directory, settings=None, metadata=None):
    return inner().build_wheel(directory, settings, metadata)
"""
PYPROJECT = """\
[build-system]
requires = {requires}
build-backend = "flit_core.buildapi"
"""
# Runs in every hook: notes what others left in the environment, and does something to it.
LOOK = f"""\
import os, sys
import flit_core
here = os.path.dirname(os.path.dirname(flit_core.__file__))
left = sorted(each[5:] for each in os.listdir(here) if each.startswith("left-"))
with open(os.environ[{NOTES!r}], "a") as stream:
    stream.write(" ".join(["{{name}}", *left, *open(flit_core.__file__).read().strip("# ").split()]) + "\\n")
{{act}}
"""


class Builds:
    """Sdists of one backend, and what they noted."""

    def __init__(self, pipwrap: Runner, index: Index, directory: Path) -> None:
        self._index = index
        self._files = directory / "files"
        self._notes = directory / "notes"
        environ = {**pipwrap.environ, NOTES: str(self._notes)}
        self._pipwrap = Runner(pipwrap.environment, environ, pipwrap.directory)
        backend = {"flit_core/__init__.py": "", "flit_core/buildapi.py": BACKEND}
        for version in ("1.0", "2.0"):
            index.add(make_wheel(self._files, "flit-core", version, files=backend))
        index.add(make_wheel(self._files, "more", "1.0"))

    def add(
        self,
        name: str,
        *requires: str,
        act: str = "",
        dynamic: tuple[str, ...] = (),
        more: str = "",
        files: Mapping[str, str] | None = None,
    ) -> None:
        """Offer an sdist that does something in each hook; ``more`` is of its [build-system]."""
        requirements = str(list(requires or ("flit_core",)))
        sdist = make_sdist(
            self._files,
            name,
            "1.0",
            pyproject=PYPROJECT.format(requires=requirements) + more,
            imports=["look"],
            extra_files={"look.py": LOOK.format(name=name, act=act), **(files or {})},
            dynamic_requires=dynamic,
        )
        self._index.add(sdist)

    def install(self, *names: str) -> str:
        """Install them in one run and return what that says."""
        return self._pipwrap("install", *(f"{each}==1.0" for each in names), expect=0).stdout

    @property
    def noted(self) -> list[str]:
        """Return the notes of hooks, in no order that means anything."""
        return sorted(line for line in self._lines if line != "import")

    @property
    def imports(self) -> int:
        """Return how many processes imported the backend."""
        return self._lines.count("import")

    @property
    def _lines(self) -> list[str]:
        return self._notes.read_text().splitlines()


@pytest.fixture
def made(pipwrap: Runner, index: Index, tmp_path: Path) -> Builds:
    """Return what offers and installs sdists."""
    return Builds(pipwrap, index, tmp_path)


def test_builds_that_need_the_same_share_environments_and_imports(made: Builds):
    """However they say it; the resolution decides. So many as run at once are needed."""
    spellings = ("flit_core", "flit_core >=1", "flit-core<3", "Flit_Core>1,!=1.5", "flit_core==2.0")
    for number, spelling in enumerate(spellings):
        made.add(f"p{number}", spelling)
    output = made.install(*(f"p{number}" for number in range(len(spellings))))
    assert made.imports <= AT_ONCE
    assert len(made.noted) == 3 * len(spellings)
    assert output.count("  Installing build dependencies: finished") == len(spellings)


def test_what_is_needed_in_another_version_is_elsewhere(made: Builds):
    made.add("a", "flit_core")
    made.add("b", "flit_core<2")
    made.install("a", "b")
    assert made.imports == 2


_REPLACE = """\
with open(here + "/flit_core/new", "w") as stream: stream.write("# {name}")
os.replace(here + "/flit_core/new", flit_core.__file__)
"""


@pytest.mark.parametrize(
    ("act", "seen"),
    [
        pytest.param("open(here + '/left-{name}', 'w').close()", "{0} {0}", id="a new file"),
        pytest.param(
            "os.makedirs(here + '/left-{name}', exist_ok=True)", "{0} {0}", id="a directory"
        ),
        pytest.param(_REPLACE, "{0} {0}", id="a file in another's place"),
        pytest.param("open(here + '/x', 'w').close(); os.remove(here + '/x')", "{0}", id="nothing"),
    ],
)
def test_what_a_build_leaves_is_seen_by_itself_alone(made: Builds, act: str, seen: str):
    names = [f"p{number}" for number in range(4)]
    for name in names:
        made.add(name, act=act.replace("{name}", name))
    made.install(*names)
    assert made.noted == sorted(line for name in names for line in (name, *[seen.format(name)] * 2))


def test_what_a_build_asks_for_in_addition_is_not_there_for_others(made: Builds):
    look = f"""\
import importlib.util
if importlib.util.find_spec("more"):
    with open(os.environ[{NOTES!r}], "a") as stream: stream.write("more for {{name}}\\n")
"""
    for name in "abc":
        dynamic = ("more",) if name == "a" else ()
        made.add(name, act=look.format(name=name), dynamic=dynamic)
    made.install("a", "b", "c")
    assert {line for line in made.noted if line.startswith("more")} == {"more for a"}


def test_what_the_import_says_and_reads_counts_for_every_build(made: Builds, cache_root: Path):
    """Whoever was first in the environment."""
    names = [f"p{number}" for number in range(4)]
    for name in names:
        made.add(name)
    made.install(*names)
    assert made.imports <= AT_ONCE
    evidence = [path.read_text() for path in cache_root.glob("wheels-v*/*/*/*/entry.json")]
    logs = [path.read_text() for path in cache_root.glob("wheels-v*/*/*/*/build.log")]
    assert (len(evidence), len(logs)) == (len(names), len(names))
    assert all("READ_BY_THE_IMPORT" in each for each in evidence)
    assert all("said by the import" in each for each in logs)


def test_a_backend_in_the_tree_is_not_the_one_that_others_have_imported(
    made: Builds, tmp_path: Path
):
    """It bears the name of one, and needs the same."""
    for name in ("a", "b", "c", "d"):
        made.add(name)
    own = f"""\
import os
with open(os.environ[{NOTES!r}], "a") as stream: stream.write("in the tree\\n")
from in_tree_backend import *
"""
    made.add(
        "e",
        more='backend-path = ["own", "."]\n',
        files={"own/flit_core/__init__.py": "", "own/flit_core/buildapi.py": own},
    )
    made.install(*"abcde")
    assert made.noted.count("in the tree") == 3
    assert made.imports <= AT_ONCE
