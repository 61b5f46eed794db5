"""Build environments, their backend imported, that wait for a build with equal requirements."""

from __future__ import annotations

import threading

from pipwrap.build.hook_process import HookProcess

Contents = tuple[str, frozenset[str]]
"""The module of the backend, and the URLs of the files that were installed from indexes."""


class EnvironmentPool:
    """The build environments of a run; used from many threads, each by one build at a time.

    An environment is lent only while it is as it was when its requirements were installed and the
    backend was imported: by path, inode, size and time of every file and directory. So no build
    depends on files that another left there.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._waiting: dict[Contents, list[HookProcess]] = {}

    def borrow(self, contents: Contents) -> HookProcess | None:
        """Return a host in an environment with exactly these contents, if one waits."""
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
        """Add a host and its environment; ``False`` where the environment has changed."""
        if not host.is_unchanged:
            return False
        with self._lock:
            host.is_free = True
            self._waiting.setdefault(contents, []).append(host)
        return True
