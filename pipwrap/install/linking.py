"""From the store into an environment: reflink, hardlink or copy one file.

    absent -> unfinished (mode 0o200) -> finished (size, mtime and mode as planned)

A hardlink goes from absent to finished in one step. No finished file has the unfinished mode, so
that after a crash everything we made can be told from everything else by ``lstat`` alone.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable
from typing import NamedTuple

from pipwrap.cache.store import StoredWheelChanged
from pipwrap.install.plan import LinkMode
from pipwrap.model.wheel import StoredFile, StoredWheel

UNFINISHED = 0o200
_FICLONE = 0x40049409
"""ioctl_ficlone(2)."""
_CHUNK = 1024 * 1024
_NO_LINK = {
    errno.EXDEV,
    errno.EMLINK,
    errno.EPERM,
    errno.EACCES,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOSYS,
}
"""The filesystem or the kernel does not link this one: copy it."""
_BY_DESCRIPTOR = os.utime in os.supports_fd and hasattr(os, "fchmod")
_DIRECTORY_WRITES = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_READS = os.O_RDONLY | getattr(os, "O_BINARY", 0)


class Creation(NamedTuple):
    """One file to come: linked from ``source``, or written with ``content``."""

    path: str
    size: int
    mtime_ns: int
    mode: int
    source: str | None = None
    content: bytes = b""
    shareable: bool = False
    """A hardlink would have the right mode and give nobody a way into the store."""


def file_mode(umask: int, *, executable: bool = False) -> int:
    """Return the mode that pip gives a file of a wheel."""
    return (0o777 & ~umask) | 0o111 if executable else 0o666 & ~umask


def checked(
    wheel: StoredWheel, directory: str, files: Iterable[StoredFile], umask: int
) -> list[tuple[StoredFile, str, int, bool]]:
    """Return (file, where it is stored, mode it will have, shareable) for stored files.

    ``StoredWheelChanged`` when one of them is no longer as it was stored.
    """
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    modes = (file_mode(umask), file_mode(umask, executable=True))
    found, lstat, regular = [], os.lstat, stat.S_IFREG
    for file in files:
        source = f"{directory}/{file.path}"
        try:
            is_now = lstat(source)
        except OSError as error:
            raise StoredWheelChanged(wheel, source) from error
        if (is_now.st_size, is_now.st_mtime_ns, is_now.st_mode) != (
            file.size,
            file.mtime_ns,
            regular | file.mode,
        ):
            raise StoredWheelChanged(wheel, source)
        mode = modes[file.executable]
        shareable = is_now.st_uid == user and mode == file.mode and not mode & 0o022
        found.append((file, source, mode, shareable))
    return found


class Linker:
    """Makes files; remembers what the filesystem does not do."""

    def __init__(self, mode: LinkMode) -> None:
        """Start with everything that ``mode`` allows."""
        self._clones = mode in {LinkMode.AUTO, LinkMode.CLONE} and sys.platform == "linux"
        self._links = mode in {LinkMode.AUTO, LinkMode.HARDLINK}
        self._links_python = mode is LinkMode.HARDLINK

    def create(self, creation: Creation) -> None:
        """Make one file; ``FileExistsError`` when something is there, which is then untouched."""
        source = creation.source
        if source is None:
            self._write(creation, None)
            return
        if (
            self._links
            and not self._clones
            and creation.shareable
            and (self._links_python or not creation.path.endswith(".py"))
        ):
            try:
                os.link(source, creation.path, follow_symlinks=False)
            except OSError as error:
                if error.errno not in _NO_LINK:
                    raise
                self._links = error.errno == errno.EMLINK
            else:
                return
        descriptor = os.open(source, _READS)
        try:
            self._write(creation, descriptor)
        finally:
            os.close(descriptor)

    def _write(self, creation: Creation, source: int | None) -> None:
        """Make an unfinished file, fill it, finish it."""
        out = os.open(creation.path, _DIRECTORY_WRITES, UNFINISHED)
        try:
            if source is None:
                _write_all(out, creation.content)
            elif not (self._clones and self._clone(source, out)):
                while chunk := os.read(source, _CHUNK):
                    _write_all(out, chunk)
            times = (creation.mtime_ns, creation.mtime_ns)
            if _BY_DESCRIPTOR:
                os.utime(out, ns=times)
                os.fchmod(out, creation.mode)
        finally:
            os.close(out)
        if not _BY_DESCRIPTOR:
            os.utime(creation.path, ns=times)
            os.chmod(creation.path, creation.mode)

    def _clone(self, source: int, out: int) -> bool:
        """Share the source's blocks; ``False``, and never again, where that is not possible."""
        import fcntl  # noqa: PLC0415  # not on Windows

        try:
            fcntl.ioctl(out, _FICLONE, source)
        except OSError:
            self._clones = False
            return False
        return True


def is_ours(path: str, size: int, mtime_ns: int) -> bool | None:
    """Tell whether ``path`` is the file that was to be made there, finished or not.

    ``None`` when nothing is there, ``False`` when it is something else. The mode of a finished
    file is not compared: some filesystems have modes of their own.
    """
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISREG(found.st_mode) and found.st_mode & 0o7777 == UNFINISHED:
        return True
    return stat.S_ISREG(found.st_mode) and (found.st_size, found.st_mtime_ns) == (size, mtime_ns)


def _write_all(descriptor: int, content: bytes) -> None:
    written = os.write(descriptor, content)
    while written < len(content):
        written += os.write(descriptor, content[written:])
