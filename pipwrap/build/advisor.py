"""Advice about a build that failed or gave a degraded wheel: reads its log and the machine."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable

from pipwrap.build import observe
from pipwrap.build.advice import advice, system_of
from pipwrap.build.sought import Missing, Sought, sought_in
from pipwrap.cache.evidence import HostInputs

_LAST_BYTES = 1024 * 1024


def advice_about(log: str, observed: str, host: HostInputs, python: str) -> tuple[str, ...]:
    """Return lines about what a build looked for in vain; none where nothing is known.

    ``log`` and ``observed`` are files; ``python`` is the target's version. What the host has is
    left out: it was looked for in another place, or for another compiler.
    """
    seen = observe.read_observation(observed)
    programs = observe.missing_programs(seen.of("missing"), host)
    found = {os.path.basename(path) for path in seen.of("file")}
    absent = (path for path in seen.of("absent") if os.path.basename(path) not in found)
    sought = sought_in(_end_of(log), programs, tuple(sorted(absent)))
    return advice(
        Sought(
            stopped=_absent(sought.stopped, host),
            tried=_absent(sought.tried, host),
            programs=sought.programs,
            absent=sought.absent,
        ),
        system_of(sys.platform, _os_release(), ".".join(python.split(".")[:2])),
    )


def _absent(sought: Iterable[Missing], host: HostInputs) -> tuple[Missing, ...]:
    return tuple(each for each in sought if not _has(each, host))


def _has(missing: Missing, host: HostInputs) -> bool:
    if missing.kind == "program":
        return host.has_program(missing.name)
    if missing.kind == "header":
        return host.has_file(missing.name)
    return missing.kind == "library" and host.has_file(f"-l{missing.name}")


def _end_of(log: str) -> str:
    try:
        with open(log, "rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - _LAST_BYTES))
            return stream.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
