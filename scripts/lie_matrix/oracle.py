"""The inputs that strace saw of a build, compared with those of the entry that pipwrap kept.

Which files are whose is judged here on its own: by the package of the distribution that owns a
file, not by the rules of pipwrap, which are what is examined.
"""

from __future__ import annotations

import enum
import glob
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from lie_matrix import trace
from lie_matrix.driver import Driver
from lie_matrix.repository import requirement
from lie_matrix.tools import PIPWRAP, run
from lie_matrix.values import Column
from lie_matrix.world import World

_AMBIENT = re.compile(
    r"/(proc|sys|dev|run)/|/etc/|/usr/lib/locale/|/usr/share/(locale|zoneinfo|i18n)"
    r"|.*/gconv/|.*/(gconv-modules|locale-archive)"
)
_TOOLCHAIN = re.compile(
    r"gcc|g\+\+|cpp|lib(gcc|stdc\+\+|c6|c-|cc1|asan|tsan|ubsan|lsan|quadmath|gomp|itm|atomic|crypt)"
    r"|linux-libc-dev|binutils|libbinutils|python3|libpython|clang|llvm|libclang|libllvm|rust|cargo"
    r"|make|cmake|ninja|pkgconf|pkg-config|libpkgconf|coreutils|dash|bash|perl|git|sed|grep|musl"
)
_LINKERS = re.compile(r"(.*-)?(ld(\.\w+)?|collect2|lld|gold|mold)$")
_COMPILED_FROM = re.compile(r"\.(h|hh|hpp|hxx|inc|c|cc|cpp|pxd|pxi|pyx|a|o|pc|cmake|in|tmpl)$")


class Owner(enum.Enum):
    """Whose a file is."""

    SOURCE = "source tree and scratch files"
    AMBIENT = "ambient"
    TOOLCHAIN = "toolchain"
    LOADED = "libraries of programs"
    MODULES = "modules of build requirements"
    INPUT = "inputs"


@dataclass(frozen=True, slots=True)
class Examination:
    """What strace saw of one build."""

    column: str
    counts: dict[Owner, int]
    unseen: tuple[str, ...]
    """Inputs that the entry does not have."""
    problem: str = ""

    def line(self) -> str:
        """Return it in words."""
        if self.problem:
            return f"{self.column}: {self.problem}"
        counts = ", ".join(f"{owner.value} {self.counts.get(owner, 0)}" for owner in Owner)
        text = f"{self.column}: {counts}; unseen: {len(self.unseen)}"
        return text + "".join(f"\n    {path}" for path in self.unseen)


def missing() -> str | None:
    """Return what the oracle needs and is not there."""
    return None if shutil.which("strace") else "strace"


def examine(driver: Driver, column: Column) -> Examination:
    """Build a column with pipwrap under strace and compare what it opened with its entry."""
    world = driver.world
    driver.put_back()
    cache = PIPWRAP.cache(world)
    shutil.rmtree(cache, ignore_errors=True)
    log = os.path.join(world.work, "strace.log")
    with driver.environment() as target:
        command = PIPWRAP.command(world, target, requirement(column, world))
        traced = ["strace", *trace.OPTIONS, "-e", trace.CALLS, "-o", log, *command]
        traced[0] = shutil.which("strace") or "strace"
        status, output = run(traced, PIPWRAP.environ(world), world.path("home"))
    if status:
        return Examination(column.name, {}, (), f"it failed: {output[-400:]}")
    with open(log, encoding="utf-8", errors="replace") as stream:
        opened = trace.opened(stream, (cache, os.path.realpath(cache)))
    os.unlink(log)
    return _compared(world, column, opened)


def _compared(world: World, column: Column, opened: Sequence[trace.Opened]) -> Examination:
    evidence = _evidence(PIPWRAP.cache(world), column.distribution)
    if evidence is None:
        return Examination(column.name, {}, (), "no entry was kept")
    owners = _Owners(world)
    found: dict[str, Owner] = {}
    for one in opened:
        owner = owners.of(one)
        if found.get(one.path) is not Owner.INPUT:
            found[one.path] = owner
    counts: dict[Owner, int] = {}
    for owner in found.values():
        counts[owner] = counts.get(owner, 0) + 1
    inputs = sorted(path for path, owner in found.items() if owner is Owner.INPUT)
    return Examination(column.name, counts, tuple(one for one in inputs if not evidence.has(one)))


@dataclass(frozen=True, slots=True)
class _Kept:
    """What an entry says that its build read."""

    files: frozenset[str]
    directories: tuple[str, ...]
    consumed: frozenset[str]

    def has(self, path: str) -> bool:
        """Tell whether an input is known by itself, its directory or its distribution."""
        if path in self.files or os.path.realpath(path) in self.files:
            return True
        if "/site-packages/" in path:
            top = path.partition("/site-packages/")[2].partition("/")[0]
            return re.sub(r"[-_.]+", "-", top).lower() in self.consumed
        return any(path.startswith(f"{directory}/") for directory in self.directories)


def _evidence(cache: str, distribution: str) -> _Kept | None:
    """Return the evidence of the only entry of a distribution."""
    for path in glob.glob(os.path.join(cache, "wheels-v*", "*", "*", "*", "entry.json")):
        wheels = os.listdir(os.path.dirname(path))
        if not any(name.lower().startswith(f"{distribution.lower()}-") for name in wheels):
            continue
        with open(path, encoding="utf-8") as stream:
            evidence = json.load(stream)["evidence"]
        files = {os.path.realpath(one[0]) for one in evidence.get("files", ())}
        files |= {one[0] for one in evidence.get("files", ())}
        directories = tuple(one[0] for one in evidence.get("directories", ()) if one[2:] and one[2])
        consumed = frozenset(name for name, _ in evidence.get("consumed", ()))
        return _Kept(frozenset(files), directories, consumed)
    return None


class _Owners:
    """Tells whose a file is, with the lists of files of the system's packages."""

    def __init__(self, world: World) -> None:
        self._packages = _packages()
        self._own: tuple[str, ...] = (PIPWRAP.cache(world), os.path.realpath(PIPWRAP.cache(world)))
        temporary = world.environ["TMPDIR"]
        self._own += (temporary, os.path.realpath(temporary), f"{world.work}/environments")
        self._own += (os.path.realpath(f"{world.work}/environments"), world.pipwrap)
        self._own += (sys.prefix, os.path.realpath(sys.prefix))
        self._world = (world.root, os.path.realpath(world.root))
        self._toolchain = tuple(
            os.path.realpath(one) for one in (sys.base_prefix, _rust(world)) if one
        )

    def of(self, opened: trace.Opened) -> Owner:
        """Return whose a file is."""
        path, real = opened.path, os.path.realpath(opened.path)
        if "/site-packages/" in path and _below(path, self._own):
            return Owner.INPUT if _COMPILED_FROM.search(path) else Owner.MODULES
        if _below(path, self._own) and not _below(path, (f"{self._world[0]}/lib",)):
            return Owner.SOURCE
        if _below(path, self._world):
            return Owner.INPUT
        if _AMBIENT.match(path):
            return Owner.AMBIENT
        if _below(real, self._toolchain):
            return Owner.TOOLCHAIN
        package = self._packages.get(real) or self._packages.get(real.removeprefix("/usr"), "")
        if package and _TOOLCHAIN.match(package):
            return Owner.TOOLCHAIN
        linked = _LINKERS.match(os.path.basename(opened.program)) and not opened.by_loader
        if re.search(r"\.so(\.[\d.]+)?$", real) and not linked:
            return Owner.LOADED
        return Owner.INPUT


def _below(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _rust(world: World) -> str | None:
    rustc = os.path.join(world.work, "tools", "rustc")
    return os.path.dirname(os.path.dirname(os.path.realpath(rustc)))


def _packages() -> dict[str, str]:
    """Return the package of each file; nothing on systems without dpkg."""
    found = {}
    for path in glob.glob("/var/lib/dpkg/info/*.list"):
        package = os.path.basename(path).removesuffix(".list").partition(":")[0]
        with open(path, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                found[line.rstrip("\n")] = package
    return found
