"""The paths of a removal as pip prints them: in short before it prompts, all of them at -v."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from msgspec import Struct

from pipwrap.install.removal import Removal


class Section(Struct, frozen=True):
    """A heading and its paths, sorted."""

    heading: str
    paths: tuple[str, ...]


def sections(removal: Removal, *, verbose: bool = False) -> tuple[Section, ...]:
    """Return what is shown of a removal; every single path with ``verbose``.

    Otherwise packages and metadata are ``DIRECTORY/*``, and files in them that stay are listed.
    """
    files = [path for path in removal.paths if not path.endswith(".pyc")]
    if verbose:
        removed, remaining = set(removal.paths), set[str]()
    else:
        whole = _outermost(_packages(files))
        removed = {*files, *(os.path.join(directory, "*") for directory in whole)}
        remaining = set(_others(whole, frozenset(files)))
    found = [
        Section("Would remove:", _shown(removed)),
        Section("Would not remove (might be manually added):", _shown(remaining)),
        Section("Would not remove (outside of prefix):", _shown(removal.refused)),
    ]
    if verbose:
        found.append(Section("Will actually move:", moved(removal)))
    return tuple(section for section in found if section.paths)


def _packages(files: Iterable[str]) -> Iterator[str]:
    """Yield the directories that a distribution is taken to own."""
    for path in files:
        if path.endswith("__init__.py") or ".dist-info" in path:
            yield os.path.dirname(path)


def _others(directories: Iterable[str], files: frozenset[str]) -> Iterator[str]:
    """Yield what is in directories and is not among the files."""
    for directory in directories:
        for parent, _, names in os.walk(directory):
            paths = (os.path.join(parent, name) for name in names if not name.endswith(".pyc"))
            yield from (path for path in paths if path not in files and os.path.isfile(path))


def _shown(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(_outermost(paths)))


def _outermost(paths: Iterable[str]) -> set[str]:
    """Return the paths without those below another; ``DIRECTORY/*`` stands for the directory."""
    taken: set[str] = set()
    chosen: set[str] = set()
    for path in sorted(set(paths), key=lambda path: (len(path), path)):
        place = path.removesuffix(os.sep + "*")
        if not any(parent in taken for parent in _with_parents(place)):
            taken.add(place)
            chosen.add(path)
    return chosen


def _with_parents(path: str) -> Iterator[str]:
    while True:
        yield path
        parent = os.path.dirname(path)
        if parent == path:
            return
        path = parent


def moved(removal: Removal) -> tuple[str, ...]:
    """Return the paths as they can be moved: a directory that would be emptied, as a whole."""
    left = set(removal.paths)
    whole: set[str] = set()
    for directory in sorted({os.path.dirname(path) for path in left}, key=len):
        root = directory + os.sep
        if any(root.startswith(other) for other in whole):
            continue
        contents = {
            os.path.join(parent, name) for parent, _, names in os.walk(directory) for name in names
        }
        if contents <= left:
            left -= contents
            whole.add(root)
    return tuple(sorted(_outermost(left | whole)))
