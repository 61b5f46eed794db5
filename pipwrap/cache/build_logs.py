"""Logs of builds that outlive the run: a backend may print the URL of an index."""

from __future__ import annotations

import os

from pipwrap.cache import disk
from pipwrap.model.link import redact


def store(log: str, target: str) -> None:
    """Copy a build's log without the credentials in it; raises ``OSError``."""
    with (
        open(log, encoding="utf-8", errors="surrogateescape", newline="\n") as reading,
        open(target, "x", encoding="utf-8", errors="surrogateescape", newline="\n") as writing,
    ):
        os.chmod(target, disk.FILE_MODE)
        writing.writelines(map(redact, reading))
