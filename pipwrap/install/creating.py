"""Making the directories and files of a transaction, by two processes where there are many.

Linking is the kernel's work: a second process does half of it on a second processor. It is a fork
and so inherits the environment's lock: no other command touches the environment while it runs.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct

from pipwrap.install.linking import FileCreation, Linker, SourceChanged

Batch = tuple[str, Mapping[str, FileCreation]]
"""A directory, under its one name without links, and the files to be made in it, by name."""

_WORTHWHILE = 2000
"""Files; with fewer a fork (about 3 ms) saves nothing."""


class _Result(Struct, omit_defaults=True):
    """What the other process writes when it is done."""

    occupied: list[tuple[int, str]] = []
    """Position of the batch and name of each file in whose place something was."""
    changed: str | None = None
    """Path of a stored file that is another one now."""
    error: tuple[int | None, str | None, str | None] | None = None
    """Number, text and path."""


def create_all(
    linker: Linker, batches: Sequence[Batch], missing: frozenset[str]
) -> list[tuple[int, str]]:
    """Make all files, and the directories of ``missing`` as they are needed.

    Return the batch's position and the name of those in whose place something was: they are not
    made.
    Raises ``SourceChanged`` and ``OSError``; nothing is going on any more then.
    """
    middle = _middle(batches)
    if middle is None:
        return _create(linker, batches, range(len(batches)), missing)
    with _helped(linker, batches, range(middle, len(batches)), missing) as helper:
        if helper is None:
            return _create(linker, batches, range(len(batches)), missing)
        occupied = _create(linker, batches, range(middle), missing)
        return occupied + _result(helper)


def _middle(batches: Sequence[Batch]) -> int | None:
    """Return where the second half of the files begins; ``None`` to do it all here."""
    files = sum(len(creations) for _, creations in batches)
    if files < _WORTHWHILE or sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2:  # noqa: PLR2004
        return None
    work = [_work_of(creations) for _, creations in batches]
    total, seen = sum(work), 0
    for position, amount in enumerate(work):
        seen += amount
        if 2 * seen >= total:
            return position + 1
    return None


def _work_of(creations: Mapping[str, FileCreation]) -> int:
    """Return how long a batch takes, in links: a copy as long as three, a directory as two."""
    return 2 + len(creations) + 2 * sum(name.endswith(".py") for name in creations)


def _create(
    linker: Linker, batches: Sequence[Batch], positions: range, missing: frozenset[str]
) -> list[tuple[int, str]]:
    made: set[str] = set()
    occupied = []
    create = linker.create
    for position in positions:
        directory, creations = batches[position]
        if directory in missing:
            _make(directory, missing, made)
        for name, creation in creations.items():
            try:
                create(creation)
            except FileExistsError:  # raised rarely
                occupied.append((position, name))
    return occupied


def _make(directory: str, missing: frozenset[str], made: set[str]) -> None:
    """Make a missing directory, its parents first; the other process may be faster."""
    if directory in made:
        return
    parent = os.path.dirname(directory)
    if parent in missing:
        _make(parent, missing, made)
    with contextlib.suppress(FileExistsError):
        os.mkdir(directory)
    made.add(directory)


@contextlib.contextmanager
def _helped(
    linker: Linker, batches: Sequence[Batch], positions: range, missing: frozenset[str]
) -> Iterator[int | None]:
    """Have a process at work on some batches; yield where it writes its result.

    ``None`` where there can be no further process. It has ended when the body has.
    """
    reading, writing = os.pipe()
    try:
        with warnings.catch_warnings():
            # Locks of other threads of this process do not affect a child that only links.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        yield None
        return
    if child == 0:
        _work(writing, linker, batches, positions, missing)
    os.close(writing)
    ended = False
    try:
        yield reading
        ended = True
    finally:
        os.close(reading)
        if not ended:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _work(
    writing: int,
    linker: Linker,
    batches: Sequence[Batch],
    positions: range,
    missing: frozenset[str],
) -> None:
    """Run the other process: do the work, write the result, and end without clean-up."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
        try:
            result = _Result(occupied=_create(linker, batches, positions, missing))
        except SourceChanged as error:
            result = _Result(changed=error.path)
        except OSError as error:
            result = _Result(error=(error.errno, error.strerror, error.filename))
        # Not msgspec's encoder: names may be no UTF-8 (PEP 383).
        content = json.dumps(msgspec.to_builtins(result)).encode()
        while content:
            content = content[os.write(writing, content) :]
    finally:
        os._exit(0)


def _result(reading: int) -> list[tuple[int, str]]:
    """Return what the other process wrote; raise its error, or one for its early end."""
    content = b""
    while chunk := os.read(reading, 1 << 16):
        content += chunk
    try:
        result = msgspec.convert(json.loads(content), type=_Result)
    except ValueError:
        reason = "the process that made half of the files ended before it was done"
        raise OSError(errno.EINTR, reason) from None
    if result.changed is not None:
        raise SourceChanged(result.changed)
    if result.error is not None:
        raise OSError(*result.error)
    return result.occupied
