"""``-e`` lines of a requirements file that is downloaded: a zip of each source tree, as in pip."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from support.editables import editable_tree
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel


def _members(path: Path) -> list[tuple[str, int]]:
    """Return names and permissions of what a zip holds, without what a build leaves."""
    with zipfile.ZipFile(path) as archive:
        rows = [(each.filename, each.external_attr >> 16 & 0o777) for each in archive.infolist()]
    return sorted(row for row in rows if "__pycache__" not in row[0])


@pytest.fixture
def tree(index: Index, tmp_path: Path) -> Path:
    """Return a project that needs ``lib``, with a program and an empty directory."""
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"))
    tree = editable_tree(tmp_path / "trees", "My.Demo", requires=["lib"], extras={"more": []})
    (tree / "run.sh").write_text("echo", encoding="utf-8")
    (tree / "run.sh").chmod(0o755)
    (tree / "empty").mkdir()
    return tree


@pytest.mark.parametrize(
    "line",
    [
        "-e {tree}",
        "-e {tree}[more]",
        "-e {uri}",
        "-e {uri}#egg=my-demo",
        "-e my_demo@{uri}",
        "-e {above}#egg=My.Demo&subdirectory=my_demo",
    ],
)
def test_an_editable_is_saved_as_a_zip(pipwrap: Runner, tmp_path: Path, tree: Path, line: str):
    lines = Path(pipwrap.directory, "lines.txt")
    values = {"tree": tree, "uri": tree.as_uri(), "above": tree.parent.as_uri()}
    lines.write_text(line.format_map(values), encoding="utf-8")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    said = pipwrap("download", "-r", lines, "-d", ours, expect=0)
    expected = pipwrap.pip("download", "--no-cache-dir", "-r", lines, "-d", theirs, expect=0)
    names = sorted(os.listdir(ours))
    assert names == sorted(os.listdir(theirs))
    assert "lib-1.0-py3-none-any.whl" in names
    (name,) = (each for each in names if each.endswith(".zip"))
    assert _members(ours / name) == _members(theirs / name)
    assert f"Saved {ours / name}" in said.stdout
    assert said.stdout.splitlines()[-1] == expected.stdout.splitlines()[-1]


def test_the_zip_can_be_installed(pipwrap: Runner, tmp_path: Path, tree: Path):
    os.utime(tree / "run.sh", (0, 0))  # a zip knows no time before 1980
    Path(pipwrap.directory, "lines.txt").write_text(f"-e {tree}", encoding="utf-8")
    pipwrap("download", "-r", "lines.txt", "-d", tmp_path / "saved", expect=0)
    (path,) = (tmp_path / "saved").glob("*.zip")
    pipwrap("install", "--no-index", "-f", tmp_path / "saved", path, expect=0)
    assert pipwrap.environment.freeze() == ["My.Demo==1.0", "lib==1.0"]


def test_a_zip_that_is_there_is_not_overwritten_unasked(
    pipwrap: Runner, tmp_path: Path, tree: Path
):
    Path(pipwrap.directory, "lines.txt").write_text(f"-e {tree}", encoding="utf-8")
    arguments = ("download", "-r", "lines.txt", "-d", tmp_path / "saved")
    pipwrap(*arguments, expect=0)
    (path,) = (tmp_path / "saved").glob("*.zip")
    path.write_bytes(b"mine")
    assert "exists. (i)gnore, (w)ipe" in pipwrap(*arguments, stdin="i\n", expect=0).stdout
    assert path.read_bytes() == b"mine"
