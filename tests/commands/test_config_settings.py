"""``--config-settings``: whom they reach, in which form, and that the cache tells them apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.beside import assert_same, beside
from support.index import Index
from support.runner import Runner
from support.settings import settings_in, telling_sdist, telling_tree


@pytest.fixture(autouse=True)
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with sdists of ``demo`` and of ``lib``, which demo needs."""
    index.add(telling_sdist(tmp_path / "files", "demo", "1.0", requires=["lib"]))
    index.add(telling_sdist(tmp_path / "files", "lib", "1.0"))
    return index


def both(pipwrap: Runner, *arguments: object) -> tuple[dict[str, object], dict[str, object]]:
    """Return the settings that reached the wheels of pipwrap and of the real pip."""
    found = []
    for run in (pipwrap, pipwrap.pip):
        wheels = Path(pipwrap.directory, "wheels")
        shutil.rmtree(wheels, ignore_errors=True)
        run("wheel", "--no-cache-dir", "-w", wheels, *arguments, expect=0)  # type: ignore[operator]
        found.append(settings_in(wheels))
    return found[0], found[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo"],
        ["-C", "a=1", "demo"],
        ["-C", "a=1", "-Ca=2", "--config-settings=b=x=y", "--config-settings", "c=", "demo"],
        ["-C", "a=1", "demo", "lib"],
        ["-C", "a=1", "demo @ {url}"],
        ["-C", "a=1", "{path}"],
        ["-C", "a=1", "{tree}"],
    ],
    ids=" ".join,
)
def test_settings_reach_what_the_command_line_names_and_nothing_else(
    pipwrap: Runner, index: Index, tmp_path: Path, arguments: list[str]
):
    tree = telling_tree(tmp_path / "trees", "demo", "1.0", requires=["lib"])
    path = tmp_path / "files" / "demo-1.0.tar.gz"
    filled = [one.format(url=index.file_url(path), path=path, tree=tree) for one in arguments]
    ours, theirs = both(pipwrap, *filled)
    assert ours == theirs


@pytest.mark.parametrize(
    ("lines", "arguments"),
    [
        (["demo -C a=1"], []),
        (['demo --config-settings="a=1" -C a=2 -C b=3', "lib -C c=4"], []),
        (["demo"], ["-C", "a=1"]),
        (["demo -C a=1"], ["-C", "b=2"]),
        (["demo -C a=1"], ["-C", "b=2", "lib"]),
        (["demo", "demo -C a=1"], []),
        (["demo -C a=1"], ["demo"]),
    ],
)
def test_settings_of_a_line_reach_what_it_names(
    pipwrap: Runner, lines: list[str], arguments: list[str]
):
    Path(pipwrap.directory, "r.txt").write_text("\n".join(lines), encoding="utf-8")
    ours, theirs = both(pipwrap, "-r", "r.txt", *arguments)
    assert ours == theirs


@pytest.mark.parametrize(
    ("lines", "arguments"),
    [
        ([], ["-C", "a=1", "demo"]),
        ([], ["-C", "a=1", "demo[x]"]),
        ([], ["-C", "a=1", "demo", "demo>=0"]),
        ([], ["-C", "a=1", "needs"]),
        ([], ["-C", "a=1", "needs", "demo"]),
        (["demo -C a=1"], []),
        (["demo -C a=1", "demo -C a=2"], []),
        (["demo -C a=1"], ["-C", "b=2", "demo"]),
        (["demo -C a=1"], ["-C", "b=2", "needs"]),
        (["demo @ {uri} -C a=1"], ["-C", "b=2", "demo"]),
        ([], ["-C", "b=2", "{uri}"]),
        ([], ["-C", "b=2", "--group", "g"]),
    ],
    ids=str,
)
def test_settings_reach_what_a_constraint_says_where_to_find(
    pipwrap: Runner, index: Index, tmp_path: Path, lines: list[str], arguments: list[str]
):
    tree = telling_tree(tmp_path / "trees", "demo", "1.0", extras={"x": []})
    index.add(telling_sdist(tmp_path / "files", "needs", "1.0", requires=["demo"]))
    work = Path(pipwrap.directory)
    (work / "limits.txt").write_text(f"demo @ {tree.as_uri()}\n", encoding="utf-8")
    (work / "lines.txt").write_text("\n".join(lines).format(uri=tree.as_uri()), encoding="utf-8")
    (work / "pyproject.toml").write_text('[dependency-groups]\ng = ["demo"]\n', encoding="utf-8")
    filled = [each.format(uri=tree.as_uri()) for each in arguments]
    ours, theirs = both(pipwrap, "-c", "limits.txt", "-r", "lines.txt", *filled)
    assert ours == theirs


def test_a_wheel_that_was_built_with_other_settings_is_not_reused(pipwrap: Runner):
    seen = []
    for settings in (["-C", "a=1"], ["-C", "a=2"], [], ["-C", "a=1"]):
        directory = Path(pipwrap.directory, f"wheels{len(seen)}")
        result = pipwrap("wheel", "--no-deps", *settings, "-w", directory, "demo", expect=0)
        seen.append((settings_in(directory)["demo"], "Building wheel" in result.stdout))
    assert seen == [({"a": "1"}, True), ({"a": "2"}, True), (None, True), ({"a": "1"}, False)]


@pytest.mark.parametrize("option", ["--config-settings=a", "-Ca"])
def test_a_setting_without_a_value_is_refused_in_pips_words(pipwrap: Runner, option: str):
    assert_same(*beside(pipwrap, "wheel", option, "demo"))
