"""A process that has imported a build backend, and the environment it did so in."""

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
    """What one hook is to be run with (``host``)."""

    arguments: list[str]
    directory: str
    """Where it runs."""
    variables: dict[str, str]
    log: str
    """The file for what it prints."""
    observed: str
    """The file for what the recorder sees of it."""


class HookProcess:
    """One such process; each hook that it runs is a fork of it (``host``)."""

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
        # Beside the environment, which is as it was as long as nothing in it is another.
        self.said = f"{environment.path}.said"
        """What the import printed."""
        self.observed = f"{environment.path}.observed"
        """What the import was observed to do."""
        self.state = state
        """That of the environment after the first import there."""
        self.is_free = False
        """It waits for any build, and not for the next hook of one."""
        self.process, self._replies = self._start(variables)

    def _start(self, variables: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        reading, writing = os.pipe()
        replies = open(reading, "rb")  # noqa: SIM115 - ``end`` closes it
        try:
            with open(self.observed, "wb"), open(self.said, "wb") as said:
                process = subprocess.Popen(
                    [self.environment.python_executable, _SCRIPT, str(writing)],
                    cwd=self.environment.path,
                    env={**self.environment.hook_environ(self.observed), **variables},
                    stdin=subprocess.PIPE,
                    stdout=said,
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
        """Wait until it has imported the backend; ``False`` when it will not."""
        if self._replies.readline() != b"ready\n":
            return False
        if self.state is None:
            self.state = self.environment.state()
        return True

    @property
    def is_unchanged(self) -> bool:
        """Tell whether nothing in the environment is other than after the import."""
        try:
            return self.environment.state() == self.state
        except OSError:
            return False

    def run(self, hook: HookCall) -> int:
        """Return the exit status of a hook; whatever interrupts this ends hook and host."""
        number = b""
        try:
            if self.process.stdin is not None:
                self.process.stdin.write(json.dumps(hook).encode("ascii") + b"\n")
                self.process.stdin.flush()
            number = self._replies.readline()
            return int(self._replies.readline())
        except (BrokenPipeError, ValueError):  # it was ended, and says nothing more
            self._end_all(number)
            return -signal.SIGTERM
        except BaseException:
            self._end_all(number)
            raise

    def end(self) -> None:
        """Let it end; no hook is running."""
        with contextlib.suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        self.process.wait()
        self._replies.close()

    def _end_all(self, number: bytes) -> None:
        """End it and the hook that it runs, whose process has this number."""
        self.process.terminate()
        rest = [number, *self._replies.readlines()]
        numbers = [int(line) for line in rest if line.strip().isdigit()]
        if len(numbers) == 1:  # its status would be the second
            with contextlib.suppress(ProcessLookupError):
                os.kill(numbers[0], signal.SIGKILL)
        self.end()
