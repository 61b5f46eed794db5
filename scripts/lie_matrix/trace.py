"""What strace says that the processes of a build opened for reading; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

OPTIONS = ("-f", "-qq", "-y", "-s", "4096", "-e", "signal=none")
CALLS = "trace=open,openat,openat2,creat,execve,clone,clone3,fork,vfork"
_LINE = re.compile(r"(\d+) +(.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_OPENED = re.compile(r"(open|openat|openat2|creat)\((.*)\) = \d+<(.*)>")
_EXECUTED = re.compile(r'execve\("((?:[^"\\]|\\.)*)", .*\) = 0')
_CHILD = re.compile(r"(?:clone|clone3|fork|vfork)\(.*\) += (\d+)")
_WRITES = re.compile(r"O_WRONLY|O_CREAT|O_TRUNC")


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that a process of the build opened for reading."""

    path: str
    program: str
    """The path of the program that opened it."""
    by_loader: bool
    """It was opened as the loader does: close-on-exec, which linkers do not ask for."""


@dataclass
class _Tree:
    """The processes that descend from the one that ran the hooks."""

    places: tuple[str, ...]
    """Directories of build environments, whose programs begin a build."""
    inside: set[int] = field(default_factory=set)
    parents: dict[int, int] = field(default_factory=dict)
    programs: dict[int, str] = field(default_factory=dict)

    def execute(self, process: int, program: str) -> None:
        self.programs[process] = program
        if program.startswith(self.places):
            self.inside.add(process)

    def start(self, parent: int, child: int) -> None:
        self.parents[child] = parent

    def program(self, process: int) -> str:
        """Return what a process runs; a fork runs what its parent does."""
        while process not in self.programs and process in self.parents:
            process = self.parents[process]
        return self.programs.get(process, "")

    def contains(self, process: int) -> bool:
        """Tell whether a process is of the build."""
        while process not in self.inside and process in self.parents:
            process = self.parents[process]
        return process in self.inside


def opened(lines: Iterable[str], places: tuple[str, ...]) -> list[Opened]:
    """Return what was read by programs of these places, and by their children."""
    tree = _Tree(places)
    calls = list(_whole(lines))
    for process, call in calls:
        child = _CHILD.match(call)
        if child:
            tree.start(process, int(child.group(1)))
    found: dict[Opened, None] = {}
    written: set[str] = set()
    for process, call in calls:
        executed = _EXECUTED.match(call)
        if executed:
            tree.execute(process, executed.group(1))
        result = _OPENED.match(call)
        if result is None or "O_DIRECTORY" in call or not tree.contains(process):
            continue
        if result.group(1) == "creat" or _WRITES.search(result.group(2)):
            written.add(result.group(3))
        else:
            by_loader = "O_CLOEXEC" in result.group(2)
            found[Opened(result.group(3), tree.program(process), by_loader)] = None
    return [one for one in found if one.path not in written]


def _whole(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield process and call, with what strace printed in two parts put together."""
    begun: dict[int, str] = {}
    for line in lines:
        match = _LINE.match(line.rstrip("\n"))
        if match is None:
            continue
        process, call = int(match.group(1)), match.group(2)
        if call.endswith("<unfinished ...>"):
            begun[process] = call.removesuffix("<unfinished ...>").rstrip()
            continue
        resumed = _RESUMED.match(call)
        if resumed:
            call = begun.pop(process, "") + resumed.group(1).replace(") = ", ") = ", 1)
        yield process, re.sub(r"\) +=", ") =", call)
