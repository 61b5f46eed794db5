"""Facts about an interpreter: queried once, and cached with what would change them."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, convert, to_builtins
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.cache import disk, ownership, records
from pipwrap.cache.layout import Layout
from pipwrap.interpreter.discovery import is_what_runs
from pipwrap.model.environment import (
    BytecodeFormat,
    Compatibility,
    Environment,
    InstallSchemes,
    SitePackages,
)

_FORMAT = 3
_PROBE = os.path.join(os.path.dirname(__file__), "probe.py")
_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "HOME")


EvidenceItem = int | str | list[int] | None


class Process(Struct, frozen=True):
    """What the probe says of the interpreter itself."""

    executable: str
    version: tuple[int, int, int]
    implementation: str
    prefix: str
    base_prefix: str
    stdlib: str


class PlatformFacts(Struct, frozen=True):
    """What the probe says of the platform that extension modules are built for."""

    soabi: str
    platform: str
    libc: str


class TagFacts(Struct, frozen=True):
    """What the probe says of markers and tags."""

    markers: dict[str, str]
    abis: tuple[str, ...]
    tags: tuple[str, ...] | None
    """``None`` of a Python on which packaging does not run."""


class Facts(Struct, frozen=True):
    """The probe's answer, which is one flat object, by what it is about."""

    process: Process
    platform: PlatformFacts
    schemes: InstallSchemes
    site: SitePackages
    bytecode: BytecodeFormat
    tags: TagFacts

    @property
    def fields(self) -> dict[str, Any]:
        """Return the flat object."""
        found: dict[str, Any] = {}
        for name in self.__struct_fields__:
            found |= to_builtins(getattr(self, name))
        return found


class InterpreterRecord(Struct, frozen=True):
    """What the cache stores of an interpreter."""

    evidence: list[EvidenceItem]
    startup: dict[str, list[int] | None]
    """The state of the files that Python runs at its start (site)."""
    facts: dict[str, Any]


def describe(
    executable: str,
    layout: Layout | None,
    environ: Mapping[str, str],
    meanwhile: Callable[[], object] = lambda: None,
) -> Environment:
    """Return the environment of an interpreter, from the cache while its evidence holds.

    ``layout`` is ``None`` where nothing is to be cached; ``meanwhile`` is done while another
    interpreter answers. Raises ``errors.EnvironmentRefused`` when the interpreter does not run.
    """
    is_ours = os.path.abspath(executable) == os.path.abspath(sys.executable)
    if is_ours and not environ.get("PYTHONPATH"):  # with it, our own sys.path has another order
        from pipwrap.interpreter import probe  # noqa: PLC0415 - most often another interpreter is queried

        return environment_of(facts_of(probe.gather()))
    key = os.path.abspath(executable)
    if layout is None:
        return environment_of(_ask(executable, meanwhile))
    path = layout.interpreter(hashlib.sha256(os.fsencode(key)).hexdigest())
    evidence = _evidence(key, environ)
    facts = _cached(path, evidence)
    if facts is None:
        facts = _ask(executable, meanwhile)
        if is_what_runs(key, facts.process.executable):
            startup = _startup(facts.site.sys_path)
            _store(path, InterpreterRecord(evidence, startup, facts.fields), layout)
    return environment_of(facts)


def facts_of(fields: Mapping[str, Any]) -> Facts:
    """Return the probe's answer as a value; ``ValueError`` where it is none."""
    return Facts(
        convert(fields, Process),
        convert(fields, PlatformFacts),
        convert(fields, InstallSchemes),
        convert(fields, SitePackages),
        convert(fields, BytecodeFormat),
        convert(fields, TagFacts),
    )


def environment_of(facts: Facts) -> Environment:
    """Return the value that the probe's facts describe."""
    process, platform = facts.process, facts.platform
    marker = os.path.join(process.stdlib, "EXTERNALLY-MANAGED")
    managed = process.prefix == process.base_prefix and os.path.isfile(marker)
    implementation = process.implementation
    return Environment(
        executable=process.executable,
        version=process.version,
        prefix=process.prefix,
        base_prefix=process.base_prefix,
        stdlib=process.stdlib,
        externally_managed=marker if managed else None,
        schemes=facts.schemes,
        site=replace(facts.site, sys_path=_search_path(facts)),
        bytecode=facts.bytecode,
        compatibility=Compatibility(
            implementation,
            f"{implementation}-{platform.soabi}-{platform.platform}-{platform.libc}",
            tuple(facts.tags.markers.items()),
            facts.tags.tags or _tags(facts),
        ),
    )


def _search_path(facts: Facts) -> tuple[str, ...]:
    """Return where distributions are: the user site belongs there once it has been made.

    An interpreter leaves it out of ``sys.path`` while it does not exist, and facts are cached.
    """
    found = list(facts.site.sys_path)
    user_site = facts.schemes.user_scheme.purelib
    if facts.site.user_enabled and user_site not in found and os.path.isdir(user_site):
        own = facts.schemes.scheme.purelib
        found.insert(found.index(own) if own in found else len(found), user_site)
    return tuple(found)


def _tags(facts: Facts) -> tuple[str, ...]:
    """Return the tags of a Python that is too old for packaging, on this machine's platforms."""
    from packaging import tags  # noqa: PLC0415 - old targets only

    version = facts.process.version[:2]
    platforms = list(tags.platform_tags())
    interpreter = f"cp{version[0]}{version[1]}"
    found = [*tags.cpython_tags(version, facts.tags.abis, platforms)]
    found += tags.compatible_tags(version, interpreter, platforms)
    return tuple(str(tag) for tag in found)


def _ask(executable: str, meanwhile: Callable[[], object]) -> Facts:
    """Run the probe; its interpreter reads the caller's environment as pip's would."""
    import subprocess  # noqa: PLC0415 - only when nothing is cached

    import packaging  # noqa: PLC0415

    directory = os.path.dirname(os.path.dirname(os.path.abspath(packaging.__file__)))
    output = b""
    try:
        with subprocess.Popen(
            [executable, _PROBE, directory],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            meanwhile()
            answer, output = process.communicate()
        subprocess.CompletedProcess(process.args, process.returncode).check_returncode()
        return facts_of(records.decode(answer, dict[str, Any]))
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise errors.EnvironmentRefused(
            f"Could not read the interpreter {executable}: {error}",
            context=output.decode("utf-8", "replace").strip().rpartition("\n")[2] or None,
            hint="Name a working Python 3.8 or newer with --python.",
        ) from error


def _evidence(executable: str, environ: Mapping[str, str]) -> list[EvidenceItem]:
    """Return everything that could change the facts; absence counts too."""
    configuration = os.path.join(os.path.dirname(os.path.dirname(executable)), "pyvenv.cfg")
    files = [
        _stat(os.lstat, executable),
        _stat(os.stat, executable),
        _stat(os.stat, configuration),
        _stat(os.stat, _PROBE),
    ]
    return [_FORMAT, sys.version, os.getuid() if hasattr(os, "getuid") else 0, *files] + [
        environ.get(name) for name in _VARIABLES
    ]


def _startup(sys_path: Iterable[str]) -> dict[str, list[int] | None]:
    """Return the state of what an interpreter runs before the probe (site): it may add finders."""
    return {
        path: _stat(os.stat, path)
        for directory in sys_path
        for name in disk.listed(directory)
        if name.endswith(".pth") or name.partition(".")[0] in {"sitecustomize", "usercustomize"}
        for path in [os.path.join(directory, name)]
    }


def _stat(read: Any, path: str) -> list[int] | None:
    try:
        found = read(path)
    except OSError:
        return None
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def _cached(path: str, evidence: list[EvidenceItem]) -> Facts | None:
    """Return the facts whose evidence holds; ``None`` where there are none or they are damaged."""
    try:
        with open(path, "rb") as stream:
            record = records.decode(stream.read(), InterpreterRecord)
        facts = facts_of(record.facts)
    except (OSError, ValueError):
        return None
    known = (record.evidence, record.startup)
    return facts if known == (evidence, _startup(facts.site.sys_path)) else None


def _store(path: str, record: InterpreterRecord, layout: Layout) -> None:
    """Write the facts; a cache that cannot be written is reported by what needs it."""
    try:
        ownership.claim(layout)
        disk.write(path, records.encode(record), layout.temporary)
    except OSError:
        return
