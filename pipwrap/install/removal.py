"""What removing a distribution takes: existing paths, and whether they may be removed."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator

from msgspec import Struct

from pipwrap.model.environment import Environment, InstalledDistribution


class Removal(Struct, frozen=True):
    """What removing a distribution takes."""

    distribution: InstalledDistribution
    paths: tuple[str, ...] = ()
    """Existing files, and directories that go with all they hold; sorted."""
    directories: frozenset[str] = frozenset()
    """Those of them that are directories, and no links."""
    rewritten: tuple[tuple[str, bytes], ...] = ()
    """Files that lose a line, with what remains (easy-install.pth)."""
    refused: tuple[str, ...] = ()
    """Its files outside the environment, which stay."""
    note: str | None = None
    """Why nothing is removed, in pip's words."""


class _Folder:
    """One directory as it is: what is in it, and whether that may be removed."""

    def __init__(self, path: str, *, is_permitted: bool) -> None:
        self.path = path
        """Without links."""
        self.is_permitted = is_permitted
        self.names: dict[str, bool] = {}
        """Each name, and whether it is that of a directory (a link is none)."""
        with contextlib.suppress(OSError), os.scandir(self.path) as entries:
            self.names = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}

    @functools.cached_property
    def compiled(self) -> dict[str, list[str]]:
        """Return the bytecode in it by module."""
        by_stem: dict[str, list[str]] = {}
        for name in self.names:
            if name.endswith(".pyc"):
                by_stem.setdefault(_module_of(name), []).append(name)
        return by_stem


class Folders:
    """The directories of an environment, each read when it is first needed."""

    def __init__(self, environment: Environment) -> None:
        """Find the directories below which may be removed."""
        roots = [environment.prefix]
        if not environment.is_virtual:
            for scheme in (environment.scheme, environment.user_scheme):
                roots += [scheme.purelib, scheme.platlib, scheme.scripts, scheme.data]
        self._roots = tuple({os.path.realpath(root) for root in roots if root})
        self._known: dict[str, _Folder] = {}

    def __getitem__(self, directory: str) -> _Folder:
        """Return a directory, perhaps one that is not there."""
        folder = self._known.get(directory)
        if folder is None:
            parent, _, name = directory.rpartition("/")
            above = self._known.get(parent)
            if above is not None and above.names.get(name):  # a directory, and no link
                path = f"{above.path.rstrip('/')}/{name}"
            else:
                path = os.path.realpath(directory)
            is_permitted = any(is_below(path, root) for root in self._roots)
            folder = self._known[directory] = _Folder(path, is_permitted=is_permitted)
        return folder


class RemovalCollector:
    """Existing paths, each checked once; directories are resolved, the last part is not."""

    def __init__(self, folders: Folders) -> None:
        """Start with no path."""
        self._folders = folders
        self._paths: set[str] = set()
        self._whole: set[str] = set()
        """Those of them that are directories."""
        self._refused: set[str] = set()
        self._rewritten: dict[str, list[bytes]] = {}

    def add(self, path: str) -> None:
        """Take a path if it exists, and with a module all its bytecode."""
        directory, name = os.path.split(path.rstrip("/"))
        if name in {"", ".", ".."}:
            return
        folder = self._folders[directory]
        if name in folder.names:
            self._take(folder, name)
        if name.endswith(".py"):
            self._add_bytecode(folder, name[:-3])

    def drop_line(self, path: str, line: str) -> None:
        """Take a line out of a file that stays."""
        folder = self._folders[os.path.dirname(path)]
        path = os.path.join(folder.path, os.path.basename(path))
        if not folder.is_permitted:
            self._refused.add(path)
            return
        try:
            with open(path, "rb") as stream:
                lines = self._rewritten.setdefault(path, stream.read().splitlines(keepends=True))
        except FileNotFoundError:
            return
        removed = os.fsencode(os.path.normcase(line))
        self._rewritten[path] = [each for each in lines if each.rstrip(b"\r\n") != removed]

    def removal(self, distribution: InstalledDistribution) -> Removal:
        """Return everything taken, without what is in a directory that is taken whole."""
        whole, paths = self._whole, self._paths
        if whole:
            paths = {path for path in paths if not any(p in whole for p in _parents(path))}
        rewritten = tuple((path, b"".join(lines)) for path, lines in self._rewritten.items())
        return Removal(
            distribution,
            tuple(sorted(paths)),
            frozenset(whole & paths),
            rewritten,
            tuple(sorted(self._refused)),
        )

    def _take(self, folder: _Folder, name: str) -> None:
        path = f"{folder.path.rstrip('/')}/{name}"
        if not folder.is_permitted:
            self._refused.add(path)
            return
        self._paths.add(path)
        if folder.names[name]:
            self._whole.add(path)

    def _add_bytecode(self, folder: _Folder, stem: str) -> None:
        """Take what any interpreter compiled from a module (PEP 3147, and beside it before)."""
        for name in (stem + ".pyc", stem + ".pyo"):
            if name in folder.names:
                self._take(folder, name)
        if "__pycache__" in folder.names:
            cache = self._folders[f"{folder.path}/__pycache__"]
            for name in cache.compiled.get(stem, ()):
                self._take(cache, name)


def _module_of(name: str) -> str:
    """Return ``MODULE`` of ``MODULE.TAG.pyc`` and ``MODULE.TAG.opt-1.pyc``."""
    stem = name.removesuffix(".pyc")
    head, dot, last = stem.rpartition(".")
    if dot and last.startswith("opt-"):
        stem = head
    return stem.rpartition(".")[0] or stem


def is_below(path: str, root: str) -> bool:
    """Return whether a path is a directory or is in it; both are resolved."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _parents(path: str) -> Iterator[str]:
    parent = os.path.dirname(path)
    while parent and parent != path:
        yield parent
        path, parent = parent, os.path.dirname(parent)
