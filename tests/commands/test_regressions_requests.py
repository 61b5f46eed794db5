"""What was asked for, in the user's own spelling."""

from __future__ import annotations

import json
from pathlib import Path

from support.environments import VirtualEnvironment
from support.index import Index
from support.runner import Runner
from support.sdists import make_sdist, make_source_tree


def test_built_wheels_are_listed_as_the_user_wrote_them(
    pipwrap: Runner, index: Index, tmp_path: Path
) -> None:
    index.add(make_sdist(tmp_path, "odd-name", "1.0"))
    stdout = pipwrap("install", "Odd.Name", expect=0).stdout
    assert "Building wheels for collected packages: Odd.Name\n" in stdout
    assert "  Created wheel for Odd.Name: filename=odd_name-1.0-" in stdout
    assert "\nSuccessfully built Odd.Name\n" in stdout


def test_a_built_directory_is_listed_by_its_metadata_s_name(
    pipwrap: Runner, tmp_path: Path
) -> None:
    tree = make_source_tree(tmp_path / "tree", "Odd.Name", "1.0")
    stdout = pipwrap("install", tree, expect=0).stdout
    assert "\nSuccessfully built Odd.Name\n" in stdout


def test_extras_of_the_working_directory_leave_its_url_normal(
    pipwrap: Runner, environment: VirtualEnvironment, tmp_path: Path
) -> None:
    tree = make_source_tree(tmp_path / "tree", "demo", "1.0")
    pipwrap("install", ".[more]", cwd=tree, expect=0)
    text = environment.distribution("demo").read_text("direct_url.json")
    assert json.loads(text or "")["url"] == Path(tree).as_uri()


def test_empty_arguments_ask_for_nothing(pipwrap: Runner, environment: VirtualEnvironment) -> None:
    pipwrap("install", "", expect=0)
    assert environment.freeze() == []
