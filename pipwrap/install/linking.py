"""From the store into an environment: reflink, hardlink or copy one file.

    absent -> unfinished (mode 0o200) -> finished (size, mtime and mode as planned)

A hardlink goes from absent to finished in one step. No finished file has the unfinished mode, so
that after a crash everything we made can be distinguished by ``lstat`` alone.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import os
import stat
import sys
from typing import NamedTuple

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
_READS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_REGULAR = stat.S_IFREG


class LinkMode(enum.Enum):
    """How files come from the store into the environment (``--link-mode``)."""

    AUTO = "auto"
    """Reflink, else Python sources copied and everything else hardlinked, else copied."""
    CLONE = "clone"
    """Reflink, else copy."""
    HARDLINK = "hardlink"
    """Hardlink everything, else copy."""
    COPY = "copy"


class FileCreation(NamedTuple):
    """One file to come: linked from ``source``, or written with ``content``."""

    path: str
    size: int
    mtime_ns: int
    mode: int
    source: str | None = None
    content: bytes = b""
    stored_mode: int = 0
    """The permission bits that ``source`` was stored with."""


class SourceChanged(Exception):
    """A stored file is no longer as it was stored; ``path`` is where it is."""

    def __init__(self, path: str) -> None:
        """Keep the file's path."""
        super().__init__(path)
        self.path = path


def process_umask() -> int:
    """Return the umask, without changing it for a moment where the kernel reports it (Linux 4.7).

    Files that other threads make in that moment would have other modes.
    """
    with contextlib.suppress(OSError), open("/proc/self/status", "rb") as stream:
        for line in stream:
            if line.startswith(b"Umask:"):
                return int(line.split()[1], 8)
    mask = os.umask(0)
    os.umask(mask)
    return mask


def file_mode(umask: int, *, executable: bool = False) -> int:
    """Return the mode that pip gives a file of a wheel."""
    return (0o777 & ~umask) | 0o111 if executable else 0o666 & ~umask


class Linker:
    """Makes files; records what the filesystem does not support.

    Each stored file is compared with what was stored on the way: ``SourceChanged``, and nothing
    of it is made, when it is another one now.
    """

    def __init__(self, mode: LinkMode) -> None:
        """Start with everything that ``mode`` allows."""
        self._clones = mode in {LinkMode.AUTO, LinkMode.CLONE} and sys.platform == "linux"
        self._links = mode in {LinkMode.AUTO, LinkMode.HARDLINK}
        self._links_python = mode is LinkMode.HARDLINK
        self._user = os.geteuid() if hasattr(os, "geteuid") else 0

    def create(self, creation: FileCreation) -> None:
        """Make one file; ``FileExistsError`` when something is there, which is then untouched."""
        path, size, mtime_ns, mode, source, _, stored_mode = creation
        if source is None:
            self._write(creation, None)
            return
        try:
            found = os.lstat(source)
        except OSError as error:
            raise SourceChanged(source) from error
        if (found.st_size, found.st_mtime_ns, found.st_mode) != (
            size,
            mtime_ns,
            _REGULAR | stored_mode,
        ):
            raise SourceChanged(source)
        # A hardlink has to have the right mode, and must not be a way into the store.
        if (
            self._links
            and not self._clones
            and mode == stored_mode
            and not mode & 0o022
            and found.st_uid == self._user
            and (self._links_python or not path.endswith(".py"))
            and self._link(source, path)
        ):
            return
        descriptor = os.open(source, _READS)
        try:
            self._write(creation, descriptor)
        finally:
            os.close(descriptor)

    def _link(self, source: str, path: str) -> bool:
        """Link one file; ``False`` where the filesystem or the kernel does not."""
        try:
            os.link(source, path, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            self._links = error.errno == errno.EMLINK
            return False
        return True

    def _write(self, creation: FileCreation, source: int | None) -> None:
        """Make an unfinished file, fill it, finish it."""
        out = os.open(creation.path, _DIRECTORY_WRITES, UNFINISHED)
        try:
            if source is None:
                _write_all(out, creation.content)
            elif not (self._clones and self._clone(source, out)):
                left = creation.size
                while left > 0 and (chunk := os.read(source, min(left, _CHUNK))):
                    _write_all(out, chunk)
                    left -= len(chunk)
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
    """Return whether ``path`` is the file that was to be made there, finished or not.

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
