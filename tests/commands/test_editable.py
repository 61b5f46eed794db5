"""Editables (PEP 660): paths and repositories, beside the real pip."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from support.editables import editable_tree
from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.repositories import GitRepository, make_repository
from support.runner import Result, Runner
from support.sdists import make_source_tree
from support.wheels import make_wheel


@pytest.fixture
def tree(pipwrap: Runner) -> Path:
    """Return an editable project in the working directory, with an extra."""
    return editable_tree(pipwrap.directory, extras={"more": ["extra"]})


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """Return a repository of an editable project: tag v1, main at 2.0."""
    made = make_repository(tmp_path / "repositories" / "demo")
    for version in ("1.0", "2.0"):
        editable_tree(tmp_path / "trees", version=version)
        shutil.rmtree(made.path / "wheel", ignore_errors=True)
        shutil.copytree(tmp_path / "trees" / "demo", made.path, dirs_exist_ok=True)
        shutil.rmtree(tmp_path / "trees")
        made.commit_all(version)
        made.git("tag", f"v{version[0]}")
    return made


def both(pipwrap: Runner, tmp_path: Path, *arguments: str) -> tuple[Runner, Result, Runner, Result]:
    """Run a command with pipwrap and the real pip in environments of their own."""
    other = pipwrap.on(make_environment(tmp_path / "other"))
    return pipwrap, pipwrap(*arguments), other, other.pip(*arguments)


def plain(result: Result, runner: Runner) -> list[str]:
    """Return the lines without what differs by its nature: the environment, digests, caches."""
    text = result.stdout.replace(str(runner.environment.path), "ENVIRONMENT")
    lines = re.sub(r"size=\d+ sha256=\w+", "", text).splitlines()
    return [line for line in lines if "Stored in directory" not in line]


def direct_url(environment: VirtualEnvironment, name: str = "demo") -> dict[str, object]:
    found: dict[str, object] = json.loads(
        environment.distribution(name).read_text("direct_url.json") or "{}"
    )
    return found


@pytest.mark.parametrize("form", ["demo", "./demo", "demo[more]", "{root}", "file://{root}"])
def test_a_path_is_installed_as_it_lies(
    pipwrap: Runner, index: Index, tree: Path, tmp_path: Path, form: str
):
    index.add(make_wheel(tmp_path, "extra", "1.0"))
    ours, our_result, theirs, their_result = both(
        pipwrap, tmp_path, "install", "-e", form.format(root=tree)
    )
    assert our_result.returncode == their_result.returncode == 0, our_result.output
    assert ours.environment.freeze() == theirs.environment.freeze()
    assert direct_url(ours.environment) == direct_url(theirs.environment)
    assert direct_url(ours.environment)["dir_info"] == {"editable": True}
    (tree / "wheel" / "demo" / "__init__.py").write_text("__version__ = 'changed'\n")
    assert ours.environment.run_python("import demo; print(demo.__version__)") == "changed\n"


def test_the_lines_are_pips(pipwrap: Runner, tree: Path, tmp_path: Path):
    ours, our_result, theirs, their_result = both(pipwrap, tmp_path, "install", "-e", "./demo")
    assert plain(our_result, ours) == plain(their_result, theirs)


def test_an_editable_is_always_installed_again_and_never_cached(
    pipwrap: Runner, tree: Path, cache_root: Path, environment: VirtualEnvironment
):
    pipwrap("install", "-e", "./demo", expect=0)
    result = pipwrap("install", "-e", "./demo", expect=0)
    assert "Successfully uninstalled demo-1.0" in result.stdout
    assert not (cache_root / "wheels-v2").exists()
    pipwrap("install", "./demo", expect=0)
    assert direct_url(environment)["dir_info"] == {}


def test_a_line_of_a_file_may_be_editable(pipwrap: Runner, tree: Path, tmp_path: Path):
    Path(pipwrap.directory, "r.txt").write_text("-e ./demo\n")
    ours, our_result, theirs, their_result = both(pipwrap, tmp_path, "install", "-r", "r.txt")
    assert plain(our_result, ours) == plain(their_result, theirs)
    assert ours.environment.distribution("demo").read_text("REQUESTED") is not None


def test_wheel_builds_an_ordinary_wheel(
    pipwrap: Runner, tree: Path, environment: VirtualEnvironment
):
    pipwrap("wheel", "-w", "wheels", "-e", "./demo", expect=0)
    pipwrap("install", "wheels/demo-1.0-py3-none-any.whl", expect=0)
    assert (environment.site_packages / "demo" / "__init__.py").exists()


BAD = {
    "no such path": "./nowhere",
    "a name": "demo-of-an-index",
    "no name for a repository": "git+file:///nowhere",
    "a url": "http://localhost/demo.zip",
    "no project": "./empty",
}


@pytest.mark.parametrize("form", BAD.values(), ids=BAD)
def test_what_is_not_editable_fails_as_in_pip(pipwrap: Runner, tmp_path: Path, form: str):
    Path(pipwrap.directory, "empty").mkdir()
    _, ours, _, theirs = both(pipwrap, tmp_path, "install", "-e", form)
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr)


def test_a_backend_without_the_hook_is_refused_as_in_pip(pipwrap: Runner, tmp_path: Path):
    make_source_tree(pipwrap.directory, "demo", "1.0")
    _, ours, _, theirs = both(pipwrap, tmp_path, "install", "-e", "./demo")
    assert (ours.returncode, ours.stdout, ours.stderr) == (1, theirs.stdout, theirs.stderr)


def test_constraints_and_hashes_know_no_editables(pipwrap: Runner, tree: Path, tmp_path: Path):
    Path(pipwrap.directory, "c.txt").write_text("-e ./demo\n")
    _, ours, _, theirs = both(pipwrap, tmp_path, "install", "-c", "c.txt", "demo")
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr)
    result = pipwrap("install", "--require-hashes", "-e", "./demo", expect=1)
    assert "because there is no single file to hash" in result.stderr


@pytest.mark.parametrize("form", ["{url}@v1#egg=demo", "demo @ {url}@v1"])
def test_a_repository_is_cloned_into_the_source_directory(
    pipwrap: Runner, repository: GitRepository, tmp_path: Path, form: str
):
    arguments = ("install", "-e", form.format(url=repository.url))
    ours, our_result, theirs, their_result = both(pipwrap, tmp_path, *arguments)
    assert plain(our_result, ours) == plain(their_result, theirs)
    source = ours.environment.path / "src" / "demo"
    assert direct_url(ours.environment) == {
        "dir_info": {"editable": True},
        "url": f"file://{source}",
    }
    again, also = ours(*arguments), theirs.pip(*arguments)
    assert plain(again, ours) == plain(also, theirs)


def test_a_clone_is_brought_to_another_revision_where_src_says(
    pipwrap: Runner, repository: GitRepository, environment: VirtualEnvironment
):
    for revision, version in (("v1", "1.0"), ("main", "2.0")):
        url = f"demo @ {repository.url}@{revision}"
        # Both backends are of one size and may be of one second: bytecode could not tell them apart.
        plain = {"PYTHONDONTWRITEBYTECODE": "1"}
        pipwrap("install", "--src", "kept", "-e", url, environ=plain, expect=0)
        assert environment.freeze() == [f"demo=={version}"]
    assert os.path.isdir(Path(pipwrap.directory, "kept", "demo", ".git"))
