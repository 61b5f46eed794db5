"""The processes in which the hooks of build backends run: how many at once, and ending them all."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from typing import IO

from pipwrap.cache.line_process import processors

_HOST = os.path.join(os.path.dirname(__file__), "hook_host.py")
_BACKEND = "_PYPROJECT_HOOKS_BUILD_BACKEND"
_BACKEND_PATH = "_PYPROJECT_HOOKS_BACKEND_PATH_JSON"
HOSTED = frozenset(
    {
        "flit_core.buildapi",
        "hatchling.build",
        "pdm.backend",
        "poetry.core.masonry.api",
        "scikit_build_core.build",
        "setuptools.build_meta",
    }
)
"""Backends whose import does nothing but import: a fork after it is as good as a new process."""
_IDLE = 8
"""So many backends stay in memory (some 30 MB each) while their builds wait to go on."""


class HookProcesses:
    """All processes of a run that are, or wait to be, in a hook; used by many threads."""

    def __init__(self, at_once: int | None = None) -> None:
        """``at_once`` hooks run; by default as many as there are processors."""
        self._turns = threading.BoundedSemaphore(at_once or processors())
        self._lock = threading.Lock()
        self._running: dict[subprocess.Popen[bytes], Callable[[], None]] = {}
        self._idle: set[Host] = set()
        self._closed = False

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Have the body wait until fewer hooks than may run at once are running."""
        with self._turns:
            yield

    @property
    def closed(self) -> bool:
        """Tell whether everything was ended."""
        return self._closed

    @contextlib.contextmanager
    def running(self, process: subprocess.Popen[bytes], end: Callable[[], None]) -> Iterator[None]:
        """Have ``close`` end a process as well, as long as the body lasts.

        Raises ``CancelledError``, and ends it, when that was called already.
        """
        with self._lock:
            self._running[process] = end
        try:
            self._check_open()
            yield
        except BaseException:
            end()
            raise
        finally:
            with self._lock:
                del self._running[process]

    def _check_open(self) -> None:
        if self._closed:
            raise CancelledError

    def rest(self, host: Host) -> None:
        """Keep a host for the next hook of its build, or end it where enough are kept.

        Those that came first stay: their builds go on first.
        """
        with self._lock:
            keeps = len(self._idle) < _IDLE and not self._closed
            if keeps:
                self._idle.add(host)
        if not keeps:
            host.end()

    def resume(self, host: Host) -> bool:
        """Take a host back; tell whether it was kept."""
        with self._lock:
            kept = host in self._idle
            self._idle.discard(host)
            return kept

    def close(self) -> None:
        """End every process; a hook that is running fails, one that is to come does not begin."""
        with self._lock:
            self._closed = True
            idle, running = list(self._idle), list(self._running.values())
            self._idle.clear()
        for host in idle:
            host.end()
        for end in running:
            end()


class Host:
    """A process that has imported a backend (``hook_host``)."""

    def __init__(self, process: subprocess.Popen[bytes], replies: IO[bytes]) -> None:
        """Take over a process that was just started."""
        self.process = process
        self._replies = replies

    def is_ready(self) -> bool:
        """Wait until it has imported the backend; ``False`` when it will not."""
        return self._replies.readline() == b"ready\n"

    def run(self, arguments: Sequence[str]) -> int:
        """Return the exit status of a hook; whatever interrupts this ends hook and host."""
        hook = b""
        try:
            if self.process.stdin is not None:
                self.process.stdin.write(json.dumps(list(arguments)).encode("ascii") + b"\n")
                self.process.stdin.flush()
            hook = self._replies.readline()
            return int(self._replies.readline())
        except (BrokenPipeError, ValueError):  # it was ended, and says nothing more
            self._end_all(hook)
            return -signal.SIGTERM
        except BaseException:
            self._end_all(hook)
            raise

    def end(self) -> None:
        """Let it end; no hook is running."""
        with contextlib.suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        self.process.wait()
        self._replies.close()

    def _end_all(self, hook: bytes) -> None:
        """End it and the hook that it runs."""
        self.process.terminate()
        rest = [hook, *self._replies.readlines()]
        numbers = [int(line) for line in rest if line.strip().isdigit()]
        if len(numbers) == 1:  # its status would be the second
            with contextlib.suppress(ProcessLookupError):
                os.kill(numbers[0], signal.SIGKILL)
        self.end()


class Hooks:
    """Runs the hooks of one build, one after another, each in a process of its own."""

    def __init__(
        self, environ: Mapping[str, str], log: str, processes: HookProcesses, *, hosted: bool
    ) -> None:
        """``hosted`` allows forks; what the hooks print goes to ``log``."""
        self._environ = environ
        self._log = log
        self._processes = processes
        self._hosted = hosted and sys.platform == "linux"
        self._host: Host | None = None

    def run(
        self,
        command: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        """Run one hook (a pyproject_hooks runner); ``CalledProcessError`` where it fails."""
        environ = {**self._environ, **(extra_environ or {})}
        with self._processes.turn(), open(self._log, "ab") as log:
            host = self._awake(command[0], cwd, environ, log)
            if host is not None:
                with self._processes.running(host.process, host.process.terminate):
                    status = host.run(command[1:])
                self._rest(host)
            else:
                status = self._alone(command, cwd, environ, log)
        if status != 0:
            raise subprocess.CalledProcessError(status, list(command))
        _log_warnings(command[-1], self._log)

    def close(self) -> None:
        """End the process that waits for a further hook, as when its environment has changed."""
        host, self._host = self._host, None
        if host is not None and self._processes.resume(host):
            host.end()

    def _rest(self, host: Host) -> None:
        if host.process.poll() is None:
            self._host = host
            self._processes.rest(host)

    def _alone(
        self, command: Sequence[str], cwd: str | None, environ: Mapping[str, str], log: IO[bytes]
    ) -> int:
        with (
            subprocess.Popen(
                list(command),
                cwd=cwd,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as process,
            self._processes.running(process, process.kill),
        ):
            return process.wait()

    def _awake(
        self, python: str, cwd: str | None, environ: Mapping[str, str], log: IO[bytes]
    ) -> Host | None:
        """Return the process that has the backend, started if need be; ``None`` without one."""
        host, self._host = self._host, None
        if host is not None and self._processes.resume(host):
            return host
        backend = environ.get(_BACKEND, "").partition(":")[0]
        if not self._hosted or backend not in HOSTED or _BACKEND_PATH in environ:
            return None
        host = _started(python, cwd, environ, log)
        ready = False
        try:
            with self._processes.running(host.process, host.process.terminate):
                ready = host.is_ready()
        finally:
            if not ready:
                host.end()
        self._hosted = ready
        return host if ready else None


def _started(python: str, cwd: str | None, environ: Mapping[str, str], log: IO[bytes]) -> Host:
    reading, writing = os.pipe()
    replies = open(reading, "rb")  # noqa: SIM115 - the host closes it
    try:
        process = subprocess.Popen(
            [python, _HOST, str(writing)],
            cwd=cwd,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(writing,),
        )
    except BaseException:
        replies.close()
        raise
    finally:
        os.close(writing)
    return Host(process, replies)


def _log_warnings(directory: str, log: str) -> None:
    """Move what the backend warned of from the hook's result to its log, with the rest it says.

    pyproject_hooks would warn of it in this process, where there are other threads.
    """
    path = os.path.join(directory, "output.json")
    try:
        with open(path, encoding="utf-8") as stream:
            result = json.load(stream)
        warned = [str(each["message"]) for each in result.pop("warnings")]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return
    if warned:
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(result, stream)
        with open(log, "a", encoding="utf-8") as stream:
            stream.writelines(f"{each}\n" for each in warned)
