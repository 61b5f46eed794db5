"""Files and directories of the cache: written beside then renamed, renamed away then removed."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import IO

from pipwrap.cache.layout import Layout
from pipwrap.errors import DiskFull, cause_of
from pipwrap.events import WarningMessage

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
_ATTEMPTS = 5
"""How often a directory is made that others remove at the same time."""


def is_full(error: OSError) -> bool:
    """Return whether an error says that a disk, or a user's quota of it, is full."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


@contextlib.contextmanager
def filling(doing: str, directory: str) -> Iterator[None]:
    """Raise ``errors.DiskFull`` where the body fills the disk of ``directory``."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise DiskFull(doing, directory) from error


def make_directory(path: str) -> None:
    """Make ``path`` and its parents, private to the user all of them."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    for attempts_left in reversed(range(_ATTEMPTS)):
        if parent != path:
            make_directory(parent)
        try:
            os.mkdir(path, DIRECTORY_MODE)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
        except FileNotFoundError:
            # Another process may have removed the one above since.
            if not attempts_left:
                raise
            continue
        return


def is_directory(path: str) -> bool:
    """Return whether a path is a directory, and no link to one."""
    return os.path.isdir(path) and not os.path.islink(path)


def temporary_directory(prefix: str) -> str:
    """Make a directory among the system's temporary ones and return its path from the root."""
    import tempfile  # noqa: PLC0415 - 24 ms, and most commands need none

    # Up to Python 3.11 ``TMPDIR=.`` is taken as it is.
    return os.path.abspath(tempfile.mkdtemp(prefix=prefix))


def unused_name(directory: str, suffix: str = "") -> str:
    """Return a path in ``directory`` that no other process will choose."""
    return os.path.join(directory, os.urandom(12).hex() + suffix)


@contextlib.contextmanager
def replacing(path: str, temporary: str) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of ``path`` at the end, and vanishes on any error.

    ``temporary`` is a directory on the same filesystem.
    """
    make_directory(temporary)
    beside = unused_name(temporary)
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
        take_place(beside, path, temporary)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def take_place(beside: str, path: str, temporary: str) -> None:
    """Rename a finished file to ``path``, also where a directory is by now.

    A directory above that another process removes meanwhile is made again.
    """
    for attempts_left in reversed(range(_ATTEMPTS)):
        make_directory(os.path.dirname(path))
        try:
            os.replace(beside, path)
        except OSError as error:
            if is_directory(path):
                remove_tree(path, through=temporary)
            elif not isinstance(error, FileNotFoundError) or not os.path.exists(beside):
                raise
            if not attempts_left:
                raise
        else:
            return


def write(path: str, content: bytes, temporary: str) -> None:
    """Put ``content`` at ``path`` in one step."""
    with replacing(path, temporary) as stream:
        stream.write(content)


def write_first(path: str, content: bytes, temporary: str) -> None:
    """Put ``content`` at ``path`` unless something is there; of two writers the first counts."""
    beside = unused_name(temporary)
    write(beside, content, temporary)
    try:
        make_directory(os.path.dirname(path))
        os.link(beside, path)
    except FileExistsError:
        return
    except OSError:
        # No hard links here: the rename may replace what another process wrote this moment.
        take_place(beside, path, temporary)
    finally:
        unlink(beside)


def publish_directory(prepared: str, path: str) -> bool:
    """Rename a finished directory into place; ``False`` when another process was first."""
    for attempts_left in reversed(range(_ATTEMPTS)):
        make_directory(os.path.dirname(path))
        try:
            os.rename(prepared, path)
        except FileNotFoundError:
            # Another process may have removed the directory above since it was made.
            if not attempts_left or not os.path.isdir(prepared):
                raise
        except OSError:
            if not os.path.isdir(path):
                raise
            remove_tree(prepared)
            return False
        else:
            return True
    return False


def remove_tree(path: str, *, through: str | None = None) -> None:
    """Remove a directory, following no link; absent is fine.

    With ``through`` (a directory on the same filesystem) it is renamed there first, so that no
    other process ever sees it half removed.
    """
    if through is not None:
        make_directory(through)
        moved = unused_name(through)
        try:
            os.rename(path, moved)
        except FileNotFoundError:
            return
        path = moved
    if not os.path.lexists(path):
        return
    import shutil  # noqa: PLC0415 - most commands remove nothing

    while os.path.lexists(path):
        # Where two processes remove the same tree, each finds something gone already.
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(path)


def discard(path: str) -> None:
    """Delete what is there, no link followed, as far as that is possible.

    For directories that only we write: ``shutil.rmtree``, which is safe where others may change a
    directory meanwhile, takes longer to import than this to run.
    """
    with contextlib.suppress(OSError):
        if not is_directory(path):
            os.unlink(path)
            return
        with os.scandir(path) as entries:
            inner = list(entries)
        for entry in inner:
            if entry.is_dir(follow_symlinks=False):
                discard(entry.path)
                continue
            with contextlib.suppress(OSError):
                os.unlink(entry.path)
        os.rmdir(path)


def remove(path: str, *, through: str) -> None:
    """Remove a directory as ``remove_tree`` does, a file or a link; absent is fine."""
    if is_directory(path):
        remove_tree(path, through=through)
    else:
        unlink(path)


def damaged(path: str, error: Exception) -> WarningMessage:
    """Return the warning for an entry that cannot be read, and that is made again."""
    return WarningMessage(f"Cache entry {path} is damaged and is ignored: {cause_of(error)}")


def sharded(layout: Layout, bucket: str) -> Iterator[str]:
    """Yield the path of every entry of a bucket that is laid out by digest, in their order."""
    for shard in listed(layout.bucket(bucket)):
        directory = os.path.join(layout.bucket(bucket), shard)
        yield from (os.path.join(directory, name) for name in listed(directory))


def within(directory: str) -> list[str]:
    """Return the paths of what is in a directory, sorted; nothing where there is none."""
    return [os.path.join(directory, name) for name in listed(directory)]


def listed(directory: str) -> list[str]:
    """Return the names in a directory, sorted; nothing where there is none."""
    try:
        return sorted(os.listdir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return []


def unlink(path: str) -> None:
    """Remove a file; absent is fine."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def digest(path: str) -> str:
    """Return the sha256 of a file; raises ``OSError``."""
    import hashlib  # noqa: PLC0415 - most commands digest no file

    found = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            found.update(chunk)
    return found.hexdigest()
