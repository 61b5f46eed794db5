"""Facts about an interpreter: read once by the probe, then cached with their evidence."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, convert, to_builtins

from pipwrap import errors
from pipwrap.cache import disk, ownership
from pipwrap.cache.layout import Layout
from pipwrap.interpreter.discovery import is_what_runs
from pipwrap.model.environment import Environment, Scheme

_FORMAT = 3
_PROBE = os.path.join(os.path.dirname(__file__), "probe.py")
_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "HOME")


class InterpreterFacts(Struct, frozen=True):
    """What the probe prints (``probe.gather``)."""

    executable: str
    version: tuple[int, int, int]
    implementation: str
    cache_tag: str
    magic_number: str
    soabi: str
    platform: str
    libc: str
    prefix: str
    base_prefix: str
    scheme: Scheme
    user_scheme: Scheme
    prefix_scheme: Scheme
    home_scheme: Scheme
    user_site: bool
    sys_path: tuple[str, ...]
    stdlib: str
    markers: dict[str, str]
    abis: tuple[str, ...]
    tags: tuple[str, ...] | None
    """None where the interpreter is too old for packaging."""
    isolated_site: bool
    finders: bool


class CachedFacts(Struct, frozen=True):
    """One file of the cache: the facts and what they depend on."""

    evidence: list[Any]
    startup: dict[str, list[int] | None]
    facts: InterpreterFacts


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
        from pipwrap.interpreter import probe  # noqa: PLC0415 - most targets are other interpreters

        return environment_of(convert(probe.gather(), InterpreterFacts))
    key = os.path.abspath(executable)
    if layout is None:
        return environment_of(_run_probe(executable, meanwhile))
    path = layout.interpreter(hashlib.sha256(os.fsencode(key)).hexdigest())
    evidence = _evidence(key, environ)
    facts = _cached(path, evidence)
    if facts is None:
        facts = _run_probe(executable, meanwhile)
        if is_what_runs(key, facts.executable):
            _store(path, CachedFacts(evidence, _startup(facts.sys_path), facts), layout)
    return environment_of(facts)


def environment_of(facts: InterpreterFacts) -> Environment:
    """Return the value that the probe's facts describe."""
    marker = os.path.join(facts.stdlib, "EXTERNALLY-MANAGED")
    managed = facts.prefix == facts.base_prefix and os.path.isfile(marker)
    return Environment(
        executable=facts.executable,
        version=facts.version,
        implementation=facts.implementation,
        cache_tag=facts.cache_tag,
        magic_number=facts.magic_number,
        abi=f"{facts.implementation}-{facts.soabi}-{facts.platform}-{facts.libc}",
        prefix=facts.prefix,
        base_prefix=facts.base_prefix,
        scheme=facts.scheme,
        user_scheme=facts.user_scheme,
        prefix_scheme=facts.prefix_scheme,
        home_scheme=facts.home_scheme,
        user_site_enabled=facts.user_site,
        sys_path=_search_path(facts),
        stdlib=facts.stdlib,
        markers=tuple(facts.markers.items()),
        tags=facts.tags or _tags(facts),
        externally_managed=marker if managed else None,
        site_packages_isolated=facts.isolated_site,
        has_finders=facts.finders,
    )


def _search_path(facts: InterpreterFacts) -> tuple[str, ...]:
    """Return where distributions are: the user site belongs there once it has been made.

    An interpreter leaves it out of ``sys.path`` while it does not exist, and its facts are cached.
    """
    found = list(facts.sys_path)
    user_site = facts.user_scheme.purelib
    if facts.user_site and user_site not in found and os.path.isdir(user_site):
        own = facts.scheme.purelib
        found.insert(found.index(own) if own in found else len(found), user_site)
    return tuple(found)


def _tags(facts: InterpreterFacts) -> tuple[str, ...]:
    """Return the tags of a Python that is too old for packaging, on this machine's platforms."""
    from packaging import tags  # noqa: PLC0415 - old targets only

    version = facts.version[:2]
    platforms = list(tags.platform_tags())
    interpreter = f"cp{version[0]}{version[1]}"
    found = [*tags.cpython_tags(version, facts.abis, platforms)]
    found += tags.compatible_tags(version, interpreter, platforms)
    return tuple(str(tag) for tag in found)


def _run_probe(executable: str, meanwhile: Callable[[], object]) -> InterpreterFacts:
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
        return convert(json.loads(answer), InterpreterFacts)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise errors.EnvironmentRefused(
            f"Could not read the interpreter {executable}: {error}",
            context=output.decode("utf-8", "replace").strip().rpartition("\n")[2] or None,
            hint="Name a working Python 3.8 or newer with --python.",
        ) from error


def _evidence(executable: str, environ: Mapping[str, str]) -> list[Any]:
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


def _cached(path: str, evidence: list[Any]) -> InterpreterFacts | None:
    try:
        with open(path, "rb") as stream:
            # Not msgspec's decoder: paths may have lone surrogates (PEP 383), which it refuses.
            entry = convert(json.load(stream), CachedFacts)
    except (OSError, ValueError):
        return None
    known = entry.evidence, entry.startup
    return entry.facts if known == (evidence, _startup(entry.facts.sys_path)) else None


def _store(path: str, entry: CachedFacts, layout: Layout) -> None:
    """Store the facts; that a cache cannot be written is reported where it is opened."""
    try:
        ownership.claim(layout)
        disk.write(path, json.dumps(to_builtins(entry)).encode(), layout.temporary)
    except OSError:
        return
