"""What of all that a build was seen to read is an input of its wheel; pure.

A build reads thousands of files. They fall into these groups, by their path alone:

- its own: the source tree, the scratch directory, what it made itself. Never an input: it comes
  from the source, whose digest is in the key.
- the build environment's: files of build requirements. Those that are compiled or generated from
  (headers, ``.pxd``, static libraries, templates of a generator) make the version of their
  distribution an input; modules that only ran do not (no release of a backend rebuilds anything).
- the toolchain's: compiler, C library, kernel headers, Python. Their versions are recorded and
  explained and are no reason to build again: a system update would rebuild everything.
- ambient: what every process reads (locales, time zones, the loader's cache, ``/proc``).
- all other files: inputs by content. What was looked for in vain is an input by its absence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from pipwrap.build.toolchain import is_toolchain

_AMBIENT = (
    "/proc/",
    "/sys/",
    "/dev/",
    "/run/",
    "/etc/ld.so.",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/mime.types",
    "/etc/terminfo",
    "/etc/inputrc",
    "/etc/os-release",
    "/etc/lsb-release",
    "/etc/debian_version",
    "/etc/timezone",
    "/lib/terminfo/",
    "/usr/lib/os-release",
    "/usr/lib/locale/",
    "/usr/lib/ssl/",
    "/usr/share/locale/",
    "/usr/share/locale-langpack/",
    "/usr/share/zoneinfo/",
    "/usr/share/terminfo/",
    "/etc/ssl/",
)
"""Beginnings of paths that say how a process runs, not what it makes."""

_CONSUMED = re.compile(
    r"\.(h|hh|hpp|hxx|h\+\+|inc|inl|ipp|tpp|cuh|c|cc|cpp|cxx|c\+\+|m|mm|f|f77|f90|f95|for|s|asm"
    r"|pxd|pxi|pyx|a|lib|o|pc|cmake|cmake\.in|def|map|ld|idl|proto|i|swg|tmpl|tpl|j2|jinja|jinja2|mako)$",
    re.IGNORECASE,
)
"""What compilers, linkers and generators read, by the end of its name: it goes into the wheel."""


class Places(Struct, frozen=True):
    """Where a build ran; absolute paths without a slash at the end, links resolved."""

    own: tuple[str, ...]
    """The source tree, the scratch directory, our cache."""
    environments: tuple[str, ...]
    """The prefixes of the build environments."""
    python: tuple[str, ...]
    """The interpreter's own directories: standard library, headers, programs."""
    temporary: str
    """Where programs make files with names that are new each time."""
    programs: tuple[str, ...] = ()
    """The directories of ``PATH``."""


class Inputs(Struct, frozen=True):
    """What a wheel depends on besides its source and its variables."""

    files: tuple[str, ...] = ()
    """By content."""
    absent: tuple[str, ...] = ()
    """By absence: of each path that was looked for, the first part that was not there."""
    listed: tuple[str, ...] = ()
    """Directories, by the names in them."""
    consumed: tuple[str, ...] = ()
    """Files of build requirements that went into the wheel."""
    toolchain: tuple[str, ...] = ()
    """Read, and no reason to build again."""
    missing: tuple[str, ...] = ()
    """Programs that no directory of ``PATH`` had."""


class Sighting(Struct, frozen=True):
    """The paths that a build was seen to touch, absolute and normalised."""

    files: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    made: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()


def inputs_of(seen: Sighting, places: Places, exists: Callable[[str], bool]) -> Inputs:
    """Return the inputs among all paths; ``exists`` tells what is there after the build.

    What is not there any more was a temporary file, and what a build made itself is its own.
    """
    files, consumed, toolchain = set(), set(), set()
    for path in seen.files - seen.made:
        if _is_below(path, places.environments):
            if _CONSUMED.search(path):
                consumed.add(path)
        elif is_toolchain(path, places.python):
            toolchain.add(path)
        elif _is_input(path, places) and exists(path):
            files.add(path)
    known: dict[str, bool] = {}
    absent = {_first_absent(path, exists, known) for path in seen.absent - seen.made - seen.files}
    return Inputs(
        files=tuple(sorted(files)),
        absent=tuple(sorted(_absences(absent, places, exists))),
        listed=tuple(
            sorted(
                path
                for path in seen.listed - seen.made
                if _is_input(path, places)
                and not _is_below(path, (*places.environments, places.temporary))
                and not is_toolchain(f"{path}/", places.python)
                and exists(path)
            )
        ),
        consumed=tuple(sorted(consumed)),
        toolchain=tuple(sorted(toolchain)),
        missing=tuple(sorted(set(_missing(seen.absent, places, exists)))),
    )


def _is_input(path: str, places: Places) -> bool:
    return not path.startswith(_AMBIENT) and not _is_below(path, places.own)


def _absences(paths: Iterable[str], places: Places, exists: Callable[[str], bool]) -> Iterator[str]:
    # What lies above the source tree differs from build to build, and so do temporary names.
    above = {places.temporary, *_ancestors(places.own)}
    for path in paths:
        if (
            path
            and not exists(path)
            and _is_input(path, places)
            and os.path.dirname(path) not in above
            and os.path.dirname(path) not in places.programs
            and not _is_below(path, places.environments)
            and not is_toolchain(path, places.python)
            and not is_toolchain(f"{path}/", places.python)
        ):
            yield path


def _missing(paths: Iterable[str], places: Places, exists: Callable[[str], bool]) -> Iterator[str]:
    """Yield the programs that were looked for on ``PATH`` and are on none of its directories.

    One that is on another of them was found there: which one runs is the toolchain's version.
    """
    for path in paths:
        directory, _, name = path.rpartition("/")
        if directory in places.programs and not any(
            exists(f"{each}/{name}") for each in places.programs
        ):
            yield name


def _ancestors(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        above = path
        while above != (parent := os.path.dirname(above)):
            above = parent
            yield above


def _first_absent(path: str, exists: Callable[[str], bool], known: dict[str, bool]) -> str:
    """Return the highest directory on the way to a path that is not there, or the path."""
    first = path
    while (parent := os.path.dirname(first)) != first:
        if parent not in known:
            known[parent] = exists(parent)
        if known[parent]:
            return first
        first = parent
    return ""


def _is_below(path: str, directories: Iterable[str]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in directories)
