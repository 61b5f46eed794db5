"""A throwaway interpreter that is no virtual environment: a prefix of its own over our stdlib."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from support.archives import StrPath
from support.environments import VirtualEnvironment


def make_interpreter(path: StrPath) -> VirtualEnvironment:
    """Return an interpreter with an empty site-packages, whose ``sys.prefix`` is ``path``.

    The program is copied, the standard library is linked file by file: files may be put beside
    it (EXTERNALLY-MANAGED) without touching the real one.
    """
    root, stdlib = Path(path), Path(sysconfig.get_path("stdlib"))
    (root / "bin").mkdir(parents=True)
    own = root / "lib" / stdlib.name
    (own / "site-packages").mkdir(parents=True)
    for entry in os.scandir(stdlib):
        if entry.name not in {"site-packages", "EXTERNALLY-MANAGED"}:
            os.symlink(entry.path, own / entry.name)
    program = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    interpreter = VirtualEnvironment(root)
    shutil.copy2(program, interpreter.python)
    return interpreter
