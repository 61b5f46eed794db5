"""Commands on a pseudo-terminal, as a person's shell runs them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence


def run_on_terminal(
    command: Sequence[str], environ: Mapping[str, str], cwd: str, *, columns: int = 80
) -> tuple[int, bytes]:
    """Return the exit status of a command and all that it wrote to its terminal."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    said: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):  # the other end was closed
            while chunk := os.read(ours, 1 << 16):
                said.append(chunk)

    with subprocess.Popen(
        list(command), env=dict(environ), cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        reader = threading.Thread(target=read)
        reader.start()
        status = process.wait(timeout=120)
    reader.join()
    os.close(ours)
    return status, b"".join(said)
