"""What a transaction does to the filesystem: everything to be made and moved away, as one list."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Mapping

from pipwrap.install.creating import Batch
from pipwrap.install.destination import Prepared, Target
from pipwrap.install.linking import Creation, file_mode
from pipwrap.install.plan import Plan
from pipwrap.install.relocation import relocate
from pipwrap.install.uninstall import Removal
from pipwrap.model.environment import Environment
from pipwrap.values import frozen


@frozen
class Changes:
    """What happens to the filesystem."""

    batches: tuple[Batch, ...]
    """What is made, directory by directory."""
    stash: tuple[str, ...]
    kept: frozenset[str]
    """Directories that stay even when they are emptied."""
    warnings: tuple[str, ...] = ()
    """What is not done, in pip's words."""


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
    warnings: tuple[str, ...] = ()
    if plan.relocation is not None:
        relocated = relocate(files.values(), plan.scheme, plan.relocation)
        files = {made.path: made for made in relocated.creations}
        stash.update(dict.fromkeys(relocated.stash))
        warnings = relocated.warnings
    mode = file_mode(target.umask)
    for removal in removals:
        for path, content in removal.rewritten:
            stash[path] = None
            files[path] = Creation(path, len(content), target.now_ns, mode, None, content)
    by_directory = _by_directory(files.values())
    for path in _occupied(by_directory, stash):
        stash[path] = None
    schemes = (plan.scheme, environment.scheme, environment.user_scheme)
    kept = {environment.prefix, *(removal.distribution.location for removal in removals)}
    if plan.relocation is not None:
        kept.add(plan.relocation.directory)
    for scheme in schemes:
        kept |= {scheme.purelib, scheme.platlib, scheme.scripts, scheme.data}
    return Changes(
        tuple((directory, tuple(names.values())) for directory, names in by_directory.items()),
        tuple(stash),
        frozenset(os.path.realpath(path) for path in kept),
        warnings,
    )


def _by_directory(files: Iterable[Creation]) -> dict[str, dict[str, Creation]]:
    """Return the files by directory and name, each directory under its name without links."""
    spelled: dict[str, dict[str, Creation]] = {}
    split = os.path.split
    for creation in files:
        directory, name = split(creation.path)
        names = spelled.get(directory)
        if names is None:
            names = spelled[directory] = {}
        names[name] = creation
    real: dict[str, str] = {}
    resolved: dict[str, dict[str, Creation]] = {}
    for directory, names in spelled.items():
        path = _resolve(directory, real)
        if path != directory:
            for name, creation in names.items():
                names[name] = creation._replace(path=os.path.join(path, name))
        resolved.setdefault(path, {}).update(names)
    return resolved


def _resolve(directory: str, real: dict[str, str]) -> str:
    """Return a directory, existing or not, under its one name without links."""
    if directory not in real:
        parent, name = os.path.split(directory)
        if os.path.isdir(directory) or not name:
            real[directory] = os.path.realpath(directory)
        else:
            real[directory] = os.path.join(_resolve(parent, real), name)
    return real[directory]


def _occupied(
    by_directory: Mapping[str, Mapping[str, Creation]], stash: Mapping[str, None]
) -> Iterator[str]:
    """Yield what is in the way of new files and not removed anyway, as pip overwrites it."""
    whole = {path for path in stash if os.path.isdir(path) and not os.path.islink(path)}
    for directory, names in by_directory.items():
        try:
            there = set(os.listdir(directory))
        except (FileNotFoundError, NotADirectoryError):
            continue
        if any(f"{directory}/".startswith(path + os.sep) for path in whole):
            continue
        for name in there.intersection(names):
            path = os.path.join(directory, name)
            if path not in stash:
                if os.path.isdir(path) and not os.path.islink(path):
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
                yield path


def missing_directories(directories: Iterable[str]) -> list[str]:
    """Return the directories to be made, parents first."""
    missing: dict[str, bool] = {}

    def look(directory: str) -> bool:
        if directory not in missing:
            missing[directory] = not os.path.isdir(directory)
            if missing[directory]:
                look(os.path.dirname(directory))
        return missing[directory]

    for directory in directories:
        look(directory)
    return sorted((path for path, is_missing in missing.items() if is_missing), key=len)
