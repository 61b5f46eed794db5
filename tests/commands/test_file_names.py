"""File names that pages, URLs, backends and metadata give: nothing is written outside a directory."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from support.environments import snapshot
from support.index import Index
from support.promises import refused
from support.runner import Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, make_sdist, make_source_tree, make_wheel

# What stands between the name and the tags of a wheel, as a URL has it.
_BAD = (
    "1.0-1%2F..%2F..%2Foutside%2Fpwn",
    "1.0-1%2f..%2f..%2foutside%2fpwn",
    "1.0-1%2F%2Foutside%2Fpwn",
    "1.0-1%5C..%5C..%5Cpwn",
    "1.0-1x%00",
    "1.0-1x%0A",
    "1.0-1%1B%5B2J",
    "1.0-1%C2%9B",
    "1.0-1%7F",
    "1.0-1" + "x" * 300,
)
_NAMES = (
    *(f"demo-{part}-py3-none-any.whl" for part in _BAD),
    "demo-2.0%0A.tar.gz",
    "demo-2.0%2F..%2F..%2Fdemo-2.0%00.tar.gz",
    "demo-2.0%2F..%2F..%2F..%2Fpwn.tar.gz",
)
_COMMANDS = ("download -d into", "wheel -w into", "install")


@pytest.fixture
def page(index: Index, tmp_path: Path) -> Index:
    """Return an index with a good ``demo`` 0.5."""
    index.add(make_wheel(tmp_path / "files", "demo", "0.5"))
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    return index


def _offer(index: Index, name: str) -> str:
    """Serve a page on which a file of this name is the newest ``demo``, and return its URL."""
    wheel = index.content("demo-1.0-py3-none-any.whl")
    old = index.url_of("/files/demo-0.5-py3-none-any.whl")
    links = f'<a href="/files/{name}">{name}</a><a href="{old}">demo-0.5-py3-none-any.whl</a>'
    index.page("/simple/demo/", links)
    return _serve(index, f"/files/{name}", wheel)


def _serve(index: Index, path: str, content: bytes) -> str:
    """Serve a file at a quoted path and return its URL; the server looks paths up unquoted."""
    index.page(unquote(urlsplit(path).path), content, content_type="application/octet-stream")
    return index.url_of(path)


@pytest.mark.parametrize(
    ("name", "command"),
    [*((each, "download -d into") for each in _NAMES), *((_NAMES[0], each) for each in _COMMANDS)],
)
def test_a_link_with_a_bad_file_name_is_no_candidate(
    pipwrap: Runner, page: Index, tmp_path: Path, name: str, command: str
):
    _offer(page, name)
    result = pipwrap(*command.split(), "demo", expect=0)
    assert "Traceback" not in result.stderr
    saved = [path for path in tmp_path.rglob("*") if "pwn" in path.name or "outside" in path.name]
    assert saved == []
    if command == "install":
        assert pipwrap.environment.freeze() == ["demo==0.5"]
    else:
        assert sorted(snapshot(pipwrap.directory)) == ["into", "into/demo-0.5-py3-none-any.whl"]


@pytest.mark.parametrize("form", ["{url}", "demo @ {url}"])
@pytest.mark.parametrize(
    ("name", "command"),
    [(each, "download -d into") for each in (*_NAMES, "..%2F..%2Fdemo-1.0-py3-none-any.whl")]
    + [("..%2F..%2Fdemo-1.0-py3-none-any.whl", each) for each in _COMMANDS[1:]],
)
def test_a_url_with_a_bad_file_name_is_one_error(
    pipwrap: Runner, page: Index, tmp_path: Path, name: str, form: str, command: str
):
    url = _offer(page, name)
    before = snapshot(tmp_path / "work")
    refused(pipwrap, *command.split(), form.format(url=url), says="ERROR: Invalid ")
    assert snapshot(tmp_path / "work") == before


@pytest.mark.parametrize("place", ["pylock.toml", "constraints.txt", "requirements.txt"])
def test_a_bad_file_name_in_a_file_is_one_error(pipwrap: Runner, page: Index, place: str):
    url = _offer(page, "demo-1.0-1%2F..%2F..%2Foutside%2Fpwn-py3-none-any.whl")
    arguments = {
        "pylock.toml": ["-r", place],
        "constraints.txt": ["-c", place, "demo"],
        "requirements.txt": ["-r", place],
    }[place]
    text = f"demo @ {url}\n"
    if place == "pylock.toml":
        text = (
            'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\nname = "demo"\n'
            f'version = "1.0"\n[[packages.wheels]]\nname = "demo-1.0-py3-none-any.whl"\n'
            f'url = "{url}"\n[packages.wheels.hashes]\nsha256 = "{"0" * 64}"\n'
        )
    (pipwrap.directory / place).write_text(text, encoding="utf-8")
    before = snapshot(pipwrap.directory)
    refused(pipwrap, "download", "-d", ".", *arguments, says="ERROR: ")
    assert snapshot(pipwrap.directory) == before


def test_a_quoted_slash_parts_a_directory_from_the_name_as_in_pip(pipwrap: Runner, page: Index):
    """Object stores have such URLs."""
    wheel = page.content("demo-1.0-py3-none-any.whl")
    path = "/o/dist%2Fdemo-1.0-py3-none-any.whl?alt=media"
    url = _serve(page, path, wheel)
    pipwrap("download", "-d", "ours", url, expect=0)
    pipwrap.pip("download", "--no-cache-dir", "-d", "theirs", url, expect=0)
    ours, theirs = pipwrap.directory / "ours", pipwrap.directory / "theirs"
    assert snapshot(ours) == snapshot(theirs)


@pytest.mark.parametrize(
    "named", ["../demo-1.0-py3-none-any.whl", "/tmp/demo-1.0.whl", "a\0.whl", ""]
)
def test_a_backend_that_names_no_file_of_its_directory_is_refused(
    pipwrap: Runner, tmp_path: Path, named: str
):
    backend = (
        "from in_tree_backend import *\nimport in_tree_backend\n"
        "def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):\n"
        "    in_tree_backend.build_wheel(wheel_directory)\n"
        f"    return {named!r}\n"
    )
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "naming"\nbackend-path = ["."]\n'
    files = {"naming.py": backend}
    tree = make_source_tree(tmp_path, "demo", "1.0", pyproject=pyproject, extra_files=files)
    refused(pipwrap, "wheel", "-w", "into", tree, says="no name in the directory")
    assert snapshot(pipwrap.directory) == {}


def test_saving_follows_no_link_and_leaves_nothing_beside(
    pipwrap: Runner, page: Index, tmp_path: Path
):
    """Whoever may write to the destination must not choose which file is overwritten."""
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    name = "demo-1.0-py3-none-any.whl"
    into = pipwrap.directory / "into"
    into.mkdir()
    (into / name).symlink_to(victim)
    for number in range(os.getpid(), os.getpid() + 3000):
        (into / f"{name}.{number}.part").symlink_to(victim)
    pipwrap("download", "-d", "into", "demo", expect=0)
    assert victim.read_text("utf-8") == "precious"
    assert (into / name).is_file()
    assert not (into / name).is_symlink()
    assert [path.name for path in into.iterdir() if not path.is_symlink()] == [name]


def test_the_sdist_of_a_url_with_a_bad_name_is_never_built(
    pipwrap: Runner, index: Index, tmp_path: Path
):
    sdist = make_sdist(tmp_path / "files", "demo", "1.0")
    url = _serve(index, "/files/demo-1.0%00.tar.gz", sdist.read_bytes())
    environ = {BUILD_LOG: str(tmp_path / "build.log")}
    refused(pipwrap, "install", url, says="ERROR: Invalid URL", environ=environ)
    assert builds(tmp_path / "build.log") == []


@pytest.mark.parametrize(
    "requirement",
    [
        "demo @ file:///a%00b-1.0.tar.gz",
        "-e file:///a%00b",
        "demo @ git+file:///a%00b",
        "-e git+file:///a%00b#egg=demo",
        "demo @ git+file:///a#subdirectory=x%00",
    ],
)
def test_a_null_character_in_a_url_is_one_error(pipwrap: Runner, requirement: str):
    (pipwrap.directory / "r.txt").write_text(requirement, encoding="utf-8")
    refused(pipwrap, "install", "-r", "r.txt", says="it has a null character")


def test_a_wheel_under_the_name_of_another_project_is_refused(
    pipwrap: Runner, page: Index, tmp_path: Path
):
    """Also where the store has it already under its right name."""
    pipwrap("install", "demo", expect=0)
    url = _serve(
        page, "/files/other-1.0-py3-none-any.whl", page.content("demo-1.0-py3-none-any.whl")
    )
    refused(pipwrap, "download", "-d", "into", f"demo @ {url}", says="does not start with 'other'")
    assert snapshot(pipwrap.directory) == {}


def test_a_url_of_no_wheel_is_one_error_as_in_pip(pipwrap: Runner, index: Index):
    requirement = f"demo @ {index.url_of('/files/pwn-py3-none-any.whl')}"
    theirs = pipwrap.pip("download", requirement, expect=1)
    ours = refused(pipwrap, "download", requirement, says="Invalid wheel filename")
    assert ours.stderr == theirs.stderr
