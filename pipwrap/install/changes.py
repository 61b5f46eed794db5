"""What a transaction does to the filesystem: everything to be made and moved away, as one list."""

from __future__ import annotations

import errno
import heapq
import os
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from pipwrap.cache.disk import is_directory
from pipwrap.errors import EnvironmentRefused
from pipwrap.install.creating import Batch
from pipwrap.install.file_plan import InstallTarget, PlannedWheel
from pipwrap.install.linking import FileCreation, file_mode
from pipwrap.install.plan import Plan
from pipwrap.install.relocation import relocate
from pipwrap.install.removal import Removal
from pipwrap.model.environment import Environment


class Changes(Struct, frozen=True):
    """What happens to the filesystem."""

    batches: tuple[Batch, ...]
    """What is made, directory by directory."""
    stash: tuple[str, ...]
    """What is moved away, directories as a whole where nothing else is in them."""
    affected: frozenset[str]
    """Directories that stay for now, and held some of it."""
    permanent: frozenset[str]
    """Directories that stay even when they are emptied."""
    warnings: tuple[str, ...] = ()
    """What is not done, in pip's words."""


def merge(
    plan: Plan,
    environment: Environment,
    prepared: list[PlannedWheel],
    removals: list[Removal],
    target: InstallTarget,
) -> Changes:
    """Merge all installations and removals; of two files at one place the later one wins."""
    folders: dict[str, dict[str, FileCreation]] = {}
    for item in prepared:
        for directory, names in item.folders.items():
            known = folders.get(directory)
            folders[directory] = names if known is None else known | names
    stash = dict.fromkeys(path for removal in removals for path in removal.paths)
    directories = {path for removal in removals for path in removal.directories}
    warnings: tuple[str, ...] = ()
    if plan.relocation is not None:
        planned = (made for names in folders.values() for made in names.values())
        relocated = relocate(planned, plan.scheme, plan.relocation)
        folders = {}
        for made in relocated.creations:
            directory, name = os.path.split(made.path)
            folders.setdefault(directory, {})[name] = made
        stash.update(dict.fromkeys(relocated.stash))
        directories.update(filter(is_directory, relocated.stash))
        warnings = relocated.warnings
    mode = file_mode(target.umask)
    for removal in removals:
        for path, content in removal.rewritten:
            stash[path] = None
            directory, name = os.path.split(path)
            made = FileCreation(path, len(content), target.now_ns, mode, None, content)
            folders[directory] = folders.get(directory, {}) | {name: made}
    folders = _resolved(folders, stash)
    _refuse_nested(folders)
    stash = _with_occupied(folders, stash, directories)
    schemes = (plan.scheme, environment.scheme, environment.user_scheme)
    permanent = {environment.prefix, *(removal.distribution.location for removal in removals)}
    if plan.relocation is not None:
        permanent.add(plan.relocation.directory)
    for scheme in schemes:
        permanent |= {scheme.purelib, scheme.platlib, scheme.scripts, scheme.data}
    resolved = frozenset(os.path.realpath(path) for path in permanent)
    whole, affected = _whole(stash, resolved)
    return Changes(tuple(folders.items()), whole, affected, resolved, warnings)


def _whole(
    paths: Iterable[str], permanent: frozenset[str]
) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the paths, with one for all that are in a directory which holds nothing else.

    Moving a package away is one rename then, as in pip. Also the directories that held the others.
    """
    affected = set()
    by_directory: dict[str, set[str]] = {}
    for path in paths:
        directory, name = os.path.split(path)
        by_directory.setdefault(directory, set()).add(name)
    found: list[str] = []
    named = set(by_directory)
    waiting = sorted((-len(directory), directory) for directory in by_directory)
    while waiting:
        _, directory = heapq.heappop(waiting)
        names = by_directory[directory]
        if directory in permanent or not _holds_only(directory, names):
            found += [os.path.join(directory, name) for name in sorted(names)]
            affected.update({directory} & named)
            continue
        parent, name = os.path.split(directory)
        if parent not in by_directory:
            by_directory[parent] = set()
            heapq.heappush(waiting, (-len(parent), parent))
        by_directory[parent].add(name)
    return tuple(found), frozenset(affected)


def _holds_only(directory: str, names: set[str]) -> bool:
    """Return whether a directory that is no link holds these names and no others.

    One that could not be emptied is none: moved away, it could not be deleted.
    """
    try:
        return (
            not os.path.islink(directory)
            and os.access(directory, os.W_OK | os.X_OK)
            and names.issuperset(os.listdir(directory))
        )
    except OSError:
        return False


def _resolved(
    folders: Mapping[str, dict[str, FileCreation]], stash: Mapping[str, None]
) -> dict[str, dict[str, FileCreation]]:
    """Return the files with each directory under its name without links."""
    real: dict[str, tuple[str, bool]] = {}
    resolved: dict[str, dict[str, FileCreation]] = {}
    for directory, found in folders.items():
        path, names = _resolve(directory, real, stash)[0], found
        if path != directory:
            names = {
                name: creation._replace(path=os.path.join(path, name))
                for name, creation in found.items()
            }
        resolved[path] = resolved[path] | names if path in resolved else names
    return resolved


def _resolve(
    directory: str, real: dict[str, tuple[str, bool]], stash: Mapping[str, None]
) -> tuple[str, bool]:
    """Return a directory under its one name without links, and whether it will be there.

    One that will not is not looked into: installing a package makes hundreds of directories. What
    is moved away (a file or a link in whose place a directory comes) does not count as being there.
    """
    known = real.get(directory)
    if known is None:
        parent, name = os.path.split(directory)
        above, exists = _resolve(parent, real, stash) if name else ("", True)
        path = os.path.join(above, name)
        if not exists or path in stash:
            known = path, False
        elif os.path.isdir(directory):
            known = os.path.realpath(directory), True
        elif os.path.lexists(directory):
            raise _in_the_way(errno.ENOTDIR, path, path)
        else:
            known = path, False
        real[directory] = known
    return known


def _refuse_nested(folders: Mapping[str, Mapping[str, FileCreation]]) -> None:
    """Refuse a file where another of the new files needs a directory."""
    seen = set()
    for path in folders:
        directory = path
        while directory not in seen:
            seen.add(directory)
            parent, name = os.path.split(directory)
            if name in folders.get(parent, ()):
                raise _in_the_way(errno.ENOTDIR, directory, directory)
            directory = parent


def _with_occupied(
    folders: Mapping[str, Mapping[str, FileCreation]], stash: dict[str, None], whole: set[str]
) -> dict[str, None]:
    """Return what is moved away, with what is in the way; a directory goes with all it holds."""
    for path in list(_occupied(folders, stash, whole)):
        if is_directory(path):
            stash = {each: None for each in stash if not each.startswith(path + os.sep)}
        stash[path] = None
    return stash


def _occupied(
    folders: Mapping[str, Mapping[str, FileCreation]], stash: Mapping[str, None], whole: set[str]
) -> Iterator[str]:
    """Yield what is in the way of new files and not removed by itself, as pip overwrites it.

    A directory is among it when all its files are removed, and refused otherwise. ``whole`` are
    the directories among what is removed.
    """
    for directory, names in folders.items():
        try:
            there = set(os.listdir(directory))
        except (FileNotFoundError, NotADirectoryError):
            continue
        if any(f"{directory}/".startswith(path + os.sep) for path in whole):
            continue
        for name in there.intersection(names):
            path = os.path.join(directory, name)
            if path in stash:
                continue
            if is_directory(path):
                if not any(removed.startswith(path + os.sep) for removed in stash):
                    raise _in_the_way(errno.EISDIR, path, path)
                for left in _files_left(path, stash):
                    raise _in_the_way(errno.EISDIR, path, left)
            yield path


def _files_left(directory: str, stash: Mapping[str, None]) -> Iterator[str]:
    """Yield the files below a directory that are not moved away.

    A link to a directory is none: pip moves it away with the directory that it is in.
    """
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.path in stash:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _files_left(entry.path, stash)
            elif not entry.is_dir():
                yield entry.path


def _in_the_way(number: int, path: str, left: str) -> EnvironmentRefused:
    """Return pip's error about a path that is no file, or no directory, and what to do."""
    return EnvironmentRefused(
        f"Could not install packages due to an OSError: [Errno {number}] {os.strerror(number)}:"
        f" {path!r}\n",
        hint=f"Nothing that is replaced has installed {left}. Move it away and run the command"
        " again; the environment is as it was.",
    )


def missing_directories(directories: Iterable[str]) -> list[str]:
    """Return the directories to be made, parents first."""
    missing: dict[str, bool] = {}

    def look(directory: str) -> bool:
        known = missing.get(directory)
        if known is None:
            parent = os.path.dirname(directory)
            known = (parent != directory and look(parent)) or not os.path.isdir(directory)
            missing[directory] = known
        return known

    for directory in directories:
        look(directory)
    return sorted((path for path, is_missing in missing.items() if is_missing), key=len)
