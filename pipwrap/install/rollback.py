"""Undoing or completing what a journal says: after an error, or after the end of a process.

    journal           stash       what is done                       the environment is
    without "end"     any         everything made is removed, what   as it was before
                                  is in the stash is moved back
    with "end"        any         the stash is deleted               as it was to become
    lost or empty     not empty   the stash is set aside and named   left alone

A file is removed only if its size and mtime are those that the journal says were to be made
(``linking.is_ours``); anything else belongs to the user.
"""

from __future__ import annotations

import contextlib
import os

from pipwrap.cache import disk
from pipwrap.events import Listener, WarningMessage
from pipwrap.install import journal, stash
from pipwrap.install.journal import JournalState
from pipwrap.install.linking import is_ours

SAVED = ".pipwrap-old"
"""End of the name of a replaced file whose place was taken by another one."""


def settle(purelib: str, listener: Listener) -> None:
    """Bring the environment back to before the transaction, or to its end if it got there.

    Safe to repeat. What cannot be restored is named in a warning and kept in the stash.
    """
    directory = os.path.join(purelib, journal.NAME)
    state = journal.read(directory)
    if not state.stashed and stash.names(stash.path_of(directory)):
        _set_aside(directory, listener)
        return
    if state.ended:
        stash.delete(directory, state.beside(directory))
        return
    incomplete = _undo(directory, state, listener)
    if not incomplete:
        stash.delete(directory, state.beside(directory))


def _set_aside(directory: str, listener: Listener) -> None:
    """Keep a stash whose journal was lost in a crash of the machine: the user decides."""
    aside = f"{directory}-{os.urandom(4).hex()}"
    os.rename(directory, aside)
    listener(
        WarningMessage(
            f"The journal of an interrupted command is lost; what it moved is in {aside}"
        )
    )


def _undo(directory: str, state: JournalState, listener: Listener) -> bool:
    """Undo what was done; return whether something had to be kept in the stash."""
    if state.created and not state.restored:
        _remove_created(state, listener)
        with contextlib.suppress(OSError):
            # On a full disk this line may not fit; it only matters if undoing is interrupted.
            journal.append_restored(directory)
    for path, mode in reversed(state.removed):
        if not os.path.isdir(path):
            with contextlib.suppress(OSError):
                os.makedirs(path, exist_ok=True)
                os.chmod(path, mode)
    incomplete = False
    for path, place in reversed(state.stashed):
        incomplete = not _restore(path, place, listener) or incomplete
    return incomplete


def _remove_created(state: JournalState, listener: Listener) -> None:
    """Remove every file that was made and not changed since, then the directories made."""
    unmoved = {path for path, place in state.stashed if not os.path.lexists(place)}
    for path, size, mtime_ns in reversed(state.files):
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
    for made in reversed(state.directories):
        with contextlib.suppress(OSError):
            os.rmdir(made)


def _restore(path: str, place: str, listener: Listener) -> bool:
    """Move one path back from the stash; return whether nothing is left to be done for it.

    Where a directory was made meanwhile (an import writes bytecode), what a stashed one
    holds goes there.
    """
    if not os.path.lexists(place):
        return True
    if disk.is_directory(place) and disk.is_directory(path):
        pairs = [
            (os.path.join(path, name), os.path.join(place, name)) for name in stash.names(place)
        ]
        restored = [_restore(inner, stashed, listener) for inner, stashed in pairs]
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
