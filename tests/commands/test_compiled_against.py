"""An extension is compiled against what it will be used beside (pip's issues 9542 and 10731)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.archives import tar_gz_bytes, write_file
from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.runner import Result, Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, default_files, make_wheel

# The extension says which numpy was there when it was built.
BACKEND = """\
import os, sysconfig, zipfile

INFO = "speedy-1.0.dist-info"
METADATA = {metadata!r}
DYNAMIC = {dynamic!r}


def note(hook):
    with open(os.environ[{log!r}], "a") as stream:
        stream.write(hook + " speedy 1.0\\n")


def get_requires_for_build_wheel(config_settings=None):
    return DYNAMIC


{prepare}


def build_wheel(directory, config_settings=None, metadata_directory=None):
    note("build_wheel")
    import {interface} as interface

    with open(os.path.join(os.path.dirname(interface.__file__), "interface.h")) as stream:
        stream.read()
    tag = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
    files = {{
        {extension!r}: interface.__version__,
        INFO + "/METADATA": METADATA,
        INFO + "/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: false\\nTag: "
        + tag + "\\n",
    }}
    files[INFO + "/RECORD"] = "".join(each + ",,\\n" for each in [*files, INFO + "/RECORD"])
    filename = "speedy-1.0-" + tag + ".whl"
    with zipfile.ZipFile(os.path.join(directory, filename), "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
    return filename
"""
PREPARE = """\
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    note("prepare_metadata_for_build_wheel")
    os.mkdir(os.path.join(directory, INFO))
    with open(os.path.join(directory, INFO, "METADATA"), "w") as stream:
        stream.write(METADATA)
    return INFO
"""


class World:
    """An index with several versions of numpy, and one sdist that is compiled against it."""

    def __init__(self, runner: Runner, index: Index, directory: Path) -> None:
        self.index = index
        self.log = directory / "builds.log"
        self._runner = runner
        self._directory = directory
        self._count = 0

    def offer(
        self,
        *build_requires: str,
        requires: str = "",
        dynamic: tuple[str, ...] = (),
        static: bool = True,
        interface: str = "numpy",
        extension: str = "_speedy.so",
    ) -> None:
        metadata = f"Metadata-Version: {'2.2' if static else '2.1'}\nName: speedy\nVersion: 1.0\n"
        metadata += f"Requires-Dist: {requires}\n" if requires else ""
        backend = BACKEND.format(
            metadata=metadata,
            dynamic=list(dynamic),
            log=BUILD_LOG,
            prepare="" if static else PREPARE,
            interface=interface,
            extension=extension,
        )
        pyproject = (
            f"[build-system]\nrequires = {json.dumps(list(build_requires))}\n"
            'build-backend = "backend"\nbackend-path = ["."]\n'
        )
        files = {"PKG-INFO": metadata, "pyproject.toml": pyproject, "backend.py": backend}
        members = {f"speedy-1.0/{path}": text.encode() for path, text in files.items()}
        content = tar_gz_bytes(members)
        self.index.add(write_file(self._directory / "files" / "speedy-1.0.tar.gz", content))

    def add(self, name: str, *versions: str) -> None:
        for version in versions:
            header = {f"{name}/interface.h": f"#define VERSION {version}\n"}
            files = {**default_files(name, version), **header}
            self.index.add(make_wheel(self._directory / "files", name, version, files=files))

    def environment(self, *installed: str) -> Runner:
        """Return a runner of a new environment in which these are installed."""
        self._count += 1
        target = make_environment(self._directory / f"target{self._count}")
        variables = {**self._runner.environ, BUILD_LOG: str(self.log)}
        runner = Runner(target, variables, self._directory)
        if installed:
            runner("install", *installed, expect=0)
        return runner

    def install(self, *arguments: str, beside: tuple[str, ...] = ()) -> tuple[Result, str]:
        """Install into a new environment; return what ``speedy`` was compiled against."""
        runner = self.environment(*beside)
        result = runner("install", *arguments, expect=0)
        return result, compiled(runner.environment)

    @property
    def built(self) -> int:
        return len(builds(self.log))


def compiled(environment: VirtualEnvironment) -> str:
    return (environment.site_packages / "_speedy.so").read_text()


@pytest.fixture
def world(pipwrap: Runner, index: Index, tmp_path: Path) -> World:
    """Return an index with numpy."""
    directory = tmp_path / "world"
    directory.mkdir()
    found = World(pipwrap, index, directory)
    found.add("numpy", "1.24.0", "1.26.4", "2.0.0", "2.3.0")
    return found


@pytest.mark.parametrize("static", [True, False])
def test_what_is_installed_decides_where_the_newest_does_not_go_with_it(
    world: World, *, static: bool
):
    world.add("numpy", "1.22.0")
    world.offer("numpy", static=static)
    result, against = world.install("speedy", beside=("numpy==1.22.0",))
    assert against == "1.22.0"
    assert "WARNING" not in result.stderr


@pytest.mark.parametrize("static", [True, False])
def test_what_comes_in_the_same_run_decides(world: World, *, static: bool):
    world.add("torch", "2.4.1", "2.5.1", "2.6.0")
    world.offer("torch", requires="torch", interface="torch", static=static)
    result, against = world.install("speedy", "torch==2.4.1")
    assert against == "2.4.1"
    assert "WARNING" not in result.stderr


def test_what_a_hook_asks_for_counts_as_well(world: World):
    world.add("torch", "2.4.1", "2.5.1")
    world.offer(dynamic=("torch",), interface="torch", static=False)
    _, against = world.install("speedy", "torch==2.4.1")
    assert against == "2.4.1"


def test_the_newest_stays_where_it_goes_with_what_is_installed(world: World):
    """numpy's headers of 2.3 work beside 1.24: the wheel is the one that pip builds."""
    world.offer("numpy")
    _, against = world.install("speedy", beside=("numpy==1.24.0",))
    assert against == "2.3.0"
    _, against = world.install("speedy", beside=("numpy==2.0.0",))
    assert against == "2.3.0"
    assert world.built == 1


def test_a_build_requirement_that_does_not_admit_it_is_a_warning(world: World):
    world.offer("numpy<2")
    for _ in range(2):
        result, against = world.install("speedy", "numpy==2.0.0")
        assert against == "1.26.4"
        (line,) = [each for each in result.stderr.splitlines() if "WARNING" in each]
        assert "speedy is compiled against numpy 1.26.4" in line
        assert "numpy 2.0.0 will be beside it" in line
    assert world.built == 1


def test_a_cached_wheel_that_does_not_go_with_the_target_is_built_again(world: World):
    world.add("torch", "2.4.1", "2.5.1")
    world.offer("torch", interface="torch")
    _, against = world.install("speedy")
    assert against == "2.5.1"
    result, against = world.install("speedy", beside=("torch==2.4.1",))
    assert against == "2.4.1"
    assert (
        "the cached wheel is compiled against torch 2.5.1, which does not go with torch 2.4.1"
        in result.stdout
    )
    for version in ("2.4.1", "2.5.1"):
        result, against = world.install("speedy", f"torch=={version}")
        assert against == version
        assert "Rebuilding" not in result.stdout
    assert world.built == 2


def test_a_build_constraint_has_the_last_word(world: World, tmp_path: Path):
    world.add("torch", "2.4.1", "2.5.1")
    world.offer("torch", interface="torch")
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("torch==2.5.1\n")
    result, against = world.install(
        "--build-constraint", str(constraints), "speedy", "torch==2.4.1"
    )
    assert against == "2.5.1"
    assert "speedy is compiled against torch 2.5.1" in result.stderr


def test_what_the_index_has_not_is_a_warning(world: World):
    world.add("torch", "2.4.1")
    runner = world.environment("torch==2.4.1")
    world.add("torch", "2.5.1")
    world.index.remove("torch-2.4.1-py3-none-any.whl")
    world.offer("torch", interface="torch")
    result = runner("install", "--refresh", "speedy", expect=0)
    assert compiled(runner.environment) == "2.5.1"
    assert "speedy is compiled against torch 2.5.1" in result.stderr


def test_a_pure_wheel_is_compiled_against_nothing(world: World):
    world.offer("numpy<2", extension="speedy.py")
    result = world.environment()("install", "speedy", "numpy==2.0.0", expect=0)
    assert "WARNING" not in result.stderr


def test_a_directory_is_built_against_the_target_too(world: World, tmp_path: Path):
    world.add("torch", "2.4.1", "2.5.1")
    world.offer("torch", interface="torch", static=False)
    archive = world._directory / "files" / "speedy-1.0.tar.gz"
    _, against = world.install(str(archive), "torch==2.4.1")
    assert against == "2.4.1"


def test_a_wheelhouse_goes_together(world: World, tmp_path: Path):
    world.add("torch", "2.4.1", "2.5.1")
    world.offer("torch", requires="torch", interface="torch")
    house = tmp_path / "house"
    runner = world.environment()
    runner("wheel", "-w", str(house), "speedy", "torch==2.4.1", expect=0)
    runner("install", "--no-index", "-f", str(house), "speedy", expect=0)
    assert compiled(runner.environment) == "2.4.1"
