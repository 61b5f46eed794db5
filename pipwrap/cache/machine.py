"""The machine that compiled code would run on: its libraries and its processor.

Libraries are looked for where the dynamic loader looks (ld.so(8)): the run path of the file, then
LD_LIBRARY_PATH, then the system's directories, which /etc/ld.so.conf lists for glibc and
/etc/ld-musl-*.path for musl. The target Python's own ``lib`` comes before these: the interpreter of
conda and of python-build-standalone has it as its run path. Everything is read at its first use.
"""

from __future__ import annotations

import glob
import mmap
import os
from collections.abc import Mapping, Sequence

from pipwrap.cache.native_needs import Library
from pipwrap.model.environment import Environment

_CPUINFO = "/proc/cpuinfo"
_CPUINFO_PART = 16384
_FLAGS = ("flags", "Features")
_CONFIGURATION = "/etc/ld.so.conf"
_DEFAULTS = ("/lib64", "/usr/lib64", "/lib", "/usr/local/lib", "/usr/lib")
_MOST_INCLUDED = 100


class Machine:
    """What is here (``native_needs.MachineInputs``), read once a run."""

    def __init__(
        self,
        environ: Mapping[str, str],
        own: Sequence[str] = (),
        *,
        cpuinfo: str = _CPUINFO,
        configuration: str = _CONFIGURATION,
    ) -> None:
        """``own`` are directories of the target Python's own libraries."""
        self._environ = environ
        self._own = own
        self._cpuinfo = cpuinfo
        self._configuration = configuration
        self._instructions: frozenset[str] | None = None
        self._directories: tuple[str, ...] | None = None
        self._libraries: dict[tuple[str, str, tuple[str, ...]], Library | None] = {}

    @property
    def instructions(self) -> frozenset[str]:
        """Return what the first processor can do; nothing where that cannot be seen."""
        if self._instructions is None:
            self._instructions = _read_flags(self._cpuinfo)
        return self._instructions

    def library(self, soname: str, architecture: str, first: Sequence[str] = ()) -> Library | None:
        """Return the library that the loader finds, looking into directories ``first``."""
        key = (soname, architecture, tuple(first))
        if key not in self._libraries:
            self._libraries[key] = self._find(soname, architecture, first)
        return self._libraries[key]

    def values(self, names: Sequence[str]) -> list[str]:
        """Return variables as ``NAME=value``, for the compiler's options in them."""
        return [f"{name}={self._environ[name]}" for name in names if name in self._environ]

    def _find(self, soname: str, architecture: str, first: Sequence[str]) -> Library | None:
        if "/" in soname:
            return _read_library(soname, architecture)
        for directory in (*first, *self._searched()):
            library = _read_library(os.path.join(directory, soname), architecture)
            if library is not None:
                return library
        return None

    def _searched(self) -> tuple[str, ...]:
        if self._directories is None:
            listed = self._environ.get("LD_LIBRARY_PATH", "").replace(";", ":").split(":")
            system = _configured(self._configuration)
            found = (*filter(None, listed), *self._own, *system, *_DEFAULTS)
            self._directories = tuple(dict.fromkeys(found))
        return self._directories


def library_directories(environment: Environment) -> tuple[str, ...]:
    """Return where the target Python's own libraries are."""
    prefixes = dict.fromkeys((environment.prefix, environment.base_prefix))
    return tuple(os.path.join(prefix, "lib") for prefix in prefixes)


def _read_library(path: str, architecture: str) -> Library | None:
    """Return a library of an architecture, ``None`` where there is none that can be loaded."""
    from pipwrap.cache.elf import read_elf  # noqa: PLC0415 - where a native wheel is looked up

    try:
        with (
            open(path, "rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            found = read_elf(content)
    except (OSError, ValueError):
        return None
    return Library(path, found.defined) if found.architecture == architecture else None


def _configured(path: str) -> list[str]:
    """Return the directories that the loader's configuration lists."""
    found: list[str] = []
    files = [path, *sorted(glob.glob("/etc/ld-musl-*.path"))]
    for count, each in enumerate(files):
        try:
            with open(each, encoding="utf-8", errors="surrogateescape") as stream:
                lines = [line.partition("#")[0].strip() for line in stream]
        except OSError:
            continue
        for line in lines:
            keyword, _, pattern = line.partition(" ")
            if keyword != "include":
                found += filter(None, line.split(":"))
            elif count < _MOST_INCLUDED:
                pattern = os.path.join(os.path.dirname(each), pattern.strip())
                files += sorted(glob.glob(pattern))
    return found


def _read_flags(path: str) -> frozenset[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            text = stream.read(_CPUINFO_PART)
    except OSError:
        return frozenset()
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip() in _FLAGS:
            return frozenset(value.split())
    return frozenset()
