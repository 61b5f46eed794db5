"""Where the cache is for this run, and whether it may be used."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from msgspec import Struct

from pipwrap.cache import disk, locks, ownership
from pipwrap.cache.layout import LOGS, RUN_PREFIX, Layout
from pipwrap.errors import DiskFull
from pipwrap.events import Listener, WarningMessage


class CacheSession(Struct, frozen=True):
    """The cache of one run."""

    layout: Layout
    is_permanent: bool
    """False for a temporary cache, which is gone when the run ends."""
    scratch: Callable[[str], str]
    """Make a directory on the cache's filesystem that is gone when the run ends."""

    def keep_log(self, path: str, name: str) -> str:
        """Copy the log of a failed build to where it outlives the run, and return that path.

        Empty where nothing outlives it: without a cache, as in pip, or when that is impossible.
        """
        from pipwrap.cache import build_logs  # noqa: PLC0415 - failures only

        if not self.is_permanent:
            return ""
        directory = self.layout.bucket(LOGS)
        plain = "".join(each if each.isascii() and each.isalnum() else "-" for each in name)[-60:]
        try:
            disk.make_directory(directory)
            copy = disk.unused_name(directory, f"-{plain}.log")
            build_logs.store(path, copy)
        except OSError:
            return ""
        return copy


def permanent_directory(prefix: str) -> str:
    """Make a directory that outlives the run, among the system's temporary ones: --no-clean."""
    return disk.temporary_directory(f"pip-{prefix}")


def usable_layout(root: str | None) -> Layout | None:
    """Return a cache for facts about interpreters; nothing where it may not be used."""
    return Layout(root) if root is not None and is_usable(root) else None


def is_usable(root: str) -> bool:
    """Return whether the user owns the cache (root: uid 0) or may write what exists of its path."""
    path = root
    while path != os.path.dirname(path):
        if os.path.lexists(path):
            if hasattr(os, "geteuid") and os.geteuid() == 0:
                return _owner(path) == 0
            return os.access(path, os.W_OK)
        path = os.path.dirname(path)
    return False


def _owner(path: str) -> int | None:
    """Return the uid that owns a path; ``None`` for a link to nowhere."""
    try:
        return os.stat(path).st_uid
    except OSError:
        return None


@contextmanager
def opened(root: str | None, listener: Listener) -> Iterator[CacheSession]:
    """Yield the cache at ``root``; a temporary one without it, or if another user owns it."""
    if root is not None and not is_usable(root):
        listener(
            WarningMessage(
                f"The directory '{root}' or its parent directory is not owned or is not writable "
                "by the current user. The cache has been disabled. Check the permissions and "
                "owner of that directory. If executing pip with sudo, you should use sudo's -H "
                "flag."
            )
        )
        root = None
    with ExitStack() as stack:
        place = _permanent(root, listener, stack) if root is not None else None
        yield place or stack.enter_context(_temporary())


def _permanent(root: str, listener: Listener, stack: ExitStack) -> CacheSession | None:
    """Return the cache at ``root``; ``None``, with a warning, where it cannot be used."""
    try:
        _check_room(root)
        ownership.claim(Layout(root))
        layout = stack.enter_context(_run_directory(Layout(root)))
    except OSError as error:
        reason = error.strerror or str(error)
        listener(WarningMessage(f"The cache in {root} cannot be used and is left out: {reason}"))
        return None
    return CacheSession(layout, is_permanent=True, scratch=_scratch_in(layout))


_OWN_PREFIX = "pipwrap-"
"""Of what we make among the system's temporary files; anything else there is the user's."""
_LEAST_ROOM = 16 * 2**20
"""Bytes; with less, what is unpacked and built would fill the disk in the middle of the work."""


def _check_room(root: str) -> None:
    """Raise ``OSError`` for a disk that is almost full, where the system says so."""
    if not hasattr(os, "statvfs") or not os.path.isdir(root):
        return
    found = os.statvfs(root)
    if found.f_bavail * found.f_frsize < _LEAST_ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), root)


def full_disk(error: DiskFull | OSError, root: str | None) -> DiskFull | None:
    """Return the error of a full disk with the place that the user can change.

    ``None`` for another error, or where nothing says which disk it is.
    """
    import tempfile  # noqa: PLC0415 - failures only

    if isinstance(error, OSError):
        if not disk.is_full(error) or not isinstance(error.filename, str):
            return None
        error = DiskFull("carry out the command", os.path.dirname(os.path.abspath(error.filename)))
    if root is not None and _is_below(error.directory, root):
        hint = "Free some space there, name another place with --cache-dir, or use --no-cache-dir."
        return DiskFull(error.doing, root, hint)
    temporary = tempfile.gettempdir()
    own = os.path.join(os.path.realpath(temporary), _OWN_PREFIX)
    if error.directory == temporary or os.path.realpath(error.directory).startswith(own):
        hint = "Free some space there, or name another directory with TMPDIR."
        return DiskFull(error.doing, temporary, hint)
    return error


def has_other_disk(full: str, root: str) -> bool:
    """Return whether it is the cache's disk that is full, and temporary files are on another."""
    import tempfile  # noqa: PLC0415 - failures only

    return full == root and os.stat(tempfile.gettempdir()).st_dev != os.stat(root).st_dev


def _is_below(path: str, root: str) -> bool:
    """Return whether a path is ``root`` or is in it, whatever links lead there."""
    path, root = os.path.realpath(path), os.path.realpath(root)
    return path == root or path.startswith(root + os.sep)


@contextmanager
def _run_directory(layout: Layout) -> Iterator[Layout]:
    """Yield the layout with a directory of the run's own; sweep those of runs that were killed."""
    shared = layout.temporary
    disk.make_directory(shared)
    run = Layout(layout.root, RUN_PREFIX + os.path.basename(disk.unused_name(shared)))
    os.mkdir(run.temporary, disk.DIRECTORY_MODE)
    with locks.locked_directory(run.temporary):
        for path in locks.abandoned_directories(shared):
            disk.discard(path)
        try:
            yield run
        finally:
            disk.discard(run.temporary)  # a download that is still ending may write there


@contextmanager
def _temporary() -> Iterator[CacheSession]:
    root = disk.temporary_directory(_OWN_PREFIX)
    layout = Layout(root)
    try:
        yield CacheSession(layout, is_permanent=False, scratch=_scratch_in(layout))
    finally:
        disk.discard(root)


def _scratch_in(layout: Layout) -> Callable[[str], str]:
    def scratch(prefix: str) -> str:
        disk.make_directory(layout.temporary)
        path = disk.unused_name(layout.temporary)
        path = os.path.join(layout.temporary, prefix + os.path.basename(path))
        os.mkdir(path, disk.DIRECTORY_MODE)
        return path

    return scratch
