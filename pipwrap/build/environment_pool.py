"""Build environments that wait, with their backend imported, for a build that needs the same."""

from __future__ import annotations

import threading

from pipwrap.build.hook_process import HookProcess

Contents = tuple[str, frozenset[str]]
"""The module of the backend, and what is installed: the URLs of the files of an index."""


class EnvironmentPool:
    """Those of a run, used by many threads, each by one build at a time.

    An environment is lent only while it is as it was when its requirements were installed and the
    backend imported: by path, inode, size and time of every file and directory. So no build rests
    on what another left there.
    """

    def __init__(self) -> None:
        """Have none yet."""
        self._lock = threading.Lock()
        self._waiting: dict[Contents, list[HookProcess]] = {}

    def borrow(self, contents: Contents) -> HookProcess | None:
        """Return a host in an environment with exactly these, if one waits."""
        while True:
            with self._lock:
                waiting = self._waiting.get(contents)
                if not waiting:
                    return None
                host = waiting.pop()
            # A process that a hook has left behind may still be at work there.
            if host.is_unchanged:
                host.is_free = False
                return host

    def give(self, contents: Contents, host: HookProcess) -> bool:
        """Take a host and its environment over; ``False`` where that has changed."""
        if not host.is_unchanged:
            return False
        with self._lock:
            host.is_free = True
            self._waiting.setdefault(contents, []).append(host)
        return True
