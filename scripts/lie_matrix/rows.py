"""The changes between two installations, and which inputs each touches."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from lie_matrix import libraries, repository
from lie_matrix.values import Change, Expect, Row
from lie_matrix.world import World

_NEWEST_GLIBC = (2, 34)
_UPGRADED = """\
#!/bin/sh
case "$1" in
-dumpversion) echo 99 ;;
--version) {real} --version | sed '1s/[0-9][0-9.]*$/99.1.0/' ;;
*) exec {real} "$@" ;;
esac
"""
_OLDEST = (3, 10)
"""Python that the build requirements run on."""


def _set(**values: str) -> Change:
    """Return a change of variables; ``{root}`` is replaced, an empty value takes one away."""

    def change(world: World) -> None:
        for name, value in values.items():
            world.environ[name] = value.replace("{root}", world.root)

    return change


def _write(name: str, text: str) -> Change:
    return lambda world: world.write(name, text)


def _program(name: str, text: str) -> Change:
    return lambda world: world.write(f"bin/{name}", f"#!/bin/sh\n{text}\n", mode=0o755)


def _copies(*pairs: tuple[str, str]) -> Change:
    def change(world: World) -> None:
        for source, target in pairs:
            world.copy(source, target)

    return change


def _touch_header(world: World) -> None:
    os.utime(world.path("include", "common.h"))


def _remove_compilers(world: World) -> None:
    world.remove("compilers")
    os.makedirs(world.path("compilers"))


def _restore_compilers(world: World) -> None:
    shutil.copytree(
        os.path.join(world.work, "template", "compilers"),
        world.path("compilers"),
        symlinks=True,
        dirs_exist_ok=True,
    )


def _other_compiler(world: World) -> None:
    for name, other in (("cc", "clang"), ("gcc", "clang"), ("c++", "clang++"), ("g++", "clang++")):
        world.link(f"compilers/{name}", f"/usr/bin/{other}")


def _upgraded_compiler(world: World) -> None:
    """Put compilers in place that do the same and say another version."""
    for name in ("cc", "gcc", "c++", "g++"):
        real = os.path.realpath(world.path("compilers", name))
        upgraded = f"{os.path.basename(real).rstrip('-.0123456789')}-99"
        made = world.write(f"upgraded/{upgraded}", _UPGRADED.format(real=real), mode=0o755)
        world.link(f"compilers/{name}", made)


def _same_order(world: World) -> None:
    """Put a directory of the same programs before the others, and an empty one."""
    parts = world.environ["PATH"].split(os.pathsep)
    parts[:2] = parts[1::-1]
    world.environ["PATH"] = os.pathsep.join([world.path("bin-empty"), *parts])


def _new_soname(world: World) -> None:
    world.remove("lib/libmoving.so.1")
    world.copy("variants/moving-2", "lib/libmoving.so.2")
    world.link("lib/libmoving.so", "libmoving.so.2")


def _vanished(world: World) -> None:
    for name in ("libmoving.so", "libmoving.so.1"):
        world.remove(f"lib/{name}")


def _found_package(world: World) -> None:
    world.write("lib/pkgconfig/found.pc", libraries.package_file(world, "found", 1))
    world.write("prefix/lib/cmake/Found/FoundConfig.cmake", "set(Found_FOUND TRUE)\n")


def _newer(prefix: str) -> Change:
    """Return what offers the newest wheel of a build requirement beside the older one."""

    def change(world: World) -> None:
        for name in wheels_of(world, prefix)[-1:]:
            shutil.copy2(os.path.join(world.wheels, name), world.path("packages", name))

    return change


def wheels_of(world: World, name: str) -> list[str]:
    """Return the wheels of a build requirement, oldest first."""
    found = [
        file
        for file in os.listdir(world.wheels)
        if file.partition("-")[0].lower() == name and file.endswith(".whl")
    ]
    return sorted(found, key=lambda file: [int(part) for part in file.split("-")[1].split(".")])


def _two_wheels(name: str) -> Callable[[World], str | None]:
    def missing(world: World) -> str | None:
        return None if len(wheels_of(world, name)) > 1 else f"two versions of {name}"

    return missing


def _settings(world: World) -> None:
    world.settings["lies"] = "2"


def _programs(*names: str) -> Callable[[World], str | None]:
    def missing(world: World) -> str | None:
        return next((name for name in names if world.program(name) is None), None)

    return missing


def _python(*, patch: bool) -> str | None:
    """Return an interpreter of the same minor version and another patch, or of another minor."""
    for place in _places():
        version = _version(os.path.join(place, "python3"))
        if version is None or version[:2] < _OLDEST:
            continue
        ours = sys.version_info[:3]
        if (version[:2] == ours[:2] and version != ours) if patch else version[:2] != ours[:2]:
            return os.path.join(place, "python3")
    return None


@functools.cache
def _version(python: str) -> tuple[int, int, int] | None:
    code = "import sys, venv; print(*sys.version_info[:3])"
    if not os.path.exists(python):
        return None
    done = subprocess.run([python, "-Ic", code], capture_output=True, text=True, check=False)
    parts = [int(part) for part in done.stdout.split()]
    return (parts[0], parts[1], parts[2]) if len(parts) == len(("3", "11", "7")) else None


def _places() -> list[str]:
    """Return where interpreters may be: PATH, and pyenv's versions, newest first."""
    versions = os.path.dirname(os.path.realpath(sys.base_prefix))
    beside = [os.path.join(versions, name, "bin") for name in sorted(os.listdir(versions))[::-1]]
    return ["/usr/bin", "/usr/local/bin", *beside]


def _use_python(*, patch: bool) -> Change:
    def change(world: World) -> None:
        world.python = _python(patch=patch) or world.python

    return change


def _needs_python(*, patch: bool) -> Callable[[World], str | None]:
    what = "another patch version of Python" if patch else "another minor version of Python"
    return lambda _: None if _python(patch=patch) else what


def _needs_new_libc(_: World) -> str | None:
    text = os.confstr("CS_GNU_LIBC_VERSION") if sys.platform == "linux" else None
    version = tuple(int(part) for part in (text or "glibc 0").split()[1].split("."))
    return None if version >= _NEWEST_GLIBC else "a glibc of 2.34 or newer"


def _one(*names: str) -> frozenset[str]:
    return frozenset(names)


_COMPILER_ROWS: Sequence[Row] = (
    Row(
        "compiler-gone",
        "the compiler is gone",
        _remove_compilers,
        _one("compiler"),
        if_read=Expect.MUST_NOT,
        by_rule=True,
    ),
    Row(
        "compiler-back",
        "the compiler is back",
        _restore_compilers,
        _one("no compiler"),
        prepare=_remove_compilers,
        if_not=None,
    ),
    Row(
        "compiler-variable",
        "CC=clang",
        _set(CC="clang", CXX="clang++"),
        _one("CC"),
        needs=_programs("clang"),
    ),
    Row(
        "compiler-other",
        "gcc and cc are clang",
        _other_compiler,
        _one("compiler"),
        needs=_programs("clang"),
    ),
    Row("compiler-upgraded", "an upgraded compiler", _upgraded_compiler, by_rule=True),
    Row(
        "CFLAGS",
        "CFLAGS",
        _set(CFLAGS="-DFLAG_VALUE=1 -O1", CXXFLAGS="-DFLAG_VALUE=1 -O1"),
        _one("CFLAGS"),
    ),
    Row("LDFLAGS", "LDFLAGS", _set(LDFLAGS="-Wl,--hash-style=sysv"), _one("LDFLAGS")),
    Row(
        "back-again",
        "CFLAGS set, and taken back",
        lambda world: world.environ.pop("CFLAGS", None),
        between=_set(CFLAGS="-DFLAG_VALUE=1 -O1"),
    ),
    Row("CPATH", "CPATH leads to other headers", _set(CPATH="{root}/include-other"), _one("CPATH")),
    Row(
        "C_INCLUDE_PATH",
        "C_INCLUDE_PATH",
        _set(C_INCLUDE_PATH="{root}/include-more"),
        _one("C_INCLUDE_PATH"),
    ),
    Row(
        "CPLUS_INCLUDE_PATH",
        "CPLUS_INCLUDE_PATH",
        _set(CPLUS_INCLUDE_PATH="{root}/include-more"),
        _one("CPLUS_INCLUDE_PATH"),
    ),
    Row(
        "LIBRARY_PATH",
        "LIBRARY_PATH",
        _set(LIBRARY_PATH="{root}/other/lib:{root}/lib"),
        _one("LIBRARY_PATH"),
    ),
    Row(
        "COMPILER_PATH", "COMPILER_PATH", _set(COMPILER_PATH="{root}/linker"), _one("COMPILER_PATH")
    ),
    Row("LD_RUN_PATH", "LD_RUN_PATH", _set(LD_RUN_PATH="/opt/lies"), _one("LD_RUN_PATH")),
    Row(
        "SOURCE_DATE_EPOCH",
        "SOURCE_DATE_EPOCH",
        _set(SOURCE_DATE_EPOCH="1600000000"),
        _one("SOURCE_DATE_EPOCH"),
    ),
)

_FILE_ROWS: Sequence[Row] = (
    Row(
        "header",
        "a header's content",
        _write("include/common.h", libraries.header("COMMON", 2)),
        _one("common header"),
    ),
    Row("header-touched", "a header's time alone", _touch_header),
    Row(
        "header-appears",
        "a header appears",
        _write("include/optional.h", libraries.header("OPTIONAL", 1)),
        _one("optional header"),
    ),
    Row(
        "static-library",
        "a static library's content",
        _copies(
            ("variants/libfixed-2.a", "lib/libfixed.a"),
            ("variants/libfixed-2.a", "prefix/lib/libfixed.a"),
        ),
        _one("static library"),
    ),
    Row(
        "library-same",
        "a shared library, same soname and symbols",
        _copies(("variants/moving-same", "lib/libmoving.so.1")),
        _one("shared library"),
        if_read=Expect.OPEN,
    ),
    Row(
        "library-symbols",
        "a shared library, same soname, new symbol version",
        _copies(("variants/moving-versioned", "lib/libmoving.so.1")),
        _one("shared library"),
    ),
    Row("library-soname", "a shared library, another soname", _new_soname, _one("shared library")),
    Row(
        "library-vanishes",
        "a library vanishes",
        _vanished,
        _one("shared library"),
        if_read=Expect.OPEN,
    ),
    Row("library-appears", "a library's package appears", _found_package, _one("found package")),
    Row(
        "pkg-config",
        "a pkg-config file",
        lambda world: world.write(
            "lib/pkgconfig/moving.pc", libraries.package_file(world, "moving", 2)
        ),
        _one("pkg-config file"),
    ),
    Row(
        "PKG_CONFIG_PATH",
        "PKG_CONFIG_PATH",
        _set(PKG_CONFIG_PATH="{root}/lib/pkgconfig-other"),
        _one("PKG_CONFIG_PATH"),
    ),
    Row(
        "cmake-package",
        "a cmake package",
        _write("prefix/lib/cmake/Dep/DepConfig.cmake", libraries.cmake_package(2)),
        _one("cmake package"),
    ),
    Row(
        "CMAKE_PREFIX_PATH",
        "CMAKE_PREFIX_PATH",
        _set(CMAKE_PREFIX_PATH="{root}/prefix-other"),
        _one("CMAKE_PREFIX_PATH"),
    ),
    Row(
        "outside-file",
        "a file outside the tree",
        _write("outside/settings.txt", "2\n"),
        _one("outside file"),
    ),
    Row(
        "file-appears",
        "a file that was looked for appears",
        _write("outside/appears.txt", "1\n"),
        _one("file in vain"),
    ),
    Row(
        "file-exists",
        "a file whose existence was asked",
        _write("outside/seen.txt", "1\n"),
        _one("existence"),
    ),
    Row(
        "listing",
        "a file more in a listed directory",
        _write("outside/data/two.txt", "2\n"),
        _one("listing"),
    ),
    Row("program-appears", "a program appears", _program("lies-config", "echo 1"), _one("program")),
)

_REQUIREMENT_ROWS: Sequence[Row] = (
    Row(
        "requirement",
        "headers of a build requirement",
        libraries.upgrade_headers,
        _one("requirement headers"),
    ),
    Row(
        "generator",
        "Cython upgraded",
        _newer("cython"),
        _one("Cython"),
        needs=_two_wheels("cython"),
    ),
    Row(
        "backend",
        "setuptools upgraded",
        _newer("setuptools"),
        by_rule=True,
        needs=_two_wheels("setuptools"),
    ),
    Row("settings", "config settings", _settings, _one("settings"), if_not=Expect.OPEN),
)

_VARIABLE_ROWS: Sequence[Row] = (
    Row("environ-copy", "a variable, os.environ.copy()", _set(LIES_COPIED="1"), _one("copied")),
    Row("environ-items", "a variable, os.environ.items()", _set(LIES_LIST_NEW="1"), _one("listed")),
    Row("getenvb", "a variable, os.getenvb", _set(LIES_BYTES="1"), _one("bytes")),
    Row("environ-get", "a variable, os.environ.get", _set(LIES_PLAIN="1"), _one("plain")),
    Row("shell", "a variable in sh -c", _set(LIES_SHELL="1"), _one("shell")),
    Row("printenv", "a variable, printenv", _set(LIES_PRINTED="1"), _one("printed")),
    Row("rust-variable", "a variable, env! of rustc", _set(LIES_RUST="2"), _one("rust variable")),
    Row("RUSTFLAGS", "RUSTFLAGS", _set(RUSTFLAGS="--cfg lies_flag"), _one("RUSTFLAGS")),
)

_MACHINE_ROWS: Sequence[Row] = (
    Row(
        "python-patch",
        "another patch version of Python",
        _use_python(patch=True),
        by_rule=True,
        needs=_needs_python(patch=True),
    ),
    Row(
        "another-abi",
        "another minor version of Python",
        _use_python(patch=False),
        if_not=Expect.MUST,
        by_build=True,
        needs=_needs_python(patch=False),
    ),
    Row(
        "libc-older",
        "a C library that says it is older",
        _set(LD_PRELOAD="{root}/variants/old-libc.so"),
        _one("newest glibc"),
        if_read=Expect.OPEN,  # pipwrap asks the library's file, which is the same
        by_build=True,
        if_not=Expect.OPEN,
        needs=_needs_new_libc,
    ),
    Row("git-tag", "git describe", repository.add_tag, _one("git tags"), if_not=None),
    Row(
        "submodule-moves",
        "the branch's submodule moves",
        repository.move_submodule,
        _one("branch"),
        if_not=None,
    ),
    Row(
        "submodule-remote",
        "the submodule's repository alone",
        repository.change_submodule,
        _one("git tags"),
        if_read=Expect.MUST_NOT,
        if_not=None,
    ),
)

_AMBIENT_ROWS: Sequence[Row] = (
    Row("unrelated", "an unrelated variable", _set(SOMETHING_ELSE="1")),
    Row("home", "HOME", _set(HOME="{root}/home-other")),
    Row("locale", "the locale", _set(LC_ALL="C", LANG="C", LANGUAGE="en")),
    Row("tmpdir", "TMPDIR", _set(TMPDIR="{root}/tmp-other")),
    Row("path-order", "PATH in an order that changes nothing", _same_order),
    Row("nothing", "nothing", lambda _: None),
)

ROWS: tuple[Row, ...] = (
    *_COMPILER_ROWS,
    *_FILE_ROWS,
    *_REQUIREMENT_ROWS,
    *_VARIABLE_ROWS,
    *_MACHINE_ROWS,
    *_AMBIENT_ROWS,
)
QUICK_ROWS = (
    "compiler-gone",
    "compiler-back",
    "CFLAGS",
    "CPATH",
    "header",
    "header-touched",
    "header-appears",
    "static-library",
    "requirement",
    "outside-file",
    "environ-copy",
    "environ-items",
    "shell",
    "printenv",
    "program-appears",
    "unrelated",
    "home",
    "path-order",
)
