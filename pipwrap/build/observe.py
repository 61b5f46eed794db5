"""Observing a build: what its processes read, and what of that is evidence.

Every Python of a build environment loads the recorder (``recorder``). Where the loader can be asked
to, every process of the build, whatever it is written in, also loads the observer (``observer``).
"""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Iterable

from pipwrap.build import observation, recorder
from pipwrap.build.observation import Observation
from pipwrap.cache.evidence import Evidence, Quality, base_name

OBSERVE = "PIPWRAP_OBSERVE"
_MODULE = "_pipwrap_recorder"
_NATIVE = (".so", ".pyd", ".dylib", ".dll")
_COMPILER = re.compile(
    r"^(.*-)?(cc|gcc|g\+\+|c\+\+|clang|clang\+\+|cl|icc|icx|rustc|cargo|gfortran)(-[\d.]+)?$"
)
_ABSENT_HEADER = (
    re.compile(r"fatal error: ([\w./+-]+): No such file or directory"),
    re.compile(r"fatal error: '([\w./+-]+)' file not found"),
    re.compile(r"Cannot open include file: '([\w./+-]+)'"),
)
_ABSENT_LIBRARY = (
    re.compile(r"cannot find -l([\w.+-]+)"),
    re.compile(r"library not found for -l([\w.+-]+)"),
    re.compile(r"unable to find library -l([\w.+-]+)"),
)


def install_recorder(site_packages: str) -> None:
    """Put the recorder into a build environment; every Python there loads it at its start.

    Python 3.15 runs what ``.start`` files name and 3.18 ignores the import lines of ``.pth`` files
    (PEP 829); earlier ones know ``.pth`` files alone. A second import does nothing.
    """
    shutil.copyfile(recorder.__file__, os.path.join(site_packages, f"{_MODULE}.py"))
    for name, line in (
        (f"{_MODULE}.pth", f"import {_MODULE}"),
        (f"{_MODULE}.start", f"{_MODULE}:start"),
    ):
        with open(os.path.join(site_packages, name), "w", encoding="ascii") as stream:
            stream.write(f"{line}\n")


def read_observation(path: str) -> Observation:
    """Return what was recorded; nothing when no Python ran."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            return observation.parse(stream)
    except FileNotFoundError:
        return Observation()


def absent_files(log: str) -> tuple[str, ...]:
    """Return the headers and libraries that a build's log says were not found."""
    try:
        with open(log, encoding="utf-8", errors="replace") as stream:
            text = stream.read()
    except OSError:
        return ()
    headers = {name for pattern in _ABSENT_HEADER for name in pattern.findall(text)}
    libraries = {f"-l{name}" for pattern in _ABSENT_LIBRARY for name in pattern.findall(text)}
    return tuple(sorted(headers | libraries))


def quality_of(
    wheel: str,
    evidence: Evidence,
    *,
    compilers: frozenset[str] = frozenset(),
    index_has_native: bool = False,
) -> Quality:
    """Return whether a wheel holds compiled code, and whether a better one could be built.

    ``compilers`` are the programs that CC and its like named; ``index_has_native`` says that the
    index lists platform wheels of this version.
    """
    native = is_native(wheel)
    if native:
        return Quality(native=True)
    platform_tag = os.path.basename(wheel).removesuffix(".whl").rpartition("-")[2]
    if platform_tag != "any":
        return Quality(degraded="it has a platform tag, and no compiled file inside")
    in_vain = [*evidence.missing, *evidence.failed]
    if any(is_compiler(program, compilers) for program in in_vain):
        return Quality(degraded="it is pure, because no compiler worked")
    if index_has_native:
        return Quality(degraded="it is pure, and the index has platform wheels of this version")
    return Quality()


def is_native(wheel: str) -> bool:
    """Return whether a wheel has a compiled file in it."""
    with zipfile.ZipFile(wheel) as archive:
        return any(
            name.endswith(_NATIVE) or ".so." in name.rpartition("/")[2]
            for name in archive.namelist()
        )


def is_compiler(program: str, named: Iterable[str] = ()) -> bool:
    """Return whether a program is a compiler, by its name or by the variables CC, CXX, ..."""
    return program in named or _COMPILER.match(base_name(program)) is not None
