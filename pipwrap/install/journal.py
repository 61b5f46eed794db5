"""The journal of a transaction, and undoing or completing what it tells.

<purelib>/.pipwrap-transaction/journal    one JSON value a line
<purelib>/.pipwrap-transaction/stash/     what was replaced or removed, by number

    begin    files to come with their stat, by directory, and what will be moved to the stash
    create   everything is stashed; the directories to be made
    stash    one more file was in the way (path, place)
    rmdir    an emptied directory goes (path, mode)
    restore  undoing: nothing that was made is left
    end      the new state stands; only the stash remains to be deleted

A line is written before what it tells. A line that is cut short tells nothing. Undoing may
itself be interrupted at any point and be done again. The death of a process needs no fsync; for
the death of the machine the first and the last line are synced where something is stashed (an
fsync also waits for everything else that was just written: half a second after a cold install).
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from pipwrap.cache import disk
from pipwrap.events import Listener, WarningMessage
from pipwrap.install.linking import is_ours

if TYPE_CHECKING:
    from pipwrap.install.creating import Batch

NAME = ".pipwrap-transaction"
_HELPERS = 3
_WORTHWHILE = 8
"""Paths to be deleted, most often packages, for which further threads are started."""
SAVED = ".pipwrap-old"
"""End of the name of a replaced file whose place was taken by somebody else."""


class _Story(Struct):
    """What the lines of a journal say."""

    files: list[tuple[str, int, int]] = field(default_factory=list)
    stashed: list[tuple[str, str]] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    removed: list[tuple[str, int]] = field(default_factory=list)
    created: bool = False
    restored: bool = False
    ended: bool = False

    def beside(self, directory: str) -> list[str]:
        """Return the places in the stash that are not in the journal's own directory."""
        stash = os.path.join(directory, "stash")
        return [place for _, place in self.stashed if os.path.dirname(place) != stash]


class Journal:
    """An open journal; the environment is locked while it exists."""

    def __init__(self, purelib: str) -> None:
        """Make the journal's directory below an existing site directory."""
        self.directory = os.path.join(purelib, NAME)
        self._stash = os.path.join(self.directory, "stash")
        self._count = 0
        self._beside: list[str] = []
        try:
            os.mkdir(self.directory, 0o700)
        except PermissionError as error:
            # The user knows the site directory, not the journal.
            raise PermissionError(error.errno, error.strerror, purelib) from error
        self._descriptor = os.open(
            os.path.join(self.directory, "journal"),
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND,
            0o600,
        )
        os.mkdir(self._stash, 0o700)

    def begin(self, batches: Iterable[Batch], stash: Iterable[str]) -> list[tuple[str, str]]:
        """Write what is going to happen; return (path, place in the stash)."""
        places = [(path, self._place()) for path in stash]
        files = {
            directory: [(name, made.size, made.mtime_ns) for name, made in creations.items()]
            for directory, creations in batches
        }
        self._tell("begin", {"files": files, "stash": places}, sync=bool(places))
        return places

    def create(self, directories: list[str]) -> None:
        """Write that everything is stashed, and which directories will be made."""
        self._tell("create", directories)

    def stash(self, path: str) -> str:
        """Write that one more path goes to the stash; return its place there."""
        place = self._place()
        self._tell("stash", [path, place])
        return place

    def beside(self, path: str) -> str:
        """Write that ``path`` goes to a stash beside it (another filesystem); return its place."""
        directory, name = os.path.split(path)
        place = os.path.join(directory, f"{NAME}-{self._count}-{name}")
        self._count += 1
        self._beside.append(place)
        self._tell("stash", [path, place])
        return place

    def rmdir(self, path: str, mode: int) -> None:
        """Write that an emptied directory is removed."""
        self._tell("rmdir", [path, mode])

    def end(self) -> None:
        """Write that the new state stands, then delete the stash and the journal."""
        self._tell("end", None, sync=self._count > 0)
        self.close()
        _delete_stash(self.directory, self._beside)

    def close(self) -> None:
        """Close the file, once; the journal stays until it is undone or completed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _place(self) -> str:
        self._count += 1
        return os.path.join(self._stash, str(self._count - 1))

    def _tell(self, kind: str, value: object, *, sync: bool = False) -> None:
        _append(self._descriptor, kind, value)
        if sync:
            os.fsync(self._descriptor)


def exists(purelib: str) -> bool:
    """Tell whether a transaction was interrupted in a site directory, or is going on."""
    return os.path.lexists(os.path.join(purelib, NAME))


def settle(purelib: str, listener: Listener) -> None:
    """Bring the environment back to before the transaction, or to its end if it got there.

    Safe to repeat. What cannot be restored is named in a warning and kept in the stash.
    """
    directory = os.path.join(purelib, NAME)
    story = _read(os.path.join(directory, "journal"))
    if not story.stashed and _names(os.path.join(directory, "stash")):
        _set_aside(directory, listener)
        return
    if story.ended:
        _delete_stash(directory, story.beside(directory))
        return
    kept = _undo(directory, story, listener)
    if not kept:
        _delete_stash(directory, story.beside(directory))


def _set_aside(directory: str, listener: Listener) -> None:
    """Keep a stash whose journal was lost with the machine: only the user can tell."""
    kept = f"{directory}-{os.urandom(4).hex()}"
    os.rename(directory, kept)
    listener(
        WarningMessage(f"The journal of an interrupted command is lost; what it moved is in {kept}")
    )


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _append(descriptor: int, kind: str, value: object) -> None:
    line = json.dumps([kind, value]).encode("utf-8", "surrogatepass") + b"\n"
    written = os.write(descriptor, line)
    while written < len(line):
        written += os.write(descriptor, line[written:])


def _read(path: str) -> _Story:
    """Return what a journal tells; one that is absent or broken tells nothing more."""
    story = _Story()
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except FileNotFoundError:
        return story
    for line in content.split(b"\n")[:-1]:
        try:
            kind, value = json.loads(line)
            _note(story, kind, value)
        except ValueError:  # what follows a broken line cannot be trusted
            break
    return story


def _note(story: _Story, kind: str, value: Any) -> None:
    """Add one line to the story."""
    if kind == "begin":
        story.files = [
            (f"{directory}/{name}", size, mtime)
            for directory, files in value["files"].items()
            for name, size, mtime in files
        ]
        story.stashed = [(path, place) for path, place in value["stash"]]
    elif kind == "create":
        story.created, story.directories = True, list(value)
    elif kind == "stash":
        story.stashed.append((value[0], value[1]))
    elif kind == "rmdir":
        story.removed.append((value[0], value[1]))
    elif kind == "restore":
        story.restored = True
    elif kind == "end":
        story.ended = True


def _undo(directory: str, story: _Story, listener: Listener) -> bool:
    """Undo what was done; tell whether something had to be kept in the stash."""
    if story.created and not story.restored:
        _remove_created(story, listener)
        with contextlib.suppress(OSError):
            # On a full disk this line may not fit; it only matters if undoing is interrupted.
            descriptor = os.open(os.path.join(directory, "journal"), os.O_WRONLY | os.O_APPEND)
            try:
                _append(descriptor, "restore", None)
            finally:
                os.close(descriptor)
    for path, mode in reversed(story.removed):
        if not os.path.isdir(path):
            with contextlib.suppress(OSError):
                os.makedirs(path, exist_ok=True)
                os.chmod(path, mode)
    kept = False
    for path, place in reversed(story.stashed):
        kept = not _restore(path, place, listener) or kept
    return kept


def _remove_created(story: _Story, listener: Listener) -> None:
    """Remove every file that we made and nobody touched, then the directories we made."""
    unmoved = {path for path, place in story.stashed if not os.path.lexists(place)}
    for path, size, mtime_ns in reversed(story.files):
        if path in unmoved:
            continue
        ours = is_ours(path, size, mtime_ns)
        if ours:
            with contextlib.suppress(OSError):
                os.unlink(path)
        elif ours is False:
            listener(
                WarningMessage(
                    f"{path} was changed after an interrupted installation wrote it;"
                    " it is left alone"
                )
            )
    for made in reversed(story.directories):
        with contextlib.suppress(OSError):
            os.rmdir(made)


def _restore(path: str, place: str, listener: Listener) -> bool:
    """Move one path back from the stash; tell whether nothing is left to be done for it.

    Where somebody has made a directory meanwhile (an import writes bytecode), what a stashed one
    holds goes there.
    """
    if not os.path.lexists(place):
        return True
    if disk.is_directory(place) and disk.is_directory(path):
        pairs = [(os.path.join(path, name), os.path.join(place, name)) for name in _names(place)]
        restored = [_restore(inner, held, listener) for inner, held in pairs]
        with contextlib.suppress(OSError):
            os.rmdir(place)
        return all(restored)
    target = path + SAVED if os.path.lexists(path) else path
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.rename(place, target)
    except OSError:
        listener(
            WarningMessage(
                f"Could not restore {path!r} from {place!r}. Check both paths before retrying."
            )
        )
        return False
    if target != path:
        listener(
            WarningMessage(f"What {path} was before the interrupted installation is in {target}")
        )
    return True


def _delete_stash(directory: str, beside: Iterable[str]) -> None:
    """Delete what was replaced, the journal last: a death on the way leaves it to be read."""
    for place in beside:  # in a directory that is not ours alone
        with contextlib.suppress(OSError):
            if disk.is_directory(place):
                import shutil  # noqa: PLC0415 - where a directory lies on two filesystems

                shutil.rmtree(place, ignore_errors=True)
            else:
                os.unlink(place)
    stash = os.path.join(directory, "stash")
    _delete_all([os.path.join(stash, name) for name in _names(stash)])
    disk.discard(stash)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.path.join(directory, "journal"))
    disk.discard(directory)


def _delete_all(left: list[str]) -> None:
    """Delete side by side: the kernel works, and waits for the disk, while other threads go on."""

    def work() -> None:
        with contextlib.suppress(IndexError):
            while True:
                disk.discard(left.pop())

    helpers = []
    try:
        for _ in range(_HELPERS if len(left) > _WORTHWHILE else 0):
            helper = threading.Thread(target=work, name="delete")
            helper.start()
            helpers.append(helper)
    except RuntimeError:  # there can be no further thread
        pass
    work()
    for helper in helpers:
        helper.join()
