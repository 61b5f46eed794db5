"""The files that an installation will make, by directory, and their rows in RECORD.

Nothing is read or written here. What ``destination`` decides one by one wins over the trees of the
wheel, as with pip: no file of a wheel replaces one that the installer makes.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
from collections.abc import Iterable, Mapping

from msgspec import Struct

from pipwrap.install.bytecode_settings import BytecodeSettings
from pipwrap.install.linking import FileCreation, file_mode
from pipwrap.install.plan import Installation
from pipwrap.model.environment import Scheme
from pipwrap.model.wheel import StoredFile


class InstallTarget(Struct, frozen=True):
    """What every installation of one command has in common."""

    scheme: Scheme
    executable: str
    """For the first line of scripts."""
    python_version: tuple[int, ...]
    cache_tag: str
    bytecode: BytecodeSettings
    umask: int
    now_ns: int
    """The time that written files get."""


class PlannedWheel(Struct, frozen=True):
    """The files of one distribution, and which of them are console scripts."""

    folders: Mapping[str, dict[str, FileCreation]]
    """By directory and name."""
    scripts: tuple[str, ...]


class FilePlan:
    """Collects the files of one distribution."""

    def __init__(self, installation: Installation, target: InstallTarget) -> None:
        """Start with none."""
        scheme = target.scheme
        self._target = target
        self._root = scheme.purelib if installation.wheel.root_is_purelib else scheme.platlib
        self._modes = (file_mode(target.umask), file_mode(target.umask, executable=True))
        self.directories: Mapping[str, str] = {
            "purelib": scheme.purelib,
            "platlib": scheme.platlib,
            "headers": os.path.join(scheme.headers, installation.display_name),
            "scripts": scheme.scripts,
            "data": scheme.data,
        }
        """By the scheme's key."""
        self._rows: dict[str, str] = {}
        """Digest and size, as RECORD has them, by path from the root."""
        self.folders: dict[str, dict[str, FileCreation]] = {}
        self._decided: list[FileCreation] = []
        """What was planned one by one."""

    def mode(self, *, executable: bool = False) -> int:
        """Return the mode of a file that is written."""
        return self._modes[executable]

    def decide(self, creation: FileCreation) -> None:
        """Plan a file that wins over what the wheel has in its place."""
        self._decided.append(creation)
        self._plan(creation)

    def write(self, path: str, content: bytes, mode: int) -> str:
        """Plan a file with this content; return its digest as RECORD has it."""
        self.decide(FileCreation(path, len(content), self._target.now_ns, mode, None, content))
        digest = hashlib.sha256(content).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def write_record(self, path: str) -> None:
        """Plan RECORD, whose path is from the root, after all that it lists."""
        for creation in self._decided:
            self._plan(creation)
        self.write(f"{self._root}/{path}", _record(self._rows), self._modes[0])

    def link_trees(self, files: Iterable[StoredFile], source: str, *, hashed: bool) -> None:
        """Plan what is at the wheel's root, then what is below .data, as pip does."""
        data = []
        here, names, directory, origin, shown = "/", {}, "", "", ""
        rows, modes, new = self._rows, self._modes, tuple.__new__  # 14,000 times
        for stored in files:
            path, size, mtime_ns, mode, executable, sha256 = stored
            folder, _, name = path.rpartition("/")
            if folder != here:
                if is_data(path):
                    data.append(stored)
                    continue
                here = folder
                shown = folder and f"{folder}/"
                directory, origin = (f"{top}/{folder}".rstrip("/") for top in (self._root, source))
                names = self.folders.setdefault(directory, {})
            target, found = f"{directory}/{name}", f"{origin}/{name}"
            made = (target, size, mtime_ns, modes[executable], found, b"", mode)
            names[name] = new(FileCreation, made)
            rows[shown + name] = f"sha256={sha256},{size}" if hashed else ","
        for stored in data:
            _, key, rest = stored.path.split("/", 2)
            if key != "scripts":
                target = os.path.join(self.directories[key], rest)
                self.link(target, source, stored)
                row = (f"sha256={stored.sha256}", stored.size) if hashed else ("", "")
                self.add_row(target, *row)

    def link_bytecode(self, files: Iterable[StoredFile], source: str) -> None:
        """Plan the bytecode that is in a tree of its own, except that of scripts."""
        for stored in files:
            folder, _, name = f"/{stored.path}".rpartition("/__pycache__/")
            parts, top = folder.strip("/").split("/"), self._root
            if parts[0].endswith(".data"):
                if parts[1] == "scripts":
                    continue
                top, parts = self.directories[parts[1]], parts[2:]
            directory = os.path.join(top, *parts).rstrip(os.sep)
            target = os.path.join(self._target.bytecode.directory(directory), name)
            self.link(target, source, stored)
            self.add_row(target, "", "")

    def link(self, path: str, directory: str, stored: StoredFile) -> FileCreation:
        """Plan one file of the store."""
        relative, size, mtime_ns, mode, executable, _ = stored
        new_mode, source = self._modes[executable], f"{directory}/{relative}"
        creation = FileCreation(path, size, mtime_ns, new_mode, source, b"", mode)
        self._plan(creation)
        return creation

    def add_row(self, path: str, digest: str, size: int | str) -> None:
        """Name a file in RECORD by its path from the root; another drive has none (Windows)."""
        inside = path.removeprefix(f"{self._root}/")
        if inside == path or "//" in inside or "/." in f"/{inside}":
            try:
                inside = os.path.relpath(path, self._root)
            except ValueError:
                inside = os.path.abspath(path)
            inside = inside.replace(os.sep, "/")
        self._rows[inside] = f"{digest},{size}"

    def _plan(self, creation: FileCreation) -> None:
        directory, name = os.path.split(creation.path)
        self.folders.setdefault(directory, {})[name] = creation


def _record(rows: Mapping[str, str]) -> bytes:
    """Return RECORD, sorted by path as pip's; csv is for names that need quotes."""
    names = "".join(rows)
    if not any(mark in names for mark in '",\r\n'):
        lines = [f"{path},{rows[path]}\r\n" for path in sorted(rows)]
        return "".join(lines).encode()
    content = io.StringIO(newline="")
    csv.writer(content).writerows((path, *row.split(",")) for path, row in sorted(rows.items()))
    return content.getvalue().encode()


def is_data(path: str) -> bool:
    """Return whether a path is in a .data directory at the wheel's root, whatever its name."""
    return ".data/" in path and path.partition("/")[0].endswith(".data")
