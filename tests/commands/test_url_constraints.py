"""A constraint that is a URL is where its project comes from, once it is wanted: as in pip."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.beside import beside, plain
from support.index import Index
from support.runner import Result, Runner
from support.sdists import make_sdist
from support.wheels import make_wheel


@pytest.fixture(autouse=True)
def urls(pipwrap: Runner, index: Index, tmp_path: Path) -> dict[str, str]:
    """Write constraints files for files in a directory, beside an index that has newer ones."""
    files, aside = tmp_path / "files", tmp_path / "aside"
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "lib", version))
        extras = {"more": ["lib"]}
        index.add(make_wheel(files, "app", version, requires=["lib"], extras=extras))
    wheel = make_wheel(aside, "lib", "1.5")
    sdist = make_sdist(aside, "source", "1.0")
    tree = aside / "tree"
    shutil.unpack_archive(sdist, tree)
    known = {
        "wheel": wheel.as_uri(),
        "newer": make_wheel(aside, "lib", "2.5").as_uri(),
        "windows": make_wheel(aside, "lib", "1.0", tag="cp27-cp27m-win32").as_uri(),
        "app": make_wheel(aside, "app", "3.0", requires=["lib"]).as_uri(),
        "sdist": sdist.as_uri(),
        "tree": (tree / "source-1.0").as_uri(),
        "remote": index.url_of("/files/lib-1.0-py3-none-any.whl"),
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
    }
    for name, text in CONSTRAINTS.items():
        path = Path(pipwrap.directory, f"{name}.txt")
        path.write_text(text.format_map(known), encoding="utf-8")
    return known


CONSTRAINTS = {
    "wheel": "lib @ {wheel}\n",
    "fragment": "lib @ {wheel}#sha256={sha256}\n",
    "mismatch": "lib @ {wheel}#sha256=00\n",
    "remote": "lib @ {remote}\n",
    "app": "app @ {app}\n",
    "sdist": "source @ {sdist}\n",
    "tree": "source @ {tree}\n",
    "other-project": "app @ {wheel}\n",
    "two": "lib @ {wheel}\nlib @ {newer}\n",
    "same-twice": "lib @ {wheel}\nlib @ {wheel}\n",
    "and-specifier": "lib @ {wheel}\nlib>=2\n",
    "windows": "lib @ {windows}\n",
    "marked": "lib @ {wheel} ; python_version < '3'\n",
    "hashed": "lib @ {wheel} --hash=sha256:{sha256}\n",
    "hashed-name": "lib==1.0 --hash=sha256:00\n",
    "hashed-elsewhere": "lib==1.0 ; python_version < '3' --hash=sha256:00\n",
    "lib-hashed": "lib --hash=sha256:{sha256}\n",
}

WORKS = {
    "dependency": ("wheel", "app"),
    "named": ("wheel", "lib"),
    "pinned": ("wheel", "lib==1.5"),
    "not wanted": ("app", "lib"),
    "unknown extra": ("wheel", "lib[none]"),
    "extra": ("wheel", "app[more]"),
    "remote": ("remote", "app"),
    "its own dependencies": ("app", "app"),
    "sdist": ("sdist", "source"),
    "directory": ("tree", "source"),
    "said twice": ("same-twice", "lib"),
    "marker": ("marked", "lib"),
    "fragment": ("fragment", "lib"),
    "fragment that is required": ("fragment", "lib==1.5", "--require-hashes"),
    "hash not required": ("hashed", "lib", "--no-require-hashes"),
    "hash of the requirement": ("wheel", "-r", "lib-hashed.txt"),
}

FAILS = {
    "another version": ("wheel", "lib==2.0"),
    "another project": ("other-project", "app"),
    "two places": ("two", "lib"),
    "specifier": ("and-specifier", "lib"),
    "another platform": ("windows", "lib"),
}

HASHES = {
    "fragment": ("mismatch", "lib"),
    "own hash": ("hashed", "lib"),
    "unhashed requirement": ("hashed-name", "app"),
    "marker that does not hold": ("hashed-elsewhere", "lib"),
    "no longer required": ("hashed-elsewhere", "lib==1.0", "--no-require-hashes"),
}


def _both(runner: Runner, case: tuple[str, ...]) -> tuple[Result, Result]:
    name, *arguments = case
    return beside(runner, "install", "--dry-run", "-c", f"{name}.txt", *arguments)


@pytest.mark.parametrize("case", WORKS.values(), ids=WORKS)
def test_the_project_comes_from_there(pipwrap: Runner, case: tuple[str, ...]):
    ours, theirs = _both(pipwrap, case)
    assert theirs.returncode == 0, theirs.output
    assert (ours.returncode, ours.stderr, _told(ours)) == (0, theirs.stderr, _told(theirs)), (
        ours.output + theirs.output
    )


def _told(result: Result) -> list[str]:
    kept = ("Processing", "Collecting", "Would")
    return [line for line in plain(result.stdout).splitlines() if line.startswith(kept)]


@pytest.mark.parametrize("case", FAILS.values(), ids=FAILS)
def test_a_constraint_that_cannot_hold_is_a_conflict(pipwrap: Runner, case: tuple[str, ...]):
    ours, theirs = _both(pipwrap, case)
    assert (ours.returncode, ours.stderr, _who(ours)) == (1, theirs.stderr, _who(theirs))


def _who(result: Result) -> list[list[str]]:
    """Return what is in conflict, word by word: pip names places in the order of their hashes."""
    lines = [line for line in result.stdout.splitlines() if "The user requested" in line]
    return [sorted(line.replace(",", " ").replace(")", " ").split()) for line in lines]


@pytest.mark.parametrize("case", HASHES.values(), ids=HASHES)
def test_hashes_of_constraints_ask_for_hashes(pipwrap: Runner, case: tuple[str, ...]):
    ours, theirs = _both(pipwrap, case)
    assert (ours.returncode, _error(ours)) == (theirs.returncode, _error(theirs)), ours.output


def _error(result: Result) -> str:
    return result.stderr.partition("\n")[0]


def test_it_is_recorded_as_a_direct_reference(
    pipwrap: Runner, urls: Mapping[str, str], index: Index
):
    pipwrap("install", "-c", "remote.txt", "app", expect=0)
    path, *_ = pipwrap.environment.path.glob("lib*/python*/site-packages/lib-1.0.dist-info")
    assert json.loads((path / "direct_url.json").read_text())["url"] == urls["remote"]
    assert not (path / "REQUESTED").exists()
    assert "/simple/lib/" not in index.paths()


def test_the_index_is_not_asked_for_it(pipwrap: Runner, index: Index):
    pipwrap("install", "--dry-run", "-c", "wheel.txt", "app", "lib", expect=0)
    assert "/simple/lib/" not in index.paths()


def test_an_installed_version_gives_way(pipwrap: Runner):
    pipwrap("install", "lib==2.0", expect=0)
    ours, theirs = beside(pipwrap, "install", "--dry-run", "-c", "wheel.txt", "app")
    assert ours.stdout.splitlines()[-1] == theirs.stdout.splitlines()[-1]
    assert ours.stdout.splitlines()[-1] == "Would install app-2.0 lib-1.5"
