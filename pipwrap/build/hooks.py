"""The processes in which the hooks of build backends run.

PEP 517 asks for a fresh process for each hook, since a backend may change global state. To start
Python and import a backend takes longer than most hooks do. So a *host* (``host``) imports the
backend once and forks for each hook: the child is in the state after the import, as a new process
would be, and what it changes ends with it.

    pipwrap, HookRunner                        host of one environment
       |  starts it                        ->  import setuptools.build_meta
       |  HookCall (JSON, on its stdin)    ->  fork -> get_requires_for_build_wheel, exit
       |  <- process id, exit status           (the same state as before)
       |  HookCall                         ->  fork -> prepare_metadata_for_build_wheel, exit
       |  <- process id, exit status
       |  HookCall                         ->  fork -> build_wheel, exit

Only backends whose import just imports are hosted (``HOSTED``), only on Linux, and only in isolated
environments. All others get a Python for each hook, as does a backend that has threads after its
import, which a fork does not copy.

A host is in one of these states. In ``EnvironmentPool`` a build with equal requirements takes the
host over:

    start, import
         |        +---------- run, take_idle ----------+
         v        v                                    |
       ready -> running --------- add_idle -------> idle for the next hook of this build
                                                       |       ^
                                              leave, give      borrow, enter
                                                       v       |
                                                    idle for any build

An idle host is ended when there are too many of them, when its environment has changed
(``HookRunner.close``), and at the end of the run; ``HookProcessPool.close`` ends running hooks too.

``HookProcessPool`` bounds all of them: as many hooks run at once as there are processors, and of
idle hosts a few stay in memory. The hooks themselves, and their order, are in ``build_hooks``.
"""

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

Not scikit_build_core.build, whose import reads pyproject.toml in the source tree.
"""
_IDLE = 8
"""The number of backends that stay in memory (some 30 MB each) without a hook running."""


class HookProcessPool:
    """All processes of a run that run a hook, or wait for one; used from many threads."""

    def __init__(self, at_once: int | None = None) -> None:
        """``at_once`` hooks run; by default as many as there are processors."""
        self._turns = threading.BoundedSemaphore(at_once or processors())
        self._lock = threading.Lock()
        self._running: dict[subprocess.Popen[bytes], Callable[[], None]] = {}
        self._idle: dict[HookProcess, None] = {}
        """In the order in which they became idle."""
        self._closed = False

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Run the body when fewer hooks than may run at once are running."""
        with self._turns:
            yield

    @property
    def closed(self) -> bool:
        """Return whether everything was ended."""
        return self._closed

    @contextlib.contextmanager
    def running(self, process: subprocess.Popen[bytes], end: Callable[[], None]) -> Iterator[None]:
        """Have ``close`` end a process too, while the body runs.

        Raises ``CancelledError``, and ends the process, when ``close`` was called before.
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

    def add_idle(self, host: HookProcess) -> None:
        """Add an idle host; where there are enough, end one.

        That is the one that has been idle longest for any build, else this one: builds whose host
        became idle earlier will sooner run their next hook.
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

    def take_idle(self, host: HookProcess) -> bool:
        """Take a host that is still idle; ``False`` when it was ended."""
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
        """Store the paths for what hooks print, and for what the recorder sees of them."""
        self._log = log
        self._observed = observed
        self._processes = processes
        self._environment: BuildEnvironment | None = None
        self._state: State | None = None
        self._host: HookProcess | None = None
        self._merged: HookProcess | None = None
        self._imports_alone = sys.platform != "linux"

    def enter(self, environment: BuildEnvironment, host: HookProcess | None = None) -> None:
        """Run hooks in an environment from now on; ``host`` is idle there already."""
        self._environment, self._host = environment, host
        self._state = host.state if host is not None else None

    def leave(self) -> HookProcess | None:
        """Run no more hooks there; return the idle host, which another build may take over."""
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

        Raises ``InvalidHookResult`` for what PEP 517 does not let it return. The interpreter of
        ``command`` is replaced by that of the environment.
        """
        environment, directory, variables = self._environment, cwd or os.curdir, extra_environ or {}
        if environment is None:
            raise ValueError("no environment to run a hook in")
        with self._processes.turn():
            host = self._host_of(environment, variables)
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
                self._keep_idle(host)
            else:
                alone = [environment.python_executable, *command[1:]]
                status = self._alone(
                    alone, directory, {**environment.hook_environ(self._observed), **variables}
                )
        if status != 0:
            raise subprocess.CalledProcessError(status, list(command))
        hook_result.accept(command[-2], command[-1], self._log)

    def close(self) -> None:
        """End the idle host, as when its environment has changed."""
        host, self._host = self._host, None
        if host is not None and self._processes.take_idle(host):
            host.end()

    def _keep_idle(self, host: HookProcess) -> None:
        if host.process.poll() is None:
            self._host = host
            self._processes.add_idle(host)

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

    def _host_of(
        self, environment: BuildEnvironment, variables: Mapping[str, str]
    ) -> HookProcess | None:
        """Return a host that has imported the backend, started if need be; ``None`` without one."""
        module = hosted_module(variables.get(_BACKEND, ""), variables.get(_BACKEND_PATH))
        host, self._host = self._host, None
        if host is not None and self._processes.take_idle(host):
            if host.module == module:
                return self._merge_import(host)
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
        return self._merge_import(host) if ready else None

    def _merge_import(self, host: HookProcess) -> HookProcess:
        """Add what the import printed, and was observed to read, to the files of this build."""
        if self._merged is not host:
            self._merged = host
            _append(host.printed, self._log)
            _append(host.observed, self._observed)
        return host


def hosted_module(backend: str, path: object = None) -> str | None:
    """Return the module that a host imports for a backend; ``None`` for one that is not hosted.

    ``path`` is the backend-path of a backend in the source tree (PEP 517).
    """
    module = backend.partition(":")[0]
    return module if module in HOSTED and not path else None


def _append(source: str, destination: str) -> None:
    with contextlib.suppress(FileNotFoundError), open(source, "rb") as stream:
        content = stream.read()
        with open(destination, "ab") as whole:
            whole.write(content)
