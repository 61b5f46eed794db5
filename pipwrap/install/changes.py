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
    folders: dict[str, dict[str, Creation]] = {}
    for item in prepared:
        for directory, names in item.folders.items():
            known = folders.get(directory)
            folders[directory] = names if known is None else known | names
    stash = dict.fromkeys(path for removal in removals for path in removal.paths)
    warnings: tuple[str, ...] = ()
    if plan.relocation is not None:
        planned = (made for names in folders.values() for made in names.values())
        relocated = relocate(planned, plan.scheme, plan.relocation)
        folders = {}
        for made in relocated.creations:
            directory, name = os.path.split(made.path)
            folders.setdefault(directory, {})[name] = made
        stash.update(dict.fromkeys(relocated.stash))
        warnings = relocated.warnings
    mode = file_mode(target.umask)
    for removal in removals:
        for path, content in removal.rewritten:
            stash[path] = None
            directory, name = os.path.split(path)
            made = Creation(path, len(content), target.now_ns, mode, None, content)
            folders[directory] = folders.get(directory, {}) | {name: made}
    folders = _resolved(folders)
    for path in _occupied(folders, stash):
        stash[path] = None
    schemes = (plan.scheme, environment.scheme, environment.user_scheme)
    kept = {environment.prefix, *(removal.distribution.location for removal in removals)}
    if plan.relocation is not None:
        kept.add(plan.relocation.directory)
    for scheme in schemes:
        kept |= {scheme.purelib, scheme.platlib, scheme.scripts, scheme.data}
    return Changes(
        tuple(folders.items()),
        tuple(stash),
        frozenset(os.path.realpath(path) for path in kept),
        warnings,
    )


def _resolved(folders: Mapping[str, dict[str, Creation]]) -> dict[str, dict[str, Creation]]:
    """Return the files with each directory under its name without links."""
    real: dict[str, str] = {}
    resolved: dict[str, dict[str, Creation]] = {}
    for directory, found in folders.items():
        path, names = _resolve(directory, real), found
        if path != directory:
            names = {
                name: creation._replace(path=os.path.join(path, name))
                for name, creation in found.items()
            }
        resolved[path] = resolved[path] | names if path in resolved else names
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
    folders: Mapping[str, Mapping[str, Creation]], stash: Mapping[str, None]
) -> Iterator[str]:
    """Yield what is in the way of new files and not removed anyway, as pip overwrites it."""
    whole = {path for path in stash if os.path.isdir(path) and not os.path.islink(path)}
    for directory, names in folders.items():
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
