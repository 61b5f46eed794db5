"""The journal of a transaction: what it does to the filesystem, written before it is done.

It is an undo log. Whenever the process ends, the lines say at least as much as was done; each step
is undone by looking whether it was done (``rollback``), so that undoing may itself be interrupted
at any point and be done again.

<purelib>/.pipwrap-transaction/journal    one JSON array a line: [kind, value]
<purelib>/.pipwrap-transaction/stash/     what was replaced or removed, by number

    begin    files to come with their stat, by directory, and what will be moved to the stash
    create   everything is stashed; the directories to be made
    stash    one more file was in the way (path, place)
    rmdir    an emptied directory goes (path, mode)
    restore  undoing: nothing that was made is left
    end      the new state holds; only the stash remains to be deleted

               begin            create             end
    no journal -----> stashing -----> creating, -------> ended ----------> no journal
        ^                |            emptying             stash deleted
        |                |               |
        |                |               | all that was made is removed, "restore"
        |                v               v
        +------------ restoring <--------+
         stash moved
         back

A line that is cut short is ignored. A crash of the process needs no fsync; for a crash of the
machine the first and the last line are synced where something is stashed (an fsync also waits for
everything else that was just written: half a second after a cold install).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from pipwrap.install import stash

if TYPE_CHECKING:
    from pipwrap.install.creating import Batch

NAME = ".pipwrap-transaction"


class _Changes(Struct):
    files: dict[str, list[tuple[str, int, int]]]
    """Name, size and mtime of what is made, by directory."""
    stash: list[tuple[str, str]]
    """Path, and place in the stash."""


class _Begin(Struct, array_like=True, tag="begin"):
    value: _Changes


class _Create(Struct, array_like=True, tag="create"):
    value: list[str]


class _Stash(Struct, array_like=True, tag="stash"):
    value: tuple[str, str]


class _RemoveDirectory(Struct, array_like=True, tag="rmdir"):
    value: tuple[str, int]


class _Restore(Struct, array_like=True, tag="restore"):
    value: None = None


class _End(Struct, array_like=True, tag="end"):
    value: None = None


_Entry = _Begin | _Create | _Stash | _RemoveDirectory | _Restore | _End


class JournalState(Struct):
    """What the lines of a journal say together."""

    files: list[tuple[str, int, int]] = field(default_factory=list)
    """Path, size and mtime of everything that is made."""
    stashed: list[tuple[str, str]] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    removed: list[tuple[str, int]] = field(default_factory=list)
    created: bool = False
    restored: bool = False
    ended: bool = False

    def beside(self, directory: str) -> list[str]:
        """Return the places in the stash that are not in the journal's own directory."""
        own = stash.path_of(directory)
        return [place for _, place in self.stashed if os.path.dirname(place) != own]

    def add(self, entry: _Entry) -> None:
        """Add what one line says."""
        match entry:
            case _Begin(changes):
                self.files = [
                    (f"{directory}/{name}", size, mtime)
                    for directory, files in changes.files.items()
                    for name, size, mtime in files
                ]
                self.stashed = changes.stash
            case _Create(directories):
                self.created, self.directories = True, directories
            case _Stash(pair):
                self.stashed.append(pair)
            case _RemoveDirectory(pair):
                self.removed.append(pair)
            case _Restore():
                self.restored = True
            case _End():
                self.ended = True


class Journal:
    """An open journal; the environment is locked while it exists."""

    def __init__(self, purelib: str) -> None:
        """Make the journal's directory below an existing site directory."""
        self.directory = os.path.join(purelib, NAME)
        self._stash = stash.path_of(self.directory)
        self._count = 0
        self._beside: list[str] = []
        try:
            os.mkdir(self.directory, 0o700)
        except PermissionError as error:
            # The error names the site directory, which the user knows, not the journal.
            raise PermissionError(error.errno, error.strerror, purelib) from error
        self._descriptor = os.open(
            _path(self.directory),
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND,
            0o600,
        )
        os.mkdir(self._stash, 0o700)

    def begin(self, batches: Iterable[Batch], paths: Iterable[str]) -> list[tuple[str, str]]:
        """Write what will be made, and that ``paths`` go to the stash; return their places."""
        places = [(path, self._place()) for path in paths]
        files = {
            directory: [(name, made.size, made.mtime_ns) for name, made in creations.items()]
            for directory, creations in batches
        }
        self._append(_Begin(_Changes(files, places)), sync=bool(places))
        return places

    def create(self, directories: list[str]) -> None:
        """Write that everything is stashed, and which directories will be made."""
        self._append(_Create(directories))

    def stash(self, path: str) -> str:
        """Write that one more path goes to the stash; return its place there."""
        place = self._place()
        self._append(_Stash((path, place)))
        return place

    def beside(self, path: str) -> str:
        """Write that ``path`` goes to a stash beside it (another filesystem); return its place."""
        directory, name = os.path.split(path)
        place = os.path.join(directory, f"{NAME}-{self._count}-{name}")
        self._count += 1
        self._beside.append(place)
        self._append(_Stash((path, place)))
        return place

    def rmdir(self, path: str, mode: int) -> None:
        """Write that an emptied directory is removed."""
        self._append(_RemoveDirectory((path, mode)))

    def end(self) -> None:
        """Write that the new state holds, then delete the stash and the journal."""
        self._append(_End(), sync=self._count > 0)
        self.close()
        stash.delete(self.directory, self._beside)

    def close(self) -> None:
        """Close the file, once; the journal stays until it is undone or completed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _place(self) -> str:
        self._count += 1
        return os.path.join(self._stash, str(self._count - 1))

    def _append(self, entry: _Entry, *, sync: bool = False) -> None:
        _write(self._descriptor, entry)
        if sync:
            os.fsync(self._descriptor)


def exists(purelib: str) -> bool:
    """Return whether a transaction was interrupted in a site directory, or is going on."""
    return os.path.lexists(os.path.join(purelib, NAME))


def append_restored(directory: str) -> None:
    """Write that nothing that was made is left."""
    descriptor = os.open(_path(directory), os.O_WRONLY | os.O_APPEND)
    try:
        _write(descriptor, _Restore())
    finally:
        os.close(descriptor)


def read(directory: str) -> JournalState:
    """Return what a journal says; one that is absent or broken says nothing more."""
    state = JournalState()
    try:
        with open(_path(directory), "rb") as stream:
            content = stream.read()
    except FileNotFoundError:
        return state
    for line in content.split(b"\n")[:-1]:
        try:
            # msgspec's own decoder takes no lone surrogates, which ``_write`` escapes.
            state.add(msgspec.convert(json.loads(line), type=_Entry))
        except ValueError:  # what follows a broken line cannot be trusted
            break
    return state


def _path(directory: str) -> str:
    return os.path.join(directory, "journal")


def _write(descriptor: int, entry: _Entry) -> None:
    try:
        line = msgspec.json.encode(entry) + b"\n"
    except UnicodeEncodeError:  # the name of a file that is not UTF-8 (PEP 383)
        line = json.dumps(msgspec.to_builtins(entry)).encode() + b"\n"
    written = os.write(descriptor, line)
    while written < len(line):
        written += os.write(descriptor, line[written:])
