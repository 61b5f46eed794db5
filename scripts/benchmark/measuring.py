"""Runs one command under the launcher and reads what it took."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.figures import Outcome, Sample

LAUNCHER = os.path.join(os.path.dirname(__file__), "launch.py")
TOO_MUCH = "resolution-too-deep"
"""pip's own word for giving up."""
GRACE = 30.0
"""Beyond a command's own limit, for the launcher."""


@dataclass(frozen=True, slots=True)
class Job:
    """A command and what it needs to know."""

    command: tuple[str, ...]
    environ: Mapping[str, str]
    directory: str
    """The working directory; result and output are written beside it."""
    log: str
    limit: float
    """Seconds until it is ended."""
    fails: bool = False
    """Whether the right end is an exit status of 1."""


def measure(job: Job) -> Sample:
    """Return what the command took; how it ended is in the sample, its output in the log."""
    result = f"{job.log}.result"
    # What was written before must not be written back while the clock runs.
    os.sync()
    subprocess.run(
        [sys.executable, "-IS", LAUNCHER, result, job.log, str(job.limit), *job.command],
        env=dict(job.environ),
        cwd=job.directory,
        check=True,
        timeout=job.limit + GRACE,
    )
    with open(result, encoding="ascii") as stream:
        wall, cpu, peak, ended = stream.read().split()
    os.unlink(result)
    return Sample(float(wall), float(cpu), float(peak), _outcome(job, ended))


def _outcome(job: Job, ended: str) -> Outcome:
    if ended == "timeout" or TOO_MUCH in output(job.log):
        return Outcome.GAVE_UP
    return Outcome.DONE if ended == ("1" if job.fails else "0") else Outcome.FAILED


def output(log: str) -> str:
    """Return what a command printed."""
    with open(log, encoding="utf-8", errors="replace") as stream:
        return stream.read()
