"""What a transaction does to the filesystem: everything to be made and moved away, as one list."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipwrap.install.destination import Prepared, Target
from pipwrap.install.linking import Creation, file_mode
from pipwrap.install.plan import Plan
from pipwrap.install.uninstall import Removal
from pipwrap.model.environment import Environment


@dataclass(frozen=True, slots=True)
class Changes:
    """What happens to the filesystem."""

    creations: tuple[Creation, ...]
    stash: tuple[str, ...]
    kept: frozenset[str]
    """Directories that stay even when they are emptied."""


def merge(
    plan: Plan,
    environment: Environment,
    prepared: list[Prepared],
    removals: list[Removal],
    target: Target,
) -> Changes:
    """Merge all installations and removals; of two files at one place the later one wins."""
    files = {made.path: made for item in prepared for made in item.creations}
    stash = dict.fromkeys(path for removal in removals for path in removal.paths)
    mode = file_mode(target.umask)
    for removal in removals:
        for path, content in removal.rewritten:
            stash[path] = None
            files[path] = Creation(path, len(content), target.now_ns, mode, None, content)
    files = _resolved(files)
    for path in _occupied(files, stash):
        stash[path] = None
    schemes = (plan.scheme, environment.scheme, environment.user_scheme)
    kept = {environment.prefix, *(removal.distribution.location for removal in removals)}
    for scheme in schemes:
        kept |= {scheme.purelib, scheme.platlib, scheme.scripts, scheme.data}
    return Changes(
        tuple(files.values()), tuple(stash), frozenset(os.path.realpath(path) for path in kept)
    )


def _resolved(files: Mapping[str, Creation]) -> dict[str, Creation]:
    """Return the same files, each under the one name that its directory has without links."""
    real: dict[str, str] = {}

    def resolve(directory: str) -> str:
        if directory not in real:
            parent, name = os.path.split(directory)
            if os.path.isdir(directory) or not name:
                real[directory] = os.path.realpath(directory)
            else:
                real[directory] = os.path.join(resolve(parent), name)
        return real[directory]

    resolved = {}
    for path, creation in files.items():
        directory, name = os.path.split(path)
        if resolve(directory) != directory:
            path = os.path.join(resolve(directory), name)  # noqa: PLW2901
            creation = creation._replace(path=path)  # noqa: PLW2901
        resolved[path] = creation
    return resolved


def _occupied(files: Mapping[str, Creation], stash: Mapping[str, None]) -> Iterator[str]:
    """Yield what is in the way of new files and not removed anyway, as pip overwrites it."""
    by_directory: dict[str, list[str]] = {}
    for path in files:
        directory, name = os.path.split(path)
        by_directory.setdefault(directory, []).append(name)
    whole = {path for path in stash if os.path.isdir(path) and not os.path.islink(path)}
    for directory, names in by_directory.items():
        try:
            there = set(os.listdir(directory))
        except (FileNotFoundError, NotADirectoryError):
            continue
        if any(f"{directory}/".startswith(path + os.sep) for path in whole):
            continue
        for name in names:
            path = os.path.join(directory, name)
            if name in there and path not in stash:
                if os.path.isdir(path) and not os.path.islink(path):
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
                yield path


def missing_directories(creations: Iterable[Creation]) -> list[str]:
    """Return the directories to be made, parents first."""
    missing: dict[str, bool] = {}

    def look(directory: str) -> bool:
        if directory not in missing:
            missing[directory] = not os.path.isdir(directory)
            if missing[directory]:
                look(os.path.dirname(directory))
        return missing[directory]

    for creation in creations:
        look(os.path.dirname(creation.path))
    return sorted((path for path, is_missing in missing.items() if is_missing), key=len)
