"""``--link-mode`` says how files come from the store into the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.environments import check_records, make_environment
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel


@pytest.mark.parametrize(
    ("mode", "linked"),
    [
        (None, {"data.bin"}),
        ("auto", {"data.bin"}),
        ("hardlink", {"__init__.py", "data.bin"}),
        ("clone", set()),
        ("copy", set()),
    ],
)
def test_files_are_shared_with_the_store_as_asked(
    pipwrap: Runner,
    index: Index,
    tmp_path: Path,
    cache_root: Path,
    mode: str | None,
    linked: set[str],
):
    files = {"demo/__init__.py": b"x = 1\n", "demo/data.bin": b"data"}
    index.add(make_wheel(tmp_path / "files", "demo", "1.0", files=files))
    pipwrap("install", *(["--link-mode", mode] if mode else []), "demo", expect=0)
    site_packages = pipwrap.environment.site_packages
    (tree,) = cache_root.glob("store-v1/*/*/tree")
    found = {
        name
        for name in ("__init__.py", "data.bin")
        if (site_packages / "demo" / name).samefile(tree / "demo" / name)
    }
    assert found == linked
    check_records(site_packages)


def test_a_file_edited_in_place_never_reaches_another_environment(
    pipwrap: Runner, index: Index, tmp_path: Path
):
    index.add(make_wheel(tmp_path / "files", "demo", "1.0", files={"demo/__init__.py": b"x = 1\n"}))
    pipwrap("install", "demo", expect=0)
    other = pipwrap.on(make_environment(tmp_path / "other"))
    other("install", "demo", expect=0)
    (pipwrap.environment.site_packages / "demo" / "__init__.py").write_text("x = 2\n")
    third = pipwrap.on(make_environment(tmp_path / "third"))
    third("install", "demo", expect=0)
    for each in (other, third):
        text = (each.environment.site_packages / "demo" / "__init__.py").read_text()
        assert text == "x = 1\n"


def test_another_mode_is_refused_as_pip_refuses_a_choice(pipwrap: Runner):
    result = pipwrap("install", "--link-mode", "symlink", "demo", expect=2)
    assert "invalid choice: 'symlink'" in result.stderr
