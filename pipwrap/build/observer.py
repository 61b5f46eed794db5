"""The library that observes all processes of a build (``observer.c``), compiled on this machine.

It is made by the compiler that a build would find, and stored under the digest of its source and of
that compiler: where there is none nothing native can be built either. On Linux alone: macOS drops
the variable for the system's own tools, and Windows has no such mechanism.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib import util

from pipwrap.build.environment import PRELOAD
from pipwrap.cache import disk
from pipwrap.cache.layout import Layout

_SOURCE = os.path.join(os.path.dirname(__file__), "observer.c")
_COMPILERS = ("cc", "gcc", "clang")
_FLAGS = ("-std=gnu99", "-shared", "-fPIC", "-O1")
_SECONDS = 60


class ObserverLibrary:
    """Finds or makes it, at the first build that needs it; used from all threads."""

    def __init__(self, layout: Layout, environ: Mapping[str, str]) -> None:
        """Look for nothing yet."""
        self._layout = layout
        self._environ = environ
        self._lock = threading.Lock()
        self._is_known = False
        self._path: str | None = None

    def path(self) -> str | None:
        """Return the library; ``None`` where it cannot be made or does not work."""
        with self._lock:
            if not self._is_known:
                self._path = self._found() if sys.platform == "linux" else None
                self._is_known = True
            return self._path

    def _found(self) -> str | None:
        """Return the library of the first compiler that makes one."""
        if any(each.isspace() or each == ":" for each in self._layout.root):
            return None  # these separate the libraries in the variable (ld.so(8))
        search = self._environ.get("PATH", os.defpath)
        named = self._environ.get("CC", "").split()
        for name in dict.fromkeys((*named[:1], *_COMPILERS)):
            compiler = shutil.which(name, path=search)
            made = self._made_by(compiler) if compiler is not None else None
            if made is not None:
                return made
        return None

    def _made_by(self, compiler: str) -> str | None:
        """Return the library of one compiler; ``None`` if it makes none that loads."""
        with open(_SOURCE, "rb") as stream:
            source = stream.read()
        state = os.stat(compiler)
        parts = (os.path.realpath(compiler), state.st_size, state.st_mtime_ns, platform.machine())
        digest = hashlib.sha256(source + repr(parts).encode("utf-8", "surrogateescape")).hexdigest()
        path = self._layout.observer(digest)
        if os.path.exists(path):
            return path
        temporary = ""
        try:
            disk.make_directory(self._layout.temporary)
            temporary = disk.unused_name(self._layout.temporary)
            if not _runs([compiler, *_FLAGS, "-o", temporary, _SOURCE, "-ldl"], self._environ):
                return None
            program = shutil.which("true", path=os.defpath) or compiler
            if not _runs([program], {**self._environ, PRELOAD: temporary}):
                return None
            disk.make_directory(os.path.dirname(path))
            os.replace(temporary, path)
        except OSError:
            return None  # a cache that takes nothing: the recorder alone sees the builds
        finally:
            if temporary:
                disk.discard(temporary)
        return path


def own_code() -> tuple[str, ...]:
    """Return the directories of what runs in builds on our behalf."""
    hooks = util.find_spec("pyproject_hooks")
    origin = hooks.origin if hooks is not None else None
    own = os.path.dirname(os.path.dirname(__file__))
    return (own, os.path.dirname(origin)) if origin else (own,)


def _runs(command: list[str], environ: Mapping[str, str]) -> bool:
    """Tell whether a command ends well and says nothing: the loader complains and goes on."""
    plain = {name: value for name, value in environ.items() if name in {"PATH", "TMPDIR", PRELOAD}}
    try:
        done = subprocess.run(
            command,
            env={**plain, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and not done.stderr
