"""What tools say when something is not there, in their own words."""

from __future__ import annotations

import pytest

from pipwrap.build.sought import Kind, Missing, Sought, sought_in

STOPPED = [
    (
        "gcc",
        "a.c:1:10: fatal error: libxml/tree.h: No such file or directory",
        "header",
        "libxml/tree.h",
    ),
    ("clang", "a.c:1:10: fatal error: 'yaml.h' file not found", "header", "yaml.h"),
    (
        "msvc",
        "a.c(1): fatal error C1083: Cannot open include file: 'yaml.h': No such",
        "header",
        "yaml.h",
    ),
    ("ld", "/usr/bin/ld: cannot find -lyaml: No such file or directory", "library", "yaml"),
    ("ld of old", "/usr/bin/ld: cannot find -lstdc++\n", "library", "stdc++"),
    ("gold", "ld: error: unable to find library -lpng16", "library", "png16"),
    ("ld64", "ld: library not found for -lssl\n", "library", "ssl"),
    ("ld of Xcode 15", "ld: library 'ssl' not found", "library", "ssl"),
    ("the loader", "libhdf5.so: cannot open shared object file: No such file", "library", "hdf5"),
    ("the loader, a version", "libmagic.so.1: cannot open shared object file", "library", "magic"),
    (
        "meson",
        '../meson.build:3:2: ERROR: Dependency "cairo" not found (tried pkg-config)',
        "module",
        "cairo",
    ),
    (
        "meson of old",
        "meson.build:3:2: ERROR: Dependency 'x-1' is required but not found.",
        "module",
        "x-1",
    ),
    (
        "meson, one way",
        "ERROR: Dependency lookup for OpenBLAS with method 'pkgconfig' failed: x",
        "module",
        "OpenBLAS",
    ),
    (
        "meson, a program",
        "meson.build:1:0: ERROR: Program 'swig' not found or not executable",
        "program",
        "swig",
    ),
    ("meson, a header", "meson.build:1:0: ERROR: C header 'ev.h' not found", "header", "ev.h"),
    (
        "meson, a library",
        "ERROR: C shared or static library 'portaudio' not found",
        "library",
        "portaudio",
    ),
    (
        "meson, a compiler",
        "ERROR: Unknown compiler(s): [['gfortran'], ['flang']]",
        "program",
        "gfortran",
    ),
    ("meson, pkg-config", "Found pkg-config: NO", "program", "pkg-config"),
    (
        "cmake, a module",
        "CMake Error at x.cmake:1 (message):\n  Could NOT find HDF5 (missing: X)",
        "package",
        "HDF5",
    ),
    (
        "cmake, a package",
        'Could not find a package configuration file provided by "Qt6" with',
        "package",
        "Qt6",
    ),
    ("cmake, a compiler", "No CMAKE_CXX_COMPILER could be found.", "program", "c++"),
    (
        "cmake, ninja",
        'unable to find a build program corresponding to "Ninja".',
        "program",
        "Ninja",
    ),
    ("rustc", "error: linker `cc` not found", "program", "cc"),
    (
        "a crate",
        "The system library `openssl` required by crate `openssl-sys` was not found.",
        "module",
        "openssl",
    ),
    (
        "the crate cc",
        'error occurred in cc-rs: failed to find tool "c++": No such',
        "program",
        "c++",
    ),
    ("the crate cmake", "is `cmake` not installed?", "program", "cmake"),
    (
        "the crate openssl",
        "Could not find directory of OpenSSL installation, and",
        "name",
        "openssl",
    ),
    ("prost", "Could not find `protoc`. If `protoc` is installed", "program", "protoc"),
    ("autoconf", "configure: error: no acceptable C compiler found in $PATH", "program", "cc"),
    ("setuptools", "error: command 'gcc' failed: No such file or directory", "program", "gcc"),
    ("setuptools, a path", "error: command '/usr/bin/gcc' failed: No such file", "program", "gcc"),
    ("setuptools, swig", "unable to execute 'swig': No such file or directory", "program", "swig"),
    ("setuptools-rust", "error: can't find Rust compiler", "program", "rustc"),
    (
        "maturin",
        "Cargo, the Rust package manager, is not installed or is not on PATH.",
        "program",
        "cargo",
    ),
    ("scikit-build", "Could not find CMake with version >=3.15", "program", "cmake"),
    ("dash", "/bin/sh: 1: xslt-config: not found", "program", "xslt-config"),
    ("bash", "bash: line 1: mysql_config: command not found", "program", "mysql_config"),
    ("make", "make[1]: nasm: No such file or directory", "program", "nasm"),
    (
        "a shell's status",
        "Command 'krb5-config --libs' returned non-zero exit status 127.",
        "program",
        "krb5-config",
    ),
    ("psycopg2", "Error: pg_config executable not found.", "program", "pg_config"),
    ("pycurl", "Could not run curl-config: [Errno 2] No such file", "program", "curl-config"),
    (
        "kerberos",
        "gcc: error: krb5-config:: linker input file not found: No such",
        "program",
        "krb5-config",
    ),
    ("pygraphviz", "Could not find `dot` executable!", "program", "dot"),
    ("Pillow", "The headers or library files could not be found for jpeg,\na", "name", "jpeg"),
    ("h5py", "error: Unable to load dependency HDF5, make sure", "name", "HDF5"),
    ("xmlsec", "error: xmlsec1 is not installed or not in path.", "name", "xmlsec1"),
]


@pytest.mark.parametrize(
    ("log", "kind", "name"), [row[1:] for row in STOPPED], ids=[row[0] for row in STOPPED]
)
def test_what_ended_a_step_is_named(log: str, kind: Kind, name: str) -> None:
    assert sought_in(log).stopped == (Missing(kind, name),)


@pytest.mark.parametrize(
    ("log", "kind", "name"),
    [
        pytest.param("No package 'libzmq' found", "module", "libzmq", id="pkg-config"),
        pytest.param(
            "Package yaml-0.1 was not found in the pkg-config search path.",
            "module",
            "yaml-0.1",
            id="pkg-config, at length",
        ),
        pytest.param(
            "Package 'dbus-1', required by 'virtual:world', not found",
            "module",
            "dbus-1",
            id="pkgconf",
        ),
        pytest.param(
            "Command 'pkg-config --exists mariadb' returned non-zero exit status 1.",
            "module",
            "mariadb",
            id="mysqlclient",
        ),
        pytest.param("Run-time dependency geos found: NO", "module", "geos", id="meson"),
        pytest.param("-- Could NOT find BLAS (missing: X)", "package", "BLAS", id="cmake"),
        pytest.param(
            "FileNotFoundError: [Errno 2] No such file or directory: 'cmake'",
            "program",
            "cmake",
            id="Python",
        ),
    ],
)
def test_what_may_have_been_one_of_several_is_kept_apart(log: str, kind: Kind, name: str) -> None:
    assert sought_in(log) == Sought(tried=(Missing(kind, name),))


@pytest.mark.parametrize(
    "log",
    [
        "",
        "error: command '/usr/bin/gcc' failed with exit code 1",
        "warning: no files found matching 'a.h'",
        "ERROR: Dependency lookup for cairo with method 'pkgconfig' failed: Invalid version, need",
        "a.c:1: fatal error: ../x; rm -rf y: No such file or directory",
        "ModuleNotFoundError: No module named 'numpy'",
        "No such file or directory: 'data/VERSION and more'",
    ],
)
def test_other_messages_name_nothing(log: str) -> None:
    assert sought_in(log) == Sought()


def test_the_last_one_that_ended_a_step_comes_first_and_each_once() -> None:
    log = "\n".join(
        f"fatal error: {name}: No such file or directory" for name in ("a.h", "b.h", "a.h", "b.h")
    )
    assert sought_in(log).stopped == (Missing("header", "b.h"), Missing("header", "a.h"))


def test_colours_do_not_hide_a_message() -> None:
    log = "\x1b[1ma.c:1: \x1b[31mfatal error: \x1b[0myaml.h: No such file or directory"
    assert sought_in(log).stopped == (Missing("header", "yaml.h"),)


def test_what_was_observed_is_kept() -> None:
    assert sought_in("", ("cc",), ("/a",)) == Sought(programs=("cc",), absent=("/a",))
