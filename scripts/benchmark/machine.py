"""What the figures were taken on."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
from collections.abc import Sequence


def description() -> str:
    """Return processor, cores, memory, system and Python in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    parts = (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB",
        f"{_system()}, Linux {platform.release().partition('-')[0]}"
        if platform.system() == "Linux"
        else platform.platform(terse=True),
        f"CPython {platform.python_version()}",
    )
    return "; ".join(parts)


def versions(names: Sequence[str]) -> str:
    """Return installed distributions, each with its version."""
    distributions = {"pipwrap": "pipwrap-installer"}
    return ", ".join(
        f"{name} {importlib.metadata.version(distributions.get(name, name))}" for name in names
    )


def today() -> str:
    """Return the date (UTC)."""
    return dt.datetime.now(dt.timezone.utc).date().isoformat()


def _processor() -> str:
    """Return the processor's name as the kernel has it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            names = [line.partition(":")[2].strip() for line in stream if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.machine()


def _system() -> str:
    """Return the distribution's name."""
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"
