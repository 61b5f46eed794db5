"""Kernel locks on files and directories, and pins: second names that keep a file for one run.

The kernel frees a lock when its process ends, however it ends, so that no lock is ever left over.
A pin is a hard link in the directory of a run, which that run has locked: the removal of
old entries leaves pinned files out, and removes the directories (and so the pins) of ended runs.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator

from pipwrap.cache import disk
from pipwrap.cache.layout import Layout, is_temporary_name

_LOCK_DELAY = 60
"""Seconds: no process takes longer from making its directory to locking it."""


def pin(path: str, layout: Layout) -> str:
    """Return a second name of a file, which stays until this run ends even if ``path`` is removed.

    ``path`` itself where the filesystem has no hard links, and in a cache that only this run uses.
    Raises ``FileNotFoundError`` when the file is gone already.
    """
    if not layout.run:
        return path
    own = disk.unused_name(layout.temporary)
    try:
        os.link(path, own)
    except OSError:
        if not os.path.exists(path):
            raise
        return path
    return own


def is_pinned(path: str) -> bool:
    """Return whether a file has a second name, of a run that goes on or was not cleaned up."""
    try:
        return os.lstat(path).st_nlink > 1
    except OSError:
        return False


@contextlib.contextmanager
def locked(path: str, *, shared: bool = False) -> Iterator[None]:
    """Hold a kernel lock on ``path``, a file that is made if absent.

    Where the filesystem has no locks, or no file can be made, a shared lock is left out.
    """
    try:
        descriptor = _lock_file(path)
    except OSError:
        if not shared:
            raise
        yield
        return
    try:
        _lock(descriptor, shared=shared)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def try_locked(path: str) -> Iterator[bool]:
    """Hold an exclusive kernel lock if it is free, without waiting; yield whether it is held.

    It is not where the filesystem has no locks, or no file can be made.
    """
    try:
        descriptor = _lock_file(path)
    except OSError:
        yield False
        return
    try:
        yield _is_free(descriptor)
    finally:
        os.close(descriptor)


def _lock_file(path: str) -> int:
    """Return a descriptor of the file to lock; a directory in its place is removed."""
    disk.make_directory(os.path.dirname(path))
    if disk.is_directory(path):
        disk.remove_tree(path)
    return os.open(path, os.O_RDWR | os.O_CREAT, disk.FILE_MODE)


@contextlib.contextmanager
def locked_directory(directory: str) -> Iterator[None]:
    """Hold a lock on a directory itself: meanwhile ``abandoned_directories`` leaves it out."""
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        _lock(descriptor, shared=True)
        yield
    finally:
        os.close(descriptor)


def abandoned_directories(parent: str) -> list[str]:
    """Return the directories of runs below ``parent`` that no process has locked.

    New ones are left out: their process may not have locked them yet.
    """
    if not os.path.isdir(parent):
        return []
    return [
        entry.path
        for entry in os.scandir(parent)
        if is_temporary_name(entry.name) and entry.is_dir(follow_symlinks=False)
        if _is_old(entry) and _is_unlocked(entry.path)
    ]


def _is_old(entry: os.DirEntry[str]) -> bool:
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime > _LOCK_DELAY
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _is_unlocked(path: str) -> bool:
        """Return ``False``: without locks of directories it is unknown which are in use."""
        del path
        return False

    def _lock(descriptor: int, *, shared: bool) -> None:
        """Lock the first byte; the C runtime of Windows has exclusive locks only."""
        del shared
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def _is_free(descriptor: int) -> bool:
        """Lock the first byte unless another process has."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _is_unlocked(path: str) -> bool:
        """Return whether the lock of a directory is free."""
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return False
        try:
            return _is_free(descriptor)
        finally:
            os.close(descriptor)

    def _is_free(descriptor: int) -> bool:
        """Lock the whole file, unless another process has or the filesystem has no locks."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _lock(descriptor: int, *, shared: bool) -> None:
        """Lock the whole file, waiting as long as it takes."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.EINVAL}:
                raise
