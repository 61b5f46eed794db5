"""Wheels unpacked by processes of our own, where there are several: one interpreter does one.

A process is faster and no different: where none can be started, or one ends, or refuses a wheel,
the wheel is unpacked in this process, which also reports what is wrong with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from concurrent.futures import CancelledError
from queue import SimpleQueue
from typing import TYPE_CHECKING, Protocol

from pipwrap.cache import disk
from pipwrap.cache.unpacking import UnpackedWheel, unpack_file
from pipwrap.concurrency import worker_process
from pipwrap.errors import PipwrapError

if TYPE_CHECKING:
    import subprocess

_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.stdin.readline()); "
    "from pipwrap.cache.unpackers import serve; serve()"
)
_WORTHWHILE = 3
"""So many wheels are unpacked here first: to start a process takes as long as a small one."""


class Unpack(Protocol):
    """Unpacks a wheel file."""

    def __call__(
        self, wheel_path: str, filename: str, sha256: str, directory: str, seconds: float
    ) -> UnpackedWheel:
        """Write a wheel's files and their description (``unpacking.unpack_file``)."""


class Unpackers:
    """The processes; used by many threads."""

    def __init__(self, processes: int) -> None:
        """Start none yet; with one processor there will be none."""
        self._most = processes if processes > 1 else 0
        self._slots = max(2, processes // 2)
        self._here = threading.BoundedSemaphore(self._slots)
        """More at a time would compete for the interpreter."""
        self._lock = threading.Lock()
        self._seen = 0
        self._started: list[subprocess.Popen[bytes]] = []
        self._idle: SimpleQueue[subprocess.Popen[bytes] | None] = SimpleQueue()
        self._is_closed = False

    def unpack(
        self, wheel_path: str, filename: str, sha256: str, directory: str, seconds: float
    ) -> UnpackedWheel:
        """Write a wheel's files and their description, wherever that is done (``Unpack``).

        ``CancelledError`` once this is closed.
        """
        process = self._process()
        if process is not None:
            unpacked = None
            try:
                unpacked = _request(process, [wheel_path, filename, sha256, directory, seconds])
            finally:
                self._idle.put(process if process.poll() is None else None)
            if unpacked is not None:
                return unpacked
            disk.remove_tree(f"{directory}/tree")
        with self._here:
            if self._is_closed:
                raise CancelledError
            return unpack_file(wheel_path, filename, sha256, directory, seconds)

    def close(self) -> None:
        """End the processes, whatever they do, and wait for what is done here."""
        with self._lock:
            self._is_closed = True
        for process in self._started:
            worker_process.end(process)
        for _ in range(self._slots):
            self._here.acquire()
        for _ in range(self._slots):
            self._here.release()

    def _process(self) -> subprocess.Popen[bytes] | None:
        """Return one that has nothing to do; ``None`` where the work is to be done here."""
        with self._lock:
            self._seen += 1
            if self._is_closed or self._seen <= _WORTHWHILE:
                return None
            if self._idle.empty() and len(self._started) < self._most:
                try:
                    started = worker_process.start(sys.executable, _PROGRAM)
                    self._started.append(started)
                    worker_process.send(started, [each for each in sys.path if type(each) is str])
                except (OSError, ValueError):
                    self._most = 0
                    return None
                return started
            if not self._started:
                return None
        process = self._idle.get()
        if process is None:
            self._idle.put(None)  # of one that ended: its work is done here from now on
        return process


def _request(process: subprocess.Popen[bytes], request: list[object]) -> UnpackedWheel | None:
    """Return what a process made of a wheel; ``None`` where it could not."""
    try:
        fields = worker_process.request(process, request)
    except (OSError, ValueError):
        worker_process.end(process)
        return None
    if fields is None:
        return None
    size, warnings = fields
    return UnpackedWheel(size, tuple(warnings))


def serve() -> None:
    """Run as such a process: a request a line, an answer a line; ``null`` for what is refused."""
    out = os.fdopen(os.dup(1), "wb")
    for line in sys.stdin:
        wheel_path, filename, sha256, directory, seconds = json.loads(line)
        answer: UnpackedWheel | None = None
        with contextlib.suppress(OSError, PipwrapError):
            answer = unpack_file(wheel_path, filename, sha256, directory, seconds)
        out.write(json.dumps(answer).encode() + b"\n")
        out.flush()
