"""The command that runs pipwrap, which shims and shell functions call."""

from __future__ import annotations

import os
import sys


def own_executable() -> str:
    """Return the command that runs pipwrap: the one that was called, else the one beside us."""
    suffix = ".exe" if os.name == "nt" else ""
    beside = os.path.join(os.path.dirname(sys.executable), f"pipwrap{suffix}")
    called = os.path.abspath(sys.argv[0])
    is_ours = os.path.basename(called).startswith("pipwrap") and os.path.isfile(called)
    return called if is_ours or not os.path.isfile(beside) else beside
