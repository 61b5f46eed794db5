"""``--target``: the entries of a library directory and of its data, side by side in one directory.

pip installs below a temporary base and moves up what it finds there, entry by entry:

    BASE/lib/python/NAME -> TARGET/NAME        packages, modules, .dist-info, __pycache__
    BASE/NAME            -> TARGET/NAME        bin, include, share; nothing else below lib

An entry that exists stays as a whole, and what was to come is dropped, unless --upgrade replaces
it; links always stay. RECORD is as written for BASE, so its ``../../bin`` are pip's as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from msgspec import Struct

from pipwrap.install.linking import FileCreation
from pipwrap.install.plan import Relocation
from pipwrap.model.environment import Scheme


class RelocatedFiles(Struct, frozen=True):
    """What is made in the target, what makes room for it, and what stayed instead."""

    creations: tuple[FileCreation, ...]
    stash: tuple[str, ...]
    warnings: tuple[str, ...]


def relocate(
    creations: Iterable[FileCreation], scheme: Scheme, relocation: Relocation
) -> RelocatedFiles:
    """Return the files of a plan under the paths of the target; its entries are looked at."""
    directory = os.path.realpath(relocation.directory)
    entries: dict[str, list[FileCreation]] = {}
    for creation in creations:
        relative = _relative(creation.path, scheme, relocation)
        if relative is not None:
            moved = creation._replace(path=os.path.join(directory, relative))
            entries.setdefault(relative.partition(os.sep)[0], []).append(moved)
    placed: list[FileCreation] = []
    stash: list[str] = []
    warnings: list[str] = []
    for entry, files in entries.items():
        path = os.path.join(directory, entry)
        shown = os.path.join(relocation.directory, entry)
        if os.path.lexists(path):
            if not relocation.replaces or os.path.islink(path):
                warnings.append(_warning(shown, relocation))
                continue
            stash.append(path)
        placed += files
    return RelocatedFiles(tuple(placed), tuple(stash), tuple(warnings))


def _relative(path: str, scheme: Scheme, relocation: Relocation) -> str | None:
    """Return the path below the target; ``None`` for data beside the library, which pip drops."""
    for library in (scheme.purelib, scheme.platlib):
        if path.startswith(library + os.sep):
            return path[len(library) + 1 :]
    relative = path[len(relocation.base) + 1 :]
    library_entry = scheme.purelib[len(relocation.base) + 1 :].partition(os.sep)[0]
    return None if relative.partition(os.sep)[0] == library_entry else relative


def _warning(path: str, relocation: Relocation) -> str:
    if not relocation.replaces:
        return f"Target directory {path} already exists. Specify --upgrade to force replacement."
    return (
        f"Target directory {path} already exists and is a link. pip will not automatically "
        "replace links, please remove if replacement is desired."
    )
