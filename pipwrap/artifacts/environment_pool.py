"""Build environments that wait, with their backend imported, for a build that needs the same."""

from __future__ import annotations

import threading

from pipwrap.artifacts.host import Host

Chosen = frozenset[str]
"""What requirements came to: the URLs of the files of an index."""


class EnvironmentPool:
    """Those of a run, used by many threads, each by one build at a time.

    An environment is lent again only while it is as it was when its requirements were installed and
    the backend imported: by path, inode, size and time of every file and directory. So no build
    rests on what another left there.
    """

    def __init__(self) -> None:
        """Have none yet."""
        self._lock = threading.Lock()
        self._waiting: dict[Chosen, list[Host]] = {}

    def borrow(self, chosen: Chosen) -> Host | None:
        """Return a host in an environment with exactly these, if one waits."""
        with self._lock:
            waiting = self._waiting.get(chosen)
            return waiting.pop() if waiting else None

    def give(self, chosen: Chosen, host: Host) -> bool:
        """Take a host and its environment over; ``False`` where that has changed."""
        if not host.is_unchanged:
            return False
        with self._lock:
            self._waiting.setdefault(chosen, []).append(host)
        return True
