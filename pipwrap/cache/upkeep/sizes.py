"""What is in the cache, how large it is, and removing it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase

from msgspec import Struct

from pipwrap.cache import disk, locks, ownership
from pipwrap.cache.layout import (
    BODIES,
    BUCKETS,
    FORMER,
    HTTP,
    INTERPRETERS,
    RUN_PREFIX,
    TEMPORARY,
    Layout,
)
from pipwrap.cache.wheels import BuiltWheel, BuiltWheels
from pipwrap.model.names import canonicalize_name


class BucketSize(Struct, frozen=True):
    """How much there is."""

    files: int = 0
    size: int = 0
    """Bytes."""
    directories: int = 0

    def __add__(self, other: BucketSize) -> BucketSize:
        """Return both together."""
        return BucketSize(
            self.files + other.files,
            self.size + other.size,
            self.directories + other.directories,
        )


def measure(path: str) -> BucketSize:
    """Return the extent below a directory; links are not followed, absence is nothing."""
    files = size = directories = 0
    for entry in _walk(path):
        if entry.is_dir(follow_symlinks=False):
            directories += 1
            continue
        files += 1
        try:
            size += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            continue
    return BucketSize(files, size, directories)


def responses(layout: Layout) -> BucketSize:
    """Return the extent of the HTTP cache, bodies included."""
    return measure(layout.bucket(HTTP)) + measure(layout.bucket(BODIES))


def matching(wheels: BuiltWheels, pattern: str | None) -> list[BuiltWheel]:
    """Return the built wheels of a project, or whose file name a glob matches, by name.

    Names are compared normalised, so that ``MarkupSafe`` and ``ruamel.yaml`` find their wheels.
    """
    found = wheels.all()
    if pattern is not None:
        found = [entry for entry in found if _matches(entry.filename, pattern)]
    return sorted(found, key=lambda entry: (entry.filename, entry.built_at))


def _matches(filename: str, pattern: str) -> bool:
    name, _, rest = filename.partition("-")
    if canonicalize_name(name) == canonicalize_name(pattern):
        return True
    glob = f"{pattern}*.whl" if "-" in pattern else f"{pattern}-*.whl"
    if fnmatchcase(filename, glob):
        return True
    project, dash, version = pattern.rpartition("-")
    return bool(dash) and (
        canonicalize_name(name) == canonicalize_name(project)
        and fnmatchcase(rest, f"{version}*.whl")
    )


def remove_wheels(wheels: BuiltWheels, entries: list[BuiltWheel]) -> BucketSize:
    """Remove entries, and the directories that this leaves empty; return what is gone."""
    removed = BucketSize()
    for entry in entries:
        removed += BucketSize(1, entry.size, 1)
        wheels.discard(entry)
        parent = os.path.dirname(entry.directory)
        for directory in (parent, os.path.dirname(parent)):
            try:
                os.rmdir(directory)
            except OSError:
                break
            removed += BucketSize(directories=1)
    return removed


def purge(layout: Layout) -> BucketSize:
    """Remove all of our buckets and return what is gone; nothing where they are not ours."""
    removed = BucketSize()
    if not ownership.is_ours(layout):
        return removed
    for bucket in (*FORMER, *BUCKETS):
        path = layout.bucket(bucket)
        if os.path.islink(path) or not os.path.isdir(path):
            continue
        if bucket == TEMPORARY:
            removed += _purge_temporary(path)
        else:
            if bucket != INTERPRETERS:  # facts that this very run has stored
                removed += measure(path)
            disk.remove_tree(path, through=layout.temporary)
    return removed


def _purge_temporary(directory: str) -> BucketSize:
    """Remove what is left over; the directories of runs that go on stay."""
    removed = BucketSize()
    abandoned = set(locks.abandoned_directories(directory))
    for name in os.listdir(directory):
        path = os.path.join(directory, name)
        if name.startswith(RUN_PREFIX) and path not in abandoned:
            continue
        removed += measure(path)
        if os.path.isdir(path) and not os.path.islink(path):
            disk.remove_tree(path)
        else:
            disk.unlink(path)
    return removed


def _walk(path: str) -> Iterator[os.DirEntry[str]]:
    try:
        entries = list(os.scandir(path))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path)
