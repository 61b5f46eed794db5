"""The processes in which the hooks of build backends run: how many at once, and ending them all."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError

from pipwrap.build import hook_result
from pipwrap.build.environment import BuildEnvironment, State
from pipwrap.build.hook_process import HookProcess
from pipwrap.concurrency.worker_process import processors

_BACKEND = "_PYPROJECT_HOOKS_BUILD_BACKEND"
_BACKEND_PATH = "_PYPROJECT_HOOKS_BACKEND_PATH_JSON"
HOSTED = frozenset(
    {
        "flit_core.buildapi",
        "hatchling.build",
        "pdm.backend",
        "poetry.core.masonry.api",
        "setuptools.build_meta",
    }
)
"""Backends whose import does nothing but import: a fork after it is as good as a new process.

Not scikit_build_core.build, which reads the source tree's pyproject.toml then.
"""
_IDLE = 8
"""So many backends stay in memory (some 30 MB each) while their builds wait to go on."""


class HookProcessPool:
    """All processes of a run that are, or wait to be, in a hook; used by many threads."""

    def __init__(self, at_once: int | None = None) -> None:
        """``at_once`` hooks run; by default as many as there are processors."""
        self._turns = threading.BoundedSemaphore(at_once or processors())
        self._lock = threading.Lock()
        self._running: dict[subprocess.Popen[bytes], Callable[[], None]] = {}
        self._idle: dict[HookProcess, None] = {}
        """In the order in which they came to rest."""
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

    def rest(self, host: HookProcess) -> None:
        """Keep a host for the next hook; where enough are kept, one is ended.

        That is the one that has waited longest for any build, otherwise this one: the builds of
        the others go on first.
        """
        with self._lock:
            self._idle[host] = None
            ended = host if self._closed else None
            if len(self._idle) > _IDLE:
                ended = next((each for each in self._idle if each.is_free), host)
            if ended is not None:
                del self._idle[ended]
        if ended is not None:
            ended.end()

    def resume(self, host: HookProcess) -> bool:
        """Take a host back; tell whether it was kept."""
        with self._lock:
            return host in self._idle and self._idle.pop(host) is None

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


class HookRunner:
    """Runs the hooks of one build, one after another, each in a process of its own."""

    def __init__(self, log: str, observed: str, processes: HookProcessPool) -> None:
        """Keep the files: for what hooks print, and for what the recorder sees of them."""
        self._log = log
        self._observed = observed
        self._processes = processes
        self._environment: BuildEnvironment | None = None
        self._state: State | None = None
        self._host: HookProcess | None = None
        self._heard: HookProcess | None = None
        self._imports_alone = sys.platform != "linux"

    def enter(self, environment: BuildEnvironment, host: HookProcess | None = None) -> None:
        """Have hooks run in an environment from now on; ``host`` waits there already."""
        self._environment, self._host = environment, host
        self._state = host.state if host is not None else None

    def leave(self) -> HookProcess | None:
        """Run no more hooks there; return the host that waits, which others may go on with."""
        host, self._host = self._host, None
        self._environment = None
        return host

    def run(
        self,
        command: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        """Run one hook (a pyproject_hooks runner); ``CalledProcessError`` where it fails.

        Raises ``WrongResult`` for what PEP 517 does not let it return. The interpreter of
        ``command`` is replaced by that of the environment.
        """
        environment, directory, variables = self._environment, cwd or os.curdir, extra_environ or {}
        if environment is None:
            raise ValueError("no environment to run a hook in")
        with self._processes.turn():
            host = self._awake(environment, variables)
            if host is not None:
                with self._processes.running(host.process, host.process.terminate):
                    status = host.run(
                        {
                            "arguments": list(command[1:]),
                            "directory": directory,
                            "variables": dict(variables),
                            "log": self._log,
                            "observed": self._observed,
                        }
                    )
                self._rest(host)
            else:
                alone = [environment.python_executable, *command[1:]]
                status = self._alone(
                    alone, directory, {**environment.hook_environ(self._observed), **variables}
                )
        if status != 0:
            raise subprocess.CalledProcessError(status, list(command))
        hook_result.accept(command[-2], command[-1], self._log)

    def close(self) -> None:
        """End the process that waits for a further hook, as when its environment has changed."""
        host, self._host = self._host, None
        if host is not None and self._processes.resume(host):
            host.end()

    def _rest(self, host: HookProcess) -> None:
        if host.process.poll() is None:
            self._host = host
            self._processes.rest(host)

    def _alone(self, command: Sequence[str], cwd: str, environ: Mapping[str, str]) -> int:
        with (
            open(self._log, "ab") as log,
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
        self, environment: BuildEnvironment, variables: Mapping[str, str]
    ) -> HookProcess | None:
        """Return the process that has the backend, started if need be; ``None`` without one."""
        module = hosted_module(variables.get(_BACKEND, ""), variables.get(_BACKEND_PATH))
        host, self._host = self._host, None
        if host is not None and self._processes.resume(host):
            if host.module == module:
                return self._hear(host)
            host.end()
        if module is None or not environment.isolated or self._imports_alone:
            return None
        host = HookProcess(module, environment, variables, self._state)
        ready = False
        try:
            with self._processes.running(host.process, host.process.terminate):
                ready = host.is_ready()
        finally:
            if not ready:
                host.end()
        self._imports_alone, self._state = not ready, host.state
        return self._hear(host) if ready else None

    def _hear(self, host: HookProcess) -> HookProcess:
        """Make what an import printed, and was observed to do, part of the build."""
        if self._heard is not host:
            self._heard = host
            _append(host.said, self._log)
            _append(host.observed, self._observed)
        return host


def hosted_module(backend: str, path: object = None) -> str | None:
    """Return what a host imports for a backend; ``None`` for one that has to do without.

    ``path`` is where in the source tree it lies, if it does (PEP 517).
    """
    module = backend.partition(":")[0]
    return module if module in HOSTED and not path else None


def _append(source: str, destination: str) -> None:
    with contextlib.suppress(FileNotFoundError), open(source, "rb") as stream:
        content = stream.read()
        with open(destination, "ab") as whole:
            whole.write(content)
