"""The build requirements of the columns, fetched from pip's index once."""

from __future__ import annotations

import os
import subprocess
import sys

FIRST = ("setuptools==83.*", "Cython==3.0.*")
"""Older versions of what rows upgrade."""
NEWEST = ("setuptools", "wheel", "Cython", "meson-python", "scikit-build-core", "setuptools-rust")
_ANY = ("--platform", "any", "--implementation", "py", "--abi", "none", "--no-deps")
_DOWNLOAD = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:")
_STAMP = "complete"


def fetch(directory: str) -> str | None:
    """Fetch what is not there; return what pip says where that fails."""
    stamp = os.path.join(directory, _STAMP)
    wanted = "\n".join((*FIRST, *NEWEST))
    if os.path.exists(stamp):
        with open(stamp, encoding="ascii") as stream:
            if stream.read() == wanted:
                return None
    os.makedirs(directory, exist_ok=True)
    for requirement in (*FIRST, *NEWEST):
        options = _ANY if requirement.startswith("Cython") else ()
        done = subprocess.run(
            [*_DOWNLOAD, *options, "--dest", directory, requirement],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "pip failed"
    with open(stamp, "w", encoding="ascii") as stream:
        stream.write(wanted)
    return None


def offered(directory: str) -> list[str]:
    """Return the wheels that lie in the first state: of each project the oldest version."""
    chosen: dict[str, str] = {}
    for name in sorted(os.listdir(directory), key=_version, reverse=True):
        if name.endswith(".whl"):
            chosen[name.partition("-")[0].lower()] = name
    return sorted(chosen.values())


def _version(name: str) -> list[int]:
    parts = name.split("-")[1].split(".") if "-" in name else []
    return [int(part) for part in parts if part.isdecimal()]
