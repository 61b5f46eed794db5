"""The directory of everything that a build may read, and how it goes back to its state."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field

COMPILERS = ("cc", "gcc", "c++", "g++", "c99", "c89", "cpp", "clang", "clang++")
SYSTEM_PATH = ("/usr/bin", "/bin")
_DATE = "2024-01-01T00:00:00Z"
"""Of commits, so that the same change makes the same commit."""


@dataclass
class World:
    """Files below one root, the environment variables of a command, and what else it is given."""

    work: str
    """Where the root, its copy, caches and environments lie."""
    wheels: str
    """Build requirements from the package index."""
    python: str
    """The interpreter of the environments to install into."""
    pipwrap: str
    """The directory that pipwrap's package lies in."""
    environ: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    """Config settings of the command line."""

    @property
    def root(self) -> str:
        """Return the directory that changes."""
        return os.path.join(self.work, "world")

    def path(self, *parts: str) -> str:
        """Return a path below the root."""
        return os.path.join(self.root, *parts)

    def write(self, name: str, text: str | bytes, *, mode: int = 0o644) -> str:
        """Write a file below the root and return its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.islink(path):
            os.unlink(path)
        with open(path, "wb") as stream:
            stream.write(text.encode() if isinstance(text, str) else text)
        os.chmod(path, mode)
        return path

    def copy(self, source: str, target: str) -> None:
        """Put the content of one file below the root into another, as an upgrade would."""
        path = self.path(target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        shutil.copyfile(self.path(source), path)

    def link(self, name: str, target: str) -> None:
        """Make or replace a symbolic link below the root."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        os.symlink(target, path)

    def remove(self, name: str) -> None:
        """Remove a file or a directory below the root."""
        path = self.path(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def run(self, *command: str, cwd: str | None = None, source: str | None = None) -> str:
        """Run a program of this machine and return what it prints."""
        done = subprocess.run(
            command,
            cwd=cwd or self.root,
            env={
                **self.environ,
                "PATH": os.pathsep.join([self.path("bin"), *SYSTEM_PATH]),
                "GIT_AUTHOR_DATE": _DATE,
                "GIT_COMMITTER_DATE": _DATE,
            },
            input=source,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def program(self, name: str) -> str | None:
        """Return where a program is for the builds, nothing when there is none."""
        return shutil.which(name, path=self.environ["PATH"])


@dataclass(frozen=True)
class State:
    """What a world is put back to: the files, the variables, the settings, the interpreter."""

    copy: str
    environ: dict[str, str]
    python: str

    @classmethod
    def save(cls, world: World) -> State:
        """Copy the files of a world aside."""
        copy = os.path.join(world.work, "template")
        shutil.copytree(world.root, copy, symlinks=True)
        return cls(copy, dict(world.environ), world.python)

    def restore(self, world: World) -> None:
        """Put a world back; a file that is as it was keeps its inode and time."""
        _restore(self.copy, world.root)
        world.environ.clear()
        world.environ.update(self.environ)
        world.settings.clear()
        world.python = self.python


def _restore(source: str, target: str) -> None:
    there = {entry.name: entry for entry in os.scandir(target)}
    for entry in os.scandir(source):
        mine, theirs = os.path.join(target, entry.name), there.pop(entry.name, None)
        if theirs is not None and _same(entry, theirs):
            if entry.is_dir(follow_symlinks=False):
                _restore(entry.path, mine)
            continue
        _remove(mine)
        if entry.is_dir(follow_symlinks=False):
            shutil.copytree(entry.path, mine, symlinks=True)
        else:
            shutil.copy2(entry.path, mine, follow_symlinks=False)
    for name in there:
        _remove(os.path.join(target, name))
    shutil.copystat(source, target)


def _same(one: os.DirEntry[str], other: os.DirEntry[str]) -> bool:
    first, second = one.stat(follow_symlinks=False), other.stat(follow_symlinks=False)
    if first.st_mode != second.st_mode:
        return False
    if stat.S_ISDIR(first.st_mode):
        return True
    if stat.S_ISLNK(first.st_mode):
        return os.readlink(one.path) == os.readlink(other.path)
    return (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def link_programs(directory: str, compilers: str, places: Sequence[str] = SYSTEM_PATH) -> None:
    """Link the machine's programs into two directories, compilers apart, so that they can go."""
    for folder in (directory, compilers):
        os.makedirs(folder, exist_ok=True)
    for place in places:
        for name in sorted(os.listdir(place)) if os.path.isdir(place) else ():
            target = os.path.join(compilers if _is_compiler(name) else directory, name)
            if not os.path.lexists(target):
                os.symlink(os.path.join(place, name), target)


def _is_compiler(name: str) -> bool:
    parts = [part for part in name.split("-") if not part.replace(".", "").isdigit()]
    return bool(parts) and parts[-1] in COMPILERS
