"""Clones of git repositories, bare, one for each URL; a checkout is a local clone of one.

git-v1/AA/<sha256>/entry.json    the URL without credentials, and size and sha256 of each other file
git-v1/AA/<sha256>/HEAD, config, packed-refs, refs/, objects/     what makes it a repository

An entry is never changed: a run fetches in its own checkout, outside the cache, and a new entry
with its objects then replaces the old one by one rename. So no process that is killed leaves half a
clone.
Neither credentials nor the URL are in its configuration.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager

from msgspec import Struct

from pipwrap.cache import disk, locks, records
from pipwrap.cache.layout import GIT, Layout
from pipwrap.cache.upkeep.usage import Usage, UsageKind
from pipwrap.events import Listener, WarningMessage
from pipwrap.model.references import References
from pipwrap.model.source import without_password

_VERSION = 1
_ENTRY = "entry.json"
_OBJECTS = "objects"
_PACKED = "packed-refs"
_MOST_FILES = 100
"""Each fetch adds a pack, which is three; git slows down with them, and a new clone has two."""
UNREADABLE = (OSError, ValueError)
"""What reading a damaged entry raises."""
_CONFIG = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
_PARTIAL = '[remote "origin"]\n\tpromisor = true\n\tpartialclonefilter = blob:none\n'


class CloneFile(Struct, frozen=True, array_like=True):
    """One file of a clone, as it was when it was stored."""

    path: str
    """Below the entry, with slashes."""
    size: int
    sha256: str


class CloneRecord(Struct, frozen=True):
    """What entry.json holds, beside the version of its format."""

    url: str
    """Without credentials."""
    head: str
    partial: bool
    files: tuple[CloneFile, ...]
    """Every file of the entry but this one."""


class CachedClone(Struct, frozen=True):
    """An entry that may be cloned."""

    directory: str
    references: References
    partial: bool
    """Contents of files are left out, until a checkout needs them."""
    files: tuple[CloneFile, ...]

    @property
    def objects(self) -> frozenset[str]:
        """Return the paths of packs and loose objects."""
        return frozenset(each.path for each in self.files if each.path.startswith(_OBJECTS))


class Clones:
    """The clones below one cache directory."""

    def __init__(self, layout: Layout, listener: Listener, usage: Usage) -> None:
        """Touch nothing."""
        self._layout = layout
        self._listener = listener
        self._usage = usage

    def find(self, url: str) -> CachedClone | None:
        """Return the clone of a repository to use; ``None`` when there is none, or (warned) damage.

        Only git can check that its packs are whole; ``cache verify`` hashes them.
        """
        clone, directory = self.read(url), self._directory(url)
        if clone is None:
            if os.path.lexists(directory):
                self.warn(url)
            return None
        if len(clone.objects) > _MOST_FILES:
            return None
        self._usage.note(UsageKind.CLONE, os.path.basename(directory))
        return clone

    def read(self, url: str) -> CachedClone | None:
        """Return the clone of a repository without a warning, and not to use it."""
        try:
            return read(self._directory(url))
        except UNREADABLE:
            return None

    def warn(self, url: str) -> None:
        """Report that a clone cannot be used."""
        shown = without_password(url)
        self._listener(
            WarningMessage(f"The cached clone of {shown} cannot be used and is made again.")
        )

    def locked(self) -> AbstractContextManager[None]:
        """Return a lock during which no other process removes entries."""
        return locks.locked(self._layout.lock, shared=True)

    def store(
        self,
        url: str,
        repository: str,
        references: References,
        *,
        partial: bool,
        known: CachedClone | None,
    ) -> None:
        """Put what a git directory holds in the place of the entry, unless all of it is ``known``.

        Files are linked where that is possible. Raises ``OSError`` when the cache cannot be
        written.
        """
        objects = frozenset(_objects(repository))
        if known is not None and known.references == references and known.objects == objects:
            return
        temporary, directory = self._layout.temporary, self._directory(url)
        disk.make_directory(temporary)
        prepared = disk.unused_name(temporary)
        os.mkdir(prepared, disk.DIRECTORY_MODE)
        try:
            _fill(prepared, repository, objects, references, partial=partial)
            files = tuple(_measured(prepared, each) for each in _paths(prepared))
            record = CloneRecord(without_password(url), references.head, partial, files)
            with open(os.path.join(prepared, _ENTRY), "xb") as stream:
                stream.write(records.encode(record, _VERSION))
            with locks.locked(self._layout.lock):
                disk.remove(directory, through=temporary)
                disk.publish_directory(prepared, directory)
        except BaseException:
            disk.remove_tree(prepared)
            raise

    def _directory(self, url: str) -> str:
        # Arguments that are no UTF-8 arrive as surrogates (PEP 383).
        key = without_password(url).encode("utf-8", "surrogatepass")
        return self._layout.sharded(GIT, hashlib.sha256(key).hexdigest())


def read(directory: str) -> CachedClone:
    """Return the clone in a directory, whose small files are whole and whose packs are as long.

    Raises one of ``UNREADABLE`` for anything else.
    """
    with open(os.path.join(directory, _ENTRY), "rb") as stream:
        record = records.decode_version(stream.read(), CloneRecord, _VERSION)
    if record is None:
        raise ValueError(directory)
    for each in record.files:
        path = os.path.join(directory, each.path)
        if os.stat(path).st_size != each.size or (
            not each.path.startswith(_OBJECTS) and disk.digest(path) != each.sha256
        ):
            raise ValueError(each.path)
    with open(os.path.join(directory, _PACKED), encoding="utf-8") as packed:
        references = References.parse(packed.read(), record.head)
    return CachedClone(directory, references, record.partial, record.files)


def _fill(
    prepared: str,
    repository: str,
    objects: Iterable[str],
    references: References,
    *,
    partial: bool,
) -> None:
    """Make a bare repository of another's objects, as gitrepository-layout(5) has it."""
    os.mkdir(os.path.join(prepared, "refs"), disk.DIRECTORY_MODE)
    texts = {
        "HEAD": f"ref: {references.head}\n",
        "config": _CONFIG + (_PARTIAL if partial else ""),
        _PACKED: references.packed(),
    }
    for name, text in texts.items():
        with open(os.path.join(prepared, name), "x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    for path in objects:
        target = os.path.join(prepared, path)
        disk.make_directory(os.path.dirname(target))
        _link(os.path.join(repository, path), target)


def _objects(repository: str) -> Iterator[str]:
    """Yield the paths of packs and loose objects; not of what git derives from them or borrows."""
    for path in _paths(repository, _OBJECTS):
        if not path.startswith(f"{_OBJECTS}/info/"):
            yield path


def _link(source: str, target: str) -> None:
    """Link a file that git never changes; copy it where that cannot be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _paths(root: str, below: str = "") -> Iterator[str]:
    """Yield the paths of all files below ``root``, with slashes."""
    for name in disk.listed(os.path.join(root, below)):
        path = f"{below}/{name}" if below else name
        if os.path.isdir(os.path.join(root, path)):
            yield from _paths(root, path)
        else:
            yield path


def _measured(root: str, path: str) -> CloneFile:
    whole = os.path.join(root, path)
    return CloneFile(path, os.path.getsize(whole), disk.digest(whole))
