"""Bytecode for stored wheels, compiled once by the interpreter that will run it.

Timestamp mode, or that of the source's hash (PEP 552); ``co_filename`` is the path below the
wheel's root, and importing sets it to where the module is then (importlib's
``_fix_co_filename``), so one file serves all.

Wheels may be given as they come: processes of the target interpreter, as many as there are
processors, work while others are still downloaded and unpacked.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pipwrap.cache import disk
from pipwrap.cache.store import WheelStore
from pipwrap.events import Info, Listener
from pipwrap.install.bytecode_settings import BytecodeSettings, bytecode_tag
from pipwrap.model.environment import Environment
from pipwrap.model.wheel import StoredFile, StoredWheel

if TYPE_CHECKING:
    import queue
    import subprocess

_PROGRAM = """
import gc, json, marshal, os, sys, warnings
gc.disable()
from importlib.util import MAGIC_NUMBER, source_hash
warnings.simplefilter("ignore")
sys.setrecursionlimit(max(sys.getrecursionlimit(), 3000))
def pack(number):
    return (number & 0xFFFFFFFF).to_bytes(4, "little")
for line in sys.stdin:
    tree, out, mtime, modules = json.loads(line)
    done = []
    for source, target in modules:
        try:
            with open(os.path.join(tree, source), "rb") as stream:
                text = stream.read()
            code = compile(text, source, "exec", dont_inherit=True)
            if mtime is None:
                head = MAGIC_NUMBER + pack(3) + source_hash(text)
            else:
                head = MAGIC_NUMBER + pack(0) + pack(mtime) + pack(len(text))
            data = head + marshal.dumps(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, OSError):
            continue
        path = os.path.join(out, target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(data)
        done.append(target)
    print(json.dumps(done), flush=True)
"""
"""Runs on every Python from 3.8. Compiling leaves no cycles behind; looking for them takes 2 %."""
_SHARE = 100
"""Modules that are compiled at a time: a large wheel uses every processor."""


def compiled(
    wheels: Iterable[StoredWheel],
    environment: Environment,
    store: WheelStore,
    listener: Listener,
    settings: BytecodeSettings,
) -> Mapping[str, tuple[StoredFile, ...]]:
    """Return the bytecode of every wheel (by digest), compiling what the store does not have.

    A module that does not compile has none, and so has every wheel that was not done when the
    interpreter could not be run or stopped in the middle, or the cache had no room: that is
    reported at -v, since Python compiles on import.
    """
    tag = bytecode_tag(environment, settings)
    ready: dict[str, tuple[StoredFile, ...]] = {}
    missing = []
    for wheel in wheels:
        found = store.find_bytecode(wheel, tag)
        if found is None:
            missing.append(wheel)
        else:
            ready[wheel.sha256] = found
    if missing:
        with contextlib.closing(Compiler(environment, store, settings)) as compiler:
            for wheel in sorted(missing, key=lambda wheel: -len(wheel.files)):
                compiler.begin(wheel)
            ready |= compiler.finish()
            if compiler.failure:
                listener(Info(f"Some bytecode was not compiled: {compiler.failure}", level=1))
    return ready


class _Work(Struct):
    """One wheel in the making."""

    wheel: StoredWheel
    room: str
    shares: int
    """How many are not done."""
    paths: list[str] = field(default_factory=list)


class _Target(Struct, frozen=True):
    """What the bytecode is for."""

    executable: str
    cache_tag: str
    settings: BytecodeSettings
    tag: str
    """The name under which the store has it."""


class _Workers:
    """Threads, each with a process of the target interpreter, and the queue that they empty."""

    def __init__(self) -> None:
        """Start none."""
        import queue  # noqa: PLC0415 - most bytecode is stored, and none is compiled

        self.shares: queue.SimpleQueue[tuple[_Work, list[tuple[str, str]]] | None] = (
            queue.SimpleQueue()
        )
        """``None`` ends one thread."""
        self.threads: list[threading.Thread] = []
        self.processes: list[subprocess.Popen[bytes]] = []

    def stop(self) -> None:
        """End the threads when the queue is empty, and wait for them."""
        for _ in self.threads:
            self.shares.put(None)
        for thread in self.threads:
            thread.join()
        self.threads.clear()


class Compiler:
    """Compiles wheels while the command goes on; what is done is in the store."""

    def __init__(
        self, environment: Environment, store: WheelStore, settings: BytecodeSettings
    ) -> None:
        """Start no process before there is work."""
        executable, cache_tag = environment.executable, environment.bytecode.cache_tag
        tag = bytecode_tag(environment, settings)
        self._target = _Target(executable, cache_tag, settings, tag)
        self._store = store
        self._workers = _Workers()
        self._lock = threading.Lock()
        self._beginning = threading.Lock()
        """For what beginning and ending change: rooms and threads."""
        self._rooms: list[str] = []
        self._begun: set[str] = set()
        self._is_over = False
        self._done: dict[str, tuple[StoredFile, ...]] = {}
        self.failure = ""
        """The first thing that went wrong; nothing more is begun then."""

    def begin(self, wheel: StoredWheel) -> None:
        """Have a wheel compiled, once, unless its bytecode is stored; returns at once.

        On any thread.
        """
        target = self._target
        if not target.cache_tag or not wheel.root or self.failure:
            return
        if self._store.find_bytecode(wheel, target.tag) is not None:
            return
        sources = [each.path for each in wheel.files if each.path.endswith(".py")]
        modules = [(path, target.settings.cached_path(path, target.cache_tag)) for path in sources]
        shares = [modules[start : start + _SHARE] for start in range(0, len(modules), _SHARE)]
        with self._beginning:
            if self.failure:
                return
            if self._is_over or wheel.sha256 in self._begun:
                return
            self._begun.add(wheel.sha256)
            try:
                room = self._store.new_bytecode_directory()
                self._rooms.append(room)
                work = _Work(wheel, room, len(shares))
                if not shares:
                    self._publish(work)
            except OSError as error:
                self._fail(error)
                return
            for share in shares:
                self._workers.shares.put((work, share))
                self._add_worker()

    def finish(self) -> Mapping[str, tuple[StoredFile, ...]]:
        """Wait for everything that has begun; return what was compiled, by the wheel's digest.

        Nothing more is begun: a wheel that comes later is not needed any more.
        """
        with self._beginning:
            self._is_over = True
        self._workers.stop()
        return self._done

    def close(self) -> None:
        """End what still works and remove what is not in the store.

        Other threads may be about to begin something: they have by then, or they do not.
        """
        with self._beginning:
            self.failure = self.failure or "the command ended"
        for process in self._workers.processes:
            process.kill()
        self._workers.stop()
        for room in self._rooms:
            disk.remove_tree(room)

    def _add_worker(self) -> None:
        """Start one more thread, while there are processors for it."""
        from pipwrap.concurrency import worker_process  # noqa: PLC0415 - as below

        try:
            if len(self._workers.threads) < min(worker_process.processors(), worker_process.MOST):
                thread = threading.Thread(target=self._work, name="bytecode", daemon=True)
                thread.start()
                self._workers.threads.append(thread)
        except RuntimeError as error:  # there can be no further thread
            if not self._workers.threads:
                self._fail(error)

    def _work(self) -> None:
        """Give one process share after share."""
        try:
            with self._started() as process:
                while (share := self._workers.shares.get()) is not None:
                    if self.failure:
                        continue
                    self._compile(process, *share)
        except (OSError, ValueError) as error:
            self._fail(error)

    def _compile(
        self, process: subprocess.Popen[bytes], work: _Work, modules: list[tuple[str, str]]
    ) -> None:
        """Have a share compiled, and its wheel published when that was the last."""
        from pipwrap.concurrency import worker_process  # noqa: PLC0415 - most bytecode is stored

        mtime = work.wheel.files[0].mtime_ns // 10**9
        request = [
            work.wheel.tree,
            work.room,
            None if self._target.settings.is_hashed else mtime,
            modules,
        ]
        paths = worker_process.request(process, request)
        with self._lock:
            work.paths += paths
            work.shares -= 1
            is_last = work.shares == 0
        if is_last:
            self._publish(work)

    def _publish(self, work: _Work) -> None:
        files = self._store.add_bytecode(work.wheel, self._target.tag, work.room, tuple(work.paths))
        with self._lock:
            self._done[work.wheel.sha256] = files

    def _fail(self, error: Exception) -> None:
        """Record the first thing that went wrong; nothing more is begun."""
        with self._lock:
            reason = error.strerror if isinstance(error, OSError) else None
            self.failure = self.failure or reason or str(error)

    @contextlib.contextmanager
    def _started(self) -> Iterator[subprocess.Popen[bytes]]:
        from pipwrap.concurrency import worker_process  # noqa: PLC0415 - as above

        process = worker_process.start(
            self._target.executable, _PROGRAM, *self._target.settings.flags
        )
        with self._lock:
            self._workers.processes.append(process)
        try:
            yield process
        finally:
            worker_process.end(process)
