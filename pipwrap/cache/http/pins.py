"""Second names for the bodies that a run reads: a purge removes those of the cache only.

tmp/run-<random>/<random>    a hard link to a body; removed with the run's directory
"""

from __future__ import annotations

import os
import threading

from pipwrap.cache import disk, locks
from pipwrap.cache.layout import Layout


class PinnedBodies:
    """The bodies of one run, each pinned at its first use; used from all threads."""

    def __init__(self, layout: Layout) -> None:
        """Touch nothing."""
        self._layout = layout
        self._lock = threading.Lock()
        self._paths: dict[str, str] = {}

    def pin(self, sha256: str) -> str:
        """Return where the body with this digest is for this run.

        Raises ``FileNotFoundError`` when the cache has none.
        """
        with self._lock:
            if sha256 not in self._paths:
                path = self._layout.body(sha256)
                own = locks.pin(path, self._layout)
                if own == path:
                    return path
                self._paths[sha256] = own
            return self._paths[sha256]

    def path(self, sha256: str) -> str:
        """Return where a body is for this run, or would in the cache."""
        return self._paths.get(sha256) or self._layout.body(sha256)

    def publish(self, path: str, sha256: str) -> str:
        """Rename a finished body into the cache and return where it is for this run.

        It is pinned before it has its name: from then on a purge may take that.
        """
        target = self._layout.body(sha256)
        own = locks.pin(path, self._layout)
        try:
            disk.take_place(path, target, self._layout.temporary)
        except BaseException:
            if own != path:
                disk.unlink(own)
            raise
        if own == path:
            return target
        with self._lock:
            self._paths[sha256] = own
        return own

    def forget(self, sha256: str) -> None:
        """Remove a body that proved damaged, both its names."""
        with self._lock:
            own = self._paths.pop(sha256, None)
        for path in (self._layout.body(sha256), own):
            if path is not None and os.path.lexists(path):
                disk.unlink(path)
