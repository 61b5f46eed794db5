"""The law of the built wheels: what is installed is what a build in this state would give.

A walk changes variables, takes them back, asks for a rebuild and has builds fail; after each step
the wheel that a lookup uses is compared with what the build would give now.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipwrap import errors
from pipwrap.cache.build_host import BuildHost
from pipwrap.cache.evidence import Evidence
from pipwrap.cache.keys import BuildKey
from pipwrap.cache.layout import Layout
from pipwrap.cache.metadata import MetadataCache
from pipwrap.cache.upkeep.usage import Usage
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.distribution.built_wheels import BuiltWheelLookup, ReuseSettings
from pipwrap.distribution.sources import CacheableSource
from pipwrap.events import ignore
from pipwrap.model.selection import NameSelection
from support.archives import tar_gz_bytes, write_file
from support.environments import make_environment
from support.index import Index
from support.runner import Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, make_wheel

NAMES = ("ONE", "TWO", "THREE")
VALUES = (None, "", "1", "2", "fails")
SOURCE = CacheableSource(BuildKey("ab" * 32, "abi"), "walk", "https://x/walk.tar.gz")


class Build:
    """A build whose later reads depend on earlier ones, and that fails for some values."""

    def __init__(self, environ: Mapping[str, str], directory: Path) -> None:
        self.read: list[str] = []
        self._environ = environ
        self.seconds, self.python_version, self.log = 0.0, "3.11", None
        self._directory = directory

    def wheel(self) -> str:
        """Return the path of the wheel."""
        files = {"walk.py": f"x = {self._content()!r}\n"}
        return str(make_wheel(self._directory, "walk", "1.0", files=files))

    def _get(self, name: str) -> str | None:
        self.read.append(name)
        return self._environ.get(name)

    def _content(self) -> str:
        one = self._get("ONE")
        others = [self._get("TWO")] if one in {"1", "2"} else []
        others += [self._get("THREE")] if one != "2" else []
        if "fails" in {one, *others}:
            message = "The build failed"
            raise errors.BuildFailed(message, step="build_wheel")
        return repr((one, others))

    def evidence(self, world: BuildHost) -> Evidence:
        variables = tuple((name, world.variable(name)) for name in sorted(self.read))
        return Evidence(variables, world.key())


class Machine:
    """One cache, and runs of a command that installs the sdist."""

    def __init__(self, directory: Path) -> None:
        self.layout = Layout(str(directory / "cache"))
        self.directory = directory
        self.builds = 0
        self._ticks = itertools.count(1000.0)

    def install(self, environ: Mapping[str, str], *, rebuild: bool) -> str | None:
        """Return what the wheel that is used holds; ``None`` where there is none."""
        reuse = BuiltWheelLookup(
            BuiltWheels(self.layout, ignore, lambda: next(self._ticks)),
            MetadataCache(self.layout, ignore),
            BuildHost(environ, self.layout),
            ignore,
            Usage(self.layout, lambda: 0.0),
            ReuseSettings(rebuild=NameSelection().adding("walk" if rebuild else "")),
        )
        entry = reuse.find(SOURCE)
        if entry is None:
            self.builds += 1
            build: Any = Build(environ, self.directory / f"{self.builds}")
            try:
                path = build.wheel()
                entry = reuse.add(SOURCE, path, build)
            except errors.BuildFailed as error:
                entry = reuse.fallback(SOURCE, build, error)
        return entry.sha256 if entry is not None else None


steps = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(VALUES), st.sampled_from([False] * 9 + [True])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=40))
def test_what_is_used_is_what_a_build_now_would_give(walk: list[tuple[str, str | None, bool]]):
    environ: dict[str, str] = {}
    seen: dict[tuple[tuple[str, str], ...], str | None] = {}
    with tempfile.TemporaryDirectory() as directory:
        machine = Machine(Path(directory))
        for number, (name, value, rebuild) in enumerate(walk):
            environ.pop(name, None)
            if value is not None:
                environ[name] = value
            before = machine.builds
            used = machine.install(environ, rebuild=rebuild)
            try:
                path = Build(environ, Path(directory, "now", str(number))).wheel()
            except errors.BuildFailed:
                assert used is None or used in seen.values(), "an older wheel, if there is one"
            else:
                assert used == hashlib.sha256(Path(path).read_bytes()).hexdigest()
            state = tuple(sorted(environ.items()))
            if seen.get(state) and not rebuild:
                assert machine.builds == before, "one build for each state"
            seen[state] = used


BACKEND = """\
import base64, hashlib, os, zipfile

INFO = "walk-1.0.dist-info"


def build_wheel(directory, config_settings=None, metadata_directory=None):
    with open(os.environ["{log}"], "a") as stream:
        stream.write("build_wheel walk 1.0\\n")
    one = os.environ.get("ONE")
    read = [one, os.environ.get("TWO") if one else os.getenv("CFLAGS")]
    files = {{
        "walk.py": ("x = " + repr(read)).encode(),
        INFO + "/METADATA": b"Metadata-Version: 2.1\\nName: walk\\nVersion: 1.0\\n",
        INFO + "/WHEEL": b"Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    rows = [name + ",," for name in files] + [INFO + "/RECORD,,"]
    files[INFO + "/RECORD"] = "\\n".join(rows).encode()
    filename = "walk-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, filename), "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return filename
"""


@pytest.fixture
def walk_index(index: Index, tmp_path: Path) -> Index:
    """Return an index with an sdist whose wheel holds the variables that its build read."""
    files = {
        "PKG-INFO": "Metadata-Version: 2.2\nName: walk\nVersion: 1.0\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
        'backend-path = ["."]\n',
        "backend.py": BACKEND.format(log=BUILD_LOG),
    }
    members = {f"walk-1.0/{name}": text.encode() for name, text in files.items()}
    index.add(write_file(tmp_path / "files" / "walk-1.0.tar.gz", tar_gz_bytes(members)))
    return index


class Walk:
    """Installs into new environments from one cache."""

    def __init__(self, pipwrap: Runner, directory: Path) -> None:
        self._pipwrap = pipwrap
        self._directory = directory
        self._log = directory / "builds.log"
        self._count = 0

    def __call__(self, *arguments: str, **variables: str) -> list[str | None]:
        """Return the variables that the build of the installed wheel read."""
        self._count += 1
        target = make_environment(self._directory / f"target{self._count}")
        environ = {**self._pipwrap.environ, BUILD_LOG: str(self._log), **variables}
        Runner(target, environ, self._directory)("install", *arguments, "walk", expect=0)
        found: dict[str, list[str | None]] = {}
        exec((target.site_packages / "walk.py").read_text(encoding="utf-8"), found)
        return found["x"]

    @property
    def built(self) -> int:
        return len(builds(self._log))


@pytest.fixture
def walk(pipwrap: Runner, walk_index: Index, tmp_path: Path) -> Walk:
    """Return what installs the sdist of ``walk_index``."""
    return Walk(pipwrap, tmp_path)


@pytest.mark.parametrize("name", ["ONE", "CFLAGS"])
def test_a_variable_that_goes_back_and_forth_gets_its_own_wheel_each_time(walk: Walk, name: str):
    place = ["ONE", "CFLAGS"].index(name)
    values = [None, "1", "2", "1", None, "2"]
    found = [walk(**({name: value} if value is not None else {}))[place] for value in values]
    assert found == values
    assert walk.built == 3, "one for each state"


def test_a_rebuild_settles_nothing_for_other_states(walk: Walk):
    assert walk(ONE="1") == ["1", None]
    assert walk("--rebuild", "walk", ONE="2") == ["2", None]
    assert walk(ONE="1") == ["1", None]
    assert walk("--rebuild", "walk", ONE="1") == ["1", None]
    assert walk(ONE="2") == ["2", None]
    assert walk.built == 3


@pytest.mark.slow
def test_forty_steps_with_the_real_command(walk: Walk):
    rng = random.Random(40)
    environ: dict[str, str] = {}
    for _ in range(40):
        name, value = rng.choice(("ONE", "TWO", "CFLAGS")), rng.choice((None, "", "1", "2", "3"))
        environ.pop(name, None)
        if value is not None:
            environ[name] = value
        one = environ.get("ONE")
        assert walk(**environ) == [one, environ.get("TWO" if one else "CFLAGS")]
