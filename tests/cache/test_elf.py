"""ELF files: what is read of those that a compiler makes here, and of damaged ones."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipwrap.cache.elf import MAGIC, read_elf
from support.compiled import HAS_COMPILER, make_library

needs_compiler = pytest.mark.skipif(not HAS_COMPILER, reason="C and ELF")

VERSIONS = "BASE_1.0 { one; };\nBASE_1.2 { two; } BASE_1.0;\n"
CODE = "int one(void) { return 1; }\nint two(void) { return 2; }\n"
USER = "extern int one(void), two(void);\nint sum(void) { return one() + two(); }\n"
on_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="x86-64 options")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Return a library that defines two versions."""
    return make_library(tmp_path / "libbase.so.1", CODE, versions=VERSIONS)


@needs_compiler
def test_what_a_library_offers(base: Path):
    found = read_elf(base.read_bytes())
    assert found.soname == "libbase.so.1"
    assert found.defined == {"BASE_1.0", "BASE_1.2"}
    assert found.architecture.startswith(f"{64 if sys.maxsize > 2**32 else 32}")


@needs_compiler
@pytest.mark.parametrize("strip", [[], ["-s"]])
def test_what_a_library_needs(tmp_path: Path, base: Path, strip: list[str]):
    user = make_library(
        tmp_path / "libuser.so", USER, str(base), "-Wl,-rpath,/opt/a:$ORIGIN/b", *strip
    )
    found = read_elf(user.read_bytes())
    assert "libbase.so.1" in found.needed
    assert {("libbase.so.1", "BASE_1.0"), ("libbase.so.1", "BASE_1.2")} <= set(found.required)
    assert found.run_path == ("/opt/a", "$ORIGIN/b")
    assert found.defined == frozenset()


@needs_compiler
@on_x86
def test_the_mark_of_the_linker_and_the_options_beside_debugging_information(tmp_path: Path):
    plain = read_elf(make_library(tmp_path / "a.so", CODE).read_bytes())
    assert (plain.instruction_levels & ~1, plain.options) == (0, ())
    marked = make_library(tmp_path / "b.so", CODE, "-Wl,-z,x86-64-v3")
    assert read_elf(marked.read_bytes()).instruction_levels & 4
    found = read_elf(make_library(tmp_path / "c.so", CODE, "-g", "-mavx2").read_bytes())
    assert any("-mavx2" in each for each in found.options)


@needs_compiler
@given(
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=20),
    st.integers(0, 20_000),
)
def test_a_damaged_file_is_refused_or_read_and_nothing_else(
    changes: list[tuple[int, int]], length: int
):
    content = bytearray(Path("/proc/self/exe").read_bytes()[:20_000])
    for place, value in changes:
        content[place] = value
    try:
        read_elf(bytes(content[:length]))
    except ValueError as error:
        assert str(error)  # noqa: PT017 - no other error may come


@pytest.mark.parametrize("content", [b"", b"\x7f", MAGIC, MAGIC + b"\3\1", b"x" * 100])
def test_what_is_no_elf_file_is_refused(content: bytes):
    with pytest.raises(ValueError, match="ELF"):
        read_elf(content)
