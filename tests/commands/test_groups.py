"""Dependency groups (PEP 735) and scripts (PEP 723), beside the real pip."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

PROJECT = """
[dependency-groups]
one = ["demo"]
two = [{include-group = "one"}, "lib; python_version < '3'"]
broken = [{include-group = "missing"}]
"""
SCRIPT = """# /// script
# requires-python = "{python}"
# dependencies = ["demo"]
# ///
"""


@pytest.fixture
def project(pipwrap: Runner, index: Index, tmp_path: Path) -> Path:
    """Return a working directory with groups and scripts, whose projects the index offers."""
    for name in ("demo", "lib"):
        index.add(make_wheel(tmp_path / "files", name, "1.0"))
    root = Path(pipwrap.directory)
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "script.py").write_text(SCRIPT.format(python=">=3.9"))
    (root / "future.py").write_text(SCRIPT.format(python=">=99"))
    (root / "twice.py").write_text(SCRIPT.format(python="") * 2)
    return root


SAME = {
    "group": ("--group", "one"),
    "included": ("--group", "two"),
    "by path": ("--group", "./pyproject.toml:one"),
    "no such group": ("--group", "nothing"),
    "broken group": ("--group", "broken"),
    "no such file": ("--group", "nowhere/pyproject.toml:one"),
    "script": ("--requirements-from-script", "script.py"),
    "another Python": ("--requirements-from-script", "future.py"),
    "no metadata": ("--requirements-from-script", "pyproject.toml"),
    "two blocks": ("--requirements-from-script", "twice.py"),
}


@pytest.mark.parametrize("arguments", SAME.values(), ids=SAME)
@pytest.mark.usefixtures("project")
def test_what_other_files_list_is_what_pip_takes(pipwrap: Runner, arguments: tuple[str, ...]):
    ours = pipwrap("install", "--dry-run", *arguments)
    theirs = pipwrap.pip("install", "--dry-run", *arguments)
    assert (ours.returncode, ours.stderr, ours.stdout.splitlines()[-1:]) == (
        theirs.returncode,
        theirs.stderr,
        theirs.stdout.splitlines()[-1:],
    )
