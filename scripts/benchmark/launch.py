"""Runs one command and writes what it took; a small process, because its size is a floor.

    python -IS launch.py RESULT OUTPUT SECONDS COMMAND...

RESULT gets one line: wall seconds, CPU seconds (user and system, of the command and of all
descendants that were waited for), peak bytes, and the exit status ("timeout" when the command was
ended after SECONDS). The peak is ru_maxrss of wait4, the largest resident size that any *single*
process of the tree had; on Linux a child starts with its parent's, which is why this one is small.
OUTPUT gets what the command prints on both streams.
"""

import os
import signal
import sys
import time

KIBIBYTE = 1 if sys.platform == "darwin" else 1024


def main(result: str, output: str, seconds: str, *command: str) -> None:
    """Run the command in a process group of its own and wait for it."""
    descriptor = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, descriptor, 1),
        (os.POSIX_SPAWN_DUP2, descriptor, 2),
    ]
    timed_out = []
    begun = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=actions, setpgroup=0)

    def end(*_: object) -> None:
        timed_out.append(True)
        os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    try:
        _, status, usage = os.wait4(child, 0)
    except BaseException:
        os.killpg(child, signal.SIGKILL)
        raise
    wall = time.perf_counter() - begun
    signal.setitimer(signal.ITIMER_REAL, 0)
    ended = "timeout" if timed_out else str(os.waitstatus_to_exitcode(status))
    numbers = (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KIBIBYTE, ended)
    with open(result, "w", encoding="ascii") as stream:
        stream.write(" ".join(map(str, numbers)))


if __name__ == "__main__":
    main(*sys.argv[1:])
