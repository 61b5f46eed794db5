"""The columns whose source is a git repository with a submodule."""

from __future__ import annotations

import os

from lie_matrix.columns import template
from lie_matrix.values import Column
from lie_matrix.world import World

NAME = "lies_git"
_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def make(world: World) -> None:
    """Make the repository with one tag, and the one of its submodule."""
    world.write("submodule/value.txt", "1\n")
    _commit(world, "submodule", new=True)
    world.write("repository/backend.py", template("backend.py.txt", NAME, world))
    world.write("repository/payload.py", template("git_payload.py.txt", NAME, world))
    world.write("repository/pyproject.toml", _PROJECT)
    _git(world, "init", "-q", "-b", "main")
    _git(world, "submodule", "-q", "add", world.path("submodule"), "sub")
    _commit(world, "repository", new=False)
    _git(world, "tag", "v1")
    world.write("commit.txt", _git(world, "rev-parse", "HEAD"))


def requirement(column: Column, world: World) -> str:
    """Return a column's requirement, with the place of the repository and its commit."""
    if "@ROOT@" not in column.requirement:
        return column.requirement
    with open(world.path("commit.txt"), encoding="ascii") as stream:
        commit = stream.read().strip()
    return column.requirement.replace("@ROOT@", world.root).replace("@COMMIT@", commit)


def add_tag(world: World) -> None:
    """Tag the commit once more, so that ``git describe`` says something else."""
    _git(world, "tag", "-a", "-m", "another", "v2")


def move_submodule(world: World) -> None:
    """Commit to the submodule's repository, and to the repository that its commit moved."""
    change_submodule(world)
    _git(world, "-C", "sub", "pull", "-q", "origin", "main")
    _commit(world, "repository", new=False)


def change_submodule(world: World) -> None:
    """Commit to the submodule's repository alone."""
    world.write("submodule/value.txt", "2\n")
    _commit(world, "submodule", new=False)


def _git(world: World, *arguments: str, directory: str = "repository") -> str:
    identity = ("-c", "user.name=lies", "-c", "user.email=lies@example.invalid")
    return world.run("git", *identity, *arguments, cwd=world.path(directory))


def _commit(world: World, directory: str, *, new: bool) -> None:
    os.makedirs(world.path(directory), exist_ok=True)
    if new:
        _git(world, "init", "-q", "-b", "main", directory=directory)
    _git(world, "add", ".", directory=directory)
    _git(world, "commit", "-q", "-m", "a commit", directory=directory)


_ROWS = frozenset({"git-tag", "submodule-moves", "submodule-remote", "unrelated", "home", "locale"})
COLUMNS = (
    Column(
        "commit",
        "git, a full commit",
        frozenset({"git tags"}),
        f"{NAME} @ git+file://@ROOT@/repository@@COMMIT@",
        make,
        programs=("git",),
        only=_ROWS,
    ),
    Column(
        "branch",
        "git, a branch",
        frozenset({"git tags", "branch"}),
        f"{NAME} @ git+file://@ROOT@/repository@main",
        make,
        programs=("git",),
        only=_ROWS,
    ),
)
