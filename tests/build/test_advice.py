"""What is missing is named with its package on the system at hand, or with how to ask for it."""

from __future__ import annotations

import pytest

from pipwrap.build.advice import System, advice, system_of
from pipwrap.build.sought import Kind, Missing, Sought, sought_in
from pipwrap.build.system_packages import SYSTEMS

KNOWN: tuple[tuple[Kind, str, dict[str, str]], ...] = (
    (
        "header",
        "yaml.h",
        {
            "debian": "yaml.h was not found. To install its package: apt-get install libyaml-dev",
            "fedora": "yaml.h was not found. To install its package: dnf install libyaml-devel",
            "alpine": "yaml.h was not found. To install its package: apk add yaml-dev",
            "arch": "yaml.h was not found. To install its package: pacman -S libyaml",
            "homebrew": "yaml.h was not found. To install its package: brew install libyaml",
        },
    ),
    (
        "header",
        "Python.h",
        {
            "debian": "Python.h was not found. To install its package: apt-get install python3.13-dev",
            "fedora": "Python.h was not found. To install its package: dnf install python3.13-devel",
            "alpine": "Python.h was not found. To install its package: apk add python3-dev",
            "arch": "Python.h was not found. To install its package: pacman -S python",
            "homebrew": "Python.h was not found. To install its package: brew install python@3.13",
        },
    ),
    (
        "program",
        "gcc",
        {
            "debian": "The program gcc was not found. To install its package: apt-get install gcc",
            "fedora": "The program gcc was not found. To install its package: dnf install gcc",
            "alpine": "The program gcc was not found. To install its package: apk add build-base",
            "arch": "The program gcc was not found. To install its package: pacman -S gcc",
            "homebrew": "The program gcc was not found. To install its package: xcode-select --install",
        },
    ),
)
UNKNOWN: tuple[tuple[Kind, str, dict[str, str]], ...] = (
    (
        "header",
        "of-none/of-none.h",
        {
            "debian": "apt-file search of-none/of-none.h",
            "fedora": "dnf provides '*/of-none/of-none.h'",
            "alpine": "https://pkgs.alpinelinux.org/contents?file=of-none.h",
            "arch": "pacman -Fx 'of-none/of-none[.]h$'",
            "homebrew": "brew search of-none",
        },
    ),
    (
        "header",
        "of_none.h",
        {
            "debian": "apt-file search of_none.h",
            "fedora": "dnf provides '*/of_none.h'",
            "alpine": "https://pkgs.alpinelinux.org/contents?file=of_none.h",
            "arch": "pacman -F of_none.h",
            "homebrew": "brew search of_none",
        },
    ),
    (
        "library",
        "of_none",
        {
            "debian": "apt-file search libof_none.so",
            "fedora": "dnf provides '*/libof_none.so'",
            "alpine": "https://pkgs.alpinelinux.org/contents?file=libof_none.so",
            "arch": "pacman -F libof_none.so",
            "homebrew": "brew search of_none",
        },
    ),
    (
        "module",
        "of_none",
        {
            "debian": "apt-file search of_none.pc",
            "fedora": "dnf provides 'pkgconfig(of_none)'",
            "alpine": "apk search pc:of_none",
            "arch": "pacman -F of_none.pc",
            "homebrew": "brew search of_none",
        },
    ),
    (
        "package",
        "OfNone",
        {
            "debian": "apt-file search OfNoneConfig.cmake",
            "fedora": "dnf provides 'cmake(OfNone)'",
            "alpine": "https://pkgs.alpinelinux.org/contents?file=OfNoneConfig.cmake",
            "arch": "pacman -F OfNoneConfig.cmake",
            "homebrew": "brew search OfNone",
        },
    ),
    (
        "program",
        "of_none",
        {
            "debian": "apt-file search bin/of_none",
            "fedora": "dnf provides '*/bin/of_none'",
            "alpine": "apk search cmd:of_none",
            "arch": "pacman -F of_none",
            "homebrew": "brew search of_none",
        },
    ),
)


def lines(*stopped: Missing, family: str | None = "debian") -> tuple[str, ...]:
    return advice(Sought(stopped=stopped), System(family, "3.13"))


@pytest.mark.parametrize("family", SYSTEMS)
@pytest.mark.parametrize(("kind", "name", "expected"), KNOWN, ids=[row[1] for row in KNOWN])
def test_a_row_of_the_table_names_the_package(
    kind: Kind, name: str, expected: dict[str, str], family: str
) -> None:
    assert lines(Missing(kind, name), family=family) == (expected[family],)


@pytest.mark.parametrize("family", SYSTEMS)
@pytest.mark.parametrize(
    ("kind", "name", "expected"), UNKNOWN, ids=[f"{row[0]} {row[1]}" for row in UNKNOWN]
)
def test_the_systems_index_is_asked_for_what_no_row_has(
    kind: Kind, name: str, expected: dict[str, str], family: str
) -> None:
    (line,) = lines(Missing(kind, name), family=family)
    assert line.endswith(f"{name} was not found. To find its package: {expected[family]}")


def test_another_system_gets_all_names() -> None:
    (line,) = lines(Missing("module", "yaml-0.1"), family=None)
    assert line == (
        "The pkg-config module yaml-0.1 was not found. Its package: libyaml-dev (Debian), "
        "libyaml-devel (Fedora), yaml-dev (Alpine), libyaml (Arch), libyaml (Homebrew)"
    )
    assert lines(Missing("module", "of_none"), family=None) == ()


def test_a_system_without_such_a_package_is_asked() -> None:
    (line,) = lines(Missing("header", "libudev.h"), family="homebrew")
    assert line == "libudev.h was not found. To find its package: brew search libudev"


@pytest.mark.parametrize(
    ("kind", "name", "package"),
    [
        pytest.param("header", "libxml/tree.h", "libxml2-dev", id="a directory"),
        pytest.param("header", "postgresql/libpq-fe.h", "libpq-dev", id="the file in another"),
        pytest.param("program", "x86_64-linux-gnu-gcc-12", "gcc", id="a triplet and a version"),
        pytest.param("program", "clang-14", "clang", id="a version"),
        pytest.param("module", "OpenBLAS", "libopenblas-dev", id="meson, pkg-config or cmake"),
        pytest.param("package", "ZLIB", "zlib1g-dev", id="cmake"),
        pytest.param("library", "openblas", "libopenblas-dev", id="a library"),
        pytest.param("name", "HDF5", "libhdf5-dev", id="a name in upper case"),
        pytest.param("name", "jpeg", "libjpeg-dev", id="a name of a format"),
        pytest.param("name", "libxslt", "libxslt1-dev", id="a name with lib"),
        pytest.param("program", "Ninja", "ninja-build", id="cmake's name of a program"),
        pytest.param("program", "pg_config", "libpq-dev", id="pg_config"),
    ],
)
def test_names_are_found_as_tools_write_them(kind: Kind, name: str, package: str) -> None:
    (line,) = lines(Missing(kind, name))
    assert line.endswith(f"To install its package: apt-get install {package}")


def test_there_are_at_most_three_lines_and_one_for_each_package() -> None:
    names = ("ldap.h", "lber.h", "gmp.h", "mpfr.h", "yaml.h")
    found = lines(*(Missing("header", name) for name in names))
    assert [line.split()[0] for line in found] == ["ldap.h", "gmp.h", "mpfr.h"]


def test_only_what_stopped_the_build_is_asked_for() -> None:
    found = lines(Missing("header", "none.h"), Missing("header", "other.h"), Missing("name", "x"))
    assert found == ("none.h was not found. To find its package: apt-file search none.h",)


@pytest.mark.parametrize(
    "missing",
    [Missing("header", "numpy/arrayobject.h"), Missing("name", "the")],
    ids=["a build requirement's", "a word"],
)
def test_no_line_is_better_than_a_wrong_one(missing: Missing) -> None:
    assert lines(missing) == ()


def test_one_of_several_that_a_row_has_is_named_where_nothing_stopped_the_build() -> None:
    sought = sought_in("No package 'of-none' found\nNo package 'libmariadb' found\n")
    (line,) = advice(sought, System("debian", "3.13"))
    assert line.endswith("apt-get install libmariadb-dev")


def test_what_was_observed_to_be_absent_comes_first() -> None:
    sought = Sought(
        stopped=(Missing("header", "gmp.h"), Missing("header", "yaml.h")),
        absent=("/usr/local/include/yaml.h", "/usr/include/yaml.h"),
    )
    found = advice(sought, System("debian", "3.13"))
    assert [line.split()[0] for line in found] == ["yaml.h", "gmp.h"]


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("/usr/include/libxml/tree.h", "libxml/tree.h"),
        ("/usr/lib/x86_64-linux-gnu/libyaml.so", "The library yaml"),
        ("/usr/lib/libyaml.a", "The library yaml"),
        ("/usr/lib/pkgconfig/yaml-0.1.pc", "The pkg-config module yaml-0.1"),
        ("/usr/lib/cmake/hdf5/hdf5-config.cmake", "The CMake package hdf5"),
        ("/usr/lib/cmake/Qt6/Qt6Config.cmake", "The CMake package Qt6"),
        ("/usr/local/bin/pg_config", "The program pg_config"),
    ],
)
def test_absent_paths_count_where_the_log_names_nothing(path: str, subject: str) -> None:
    sought = Sought(absent=("/usr/include/of-none.h", path))
    (line,) = advice(sought, System("debian", "3.13"))
    assert line.startswith(f"{subject} was looked for in vain. To install its package: ")


def test_programs_that_were_looked_for_count_where_the_log_names_nothing() -> None:
    sought = Sought(programs=("ccache-of-none", "cargo"))
    assert advice(sought, System("debian", "3.13")) == (
        "The program cargo was looked for in vain. To install its package: apt-get install cargo",
    )


@pytest.mark.parametrize(
    ("platform", "fields", "family"),
    [
        pytest.param("linux", {"ID": "debian"}, "debian", id="Debian"),
        pytest.param("linux", {"ID": "pop", "ID_LIKE": "ubuntu debian"}, "debian", id="Pop"),
        pytest.param(
            "linux", {"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "fedora", id="Rocky"
        ),
        pytest.param("linux", {"ID": "fedora"}, "fedora", id="Fedora"),
        pytest.param("linux", {"ID": "alpine"}, "alpine", id="Alpine"),
        pytest.param("linux", {"ID": "manjaro", "ID_LIKE": "arch"}, "arch", id="Manjaro"),
        pytest.param("linux", {"ID": "nixos"}, None, id="NixOS"),
        pytest.param("linux", {}, None, id="without os-release"),
        pytest.param("darwin", {}, "homebrew", id="macOS"),
        pytest.param("win32", {}, None, id="Windows"),
    ],
)
def test_the_system_is_known_by_its_name_or_by_what_it_is_like(
    platform: str, fields: dict[str, str], family: str | None
) -> None:
    assert system_of(platform, fields, "3.13") == System(family, "3.13")
