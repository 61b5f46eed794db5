"""What is installed, as a digest that is the same for the same inputs wherever it was built."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

_LEFT_OUT = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "WHEEL"})
_SECTIONS = ("-S", "-R", ".note.gnu.build-id", "-R", ".note.gnu.property")
"""Symbols and debugging information name the directory of the build, and so does the build's id."""


def digest(site_packages: str, distribution: str) -> str | None:
    """Return the digest of a distribution's files; ``None`` when it is not installed."""
    information = f"{distribution.replace('-', '_').lower()}-"
    for name in os.listdir(site_packages):
        if name.lower().startswith(information) and name.endswith(".dist-info"):
            return _digest(site_packages, name)
    return None


def _digest(site_packages: str, information: str) -> str:
    whole = hashlib.sha256()
    for name in sorted(_files(site_packages, information)):
        path = os.path.normpath(os.path.join(site_packages, name))
        if os.path.isfile(path):
            content = hashlib.sha256(_content(path)).hexdigest()
            whole.update(f"{name} {content}\n".encode())
    return whole.hexdigest()


def _files(site_packages: str, information: str) -> Iterator[str]:
    with open(os.path.join(site_packages, information, "RECORD"), encoding="utf-8") as stream:
        for row in csv.reader(stream):
            folder, _, name = row[0].rpartition("/")
            ours = folder == information and (name in _LEFT_OUT or name.startswith("uv_"))
            if not ours and "__pycache__" not in folder and not folder.startswith(".."):
                yield row[0]


def _content(path: str) -> bytes:
    """Return a file's bytes; of a compiled one what is neither a symbol nor for debuggers."""
    with open(path, "rb") as stream:
        content = stream.read()
    objcopy = shutil.which("objcopy", path="/usr/bin:/bin")
    if not content.startswith(b"\x7fELF") or objcopy is None:
        return content
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "stripped")
        subprocess.run([objcopy, *_SECTIONS, path, made], check=True)
        with open(made, "rb") as stream:
            return stream.read()
