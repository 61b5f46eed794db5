"""Which directories are our caches, so that nothing of the user's is ever marked, swept or purged.

There are two marks. CACHEDIR.TAG with our line in it is in a directory that we made: all of it is
the cache, and programs that make backups leave it out. ``pipwrap-cache`` is in one that was there
before, and may hold other things (pip's cache, a home directory): when it was written nothing there
had the name of a bucket, so that whatever has one since is ours. Where a bucket's name is taken,
the directory is not used.
"""

from __future__ import annotations

import errno
import os

from pipwrap.cache import disk
from pipwrap.cache.layout import (
    BUCKETS,
    CACHEDIR_SIGNATURE,
    CACHEDIR_TAG,
    FORMER,
    INTERPRETERS,
    LOCK,
    SHARED_MARK,
    Layout,
)

_LINE = "# This is the cache of pipwrap; it may be deleted."
_TAG = f"{CACHEDIR_SIGNATURE}\n{_LINE}\n".encode("ascii")
_SHARED = b"The buckets of pipwrap's cache lie here, beside other things.\n"
_NAMES = frozenset((*BUCKETS, LOCK))
_ONLY_OURS = _NAMES | {*FORMER, CACHEDIR_TAG, SHARED_MARK, "tmp", "lock"}
"""The last two are of earlier versions, which left caches unmarked that held answers alone."""


def is_ours(layout: Layout) -> bool:
    """Return whether the buckets in a directory are those of our cache."""
    return _begins_with(layout.tag, _TAG) or _begins_with(layout.shared_mark, _SHARED)


def claim(layout: Layout) -> None:
    """Make and mark a cache, unless it is one; to be called before the first bucket is made.

    Raises ``OSError`` where that is impossible, and ``FileExistsError`` where other
    files have the names of buckets.
    """
    if is_ours(layout):
        return
    is_new = not os.path.lexists(layout.root)
    disk.make_directory(layout.root)
    names = set(os.listdir(layout.root))
    # The mark may have been damaged: no other program stores facts of interpreters there.
    if (is_new and not names) or (INTERPRETERS in names and names <= _ONLY_OURS):
        disk.write(layout.tag, _TAG, layout.root)
        return
    taken = sorted(names & _NAMES)
    if taken and is_ours(layout):  # another run was first
        return
    if taken:
        reason = f"{', '.join(taken)} in it is not of a cache that pipwrap made"
        raise FileExistsError(errno.EEXIST, reason, layout.root)
    disk.write(layout.shared_mark, _SHARED, layout.root)


def _begins_with(path: str, content: bytes) -> bool:
    try:
        with open(path, "rb") as stream:
            return stream.read(len(content)) == content
    except OSError:
        return False
