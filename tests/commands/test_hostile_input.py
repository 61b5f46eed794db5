"""Input of a wrong type or depth: one clear message and pip's exit status, never a traceback."""

from __future__ import annotations

import copy
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipwrap.index.listing import Listing
from pipwrap.index.page_types import JSON_TYPE, InvalidPage
from pipwrap.index.simple import parse_page
from support.archives import encoded, write_file
from support.index import Index
from support.runner import Result, Runner
from support.sdists import make_sdist, source_files
from support.wheels import make_wheel

DEEP = "x = " + "[" * 3000 + "]" * 3000 + "\n"


def _page(index: Index, name: str) -> Any:
    request = urllib.request.Request(f"{index.url}/{name}/", headers={"Accept": JSON_TYPE})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def _fails(result: Result, *says: str) -> None:
    assert result.returncode == 1, result.output
    assert "Traceback" not in result.output
    assert "Errno" not in result.output
    for each in says:
        assert each in result.stderr, result.output


WRONG = (None, True, -5, 1.5, [], [1], {}, {"a": 1}, "\ud800")
IGNORED = ("size", "upload-time", "filename", "requires-python", "core-metadata", "hashes")


def test_a_field_of_a_wrong_type_counts_as_absent(pipwrap: Runner, index: Index, tmp_path: Path):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    right = _page(index, "demo")
    for number, field in enumerate(IGNORED):
        page = copy.deepcopy(right)
        for value in WRONG:
            if field == "hashes" and value == {"a": 1}:
                continue
            if field == "core-metadata" and value not in (None, {}, []):
                continue  # it says that there is a file
            if field == "requires-python" and isinstance(value, str):
                continue
            page["files"].append({**right["files"][0], field: value})
        index.page("/simple/demo/", json.dumps(page), content_type=JSON_TYPE)
        done = pipwrap("download", "--no-deps", "-d", f"to{number}", "demo", expect=0)
        assert "Traceback" not in done.output


@pytest.mark.parametrize("field", ["size", "upload-time", "requires-python"])
@pytest.mark.parametrize("value", WRONG[:-1], ids=repr)
def test_a_row_has_values_of_the_right_type_alone(field: str, value: object):
    page = {"files": [{"url": "https://host/demo-1.0.zip", field: value}]}
    absent = {"files": [{"url": "https://host/demo-1.0.zip"}]}
    url = "https://host/"
    odd, plain = (
        Listing.of(parse_page(json.dumps(each).encode(), JSON_TYPE, url), url).links()
        for each in (page, absent)
    )
    assert odd == plain


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("[" * 100_000, "nested too deeply"),
        *((text, "no list of files") for text in ("null", "7", "[]", '"x"', '{"files": {}}')),
        ('{"files": "x"}', "no list of files"),
        ('{"files": [{}, 7]}', "one of its files is no object"),
        ('{"files": [{"url": 7}]}', "a URL that is no text: 7"),
        ("{", "Expecting property name"),
    ],
)
def test_a_page_that_is_none_is_told_in_words(page: str, says: str):
    with pytest.raises(InvalidPage, match=says):
        parse_page(page.encode(), JSON_TYPE, "https://host/")


@pytest.mark.parametrize("value", [None, 7, [], {}, "x", "", "../../x"], ids=repr)
@pytest.mark.parametrize("place", ["hashes", "core-metadata"])
def test_a_digest_that_is_none_matches_nothing(
    pipwrap: Runner, index: Index, tmp_path: Path, place: str, value: object
):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    page = _page(index, "demo")
    page["files"][0][place] = {"sha256": value}
    index.page("/simple/demo/", json.dumps(page), content_type=JSON_TYPE)
    _fails(pipwrap("install", "demo"), "THESE PACKAGES DO NOT MATCH THE HASHES")


@pytest.mark.parametrize("time", ["x", "\0", "2024-13-01T00:00:00Z"])
def test_an_upload_time_that_is_none_is_told(
    pipwrap: Runner, index: Index, tmp_path: Path, time: str
):
    index.add(make_wheel(tmp_path, "demo", "1.0"), upload_time=time)
    result = pipwrap("install", "--uploaded-prior-to", "2030-01-01", "demo")
    _fails(result, "has an upload-time of demo-1.0-py3-none-any.whl that is no time")


def test_an_upload_time_without_a_zone_is_of_utc(pipwrap: Runner, index: Index, tmp_path: Path):
    index.add(make_wheel(tmp_path, "demo", "1.0"), upload_time="2024-01-01T00:00:00")
    pipwrap("install", "--uploaded-prior-to", "2030-01-01", "demo", expect=0)


def test_requirement_files_may_be_nested_deeply(pipwrap: Runner):
    """pip ends with a RecursionError."""
    for number in range(2000):
        path = pipwrap.directory / f"r{number}.txt"
        path.write_text(f"-r r{number + 1}.txt\n", encoding="utf-8")
    last = pipwrap.directory / "r2000.txt"
    last.write_text("no-such-project\n", encoding="utf-8")
    _fails(pipwrap("install", "-r", "r0.txt"), "No matching distribution found for no-such-project")
    last.write_text("-r r3.txt\n", encoding="utf-8")
    _fails(pipwrap("install", "-r", "r0.txt"), "r3.txt recursively references itself in")


def _tree(pipwrap: Runner, name: str, **keywords: Any) -> Path:
    for path, content in source_files(name, "1.0", **keywords).items():
        write_file(pipwrap.directory / name / path, encoded(content))
    return pipwrap.directory / name


def _deep_directory(pipwrap: Runner, _: Index) -> tuple[str, ...]:
    return (str(_tree(pipwrap, "deep", pyproject=DEEP)),)


def _deep_editable(pipwrap: Runner, index: Index) -> tuple[str, ...]:
    return ("-e", *_deep_directory(pipwrap, index))


def _deep_sdist(pipwrap: Runner, index: Index) -> tuple[str, ...]:
    index.add(make_sdist(pipwrap.directory.parent, "deep", "1.0", pyproject=DEEP))
    return ("deep",)


def _deep_group(pipwrap: Runner, index: Index) -> tuple[str, ...]:
    return ("--group", f"{_deep_directory(pipwrap, index)[0]}/pyproject.toml:x")


def _deep_lock(pipwrap: Runner, _: Index) -> tuple[str, ...]:
    (pipwrap.directory / "pylock.toml").write_text(DEEP, encoding="utf-8")
    return ("-r", "pylock.toml")


def _nested_groups(pipwrap: Runner, _: Index) -> tuple[str, ...]:
    lines = [f'g{n} = [{{include-group = "g{n + 1}"}}]' for n in range(2000)]
    text = "\n".join(["[dependency-groups]", *lines, "g2000 = []\n"])
    (pipwrap.directory / "pyproject.toml").write_text(text, encoding="utf-8")
    return ("--group", "g0")


@pytest.mark.parametrize(
    "made",
    [_deep_directory, _deep_editable, _deep_sdist, _deep_group, _deep_lock, _nested_groups],
)
def test_what_is_nested_too_deeply_is_told(
    pipwrap: Runner, index: Index, made: Callable[[Runner, Index], tuple[str, ...]]
):
    _fails(pipwrap("install", *made(pipwrap, index)), "nested too deeply")


@pytest.mark.parametrize("command", [["install"], ["wheel"], ["install", "-e"]], ids=" ".join)
def test_a_build_that_requires_itself_names_the_cycle(
    pipwrap: Runner, index: Index, command: list[str]
):
    place = pipwrap.directory / "own"
    tree = _tree(pipwrap, "own", build_requires=[f"own @ {place.as_uri()}"])
    _fails(pipwrap(*command, str(tree)), "is already being built: ", " -> ")


def test_builds_that_require_each_other_name_the_cycle(pipwrap: Runner, index: Index):
    for name, needed in (("one", "two"), ("two", "one")):
        index.add(make_sdist(pipwrap.directory.parent, name, "1.0", build_requires=[needed]))
    result = pipwrap("install", "one")
    _fails(result, "ERROR: one is already being built: one -> two -> one\nHINT: Build one of them")
    assert "originates from a subprocess" not in result.stderr


def _log_below_a_file(pipwrap: Runner) -> tuple[list[str], str]:
    (pipwrap.directory / "file").write_text("", encoding="utf-8")
    return ["--log", "file/log", "install", "demo"], "cannot be written: "


def _saved_below_a_file(pipwrap: Runner) -> tuple[list[str], str]:
    (pipwrap.directory / "file").write_text("", encoding="utf-8")
    return ["download", "-d", "file/to", "demo"], "not a directory: "


def _log_with_a_long_name(pipwrap: Runner) -> tuple[list[str], str]:
    return ["--log", "x" * 300, "install", "demo"], "cannot be written: file name too long: "


def _log_through_a_circle(pipwrap: Runner) -> tuple[list[str], str]:
    (pipwrap.directory / "circle").symlink_to("circle")
    return ["--log", "circle/x/log", "install", "demo"], "cannot be written: "


@pytest.mark.parametrize(
    "made",
    [_log_below_a_file, _saved_below_a_file, _log_with_a_long_name, _log_through_a_circle],
)
def test_a_known_cause_is_told_in_words(
    pipwrap: Runner,
    index: Index,
    tmp_path: Path,
    made: Callable[[Runner], tuple[list[str], str]],
):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    line, says = made(pipwrap)
    result = pipwrap(*line)
    assert says in result.stderr, result.output
    assert "Errno" not in result.output
    assert "Traceback" not in result.output
