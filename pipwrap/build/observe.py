"""Observing a build: installing the recorder, and turning its records into evidence."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Iterable

from pipwrap.build import recorder
from pipwrap.cache.evidence import Evidence, HostInputs, Observation, Quality, base_name
from pipwrap.cache.evidence import parse_observation as _parse

OBSERVE = "PIPWRAP_OBSERVE"
_MODULE = "_pipwrap_recorder"
_NATIVE = (".so", ".pyd", ".dylib", ".dll")
_COMPILER = re.compile(
    r"^(.*-)?(cc|gcc|g\+\+|c\+\+|clang|clang\+\+|cl|icc|icx|rustc|cargo|gfortran)(-[\d.]+)?$"
)
_VERSION_CONTROL = frozenset(
    {"git", "hg", "svn", "bzr", "fossil", "darcs", "lsb_release", "locale"}
)
"""Many backends look for these to find a version, which an sdist states itself."""
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
    """Put the recorder into a build environment; every Python there loads it at its start."""
    shutil.copyfile(recorder.__file__, os.path.join(site_packages, f"{_MODULE}.py"))
    with open(os.path.join(site_packages, f"{_MODULE}.pth"), "w", encoding="ascii") as stream:
        stream.write(f"import {_MODULE}\n")


def read_observation(path: str) -> Observation:
    """Return what was recorded; nothing when no Python ran."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return _parse(stream)
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


def missing_programs(observation: Observation, host: HostInputs) -> tuple[str, ...]:
    """Return the programs that were looked for and are not there, but for version control."""
    return tuple(
        each
        for each in sorted(observation.missing)
        if base_name(each) not in _VERSION_CONTROL and not host.has_program(each)
    )


def evidence_of(
    observation: Observation, log: str, requirements: Iterable[str], host: HostInputs
) -> Evidence:
    """Return what a wheel depends on, with the digests that the variables have now.

    What was missing in the build although this host has it (in another directory, for another
    compiler) would be missing again: it is left out.
    """
    variables = tuple(
        (name, host.variable(name)) for name in sorted(observation.relevant_variables)
    )
    has_digest = any(digest is not None for _, digest in variables)
    return Evidence(
        variables=variables,
        key=host.key() if has_digest else "",
        missing=missing_programs(observation, host),
        failed=tuple(sorted(observation.failed)),
        absent_files=tuple(each for each in absent_files(log) if not host.has_file(each)),
        ran=tuple(sorted(observation.run)),
        requirements=tuple(sorted(requirements)),
    )


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
    """Tell whether a wheel has a compiled file in it."""
    with zipfile.ZipFile(wheel) as archive:
        return any(
            name.endswith(_NATIVE) or ".so." in name.rpartition("/")[2]
            for name in archive.namelist()
        )


def is_compiler(program: str, named: frozenset[str] = frozenset()) -> bool:
    """Tell whether a program is a compiler, by its name or by the variables CC, CXX, ..."""
    return program in named or _COMPILER.match(base_name(program)) is not None
