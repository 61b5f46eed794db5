"""What the compiled files of a wheel need of a machine, and what of it a machine has not; pure.

Only what the machine of the build had is compared: what was not found there either is found by
other ways than are known here (another distribution's library that is loaded before, a path that
a program sets). So a wheel that was just built always fits, and none is built again for ever.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

_SERIES = re.compile(r"(?P<name>.*?)_?(?P<numbers>\d+(?:\.\d+)*)")


class NativeNeeds(Struct, frozen=True):
    """A part of an entry of the cache: names and versions only."""

    architecture: str = ""
    """That of the files (``ElfFile.architecture``)."""
    libraries: tuple[str, ...] = ()
    """The sonames of shared libraries outside of the wheel."""
    versions: tuple[tuple[str, str], ...] = ()
    """(soname, version) of what is taken from them, the highest of each series (GLIBC_2.34)."""
    instructions: tuple[str, ...] = ()
    """Instruction sets beyond the architecture's base, as /proc/cpuinfo names them."""
    run_path: tuple[str, ...] = ()
    """Absolute directories in which the files look for libraries first."""
    elsewhere: tuple[str, ...] = ()
    """What the machine of the build did not have either; for ``explain`` only."""


class Library(Struct, frozen=True):
    """A shared library that is there."""

    path: str
    versions: frozenset[str] = frozenset()
    """Those of its symbols; nothing where it has none, or cannot be read."""


class MachineInputs(Protocol):
    """What is here now."""

    @property
    def instructions(self) -> frozenset[str]:
        """Return what the processor can do; nothing where that cannot be seen."""

    def library(self, soname: str, architecture: str, first: Sequence[str] = ()) -> Library | None:
        """Return the library that the loader finds, looking into directories ``first``."""


def misfits(needs: NativeNeeds, machine: MachineInputs) -> tuple[str, ...]:
    """Return why the compiled files cannot be loaded here, in words."""
    found = [
        f"the cached wheel needs {soname}, which is not here"
        for soname in needs.libraries
        if machine.library(soname, needs.architecture, needs.run_path) is None
    ]
    for soname, version in needs.versions:
        library = machine.library(soname, needs.architecture, needs.run_path)
        if library is not None and library.versions and version not in library.versions:
            there = f"{soname} here has {highest_like(version, library.versions)}"
            found.append(f"the cached wheel needs {version}, and {there}")
    here = machine.instructions
    absent = [each for each in needs.instructions if here and each not in here]
    if absent:
        named = ", ".join(absent)
        found.append(f"the cached wheel needs {named}, which this processor does not have")
    return tuple(found)


def compared(needs: NativeNeeds) -> tuple[str, ...]:
    """Return what ``misfits`` looks at, shortest first; for ``explain`` and ``list``."""
    versions = [version for _, version in needs.versions]
    versioned = {soname for soname, _ in needs.versions}
    libraries = [soname for soname in needs.libraries if soname not in versioned]
    return (*versions, *libraries, *needs.instructions)


def highest_like(version: str, among: frozenset[str]) -> str:
    """Return the highest version of a version's series, or that there is none."""
    series, _ = _split(version)
    alike = [each for each in among if _split(each)[0] == series and _split(each)[1]]
    return max(alike, key=lambda each: _split(each)[1], default=f"no {series}")


def highest_of_each(required: frozenset[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the highest version of each library and series, sorted.

    A library that has one has the lower ones of its series: versions are only added.
    """
    highest: dict[tuple[str, str], tuple[str, str]] = {}
    for soname, version in sorted(required):
        series, numbers = _split(version)
        known = highest.get((soname, series))
        if known is None or numbers > _split(known[1])[1]:
            highest[soname, series] = (soname, version)
    return tuple(sorted(highest.values()))


def _split(version: str) -> tuple[str, tuple[int, ...]]:
    """Return the series of a version and its numbers, if it has any."""
    match = _SERIES.fullmatch(version)
    if match is None:
        return version, ()
    return match["name"], tuple(map(int, match["numbers"].split(".")))
