"""``--only-deps`` takes what the requested projects need and leaves them out, beside the real pip."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.beside import beside
from support.index import Index
from support.runner import Runner
from support.sdists import make_sdist
from support.wheels import make_wheel


@pytest.fixture(autouse=True)
def offered(pipwrap: Runner, index: Index, tmp_path: Path) -> Index:
    """Return an index of a project with a dependency, an extra and a cycle."""
    files = tmp_path / "files"
    extras = {"more": ["other"]}
    index.add(make_wheel(files, "app", "1.0", requires=["lib"], extras=extras))
    index.add(make_wheel(files, "round", "1.0", requires=["back"]))
    index.add(make_wheel(files, "back", "1.0", requires=["round"]))
    for name in ("lib", "other"):
        index.add(make_wheel(files, name, "1.0"))
    index.add(make_sdist(files, "source", "1.0", requires=["lib"]))
    Path(pipwrap.directory, "reqs.txt").write_text("app\n", encoding="utf-8")
    return index


SAME = {
    "one": ("app",),
    "extra": ("app[more]",),
    "dependency named too": ("app", "lib"),
    "cycle": ("round",),
    "sdist": ("source",),
    "nothing left": ("lib",),
    "long spelling": ("--only-dependencies", "app"),
    "without dependencies": ("--no-deps", "app"),
    "file": ("-r", "reqs.txt"),
    "many conflicts": ("--no-deps", "-r", "reqs.txt", "--group", "dev"),
    "script": ("--requirements-from-script", "script.py"),
}


@pytest.mark.parametrize("arguments", SAME.values(), ids=SAME)
def test_what_would_be_installed_is_what_pip_says(pipwrap: Runner, arguments: tuple[str, ...]):
    ours, theirs = beside(pipwrap, "install", "--dry-run", "--only-deps", *arguments)
    assert (ours.returncode, ours.stderr, _would(ours.stdout)) == (
        theirs.returncode,
        theirs.stderr,
        _would(theirs.stdout),
    )


def _would(stdout: str) -> list[str]:
    return [line for line in stdout.splitlines() if line.startswith("Would install")]


def test_the_requested_project_is_not_installed(pipwrap: Runner):
    result = pipwrap("install", "--only-deps", "app", expect=0)
    assert result.stdout.splitlines()[-1] == "Successfully installed lib-1.0"
    assert "app" not in pipwrap.pip("list", expect=0).stdout


def test_an_installed_one_stays_as_it_is(pipwrap: Runner):
    pipwrap("install", "--no-deps", "app", expect=0)
    pipwrap("install", "--only-deps", "--force-reinstall", "app", expect=0)
    listed = pipwrap.pip("list", expect=0).stdout
    assert "app" in listed
    assert "lib" in listed


@pytest.mark.parametrize("command", ["download", "wheel"])
@pytest.mark.parametrize("project", ["app", "source"])
def test_files_are_those_of_the_dependencies(pipwrap: Runner, command: str, project: str):
    option = "-d" if command == "download" else "-w"
    pipwrap(command, "--only-deps", option, "ours", project, expect=0)
    pipwrap.pip(command, "--only-deps", option, "theirs", project, expect=0)
    root = Path(pipwrap.directory)
    ours, theirs = ({path.name for path in (root / side).iterdir()} for side in ("ours", "theirs"))
    assert ours == theirs == {"lib-1.0-py3-none-any.whl"}
