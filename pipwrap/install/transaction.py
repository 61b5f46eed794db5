"""All changes of one command to one environment: all of them, or none.

Whatever can be refused for a reason of its own (a wheel, an entry point, a missing RECORD, a
directory in the way) is refused before anything moves. What remains is one list of paths to move
away and of files to make, and each step is in the journal before it is done, so that an error,
Ctrl-C or SIGTERM undoes everything, and after a crash the next command does (``recovery``).

    prepared    the files of all wheels are known, bytecode is compiled    destination, bytecode
    locked      no other command writes here                               lock
    recovered   what an interrupted command left is undone or completed    rollback
    merged      one list of changes; refused here at the latest            changes
    - - - - - - the journal begins; from here an error is undone - - - - - journal (its states)
    stashed     what is removed or replaced is moved away                  stash
    created     directories and files are made                             creating, linking
    emptied     directories that hold no file any more are removed
    ended       the journal ends, the stash is deleted
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import os
import time
from collections.abc import Callable, Iterator

from pipwrap.cache.disk import is_directory
from pipwrap.cache.store import StoredWheelChanged, WheelStore
from pipwrap.errors import DiagnosticError
from pipwrap.events import Listener, WarningMessage
from pipwrap.install import journal, rollback
from pipwrap.install.bytecode import compiled
from pipwrap.install.bytecode_settings import bytecode_tag, read_settings
from pipwrap.install.changes import Changes, merge, missing_directories
from pipwrap.install.creating import create_all
from pipwrap.install.destination import prepare
from pipwrap.install.file_plan import InstallTarget, PlannedWheel
from pipwrap.install.interruption import deferring
from pipwrap.install.linking import Linker, SourceChanged, process_umask
from pipwrap.install.lock import environment_lock
from pipwrap.install.plan import Plan
from pipwrap.install.removal import Folders, Removal
from pipwrap.install.transaction_report import (
    found,
    refused,
    report_removals,
    shown_paths,
    warn_about_path,
)
from pipwrap.install.uninstall import find_removal
from pipwrap.model.environment import Environment

_ELSEWHERE = (errno.EXDEV, errno.EBUSY)
"""Another filesystem, or a directory where one is mounted."""


def apply(
    plan: Plan,
    environment: Environment,
    store: WheelStore,
    listener: Listener,
    clock: Callable[[], float] = time.time,
) -> Changes:
    """Carry out a plan and return what was done to the filesystem.

    ``StoredWheelChanged`` requires the caller to add that wheel to the store again and to retry;
    ``InvalidDistribution``, ``DiagnosticError``, ``DiskFull`` and ``EnvironmentRefused`` are for
    the user. In every case the environment is as it was.
    """
    purelib = _site(plan, environment)
    try:
        target = _target(plan, environment, clock)
        prepared = _prepare(plan, environment, store, target, listener)
        with _made(purelib), environment_lock(purelib, listener):
            if journal.exists(purelib):
                rollback.settle(purelib, listener)
            removals = _removals(plan, environment, listener)
            paths = [shown_paths(each, plan) for each in removals]
            changes = merge(plan, environment, prepared, removals, target)
            for warning in changes.warnings:
                listener(WarningMessage(warning))
            if changes.batches or changes.stash:
                _carry_out(changes, Linker(plan.link_mode), purelib, listener)
    except SourceChanged as error:
        raise _changed(plan, error.path) from error
    except OSError as error:
        raise refused(error, plan, environment) from error
    report_removals(list(zip(removals, paths, strict=True)), plan, listener)
    if plan.warn_script_location:
        warn_about_path(prepared, environment, listener)
    return changes


def _site(plan: Plan, environment: Environment) -> str:
    """Return the site directory that is locked, and that holds the journal.

    With --prefix and --root it is still the environment's where something of it is replaced: any
    later command finds the journal there.
    """
    if plan.relocation is not None:
        return plan.relocation.directory
    schemes = (environment.scheme, environment.user_scheme)
    if plan.scheme not in schemes:
        homes = {scheme.purelib for scheme in schemes}
        for item in plan.install:
            if item.replaces is not None and item.replaces.location in homes:
                return item.replaces.location
    return plan.scheme.purelib


def _target(plan: Plan, environment: Environment, clock: Callable[[], float]) -> InstallTarget:
    """Return what all installations have in common."""
    return InstallTarget(
        scheme=plan.scheme,
        executable=environment.executable,
        python_version=environment.version,
        cache_tag=environment.bytecode.cache_tag,
        bytecode=read_settings(environment, os.environ),
        umask=process_umask(),
        now_ns=int(clock()) * 10**9,
    )


def _prepare(
    plan: Plan,
    environment: Environment,
    store: WheelStore,
    target: InstallTarget,
    listener: Listener,
) -> list[PlannedWheel]:
    """Return the files of every installation; the environment is not looked at.

    With --target pip leaves the bytecode of a PYTHONPYCACHEPREFIX where its temporary directory
    was, where no Python finds it: none is made.
    """
    compiles = plan.compile_bytecode and not (target.bytecode.prefix and plan.relocation)
    wheels = [item.wheel for item in plan.install] if compiles else []
    bytecode = compiled(wheels, environment, store, listener, target.bytecode)
    tag = bytecode_tag(environment, target.bytecode)
    return [
        prepare(item, target, bytecode.get(item.wheel.sha256, ()), tag) for item in plan.install
    ]


def _removals(plan: Plan, environment: Environment, listener: Listener) -> list[Removal]:
    """Return what is removed; what cannot be is named, unless it was announced."""
    folders = Folders(environment)
    removals = []
    for each in plan.remove:
        try:
            removals.append(find_removal(each, environment, folders))
        except DiagnosticError:
            report_removals(
                [(removal, ()) for removal in removals if not removal.paths], plan, listener
            )
            if not plan.announced:
                listener(found(each))
            raise
    replaced = [item.replaces for item in plan.install if item.replaces is not None]
    return removals + [find_removal(each, environment, folders) for each in replaced]


def _carry_out(changes: Changes, linker: Linker, purelib: str, listener: Listener) -> None:
    """Make the changes; on any way out but success, undo them."""
    with deferring() as signals:
        try:
            with contextlib.closing(journal.Journal(purelib)) as written:
                _stash(written, changes)
                _create(written, changes, linker)
                _remove_emptied(written, changes)
                with signals.blocked():
                    written.end()
        except BaseException:
            with signals.blocked():
                rollback.settle(purelib, listener)
            raise


def _stash(written: journal.Journal, changes: Changes) -> None:
    """Move away all that is removed or replaced."""
    for path, place in written.begin(changes.batches, changes.stash):
        try:
            os.rename(path, place)
        except FileNotFoundError:  # the other paths are moved all the same
            continue
        except OSError as error:
            if error.errno not in _ELSEWHERE:
                raise
            _stash_beside(written, path)


def _stash_beside(written: journal.Journal, path: str) -> None:
    """Move away what is on another filesystem.

    A directory may be on two (overlayfs, where a part of it comes from a lower layer) or be where
    one begins: then its files are moved one by one, and it is removed if that can be.
    """
    try:
        os.rename(path, written.beside(path))
    except OSError as error:
        if error.errno not in _ELSEWHERE or not os.path.isdir(path) or os.path.islink(path):
            raise
        for directory, folders, files in os.walk(path, topdown=False):
            links = [name for name in folders if os.path.islink(os.path.join(directory, name))]
            for name in (*files, *links):
                inner = os.path.join(directory, name)
                try:
                    os.rename(inner, written.stash(inner))
                except OSError as inner_error:
                    if inner_error.errno != errno.EXDEV:
                        raise
                    os.rename(inner, written.beside(inner))
            written.rmdir(directory, os.stat(directory).st_mode & 0o7777)
            with contextlib.suppress(OSError):
                os.rmdir(directory)


def _create(written: journal.Journal, changes: Changes, linker: Linker) -> None:
    """Make directories and files."""
    directories = missing_directories(directory for directory, _ in changes.batches)
    written.create(directories)
    for position, name in create_all(linker, changes.batches, frozenset(directories)):
        # It was made since the directory was listed, or the filesystem ignores case.
        creation = changes.batches[position][1][name]
        if is_directory(creation.path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), creation.path)
        os.rename(creation.path, written.stash(creation.path))
        linker.create(creation)


def _remove_emptied(written: journal.Journal, changes: Changes) -> None:
    """Remove the directories that held what was removed and hold no file any more.

    Their parents go only when they are quite empty. One that cannot be removed stays, as in pip.
    """
    affected = set(changes.affected)
    queue, queued = sorted((-len(path), path) for path in affected), set(affected)
    while queue:
        _, directory = heapq.heappop(queue)
        if directory in changes.permanent:
            continue
        with contextlib.suppress(OSError):
            emptied = [directory]
            if directory in affected and _holds_no_file(directory):
                emptied = [path for path, _, _ in os.walk(directory, topdown=False)]
            elif os.listdir(directory):
                continue
            for path in emptied:
                written.rmdir(path, os.stat(path).st_mode & 0o7777)
                os.rmdir(path)
            parent = os.path.dirname(directory)
            if parent not in queued:
                queued.add(parent)
                heapq.heappush(queue, (-len(parent), parent))


def _holds_no_file(directory: str) -> bool:
    """Return whether a directory holds nothing but directories of which the same is true."""
    try:
        with os.scandir(directory) as entries:
            return all(
                entry.is_dir(follow_symlinks=False) and _holds_no_file(entry.path)
                for entry in entries
            )
    except (FileNotFoundError, NotADirectoryError):
        return False


@contextlib.contextmanager
def _made(purelib: str) -> Iterator[None]:
    """Make the site directory for the body; remove what was made if it stays empty."""
    missing, path = [], purelib
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    os.makedirs(purelib, exist_ok=True)
    try:
        yield
    finally:
        for directory in missing:
            with contextlib.suppress(OSError):
                os.rmdir(directory)


def _changed(plan: Plan, path: str) -> StoredWheelChanged:
    """Return which stored wheel a changed file belongs to."""
    wheels = (item.wheel for item in plan.install)
    return StoredWheelChanged(next(each for each in wheels if path.startswith(each.root)), path)
