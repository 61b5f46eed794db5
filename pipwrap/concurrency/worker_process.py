"""Processes of a Python that do one thing: a request is a line of JSON, and so is the answer."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import subprocess


MOST = 8
"""Processes of one kind: more take memory, and the disk is not faster for it."""


def processors() -> int:
    """Return how many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start(executable: str, program: str, *flags: str) -> subprocess.Popen[bytes]:
    """Return a new process; ``OSError`` or ``ValueError`` where there can be none.

    It gets neither the user's modules nor the user's variables, and names files in the encoding
    that this process does. ``flags`` are further options of Python.
    """
    import subprocess  # noqa: PLC0415 - counting processors needs none

    utf8 = ("-X", "utf8") if sys.flags.utf8_mode else ()
    return subprocess.Popen(
        [executable, "-I", "-S", "-B", *utf8, *flags, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def send(process: subprocess.Popen[bytes], value: object) -> None:
    """Send a line; ``OSError`` where nothing reads it."""
    if process.stdin is None:
        raise ValueError("a process without pipes")
    process.stdin.write(json.dumps(value).encode() + b"\n")
    process.stdin.flush()


def request(process: subprocess.Popen[bytes], value: object) -> Any:
    """Return the answer to a line; ``OSError`` or ``ValueError`` where the process ended."""
    send(process, value)
    answer = process.stdout.readline() if process.stdout else b""
    if not answer:
        process.wait()
        (executable, *_) = cast("list[str]", process.args)
        raise ValueError(f"{executable} ended with status {process.returncode}")
    return json.loads(answer)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process, whatever it does, and close its pipes."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        try:
            if pipe is not None:
                pipe.close()
        except OSError:  # what it had not read yet
            continue
    process.wait()
