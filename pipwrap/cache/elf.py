"""ELF files, as far as it matters where they can be loaded; pure.

What is read, and where it is specified: the file header, program and section headers and the
dynamic section (System V ABI, chapters 4 and 5); the versions of symbols (Linux Standard Base,
"Symbol Versioning"); the instruction sets that an x86 file needs (x86-64 psABI,
``GNU_PROPERTY_X86_ISA_1_NEEDED``); the options that GCC was called with (DW_AT_producer, and the
section of ``-frecord-gcc-switches``; Clang's ``-grecord-command-line``). Section headers are needed
for the options alone.

Decision record 0022 says why this is no library.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from mmap import mmap

from msgspec import Struct

MAGIC = b"\x7fELF"
_CLASS_64 = 2
_PT_LOAD, _PT_DYNAMIC, _PT_GNU_PROPERTY = 1, 2, 0x6474E553
_NEEDED, _STRTAB, _SONAME, _RPATH, _RUNPATH = 1, 5, 14, 15, 29
_VERDEF, _VERDEFNUM, _VERNEED, _VERNEEDNUM = 0x6FFFFFFC, 0x6FFFFFFD, 0x6FFFFFFE, 0x6FFFFFFF
_WEAK, _BASE = 2, 1
_ISA_NEEDED = 0xC0008002
_COMPRESSED = 0x800
_MOST_ENTRIES = 100_000
_OPTION_SECTIONS = frozenset({b".debug_str", b".debug_line_str", b".GCC.command.line"})
_OPTIONS = re.compile(rb"(?:GNU [A-Z]|clang version )[^\0]*")


class ElfFile(Struct, frozen=True):
    """What a program, an extension module or a shared library needs and offers."""

    architecture: str
    """Word size, byte order and machine; what is linked together agrees in it."""
    soname: str = ""
    needed: tuple[str, ...] = ()
    """The sonames of the libraries that are loaded with it (DT_NEEDED)."""
    run_path: tuple[str, ...] = ()
    """Where the loader looks for these first (DT_RUNPATH, DT_RPATH)."""
    required: tuple[tuple[str, str], ...] = ()
    """(soname, version) of symbols that it takes from others; weak ones left out."""
    defined: frozenset[str] = frozenset()
    """The versions of the symbols that it offers."""
    instruction_levels: int = 0
    """Bits of the x86-64 levels that it is marked to need: 2, 4 and 8 for v2, v3 and v4."""
    options: tuple[str, ...] = ()
    """The options that its parts were compiled with, where they are recorded in it."""


def read_elf(content: bytes | mmap) -> ElfFile:
    """Return what a file says; ``ValueError`` where it is no ELF file or a damaged one."""
    try:
        return _Reader(content).read()
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"damaged ELF file: {error}") from error


class _Reader:
    """Reads one file; offsets out of it are ``struct.error`` or ``ValueError``."""

    def __init__(self, content: bytes | mmap) -> None:
        if content[:4] != MAGIC or content[4] not in {1, _CLASS_64} or content[5] not in {1, 2}:
            raise ValueError("not an ELF file")
        self._content = content
        self._wide = content[4] == _CLASS_64
        self._order = "<" if content[5] == 1 else ">"
        self._word = "Q" if self._wide else "I"
        (machine,) = self._unpack("H", 18)
        self._architecture = f"{content[4] * 32}{self._order}{machine}"
        header = self._unpack(f"{self._word * 3}IHHHHHH", 24)
        _, segments_at, sections_at, _, _, *sizes = header
        self._segment_table = (segments_at, *sizes[:2])
        """Where it is, the size of an entry and their number."""
        self._section_table = (sections_at, *sizes[2:])
        """The same, and the index of the section of names."""
        self._loads: list[tuple[int, int, int]] = []
        self._strings = 0
        self._left = _MOST_ENTRIES

    def read(self) -> ElfFile:
        dynamic: list[tuple[int, int]] = []
        levels = 0
        for kind, offset, address, size in self._segments():
            if kind == _PT_LOAD:
                self._loads.append((address, offset, size))
            elif kind == _PT_DYNAMIC:
                dynamic = list(self._dynamic(offset, size))
            elif kind == _PT_GNU_PROPERTY:
                levels |= self._levels(offset, size)
        first = dict(reversed(dynamic))
        self._strings = self._offset(first[_STRTAB]) if _STRTAB in first else 0
        paths = [self._string(value) for tag, value in dynamic if tag in {_RPATH, _RUNPATH}]
        return ElfFile(
            self._architecture,
            self._string(first[_SONAME]) if _SONAME in first else "",
            tuple(self._string(value) for tag, value in dynamic if tag == _NEEDED),
            tuple(each for path in paths for each in path.split(":") if each),
            tuple(self._required(first)),
            frozenset(self._defined(first)),
            levels,
            tuple(dict.fromkeys(self._options())),
        )

    def _unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + layout, self._content, offset)

    def _segments(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield type, offset, address and size in the file of each program header."""
        start, step, count = self._segment_table
        for at in range(start, start + step * count, step or 1):
            if self._wide:
                kind, _, offset, address, _, size = self._unpack("IIQQQQ", at)
            else:
                kind, offset, address, _, size = self._unpack("IIIII", at)
            yield kind, offset, address, size

    def _dynamic(self, offset: int, size: int) -> Iterator[tuple[int, int]]:
        step = 16 if self._wide else 8
        for at in range(offset, offset + min(size, step * _MOST_ENTRIES) - step + 1, step):
            tag, value = self._unpack(self._word * 2, at)
            if tag == 0:
                return
            yield tag, value

    def _offset(self, address: int) -> int:
        for start, offset, size in self._loads:
            if start <= address < start + size:
                return address - start + offset
        raise ValueError(f"no segment holds the address {address:#x}")

    def _string(self, at: int, base: int | None = None) -> str:
        start = (self._strings if base is None else base) + at
        end = self._content.find(b"\0", start)
        if not 0 <= start < end:
            raise ValueError("a string has no end")
        return self._content[start:end].decode("utf-8", "surrogateescape")

    def _required(self, first: dict[int, int]) -> Iterator[tuple[str, str]]:
        if _VERNEED not in first:
            return
        for at in self._chain(self._offset(first[_VERNEED]), first.get(_VERNEEDNUM, 0), 12):
            _, count, file, inner = self._unpack("HHII", at)
            soname = self._string(file)
            for inner_at in self._chain(at + inner, count, 12):
                _, flags, _, name = self._unpack("IHHI", inner_at)
                if not flags & _WEAK:
                    yield soname, self._string(name)

    def _defined(self, first: dict[int, int]) -> Iterator[str]:
        if _VERDEF not in first:
            return
        for at in self._chain(self._offset(first[_VERDEF]), first.get(_VERDEFNUM, 0), 16):
            _, flags, _, count, _, inner = self._unpack("HHHHII", at)
            if count and not flags & _BASE:
                (name,) = self._unpack("I", at + inner)
                yield self._string(name)

    def _chain(self, at: int, count: int, link: int) -> Iterator[int]:
        """Yield where the entries of a list lie; each has, at ``link``, how far the next one is."""
        for _ in range(count):
            self._left -= 1
            if self._left < 0:
                raise ValueError("more versions than any file has")
            yield at
            (step,) = self._unpack("I", at + link)
            at += step
            if not step:
                return

    def _levels(self, offset: int, size: int) -> int:
        """Return the bits of the property in a note ``GNU``, which has one descriptor."""
        found, at = 0, offset + 16
        end, alignment = offset + size, 8 if self._wide else 4
        while at + 8 <= end:
            kind, length = self._unpack("II", at)
            if kind == _ISA_NEEDED:
                found |= self._unpack("I", at + 8)[0]
            at += 8 + -(-length // alignment) * alignment
        return found

    def _options(self) -> Iterator[str]:
        start, _, count, names_index = self._section_table
        if not start or not count:
            return
        names = self._section(names_index)[2]
        for index in range(count):
            name, flags, offset, size = self._section(index)
            if flags & _COMPRESSED or not size:
                continue
            start = names + name
            title = self._content[start : start + 20].partition(b"\0")[0]
            if title in _OPTION_SECTIONS:
                for found in _OPTIONS.finditer(self._content, offset, offset + size):
                    yield found[0].decode("utf-8", "replace")

    def _section(self, index: int) -> tuple[int, int, int, int]:
        """Return where its name is, its flags, its offset and its size."""
        at = self._section_table[0] + index * self._section_table[1]
        name, _, flags, _, offset, size = self._unpack(f"II{self._word * 4}", at)
        return name, flags, offset, size
