"""The stash of a transaction: what was replaced or removed, until the transaction ends."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable

from pipwrap.cache import disk

_HELPERS = 3
_WORTHWHILE = 8
"""Paths to be deleted, most often packages, for which further threads are started."""


def path_of(directory: str) -> str:
    """Return where the stash of a journal's directory is."""
    return os.path.join(directory, "stash")


def names(directory: str) -> list[str]:
    """Return what is in a directory, nothing where it cannot be read."""
    try:
        return os.listdir(directory)
    except OSError:
        return []


def delete(directory: str, beside: Iterable[str]) -> None:
    """Delete what was replaced, the journal last: after a crash on the way it is still there."""
    for place in beside:  # in a directory that is not ours alone
        with contextlib.suppress(OSError):
            if disk.is_directory(place):
                import shutil  # noqa: PLC0415 - where a directory is on two filesystems

                shutil.rmtree(place, ignore_errors=True)
            else:
                os.unlink(place)
    stash = path_of(directory)
    _delete_all([os.path.join(stash, name) for name in names(stash)])
    disk.discard(stash)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(directory, "journal"))
    disk.discard(directory)


def _delete_all(left: list[str]) -> None:
    """Delete side by side: the kernel works, and waits for the disk, while other threads go on."""

    def work() -> None:
        with contextlib.suppress(IndexError):
            while True:
                disk.discard(left.pop())

    helpers = []
    try:
        for _ in range(_HELPERS if len(left) > _WORTHWHILE else 0):
            helper = threading.Thread(target=work, name="delete")
            helper.start()
            helpers.append(helper)
    except RuntimeError:  # there can be no further thread
        pass
    work()
    for helper in helpers:
        helper.join()
