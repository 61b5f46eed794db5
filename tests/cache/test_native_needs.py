"""What compiled code needs: of processors by its options, of libraries by their versions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipwrap.cache.elf import read_elf
from pipwrap.cache.instruction_sets import instructions_of, instructions_of_levels
from pipwrap.cache.machine import Machine
from pipwrap.cache.native_needs import Library, NativeNeeds, highest_of_each, misfits
from support.compiled import HAS_COMPILER, make_library

needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="C and ELF")

X86 = frozenset(["fpu", "sse2", "pni", "ssse3", "avx", "avx2", "fma", "avx512f"])
ARM = frozenset(["fp", "asimd", "sve"])

OPTIONS = {
    "CFLAGS=-O2 -march=native": X86 - {"fpu", "sse2"},
    "cc -march=skylake -c a.c": X86 - {"fpu", "sse2"},
    "CFLAGS=-mavx2": {"avx2"},
    "cc '-msse4.2' -mfma": {"sse4_2", "fma"},
    "RUSTFLAGS=-C target-cpu=native": X86 - {"fpu", "sse2"},
    "RUSTFLAGS=-Ctarget-feature=+avx2,-fma": {"avx2"},
    "-mtune=native -O3": set(),
    "-mcpu=native": set(),
    "-march=x86-64 -mtune=generic": set(),
    "-mno-avx2 -m64 -mavx2=no": set(),
    "checking for x-march=native": set(),
    "GNU C17 12.2.0 -mavx512vnni -mno-avx512er -mtune=generic": {"avx512_vnni"},
}


@pytest.mark.parametrize("text", OPTIONS)
def test_the_instructions_of_options(text: str):
    assert instructions_of([text], X86) == OPTIONS[text]


def test_levels_are_what_the_psabi_says():
    assert "avx2" in instructions_of(["-march=x86-64-v3"], X86)
    assert instructions_of(["GOAMD64=v3"], X86) == instructions_of_levels(0b111)
    assert instructions_of_levels(0b1) == frozenset()


def test_a_processor_of_another_kind_counts_whole():
    assert instructions_of(["-mcpu=neoverse-n1"], ARM) == ARM
    assert instructions_of(["-march=armv8-a -mavx2"], ARM) == frozenset()


def test_the_highest_version_of_each_series_is_kept():
    required = {("libc.so.6", f"GLIBC_{each}") for each in ("2.2.5", "2.9", "2.34")}
    required |= {("libc.so.6", "GLIBC_ABI_DT_RELR"), ("libm.so.6", "GLIBC_2.29")}
    assert highest_of_each(frozenset(required)) == (
        ("libc.so.6", "GLIBC_2.34"),
        ("libc.so.6", "GLIBC_ABI_DT_RELR"),
        ("libm.so.6", "GLIBC_2.29"),
    )


class World:
    """A machine of these libraries and instructions."""

    def __init__(self, instructions: str, **libraries: str) -> None:
        self.instructions = frozenset(instructions.split())
        self._libraries = {
            f"lib{name}.so": Library(name, frozenset(versions.split()))
            for name, versions in libraries.items()
        }

    def library(self, soname: str, architecture: str, first: Sequence[str] = ()) -> Library | None:
        return self._libraries.get(soname)


NEEDS = NativeNeeds("64", ("libc.so", "libz.so"), (("libc.so", "GLIBC_2.38"),), ("avx2",))
WORLDS = {
    "everything": (World("fpu avx2", c="GLIBC_2.38 GLIBC_2.36", z=""), []),
    "an older libc": (
        World("avx2", c="GLIBC_2.2.5 GLIBC_2.36", z=""),
        ["the cached wheel needs GLIBC_2.38, and libc.so here has GLIBC_2.36"],
    ),
    "a libc of another kind": (
        World("avx2", c="OTHER_1.0", z=""),
        ["the cached wheel needs GLIBC_2.38, and libc.so here has no GLIBC"],
    ),
    "no versions, which the loader only warns of": (World("avx2", c="", z=""), []),
    "no library": (
        World("avx2", c="GLIBC_2.38"),
        ["the cached wheel needs libz.so, which is not here"],
    ),
    "a lesser processor": (
        World("fpu", c="GLIBC_2.38", z=""),
        ["the cached wheel needs avx2, which this processor does not have"],
    ),
    "a processor that cannot be seen": (World("", c="GLIBC_2.38", z=""), []),
}


@pytest.mark.parametrize("case", WORLDS)
def test_what_a_machine_has_not(case: str):
    world, reasons = WORLDS[case]
    assert list(misfits(NEEDS, world)) == reasons


@needs_compiler
def test_libraries_are_found_where_the_loader_looks(tmp_path: Path):
    code = "int x(void) { return 1; }\n"
    for place in ("configured", "variable", "own", "first"):
        make_library(tmp_path / place / "libx.so.1", code, versions=f"{place.upper()}_1 {{ x; }};")
    (tmp_path / "more.conf").write_text(f"{tmp_path / 'configured'}  # a comment\n")
    (tmp_path / "ld.so.conf").write_text("include more*.conf\ninclude nothing/*\n")
    (tmp_path / "cpuinfo").write_text(
        "processor : 0\nflags\t: fpu avx2\n\nprocessor : 1\nflags : x\n"
    )
    reader = Machine({}, configuration=str(tmp_path / "ld.so.conf"))
    architecture = _architecture(tmp_path / "first" / "libx.so.1")

    def versions(environ: dict[str, str], own: tuple[str, ...], first: tuple[str, ...]) -> set[str]:
        machine = Machine(environ, own, configuration=str(tmp_path / "ld.so.conf"))
        found = machine.library("libx.so.1", architecture, first)
        return set(found.versions) if found else set()

    assert reader.library("libx.so.1", "another") is None
    assert reader.library("liby.so.1", architecture) is None
    variable, own = {"LD_LIBRARY_PATH": str(tmp_path / "variable")}, (str(tmp_path / "own"),)
    assert versions({}, (), ()) == {"CONFIGURED_1"}
    assert versions({}, own, ()) == {"OWN_1"}
    assert versions(variable, own, ()) == {"VARIABLE_1"}
    assert versions(variable, own, (str(tmp_path / "first"),)) == {"FIRST_1"}
    assert Machine({}, cpuinfo=str(tmp_path / "cpuinfo")).instructions == {"fpu", "avx2"}
    assert Machine({}, cpuinfo=str(tmp_path / "none")).instructions == frozenset()


def _architecture(path: Path) -> str:
    return read_elf(path.read_bytes()).architecture
