"""The size and digest of a file that a backend made."""

from __future__ import annotations

import hashlib
import os


def measure(path: str) -> tuple[int, str]:
    """Return the size and the sha256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return os.path.getsize(path), digest.hexdigest()
