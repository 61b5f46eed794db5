"""A wheel that was built before is used only where its compiled files can be loaded."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.compiled import HAS_COMPILER, make_compiled_sdist, make_library
from support.environments import make_environment
from support.index import Index
from support.runner import Result, Runner
from support.sdists import BUILD_LOG
from support.wheels import builds

pytestmark = pytest.mark.skipif(not HAS_COMPILER, reason="C and ELF")

CODE = "extern int one(void);\nint two(void) { return one() + one(); }\n"
PLAIN = "int two(void) { return 2; }\n"
LIBRARY = "int one(void) { return 1; }\n"


class Machine:
    """Builds of one sdist ``fast``, in new environments with one cache."""

    def __init__(self, runner: Runner, index: Index, directory: Path, cache: Path) -> None:
        self.index = index
        self.libraries = directory / "libraries"
        self._runner = runner
        self._directory = directory
        self._cache = cache
        self._count = 0
        self.log = directory / "builds"

    def offer(self, code: str, options: str = "") -> None:
        self.index.add(make_compiled_sdist(self._directory / "files", "fast", code, options))

    def link(self, versions: str = "") -> str:
        """Make the library, and return the options that link against it."""
        path = make_library(self.libraries / "libone.so.1", LIBRARY, versions=versions)
        return str(path)

    def install(self, *options: str, expect: int = 0, **environ: str) -> Result:
        self._count += 1
        target = make_environment(self._directory / f"target{self._count}")
        variables = {"LD_LIBRARY_PATH": str(self.libraries), BUILD_LOG: str(self.log), **environ}
        runner = Runner(target, {**self._runner.environ, **variables}, self._directory)
        return runner("install", "fast", *options, expect=expect)

    @property
    def built(self) -> int:
        return len(builds(self.log))

    @property
    def entries(self) -> list[Path]:
        return sorted(self._cache.glob("wheels-v*/**/entry.json"))

    def needs(self) -> dict[str, Any]:
        (path,) = self.entries
        found: dict[str, Any] = json.loads(path.read_text())["needs"]
        return found

    def carry_over(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change what the one entry needs, as if another machine had built it."""
        (path,) = self.entries
        entry = json.loads(path.read_text())
        change(entry["needs"])
        path.write_text(json.dumps(entry))


@pytest.fixture
def machine(pipwrap: Runner, index: Index, tmp_path: Path, cache_root: Path) -> Machine:
    """Return a machine on which nothing was built yet."""
    directory = tmp_path / "machine"
    directory.mkdir()
    return Machine(pipwrap, index, directory, cache_root)


def rebuilt(machine: Machine, reason: str) -> None:
    result = machine.install()
    (line,) = [each for each in result.stdout.splitlines() if "Rebuilding fast 1.0: " in each]
    assert reason in line, result.output
    assert machine.built == 2
    again = machine.install()
    assert "Rebuilding" not in again.stdout
    assert machine.built == 2


def test_the_entry_says_what_the_files_need_and_the_wheel_is_used_again(machine: Machine):
    machine.offer(CODE, machine.link())
    machine.install()
    assert "libone.so.1" in machine.needs()["libraries"]
    result = machine.install()
    assert "Using cached fast-1.0" in result.stdout
    assert machine.built == 1


def test_a_library_that_is_gone_is_a_reason(machine: Machine):
    machine.offer(CODE, f"-Wl,--unresolved-symbols=ignore-all {machine.link()}")
    machine.install()
    elsewhere = machine.libraries.rename(machine.libraries.with_name("moved"))
    result = machine.install(expect=1)
    assert "the cached wheel needs libone.so.1, which is not here" in result.stdout
    assert "so the cached wheel is used" not in result.output
    elsewhere.rename(machine.libraries)
    machine.install()
    assert machine.built == 2


def test_a_library_of_an_older_version_is_a_reason(machine: Machine):
    machine.offer(CODE, machine.link("ONE_1.0 { };\nONE_1.10 { one; };\n"))
    machine.install()
    assert ["libone.so.1", "ONE_1.10"] in machine.needs()["versions"]
    machine.link("ONE_1.0 { };\nONE_1.9 { one; };\n")
    rebuilt(machine, "the cached wheel needs ONE_1.10, and libone.so.1 here has ONE_1.9")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="names a version of glibc")
def test_a_wheel_of_a_machine_with_a_newer_libc_is_built_again(machine: Machine):
    machine.offer('#include <stdio.h>\nint two(void) { return puts("x"); }\n')
    machine.install()
    machine.carry_over(lambda needs: needs["versions"].append(["libc.so.6", "GLIBC_2.999"]))
    rebuilt(machine, "the cached wheel needs GLIBC_2.999, and libc.so.6 here has GLIBC_2.")


def test_a_wheel_of_a_greater_processor_is_built_again(machine: Machine):
    machine.offer(PLAIN)
    machine.install()
    assert machine.needs()["instructions"] == []
    machine.carry_over(lambda needs: needs["instructions"].append("avx9"))
    rebuilt(machine, "the cached wheel needs avx9, which this processor does not have")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x86-64 options")
@pytest.mark.parametrize("how", ["variable", "recorded in the file"])
def test_options_for_this_processor_are_noted(machine: Machine, how: str):
    machine.offer(PLAIN, "-g -march=native" if how != "variable" else "")
    machine.install(**({"CFLAGS": "-march=native"} if how == "variable" else {}))
    assert "ssse3" in machine.needs()["instructions"]
    machine.install(**({"CFLAGS": "-march=native"} if how == "variable" else {}))
    assert machine.built == 1


def test_what_the_machine_of_the_build_does_not_find_either_is_no_reason(machine: Machine):
    options = machine.link()
    machine.offer(CODE, options)
    machine.install(LD_LIBRARY_PATH="")
    assert machine.needs()["elsewhere"] == ["libone.so.1"]
    machine.install(LD_LIBRARY_PATH="")
    assert machine.built == 1


def test_offline_a_wheel_that_cannot_be_loaded_is_not_installed_either(machine: Machine):
    machine.index.headers("/simple/*", {"Cache-Control": "max-age=600", "ETag": "auto"})
    machine.offer(PLAIN)
    machine.install()
    machine.carry_over(lambda needs: needs["instructions"].append("avx9"))
    machine.install("--offline")
    assert machine.built == 2


def test_cache_list_and_explain_say_what_is_needed(machine: Machine, pipwrap: Runner):
    machine.offer(CODE, machine.link())
    machine.install()
    environ = {"LD_LIBRARY_PATH": str(machine.libraries)}
    listed = pipwrap("cache", "list", "-v", environ=environ, expect=0)
    assert "needs: " in listed.stdout
    assert "libone.so.1" in listed.stdout
    explained = pipwrap("cache", "explain", "fast", environ=environ, expect=0)
    assert "what its compiled files need is here: " in explained.stdout
    explained = pipwrap("cache", "explain", "fast", expect=0)
    assert "the cached wheel needs libone.so.1, which is not here" in explained.stdout
