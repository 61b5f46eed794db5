"""The headers, libraries and packages of a world, in their first state and in later ones."""

from __future__ import annotations

import os

from lie_matrix.archives import wheel
from lie_matrix.world import World

_MOVING = "int moving_value(void) {{ return {value}; }}\n"
_NODE = "MOVING_1 { global: moving_value; local: *; };\n"
_TWO_NODES = _NODE + "MOVING_2 { global: moving_value; } MOVING_1;\n"
_VERSIONED = """\
int moving_value_1(void) { return 1; }
int moving_value_2(void) { return 2; }
__asm__(".symver moving_value_1,moving_value@MOVING_1");
__asm__(".symver moving_value_2,moving_value@@MOVING_2");
"""
_PKG_CONFIG = """\
Name: {name}
Description: a library
Version: 1.0
Cflags: -DPC_VALUE={value}
Libs: -L{lib} -lmoving
"""
_CMAKE = """\
if(NOT TARGET Dep::Dep)
  add_library(Dep::Dep INTERFACE IMPORTED)
  set_target_properties(Dep::Dep PROPERTIES
    INTERFACE_COMPILE_DEFINITIONS "PACKAGE_VALUE={value}"
    INTERFACE_LINK_LIBRARIES "${{CMAKE_CURRENT_LIST_DIR}}/../../libfixed.a")
endif()
"""
_OLD_LIBC = """\
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>
const char *gnu_get_libc_version(void) { return "2.17"; }
size_t confstr(int name, char *buffer, size_t size)
{
    static const char text[] = "glibc 2.17";
    if (name != _CS_GNU_LIBC_VERSION) return 0;
    if (buffer && size) { strncpy(buffer, text, size - 1); buffer[size - 1] = 0; }
    return sizeof text;
}
"""
_OPTIONS = ("-O2", "-fPIC", "-x", "c", "-")
_LINKER = '#!/bin/sh\nexec {linker} "$@" --hash-style=sysv\n'


def make_files(world: World) -> None:
    """Write everything that needs no compiler."""
    world.write("include/common.h", header("COMMON", 1))
    world.write("include-other/common.h", header("COMMON", 7))
    world.write("include-more/lang.h", header("LANG", 1))
    world.write("outside/settings.txt", "1\n")
    world.write("outside/data/one.txt", "1\n")
    for folder, value in (("pkgconfig", 1), ("pkgconfig-other", 7)):
        world.write(f"lib/{folder}/moving.pc", package_file(world, "moving", value))
    for prefix, value in (("prefix", 1), ("prefix-other", 7)):
        world.write(f"{prefix}/lib/cmake/Dep/DepConfig.cmake", _CMAKE.format(value=value))
    world.write("packages/README", "find-links\n")
    world.write("bin/README", "programs that come and go\n")
    # Directories that rows fill are there from the start: cmake lists those above what PATH names.
    folders = ("home", "home-other", "tmp", "tmp-other", "cargo", "upgraded", "bin-empty")
    for folder in folders:
        os.makedirs(world.path(folder), exist_ok=True)
    world.write("packages/lies_headers-1.0-py3-none-any.whl", _headers("1.0", 1))


def header(name: str, value: int) -> str:
    """Return a header that says one value."""
    return f"#define {name}_VALUE {value}\n"


def package_file(world: World, name: str, value: int) -> str:
    """Return a pkg-config file."""
    return _PKG_CONFIG.format(name=name, value=value, lib=world.path("lib"))


def cmake_package(value: int) -> str:
    """Return the configuration of the cmake package Dep."""
    return _CMAKE.format(value=value)


def upgrade_headers(world: World) -> None:
    """Offer version 2.0 of the build requirement that holds headers."""
    world.write("packages/lies_headers-2.0-py3-none-any.whl", _headers("2.0", 2))


def _headers(version: str, value: int) -> bytes:
    finder = "import os\n\n\ndef get_include():\n    return os.path.dirname(__file__)\n"
    files = {
        "lies_headers/__init__.py": finder,
        "lies_headers/packaged.h": header("PACKAGED", value),
    }
    return wheel("lies_headers", version, files)


def make_libraries(world: World) -> None:
    """Compile the libraries in all their states; the first ones are put into their places."""
    for number in (1, 2):
        _static(world, f"variants/libfixed-{number}.a", number)
    _shared(world, "variants/moving-1", "libmoving.so.1", _MOVING.format(value=1), _NODE)
    _shared(world, "variants/moving-same", "libmoving.so.1", _MOVING.format(value=5), _NODE)
    _shared(world, "variants/moving-versioned", "libmoving.so.1", _VERSIONED, _TWO_NODES)
    _shared(world, "variants/moving-2", "libmoving.so.2", _MOVING.format(value=2), _NODE)
    for place, number in (
        ("lib", 1),
        ("other/lib", 2),
        ("prefix/lib", 1),
        ("prefix-other/lib", 1),
    ):
        world.copy(f"variants/libfixed-{number}.a", f"{place}/libfixed.a")
    world.copy("variants/moving-1", "lib/libmoving.so.1")
    world.link("lib/libmoving.so", "libmoving.so.1")
    world.run(
        "gcc",
        "-shared",
        *_OPTIONS,
        "-o",
        world.path("variants/old-libc.so"),
        source=_OLD_LIBC,
    )
    linker = world.program("ld")
    world.write("linker/ld", _LINKER.format(linker=linker), mode=0o755)


def _static(world: World, name: str, value: int) -> None:
    text = f"int fixed_value(void) {{ return {value}; }}\n"
    made, target = world.path("tmp/fixed.o"), world.path(name)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    world.run("gcc", "-c", *_OPTIONS, "-o", made, source=text)
    world.run("ar", "rcsD", target, made)
    os.unlink(made)


def _shared(world: World, name: str, soname: str, text: str, nodes: str) -> None:
    script = world.write("tmp/nodes.map", nodes)
    options = (f"-Wl,-soname,{soname}", f"-Wl,--version-script={script}")
    command = ("gcc", "-shared", *_OPTIONS, *options, "-o", world.path(name))
    world.run(*command, source=text)
    os.unlink(script)
