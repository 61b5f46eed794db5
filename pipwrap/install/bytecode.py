"""Bytecode for stored wheels, compiled once by the interpreter that will run it.

Timestamp mode (PEP 552); ``co_filename`` is the path below the wheel's root, and importing sets
it to where the module lies then (importlib's ``_fix_co_filename``), so one file serves all.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pipwrap.cache import disk
from pipwrap.cache.store import Store
from pipwrap.events import Listener, Told
from pipwrap.install.destination import cached_path
from pipwrap.model.environment import Environment
from pipwrap.model.wheel import StoredFile, StoredWheel

if TYPE_CHECKING:
    import subprocess

_COMPILER = """
import json, marshal, os, sys, warnings
from importlib.util import MAGIC_NUMBER
warnings.simplefilter("ignore")
sys.setrecursionlimit(max(sys.getrecursionlimit(), 3000))
def pack(number):
    return (number & 0xFFFFFFFF).to_bytes(4, "little")
done = []
for tree, out, mtime, jobs in json.load(sys.stdin):
    for source, target in jobs:
        try:
            with open(os.path.join(tree, source), "rb") as stream:
                text = stream.read()
            code = compile(text, source, "exec", dont_inherit=True)
            head = MAGIC_NUMBER + bytes(4) + pack(mtime) + pack(len(text))
            data = head + marshal.dumps(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, OSError):
            continue
        path = os.path.join(out, target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(data)
        done.append([out, target])
json.dump(done, sys.stdout)
"""
"""Runs on every Python from 3.8."""


def bytecode_tag(environment: Environment) -> str:
    """Return the name for bytecode that this interpreter loads."""
    return f"{environment.cache_tag}-{environment.magic_number}"


def compiled(
    wheels: Iterable[StoredWheel],
    environment: Environment,
    store: Store,
    listener: Listener,
) -> Mapping[str, tuple[StoredFile, ...]]:
    """Return the bytecode of every wheel (by digest), compiling what the store does not have.

    A module that does not compile has none, and so has every module of an interpreter that
    cannot be run or stops in the middle, or where the cache has no room: that is told at -v,
    since Python compiles on import.
    """
    tag = bytecode_tag(environment)
    ready: dict[str, tuple[StoredFile, ...]] = {}
    missing = []
    for wheel in wheels:
        found = store.find_bytecode(wheel, tag)
        if found is None:
            missing.append(wheel)
        else:
            ready[wheel.sha256] = found
    if missing and environment.cache_tag:
        try:
            ready |= _compile(missing, environment, store, listener)
        except OSError as error:
            if not disk.is_full(error):
                raise
            listener(Told(f"Some bytecode was not compiled: {error.strerror}", level=1))
    return ready


def _compile(
    wheels: list[StoredWheel], environment: Environment, store: Store, listener: Listener
) -> dict[str, tuple[StoredFile, ...]]:
    """Compile wheels in as many processes as there are processors, and store the result."""
    tag, rooms = bytecode_tag(environment), {store.bytecode_room(): wheel for wheel in wheels}
    jobs = [_job(wheel, room, environment.cache_tag) for room, wheel in rooms.items()]
    try:
        done, failure = _run(environment.executable, _shares(jobs))
        if failure:
            listener(Told(f"Some bytecode was not compiled: {failure}", level=1))
            return {}
        return {
            wheel.sha256: store.add_bytecode(wheel, tag, room, tuple(done.get(room, ())))
            for room, wheel in rooms.items()
        }
    finally:
        for room in rooms:
            disk.remove_tree(room)


_Job = tuple[str, str, int, list[tuple[str, str]]]


def _job(wheel: StoredWheel, room: str, cache_tag: str) -> _Job:
    """Return the directories, the time of the sources, and (source, target) of each module."""
    sources = [file for file in wheel.files if file.path.endswith(".py")]
    mtime = sources[0].mtime_ns // 10**9 if sources else 0
    return wheel.tree, room, mtime, [(f.path, cached_path(f.path, cache_tag)) for f in sources]


def _shares(jobs: list[_Job]) -> list[list[_Job]]:
    """Deal the jobs out to the processors, longest first."""
    shares: list[list[_Job]] = [[] for _ in range(max(1, min(os.cpu_count() or 1, len(jobs))))]
    sizes = [0] * len(shares)
    for job in sorted(jobs, key=lambda job: -len(job[3])):
        least = sizes.index(min(sizes))
        shares[least].append(job)
        sizes[least] += len(job[3])
    return [share for share in shares if any(job[3] for job in share)]


def _run(executable: str, shares: list[list[_Job]]) -> tuple[dict[str, list[str]], str]:
    """Return the compiled paths by room, and what went wrong if anything did."""
    done: dict[str, list[str]] = {}
    try:
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(_started(executable, share)) for share in shares]
            for process in running:
                output = process.stdout.read() if process.stdout else b""
                if process.wait() != 0:
                    return {}, f"{executable} ended with status {process.returncode}"
                for room, path in json.loads(output):
                    done.setdefault(room, []).append(path)
    except (OSError, ValueError) as error:
        return {}, str(error)
    return done, ""


@contextlib.contextmanager
def _started(executable: str, share: list[_Job]) -> Iterator[subprocess.Popen[bytes]]:
    """Have a compiler at work on ``share``; it reads all of it before it starts."""
    import subprocess  # noqa: PLC0415 - most bytecode is stored

    process = subprocess.Popen(
        [executable, "-I", "-S", "-B", "-X", "utf8", "-c", _COMPILER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with process:
        try:
            if process.stdin is not None:
                process.stdin.write(json.dumps(share).encode())
                process.stdin.close()
            yield process
        finally:
            process.kill()
