"""The directories of the benchmark below .scratch, and the loopback index that runs beside it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclass(frozen=True, slots=True)
class Site:
    """The directories of the benchmark."""

    recorded: str
    """Pages and files of the real index; kept."""
    made: str
    """Pages and files that are made here."""
    lists: str
    """Lists of requirements; kept."""
    work: str
    """Caches, environments and logs of one run of the benchmark."""
    programs: str
    """Where pip, uv, pipwrap and their interpreter are."""

    @classmethod
    def below(cls, scratch: str, work: str) -> Site:
        """Return the directories below one, made where they are missing; ``work`` is for a run."""
        data = os.path.join(scratch, "bench-data")
        site = cls(
            recorded=os.path.join(data, "recorded"),
            made=os.path.join(work, "made"),
            lists=os.path.join(data, "lists"),
            work=work,
            programs=os.path.dirname(sys.executable),
        )
        for directory in (site.recorded, site.made, site.lists, site.work):
            os.makedirs(directory, exist_ok=True)
        return site


@dataclass(frozen=True, slots=True)
class RunningIndex:
    """The index as its clients and its owner see it."""

    url: str
    """What --index-url takes."""
    process: subprocess.Popen[str]

    def fetched(self) -> int:
        """Return how often it had to ask the real index so far."""
        return self._ask("fetched")

    def reload(self) -> None:
        """Let it make its pages anew, with what was recorded since."""
        self._ask("reload")

    def _ask(self, word: str) -> int:
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the index was started without pipes")
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextlib.contextmanager
def serving(site: Site, delay: float, upstream: str) -> Iterator[RunningIndex]:
    """Run the index in a process of its own until the block ends; ``upstream`` as for it."""
    command = [sys.executable, "-m", "benchmark.server", str(delay), upstream]
    with subprocess.Popen(
        [*command, site.recorded, site.made],
        cwd=os.path.join(PROJECT, "scripts"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            port = int(process.stdout.readline()) if process.stdout else 0
            yield RunningIndex(f"http://127.0.0.1:{port}/simple/", process)
        finally:
            process.terminate()


def configured_index() -> str:
    """Return the index that pip is configured to use here, pip's own choice where it is not."""
    from pip._internal.models.index import PyPI  # noqa: PLC0415 - one light module of pip's

    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    return (asked.stdout.strip() or str(PyPI.simple_url)).rstrip("/") + "/"
