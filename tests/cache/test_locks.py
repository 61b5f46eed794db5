"""Kernel locks between processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipwrap.cache import locks

_HOLD = """
import sys
from pipwrap.cache import locks
with locks.locked(sys.argv[1], shared=sys.argv[2] == "shared"):
    print("held", flush=True)
"""


def test_a_lock_keeps_another_process_waiting_until_it_is_free(tmp_path: Path) -> None:
    path = str(tmp_path / "locks" / "x")
    command = [sys.executable, "-c", _HOLD, path]
    with locks.locked(path, shared=True):
        shared = subprocess.run([*command, "shared"], capture_output=True, check=True, timeout=30)
        assert shared.stdout == b"held\n"
        with pytest.raises(subprocess.TimeoutExpired):
            subprocess.run([*command, "alone"], capture_output=True, check=True, timeout=1)
    alone = subprocess.run([*command, "alone"], capture_output=True, check=True, timeout=30)
    assert alone.stdout == b"held\n"
