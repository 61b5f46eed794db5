"""A process that has imported a build backend, and the environment it did so in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from pipwrap.artifacts.build_env import BuildEnvironment, State

_SCRIPT = os.path.join(os.path.dirname(__file__), "hook_host.py")


class Host:
    """One such process; each hook that it runs is a fork of it (``hook_host``)."""

    def __init__(
        self, backend: str, environment: BuildEnvironment, variables: Mapping[str, str]
    ) -> None:
        """Start the process; ``variables`` are what it gets besides the environment's own."""
        self.backend = backend
        self.environment = environment
        self.said = os.path.join(environment.path, "said")
        """What the import printed."""
        self.observed = os.path.join(environment.path, "observed")
        """What the import was observed to do."""
        self.state: State = frozenset()
        """That of the environment after the import."""
        self.process, self._replies = self._start(variables)

    def _start(self, variables: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        reading, writing = os.pipe()
        replies = open(reading, "rb")  # noqa: SIM115 - ``end`` closes it
        try:
            with open(self.said, "ab") as said:
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
        self.state = self.environment.state()
        return True

    @property
    def is_unchanged(self) -> bool:
        """Tell whether nothing in the environment is other than after the import."""
        try:
            return self.environment.state() == self.state
        except OSError:
            return False

    def run(self, arguments: Sequence[str], directory: str, log: str, observed: str) -> int:
        """Return the exit status of a hook; whatever interrupts this ends hook and host.

        ``directory`` is where it runs; the files are for what it prints and what is observed.
        """
        request = {
            "arguments": list(arguments),
            "directory": directory,
            "log": log,
            "observed": observed,
        }
        hook = b""
        try:
            if self.process.stdin is not None:
                self.process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
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
