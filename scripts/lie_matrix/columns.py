"""The sdists and repositories that are made for the matrix, and what their builds read."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from lie_matrix.archives import sdist
from lie_matrix.values import Change, Column, Expect
from lie_matrix.world import World

_TEMPLATES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
_PYPROJECT = '[build-system]\nrequires = {requires}\nbuild-backend = "{backend}"\n'
_PROJECT = '\n[project]\nname = "{name}"\nversion = "1.0"\n'

_COMPILED = frozenset({"compiler", "CC", "CFLAGS", "CPATH", "COMPILER_PATH", "common header"})
_MODULE = _COMPILED | {"C_INCLUDE_PATH", "optional header", "LDFLAGS", "SOURCE_DATE_EPOCH"}
_LINKED = frozenset({"LIBRARY_PATH", "static library", "shared library", "LD_RUN_PATH"})
_PROBED = frozenset({"copied", "listed", "bytes", "outside file", "program"})
_COMPILER_READS = frozenset(
    {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH"}
) | {"LD_RUN_PATH", "SOURCE_DATE_EPOCH"}
"""Variables in the manuals of gcc and ld."""
_PKG_CONFIG_READS = _COMPILER_READS - {"COMPILER_PATH", "LD_RUN_PATH"}
"""pkg-config leaves out the directories that compilers search anyway."""
_SETUPTOOLS = ("setuptools", "wheel")


def template(name: str, distribution: str, world: World) -> str:
    """Return the text of a file of the sdists."""
    with open(os.path.join(_TEMPLATES, name), encoding="utf-8") as stream:
        text = stream.read()
    text = text.replace("@OUTSIDE@", world.path("outside", "settings.txt"))
    text = text.replace("@OUTSIDE_DIRECTORY@", world.path("outside"))
    return text.replace("@NAME@", distribution)


def _made(name: str, backend: str, requires: Sequence[str], **files: str) -> Change:
    """Return what writes an sdist; ``files`` are templates by name, which has __ for a dot."""

    def make(world: World) -> None:
        made = {}
        for path, source in files.items():
            text = template(source, name, world)
            made[path.replace("__", ".")] = text.replace("@SOURCE@", _source(files))
        project = _PYPROJECT.format(requires=json.dumps(list(requires)), backend=backend)
        if backend == "backend":
            project += 'backend-path = ["."]\n'
        if backend in {"mesonpy", "scikit_build_core.build"}:
            project += _PROJECT.format(name=name)
        made["pyproject.toml"] = project
        made[f"{name}_pure.py"] = ""
        world.write(f"packages/{name}-1.0.tar.gz", sdist(name, "1.0", made))

    return make


def _source(files: dict[str, str]) -> str:
    found = [name.replace("__", ".") for name in files if name.startswith("module__")]
    return found[0] if found else ""


def _setuptools(name: str, requires: Sequence[str], **files: str) -> Change:
    return _made(name, "setuptools.build_meta", [*_SETUPTOOLS, *requires], **files)


def _in_tree(name: str, payload: str, requires: Sequence[str] = (), **files: str) -> Change:
    given = {"backend__py": "backend.py.txt", "payload__py": f"{payload}_payload.py.txt", **files}
    return _made(name, "backend", requires, **given)


_RPATH = {"LD_RUN_PATH": Expect.OPEN}
"""ld does not read it where Python's own LDSHARED names a path."""
_NO_SETTINGS: dict[str, Expect | None] = {"settings": None}
"""The backend refuses settings that it does not know."""
_NO_ABI = {"another-abi": Expect.OPEN}
COLUMNS: tuple[Column, ...] = (
    Column(
        "c",
        "setuptools, C",
        _MODULE
        | _LINKED
        | {"outside file", "requirement headers", "no compiler", "LDFLAGS", "newest glibc"},
        "lies_c==1.0",
        _setuptools("lies_c", ["lies_headers"], setup__py="setup.py.txt", module__c="module.c"),
        wheels=_SETUPTOOLS,
        may_read=_COMPILER_READS,
        overrides=_RPATH,
    ),
    Column(
        "c++",
        "setuptools, C++",
        (_MODULE - {"C_INCLUDE_PATH"})
        | _LINKED
        | {"CPLUS_INCLUDE_PATH", "outside file", "requirement headers", "no compiler"}
        | {"newest glibc"},
        "lies_cpp==1.0",
        _setuptools("lies_cpp", ["lies_headers"], setup__py="setup.py.txt", module__cpp="module.c"),
        wheels=_SETUPTOOLS,
        may_read=_COMPILER_READS,
    ),
    Column(
        "cython",
        "setuptools, Cython",
        _COMPILED | {"LDFLAGS", "LD_RUN_PATH", "Cython"},
        "lies_cython==1.0",
        _setuptools(
            "lies_cython", ["Cython"], setup__py="cython_setup.py.txt", module__pyx="module.pyx"
        ),
        wheels=(*_SETUPTOOLS, "Cython"),
        may_read=_COMPILER_READS,
        overrides=_RPATH,
    ),
    Column(
        "meson",
        "meson-python",
        _MODULE | {"pkg-config file", "PKG_CONFIG_PATH", "found package", "shared library"},
        "lies_meson==1.0",
        _made(
            "lies_meson",
            "mesonpy",
            ["meson-python"],
            meson__build="meson.build",
            module__c="module.c",
        ),
        programs=("pkg-config", "ninja"),
        wheels=("meson-python",),
        may_read=_COMPILER_READS | {"PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH", "RUSTFLAGS"},
        overrides=_NO_SETTINGS,
    ),
    Column(
        "cmake",
        "scikit-build-core",
        _MODULE | {"cmake package", "CMAKE_PREFIX_PATH", "found package", "static library"},
        "lies_cmake==1.0",
        _made(
            "lies_cmake",
            "scikit_build_core.build",
            ["scikit-build-core"],
            CMakeLists__txt="CMakeLists.txt",
            module__c="module.c",
        ),
        programs=("cmake", "ninja"),
        wheels=("scikit-build-core",),
        may_read=_COMPILER_READS | {"PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH"},
        overrides=_NO_SETTINGS,
    ),
    Column(
        "rust",
        "setuptools-rust",
        frozenset({"RUSTFLAGS", "rust variable", "outside file"}),
        "lies_rust==1.0",
        _setuptools(
            "lies_rust",
            ["setuptools-rust"],
            setup__py="rust_setup.py.txt",
            lib__rs="lib.rs",
            Cargo__toml="Cargo.toml",
        ),
        programs=("cargo", "rustc"),
        wheels=(*_SETUPTOOLS, "setuptools-rust"),
        overrides={"compiler-other": Expect.OPEN},  # it links by cc
        may_read=_COMPILER_READS | {"CC", "CFLAGS", "LDFLAGS", "CXX"},
    ),
    Column(
        "setup.py",
        "a setup.py that probes",
        (_COMPILED - {"common header", "CPATH", "CC"})
        | {"optional header", "shell", "printed", "pkg-config file", "PKG_CONFIG_PATH"}
        | {"LDFLAGS", "CC", "LD_RUN_PATH"}
        | _PROBED,
        "lies_setup==1.0",
        _setuptools("lies_setup", [], setup__py="probing_setup.py.txt", probed__c="probed.c"),
        programs=("pkg-config",),
        wheels=_SETUPTOOLS,
        may_read=_COMPILER_READS,
        overrides=_RPATH,
    ),
    Column(
        "cc",
        "a backend that runs cc",
        (_MODULE - {"CC", "CFLAGS", "LDFLAGS"})
        | _LINKED
        | {"requirement headers", "no compiler", "cc"},
        "lies_cc==1.0",
        _in_tree("lies_cc", "compiler", ["lies_headers"], module__c="module.c"),
        overrides=_NO_ABI,
        may_read=_COMPILER_READS,
    ),
    Column(
        "python",
        "a backend that reads in Python",
        _PROBED | {"plain", "settings", "file in vain", "existence", "listing"},
        "lies_python==1.0",
        _in_tree("lies_python", "python"),
        overrides=_NO_ABI,
    ),
    Column(
        "shell",
        "a backend that runs programs",
        frozenset({"shell", "printed", "pkg-config file", "PKG_CONFIG_PATH", "found package"})
        | {"program"},
        "lies_shell==1.0",
        _in_tree("lies_shell", "shell"),
        overrides=_NO_ABI,
        programs=("pkg-config", "sh", "printenv"),
        may_read=_PKG_CONFIG_READS,
    ),
)
