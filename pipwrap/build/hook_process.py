"""A process that has imported a build backend, and its environment (drawn in ``hooks``)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import IO, TypedDict

from pipwrap.build.environment import BuildEnvironment, State

_SCRIPT = os.path.join(os.path.dirname(__file__), "host.py")


class HookCall(TypedDict):
    """What a host needs to run one hook; ``host`` reads it as JSON."""

    arguments: list[str]
    directory: str
    """Where it runs."""
    variables: dict[str, str]
    log: str
    """The file for what the hook prints."""
    observed: str
    """The file for what the recorder sees of the hook."""


class HookProcess:
    """One host; each hook that it runs is a fork of it."""

    def __init__(
        self,
        module: str,
        environment: BuildEnvironment,
        variables: Mapping[str, str],
        state: State | None = None,
    ) -> None:
        """Start the process; ``variables`` are what it gets besides the environment's own.

        ``state`` is that of the environment, where a backend was imported there before.
        """
        self.module = module
        self.environment = environment
        # Beside the environment, in which every new file would count as a change.
        self.printed = f"{environment.path}.printed"
        """What the import printed."""
        self.observed = f"{environment.path}.observed"
        """What the import was observed to do."""
        self.state = state
        """State of the environment after the first import there."""
        self.is_free = False
        """It is idle for any build, and not for the next hook of one."""
        self.process, self._replies = self._start(variables)

    def _start(self, variables: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        reading, writing = os.pipe()
        replies = open(reading, "rb")  # noqa: SIM115 - ``end`` closes it
        try:
            with open(self.observed, "wb"), open(self.printed, "wb") as printed:
                process = subprocess.Popen(
                    [self.environment.python_executable, _SCRIPT, str(writing)],
                    cwd=self.environment.path,
                    env={**self.environment.hook_environ(self.observed), **variables},
                    stdin=subprocess.PIPE,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    pass_fds=(writing,),
                )
        except BaseException:
            replies.close()
            raise
        finally:
            os.close(writing)
        return process, replies

    def is_ready(self) -> bool:
        """Wait until it has imported the backend; ``False`` when the import failed."""
        if self._replies.readline() != b"ready\n":
            return False
        if self.state is None:
            self.state = self.environment.state()
        return True

    @property
    def is_unchanged(self) -> bool:
        """Return whether the environment is as it was after the import."""
        try:
            return self.environment.state() == self.state
        except OSError:
            return False

    def run(self, hook: HookCall) -> int:
        """Return the exit status of a hook; an exception ends the hook and the host."""
        number = b""
        try:
            if self.process.stdin is not None:
                self.process.stdin.write(json.dumps(hook).encode("ascii") + b"\n")
                self.process.stdin.flush()
            number = self._replies.readline()
            return int(self._replies.readline())
        except (BrokenPipeError, ValueError):  # it was ended, and sends nothing more
            self._end_all(number)
            return -signal.SIGTERM
        except BaseException:
            self._end_all(number)
            raise

    def end(self) -> None:
        """Close its input and wait for its end; no hook is running."""
        with contextlib.suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        self.process.wait()
        self._replies.close()

    def _end_all(self, number: bytes) -> None:
        """End it and the hook that it runs, whose process id is ``number``."""
        self.process.terminate()
        rest = [number, *self._replies.readlines()]
        numbers = [int(line) for line in rest if line.strip().isdigit()]
        if len(numbers) == 1:  # its status would be the second
            with contextlib.suppress(ProcessLookupError):
                os.kill(numbers[0], signal.SIGKILL)
        self.end()
