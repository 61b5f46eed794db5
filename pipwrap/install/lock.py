"""One writer per environment: a kernel lock on its site directory, freed when its process ends.

The directory itself is locked, so that nothing is left behind; Windows, whose locks need a file,
has one that is deleted when it is closed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from pipwrap.events import Info, Listener

if sys.platform == "win32":
    import msvcrt

    _FILE = ".pipwrap-lock"

    @contextlib.contextmanager
    def environment_lock(purelib: str, listener: Listener) -> Iterator[None]:
        """Run the body alone in this environment; wait for another command, and report that."""
        path = os.path.join(purelib, _FILE)
        flags = os.O_RDWR | os.O_CREAT | os.O_TEMPORARY
        descriptor = os.open(path, flags, 0o600)
        try:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            except OSError:
                listener(Info(_waiting(purelib)))
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            yield
        finally:
            os.close(descriptor)

else:
    import fcntl

    @contextlib.contextmanager
    def environment_lock(purelib: str, listener: Listener) -> Iterator[None]:
        """Run the body alone in this environment; wait for another command, and report that.

        Where a directory cannot be locked (some network filesystems) the body runs all the same.
        """
        descriptor = os.open(purelib, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                listener(Info(_waiting(purelib)))
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError:
                listener(Info(f"{purelib} cannot be locked", level=1))
            yield
        finally:
            os.close(descriptor)


def _waiting(purelib: str) -> str:
    return f"Waiting for another command to finish with {purelib}"
