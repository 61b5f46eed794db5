"""Sdists of the package index as columns, with their build requirements as wheels beside them."""

from __future__ import annotations

import glob
import importlib
import os
import shutil
import subprocess
import sys
import tarfile

from lie_matrix.values import Column
from lie_matrix.world import World

NAMES = (
    "PyYAML",
    "MarkupSafe",
    "psutil",
    "cffi",
    "msgpack",
    "regex",
    "ujson",
    "simplejson",
    "zstandard",
    "lz4",
    "bitarray",
    "wrapt",
    "frozenlist",
    "multidict",
    "greenlet",
    "coverage",
    "propcache",
    "setproctitle",
    "xxhash",
    "immutables",
)
_COMPILER = frozenset({"compiler", "CC", "CFLAGS", "LDFLAGS"})
_VARIABLES = frozenset(
    {"CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH"}
) | {"LD_RUN_PATH", "SOURCE_DATE_EPOCH", "CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH"}
ROWS = frozenset(
    {"compiler-gone", "compiler-variable", "compiler-upgraded", "CFLAGS", "back-again"}
) | {"unrelated", "home", "locale", "tmpdir", "path-order", "backend", "nothing"}


def fetch(directory: str) -> list[str]:
    """Fetch sdists and their build requirements; return what could not be had."""
    failures = []
    os.makedirs(directory, exist_ok=True)
    for name in NAMES:
        if sdist(directory, name) is not None:
            continue
        failure = _download(directory, "--no-binary", name, "--no-deps", name)
        found = sdist(directory, name)
        if found is not None and not failure:
            failure = _download(directory, "--only-binary=:all:", *requires(found))
        if failure:
            failures.append(f"{name}: {failure}")
    return failures


def _download(directory: str, *arguments: str) -> str:
    """Return what pip says where it fails."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", directory, *arguments]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    return (done.stderr.strip().splitlines() or ["pip failed"])[-1] if done.returncode else ""


def sdist(directory: str, name: str) -> str | None:
    """Return the sdist of a project, nothing when it was not fetched."""
    escaped = name.lower().replace("-", "_")
    for path in sorted(glob.glob(os.path.join(directory, "*.tar.gz"))):
        if os.path.basename(path).rpartition("-")[0].lower().replace("-", "_") == escaped:
            return path
    return None


def requires(path: str) -> list[str]:
    """Return what an sdist says that its build requires, setuptools where it says nothing."""
    with tarfile.open(path) as archive:
        for member in archive:
            if member.name.count("/") == 1 and member.name.endswith("/pyproject.toml"):
                stream = archive.extractfile(member)
                content = _read_toml(stream.read().decode()) if stream else {}
                found = content.get("build-system", {}).get("requires")
                return [*(found or ["setuptools"]), "wheel"]
    return ["setuptools", "wheel"]


def _read_toml(text: str) -> dict[str, dict[str, list[str]]]:
    library = importlib.import_module("tomllib")  # Python 3.11, which mypy's 3.10 does not know
    tables: dict[str, dict[str, list[str]]] = library.loads(text)
    return tables


def columns(directory: str) -> list[Column]:
    """Return a column for each sdist that is there."""
    found = []
    for name in NAMES:
        path = sdist(directory, name)
        if path is not None:
            version = os.path.basename(path).removesuffix(".tar.gz").rpartition("-")[2]
            found.append(
                Column(
                    name,
                    f"{name} {version}",
                    _COMPILER,
                    f"{name}=={version}",
                    _Offer(directory, path),
                    may_read=_VARIABLES,
                    measured=True,
                    only=ROWS,
                )
            )
    return found


class _Offer:
    """Puts an sdist and all wheels of build requirements where the tools look for them."""

    def __init__(self, directory: str, path: str) -> None:
        self._directory, self._path = directory, path

    def __call__(self, world: World) -> None:
        wheels = glob.glob(os.path.join(self._directory, "*.whl"))
        for path in (self._path, *wheels):
            target = world.path("packages", os.path.basename(path))
            if not os.path.exists(target):
                shutil.copy2(path, target)
