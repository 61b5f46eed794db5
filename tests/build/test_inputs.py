"""Of all that a build read, what its wheel depends on: by path, and by what is there afterwards."""

from __future__ import annotations

import pytest

from pipwrap.build.inputs import Inputs, Places, Sighting, inputs_of
from pipwrap.build.toolchain import is_toolchain

PLACES = Places(
    own=("/run/w/src", "/run/w"),
    environments=("/run/env",),
    python=("/py",),
    temporary="/tmp",
    programs=("/usr/local/bin", "/usr/bin"),
)


def found(there: set[str], **seen: set[str]) -> Inputs:
    sighting = Sighting(**{kind: frozenset(paths) for kind, paths in seen.items()})
    return inputs_of(sighting, PLACES, there.__contains__)


@pytest.mark.parametrize(
    "path",
    [
        "/usr/include/yaml.h",
        "/usr/include/openssl/ssl.h",
        "/usr/lib/x86_64-linux-gnu/libyaml.so",
        "/usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc",
        "/usr/lib/cmake/fmt/fmt-config.cmake",
        "/usr/share/cmake/fmt/fmt-config.cmake",
        "/opt/x/include/stdio.h",
        "/home/me/settings.ini",
        "/tmp/work/version.txt",
    ],
)
def test_a_file_outside_is_an_input_by_content(path: str):
    assert found({path}, files={path}).files == (path,)


@pytest.mark.parametrize(
    "path",
    [
        "/run/w/src/a.c",
        "/run/w/build/a.o",
        "/proc/self/maps",
        "/usr/share/locale/de/gcc.mo",
        "/etc/ld.so.cache",
        "/run/env/lib/python3.11/site-packages/setuptools/__init__.py",
    ],
)
def test_what_a_build_owns_and_what_every_process_reads_are_none(path: str):
    assert found({path}, files={path}) == Inputs()


@pytest.mark.parametrize(
    "path",
    [
        "/usr/lib/gcc/x86_64-linux-gnu/12/include/stddef.h",
        "/usr/include/stdio.h",
        "/usr/include/x86_64-linux-gnu/bits/types.h",
        "/usr/include/linux/limits.h",
        "/usr/include/c++/12/vector",
        "/usr/lib/x86_64-linux-gnu/libc.so",
        "/usr/lib/x86_64-linux-gnu/crti.o",
        "/lib64/ld-linux-x86-64.so.2",
        "/usr/share/cmake-3.25/Modules/FindZLIB.cmake",
        "/py/include/python3.11/Python.h",
    ],
)
def test_the_toolchain_counts_by_its_version(path: str):
    assert is_toolchain(path, PLACES.python)
    assert found({path}, files={path}) == Inputs(toolchain=(path,))


@pytest.mark.parametrize(
    "name", ["numpy/core/include/numpy/arrayobject.h", "Cython/Utility/Buffer.c", "x/y.pxd", "l.a"]
)
def test_files_of_build_requirements_that_are_compiled_from_are_consumed(name: str):
    path = f"/run/env/lib/{name}"
    assert found({path}, files={path}) == Inputs(consumed=(path,))


def test_what_was_made_or_is_gone_was_the_build_s_own():
    assert found({"/x/made.h"}, files={"/x/made.h", "/x/gone.s"}, made={"/x/made.h"}) == Inputs()


def test_what_was_looked_for_in_vain_is_an_input_by_its_first_absent_part():
    seen = {"/opt/ssl/include/ssl.h", "/usr/include/cblas.h"}
    there = {"/", "/opt", "/usr", "/usr/include"}
    assert found(there, absent=seen).absent == ("/opt/ssl", "/usr/include/cblas.h")


@pytest.mark.parametrize(
    "path",
    [
        "/tmp/cc1234.o",
        "/run/.git",
        "/usr/include/stdint.h",
        "/usr/include/asm-generic",
        "/run/env/lib/nothing.h",
        "/usr/local/bin/gcc",
    ],
)
def test_some_absences_say_nothing(path: str):
    there = {"/", "/tmp", "/run", "/usr", "/usr/include", "/usr/local/bin", "/usr/bin/gcc"}
    there |= {"/run/env", "/run/env/lib"}
    assert found(there, absent={path}) == Inputs()


def test_a_program_on_no_directory_of_path_is_missing():
    assert found(set(), absent={"/usr/bin/cargo", "/usr/local/bin/cargo"}).missing == ("cargo",)


def test_a_listing_is_an_input_but_of_what_everybody_lists():
    there = {"/opt/plugins", "/run/env/lib", "/usr/lib/gcc", "/tmp/x"}
    assert found(there, listed=there).listed == ("/opt/plugins",)
