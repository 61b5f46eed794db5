"""Files and directories that builds read, as they are now."""

from __future__ import annotations

import hashlib
import os

from pipwrap.cache import disk
from pipwrap.cache.evidence import InputDirectory, InputFile


def read_file(path: str) -> InputFile | None:
    """Return a file; ``None`` where it cannot be read."""
    try:
        state = os.stat(path)
        times = (state.st_mtime_ns, state.st_ctime_ns)
        return InputFile(path, state.st_size, *times, state.st_ino, disk.digest(path))
    except OSError:
        return None


def is_same_file(file: InputFile) -> bool:
    """Return whether a file has the content that it had: by its stat, else by its digest."""
    try:
        state = os.stat(file.path)
        times = (state.st_mtime_ns, state.st_ctime_ns)
        if InputFile(file.path, state.st_size, *times, state.st_ino, file.sha256) == file:
            return True
        return state.st_size == file.size and disk.digest(file.path) == file.sha256
    except OSError:
        return False


def read_directory(
    path: str, *, by_content: bool = False, beginnings: tuple[str, ...] = ()
) -> InputDirectory | None:
    """Return a directory by its names, or by the content of its files; ``None`` if unreadable.

    Of the names those count that begin as ``beginnings`` say, in whatever case; all without any.
    """
    try:
        names = sorted(os.listdir(path))
        if beginnings:
            names = [name for name in names if name.lower().startswith(beginnings)]
        listing = "\0".join(names).encode("utf-8", "surrogateescape")
        if not by_content:
            return InputDirectory(path, hashlib.sha256(listing).hexdigest(), beginnings=beginnings)
        files = (os.path.join(path, name) for name in names)
        contents = "\0".join(disk.digest(each) for each in files if os.path.isfile(each))
        return InputDirectory(path, "", hashlib.sha256(listing + contents.encode()).hexdigest())
    except OSError:
        return None


def is_same_directory(directory: InputDirectory) -> bool:
    """Return whether a directory has the names, or the files, that it had."""
    now = read_directory(
        directory.path, by_content=bool(directory.files), beginnings=directory.beginnings
    )
    return now == directory
