"""``install --user``: what it shadows, what it replaces, and where it is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, make_environment, snapshot
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with ``demo`` and ``lib`` 1.0 and 2.0."""
    scripts = {"console_scripts": ["demo = demo:main"]}
    for version in ("1.0", "2.0"):
        index.add(make_wheel(tmp_path / "wheels", "lib", version))
        index.add(make_wheel(tmp_path / "wheels", "demo", version, entry_points=scripts))
    return index


@pytest.fixture
def open_environment(tmp_path: Path) -> VirtualEnvironment:
    """Return an environment that sees the system's packages, and so the user site."""
    return make_environment(tmp_path / "open", system_site_packages=True)


@pytest.mark.parametrize(
    "lines",
    [
        ["install --user demo"],
        ["install --user lib==1.0", "install --user lib==2.0"],
        ["install lib==1.0", "install --user lib==2.0"],
        ["install lib==1.0", "install --user lib"],
        ["install lib==1.0", "install --user -I lib"],
        ["install lib==1.0", "install --user --force-reinstall lib"],
        ["install --user --root r -I lib"],
        ["install --user lib==1.0", "install --no-user -U lib"],
    ],
    ids=" & ".join,
)
def test_the_user_site_is_as_pip_leaves_it(
    pipwrap: Runner, open_environment: VirtualEnvironment, offered: Index, lines: list[str]
):
    outcomes = []
    for name in ("ours", "theirs"):
        place = make_environment(open_environment.path / name, system_site_packages=True)
        runner = pipwrap.on(place)
        base = place.path / "user"
        work = place.path / "work"
        work.mkdir()
        said = []
        for line in lines:
            run = runner if name == "ours" else runner.pip
            result = run(*line.split(), cwd=work, environ={"PYTHONUSERBASE": str(base)})
            said += [result.returncode, *result.stderr.splitlines()]
        said = [one.replace(str(place.path), "P") if isinstance(one, str) else one for one in said]
        files = [
            path.replace(str(place.path)[1:], "P")
            for path, what in snapshot(place.path).items()
            if what[0] == "f" and not path.endswith(".pyc")
        ]
        outcomes.append((said, sorted(files)))
    assert outcomes[0] == outcomes[1]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_site_that_cannot_be_written_leads_to_the_user_site(
    pipwrap: Runner, open_environment: VirtualEnvironment, offered: Index
):
    open_environment.site_packages.chmod(0o555)
    result = pipwrap.on(open_environment)("install", "lib", expect=0)
    assert "Defaulting to user installation because normal site-packages" in result.stdout
