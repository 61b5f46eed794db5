"""Upgrades in which a directory becomes a file, or a file a directory: the tree that pip leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, make_environment
from support.runner import Result, Runner
from support.wheels import make_wheel

FORMS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "package-to-module": ({"demo/__init__.py": "", "demo/a.py": ""}, {"demo.py": ""}),
    "to-file": ({"thing/x.txt": "x"}, {"thing": "file"}),
    "to-directory": ({"thing": "file"}, {"thing/x.txt": "x"}),
    "to-file-nested": ({"demo/a/b/c.py": "", "demo/__init__.py": ""}, {"demo/a/b": "file"}),
    "to-directory-nested": ({"demo/a": "file", "demo/x.py": ""}, {"demo/a/b/c.py": ""}),
    "all-to-file": ({"demo/a/b.py": "", "demo/c/d/e.py": "", "demo/f": ""}, {"demo": "file"}),
    "both": ({"one/x.py": "", "two": "file"}, {"one": "file", "two/x.py": ""}),
    "data": ({"demo-V.data/data/share/demo/x": "x"}, {"demo-V.data/data/share/demo": "file"}),
    "data-back": ({"demo-V.data/data/share/demo": "x"}, {"demo-V.data/data/share/demo/x": "y"}),
    "scripts": ({"demo-V.data/scripts/run/x": "x"}, {"demo-V.data/scripts/run": "#!python\n"}),
    "headers": ({"demo-V.data/headers/a/x.h": ""}, {"demo-V.data/headers/a": ""}),
    "headers-back": ({"demo-V.data/headers/a": ""}, {"demo-V.data/headers/a/x.h": ""}),
    "other-case": ({"Thing/x.txt": "x"}, {"thing": "file", "Thing": "file"}),
    "to-script": ({"demo-V.data/scripts/run/x": ""}, {"demo-V.entry": "run = demo:main"}),
}


def versions(directory: Path, form: str) -> tuple[Path, Path]:
    """Return the wheels of the old and of the new version."""
    return _wheel(directory, "1.0", FORMS[form][0]), _wheel(directory, "2.0", FORMS[form][1])


def _wheel(directory: Path, version: str, files: dict[str, str]) -> Path:
    members = {path.replace("-V.", f"-{version}."): text for path, text in files.items()}
    entry = members.pop(f"demo-{version}.entry", None)
    points = {"console_scripts": [entry]} if entry else None
    return make_wheel(directory, "demo", version, files=members, entry_points=points)


@pytest.fixture
def other(tmp_path: Path) -> VirtualEnvironment:
    """Return the environment that pip installs into."""
    return make_environment(tmp_path / "other")


def tree(environment: VirtualEnvironment) -> dict[str, str]:
    """Return what is there, without the contents that name the environment or the installer."""
    return {
        path: seen.rpartition(" ")[0] if path.endswith(("INSTALLER", "RECORD", "run")) else seen
        for path, seen in environment.tree().items()
        if not path.endswith((".pyc", "pyvenv.cfg")) and "ctivate" not in path
    }


@pytest.mark.parametrize("form", FORMS)
def test_an_upgrade_leaves_the_tree_of_pip(
    pipwrap: Runner, other: VirtualEnvironment, tmp_path: Path, form: str
):
    for runner in (pipwrap, pipwrap.on(other).pip):
        for wheel in versions(tmp_path / "files", form):
            runner("install", wheel, expect=0)
    assert tree(pipwrap.environment) == tree(other)
    empty = make_environment(tmp_path / "empty")
    pipwrap("uninstall", "-y", "demo", expect=0)
    assert tree(pipwrap.environment).keys() - tree(empty).keys() <= {"share", "include/site"}


@pytest.mark.parametrize("back", [False, True])
def test_below_user_what_is_removed_is_no_obstacle(pipwrap: Runner, tmp_path: Path, *, back: bool):
    """Nor is the bytecode of another Python that ran the old modules."""
    user = make_environment(tmp_path / "user", system_site_packages=True)
    environ = {"PYTHONUSERBASE": str(user.path / "base")}
    order = versions(tmp_path / "files", "all-to-file")
    first, second = reversed(order) if back else order
    runner = pipwrap.on(user)
    runner("install", "--user", first, environ=environ, expect=0)
    (site,) = (user.path / "base").rglob("site-packages")
    for cache in site.rglob("__pycache__"):
        for name in {path.name.split(".")[0] for path in cache.iterdir()}:
            (cache / f"{name}.cpython-399.pyc").write_bytes(b"")
    runner("install", "--user", second, environ=environ, expect=0)
    assert (site / "demo").is_dir() == back
    version = "1.0" if back else "2.0"
    assert {path.name for path in site.iterdir()} == {"demo", f"demo-{version}.dist-info"}


def change(environment: VirtualEnvironment, how: str) -> str:
    """Put something into the old version's directory, and return its name."""
    directory = environment.site_packages / "thing"
    path = directory / "mine.txt"
    if how == "file":
        path.write_text("the user's own", encoding="utf-8")
    elif how == "nested":
        (directory / "deep" / "er").mkdir(parents=True)
        path = directory / "deep" / "er" / "mine.txt"
        path.write_text("the user's own", encoding="utf-8")
    elif how == "link":
        path.symlink_to(directory / "x.txt")
    return str(path)


@pytest.mark.parametrize("how", ["file", "nested", "link"])
def test_a_directory_that_holds_something_else_stays_and_is_named(
    pipwrap: Runner, other: VirtualEnvironment, tmp_path: Path, how: str
):
    results: list[Result] = []
    first, second = versions(tmp_path / "files", "to-file")
    for runner in (pipwrap, pipwrap.on(other)):
        run: Callable[..., Result] = runner if runner is pipwrap else runner.pip
        run("install", first, expect=0)
        held = change(runner.environment, how)
        before = runner.environment.tree(bytecode=False)
        results.append(run("install", second, expect=1))
        assert runner.environment.tree(bytecode=False) == before
        if runner is pipwrap:
            assert held in results[0].stderr
    ours, theirs = ([line for line in each.stderr.splitlines() if line] for each in results)
    assert ours[0].replace(str(pipwrap.environment.path), "") == theirs[0].replace(
        str(other.path), ""
    )


@pytest.mark.parametrize("how", ["empty directory", "link to a directory"])
def test_what_holds_no_file_is_moved_away(
    pipwrap: Runner, other: VirtualEnvironment, tmp_path: Path, how: str
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").write_text("kept", encoding="utf-8")
    first, second = versions(tmp_path / "files", "to-file")
    for runner in (pipwrap, pipwrap.on(other)):
        run: Callable[..., Result] = runner if runner is pipwrap else runner.pip
        run("install", first, expect=0)
        path = runner.environment.site_packages / "thing" / "more"
        path.mkdir() if how == "empty directory" else path.symlink_to(elsewhere)
        run("install", second, expect=0)
    assert tree(pipwrap.environment) == tree(other)
    assert (elsewhere / "kept.txt").is_file()


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(
    pipwrap: Runner, other: VirtualEnvironment, tmp_path: Path
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    first, second = versions(tmp_path / "files", "to-directory")
    for runner in (pipwrap, pipwrap.on(other)):
        run: Callable[..., Result] = runner if runner is pipwrap else runner.pip
        run("install", first, expect=0)
        path = runner.environment.site_packages / "thing"
        path.unlink()
        path.symlink_to(elsewhere)
        run("install", second, expect=0)
    assert tree(pipwrap.environment) == tree(other)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("form", ["to-file", "to-directory"])
def test_what_nobody_removes_is_in_the_way(pipwrap: Runner, tmp_path: Path, form: str):
    """It is another distribution's, and stays installed."""
    first, second = FORMS[form]
    pipwrap("install", make_wheel(tmp_path, "other", "1.0", files=dict(first)), expect=0)
    before = pipwrap.environment.tree()
    done = pipwrap("install", make_wheel(tmp_path, "demo", "1.0", files=dict(second)), expect=1)
    assert f"{pipwrap.environment.site_packages / 'thing'}" in done.stderr
    assert "Move it away" in done.stderr
    assert pipwrap.environment.tree() == before
    # Once the other is upgraded in the same command, it is not.
    newer = make_wheel(tmp_path, "other", "2.0", files={"other.py": ""})
    pipwrap("install", newer, tmp_path / "demo-1.0-py3-none-any.whl", expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0", "other==2.0"]


def test_a_file_of_one_wheel_where_another_needs_a_directory_is_refused_before_anything_changes(
    pipwrap: Runner, tmp_path: Path
):
    one = make_wheel(tmp_path, "one", "1.0", files={"thing": "file"})
    two = make_wheel(tmp_path, "two", "1.0", files={"thing/deep/x": "x"})
    before = pipwrap.environment.tree()
    done = pipwrap("install", one, two, expect=1)
    assert "Not a directory" in done.stderr
    assert pipwrap.environment.tree() == before
