"""A resolution is looked up while what it depends on is as it was, and made again when it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.environments import make_environment
from support.index import Index
from support.resolutions import mark, stored
from support.runner import Runner
from support.wheels import make_sdist, make_wheel

FRESH = {"Cache-Control": "max-age=600", "ETag": "auto"}
STALE = {"Cache-Control": "max-age=0", "ETag": "auto"}


@pytest.fixture
def files(tmp_path: Path, index: Index) -> Path:
    directory = tmp_path / "files"
    index.headers("/simple/*", FRESH)
    index.add(make_wheel(directory, "demo", "1.0", requires=["lib>=1", "other ; extra == 'x'"]))
    index.add(make_wheel(directory, "lib", "1.0"))
    index.add(make_wheel(directory, "other", "1.0"))
    return directory


def new(pipwrap: Runner, directory: Path) -> Runner:
    return pipwrap.on(make_environment(directory))


def test_the_same_request_is_answered_without_the_network(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    first = new(pipwrap, tmp_path / "one")("install", "demo[x]", expect=0)
    index.clear_log()
    mark(cache_root)
    again = new(pipwrap, tmp_path / "two")
    second = again("install", "demo[x]", expect=0)
    assert index.requests == []
    lines = second.stdout.splitlines()
    assert "looked up" in lines
    lines.remove("looked up")
    assert lines == first.stdout.replace("Downloading", "Using cached").splitlines()
    assert again.environment.freeze() == ["demo==1.0", "lib==1.0", "other==1.0"]


@pytest.mark.parametrize("change", ["release", "yank"])
def test_a_page_that_changed_resolves_again(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, change: str
):
    index.headers("/simple/*", STALE)
    index.add(make_wheel(files, "lib", "0.9"))
    index.add(make_wheel(files, "lib", "1.1"))
    new(pipwrap, tmp_path / "one")("install", "demo", expect=0)
    if change == "release":
        index.add(make_wheel(files, "lib", "2.0"))
    else:
        index.add(make_wheel(files, "lib", "1.1"), yanked="broken")
    again = new(pipwrap, tmp_path / "two")
    again("install", "demo", expect=0)
    expected = "lib==2.0" if change == "release" else "lib==1.0"
    assert again.environment.freeze() == ["demo==1.0", expected]


@pytest.mark.parametrize(
    ("requirement", "change"),
    [
        pytest.param("lib<2", "newer", id="a release that is not wanted"),
        pytest.param("lib==1.0", "newer", id="a release, where another is pinned"),
        pytest.param("lib", "older", id="an older release"),
        pytest.param("lib", "pre-release", id="a pre-release"),
        pytest.param("lib", "yanked", id="a newer one, yanked"),
        pytest.param("lib", "other platform", id="a file for others"),
        pytest.param("lib", "sdist", id="the sdist of what was chosen"),
    ],
)
def test_a_page_that_changed_without_consequence_is_confirmed(
    pipwrap: Runner,
    index: Index,
    files: Path,
    tmp_path: Path,
    cache_root: Path,
    requirement: str,
    change: str,
):
    index.headers("/simple/*", STALE)
    new(pipwrap, tmp_path / "one")("install", "demo", requirement, expect=0)
    mark(cache_root)
    wheels = {
        "newer": lambda: make_wheel(files, "lib", "2.0"),
        "older": lambda: make_wheel(files, "lib", "0.9"),
        "pre-release": lambda: make_wheel(files, "lib", "2.0rc1"),
        "yanked": lambda: make_wheel(files, "lib", "2.0"),
        "other platform": lambda: make_wheel(files, "lib", "2.0", tag="cp311-cp311-win_amd64"),
        "sdist": lambda: make_sdist(files, "lib", "1.0"),
    }
    index.add(wheels[change](), yanked="broken" if change == "yanked" else None)
    index.clear_log()
    again = new(pipwrap, tmp_path / "two")
    result = again("install", "demo", requirement, expect=0)
    assert "looked up" in result.stdout
    assert again.environment.freeze() == ["demo==1.0", "lib==1.0"]
    assert {each.path for each in index.requests} == {"/simple/demo/", "/simple/lib/"}
    index.clear_log()
    new(pipwrap, tmp_path / "three")("install", "demo", requirement, expect=0)
    assert sorted((each.path, each.status) for each in index.requests) == [
        ("/simple/demo/", 304),
        ("/simple/lib/", 304),
    ]


@pytest.mark.parametrize(
    ("arguments", "change", "expected"),
    [
        pytest.param(["demo"], "2.0", "2.0", id="a newer release"),
        pytest.param(["demo", "lib<2"], "1.5", "1.5", id="a newer release below a bound"),
        pytest.param(["demo", "--pre"], "2.0rc1", "2.0rc1", id="a pre-release that is wanted"),
        pytest.param(["demo", "lib>=1.0rc1"], "2.0rc1", "2.0rc1", id="one that a clause lets in"),
    ],
)
def test_a_page_that_changed_with_consequence_resolves_again(
    pipwrap: Runner,
    index: Index,
    files: Path,
    tmp_path: Path,
    cache_root: Path,
    arguments: list[str],
    change: str,
    expected: str,
):
    index.headers("/simple/*", STALE)
    new(pipwrap, tmp_path / "one")("install", *arguments, expect=0)
    mark(cache_root)
    index.add(make_wheel(files, "lib", change))
    again = new(pipwrap, tmp_path / "two")
    result = again("install", *arguments, expect=0)
    assert "looked up" not in result.stdout
    assert again.environment.freeze() == ["demo==1.0", f"lib=={expected}"]


def test_what_did_not_change_is_not_looked_at_again(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    """A newer lib is found, and what it needs; of other pages that are the same nothing is read."""
    index.headers("/simple/*", STALE)
    index.add(make_wheel(files, "demo", "1.0", requires=["lib>=1", "other"]))
    new(pipwrap, tmp_path / "one")("install", "demo", expect=0)
    index.add(make_wheel(files, "lib", "2.0", requires=["other>=1", "more"]))
    index.add(make_wheel(files, "more", "1.0"))
    index.clear_log()
    again = new(pipwrap, tmp_path / "two")
    again("install", "demo", expect=0)
    assert again.environment.freeze() == ["demo==1.0", "lib==2.0", "more==1.0", "other==1.0"]
    pages = [each for each in index.requests if each.path.startswith("/simple/")]
    assert sorted((each.path, each.status) for each in pages) == [
        ("/simple/demo/", 304),
        ("/simple/lib/", 200),
        ("/simple/more/", 200),
        ("/simple/other/", 304),
    ]
    mark(cache_root)
    index.add(make_wheel(files, "other", "2.0"))
    third = new(pipwrap, tmp_path / "three")
    assert "looked up" not in third("install", "demo", expect=0).stdout
    assert third.environment.freeze() == ["demo==1.0", "lib==2.0", "more==1.0", "other==2.0"]


def test_what_was_chosen_before_does_not_stand_in_the_way(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path
):
    """The new lib needs another version of what was preferred; a newer one that is let in is taken."""
    index.headers("/simple/*", STALE)
    index.add(make_wheel(files, "lib", "1.1", requires=["other<2", "third"]))
    index.add(make_wheel(files, "other", "2.0"))
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "third", version))
    requirements = ("demo[x]", "third!=2.0")
    new(pipwrap, tmp_path / "one")("install", *requirements, expect=0)
    index.add(make_wheel(files, "lib", "1.2", requires=["other>=2", "third"]))
    again = new(pipwrap, tmp_path / "two")
    again("install", *requirements, expect=0)
    assert again.environment.freeze() == ["demo==1.0", "lib==1.2", "other==2.0", "third==1.0"]


def test_a_page_with_files_of_any_project_is_not_taken_for_that_of_one(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    """A page of links named as a project is: all of them may rest on it."""
    index.headers("*", STALE)
    wheel = make_wheel(tmp_path / "links", "lib", "2.0")
    page = index.page("/links/demo/", "<a href=nothing.txt></a>")
    options = ("--find-links", page)
    new(pipwrap, tmp_path / "one")("install", "demo", *options, expect=0)
    index.page("/links/demo/", f'<a href="{wheel.as_uri()}">{wheel.name}</a>')
    again = new(pipwrap, tmp_path / "two")
    again("install", "demo", *options, expect=0)
    assert again.environment.freeze() == ["demo==1.0", "lib==2.0"]


def test_a_resolution_that_backtracked_is_made_again_when_a_page_has_changed(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    """What lib 2.0 was refused for may be over, though 1.0 is still the first that is wanted."""
    index.headers("/simple/*", STALE)
    index.add(make_wheel(files, "lib", "2.0", requires=["other>=2"]))
    new(pipwrap, tmp_path / "one")("install", "demo", expect=0)
    mark(cache_root)
    index.add(make_wheel(files, "other", "2.0"))
    again = new(pipwrap, tmp_path / "two")
    result = again("install", "demo", expect=0)
    assert "looked up" not in result.stdout
    assert again.environment.freeze() == ["demo==1.0", "lib==2.0", "other==2.0"]


def test_what_is_installed_counts_when_a_page_has_changed(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    """With -U the page of what stays is asked for; a newer release takes its place."""
    index.headers("/simple/*", STALE)
    there = new(pipwrap, tmp_path / "one")
    there("install", "demo", "lib<2", expect=0)
    there("install", "-U", "demo", "lib<2", expect=0)
    mark(cache_root)
    index.add(make_wheel(files, "lib", "2.0"))
    assert "looked up" in there("install", "-U", "demo", "lib<2", expect=0).stdout
    mark(cache_root)
    index.add(make_wheel(files, "lib", "1.5"))
    assert "looked up" not in there("install", "-U", "demo", "lib<2", expect=0).stdout
    assert there.environment.freeze() == ["demo==1.0", "lib==1.5"]


def test_stale_pages_are_confirmed_by_one_request_each(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    index.headers("/simple/*", STALE)
    new(pipwrap, tmp_path / "one")("install", "demo", expect=0)
    index.clear_log()
    mark(cache_root)
    result = new(pipwrap, tmp_path / "two")("install", "demo", expect=0)
    assert "looked up" in result.stdout
    assert sorted((each.path, each.status) for each in index.requests) == [
        ("/simple/demo/", 304),
        ("/simple/lib/", 304),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo<2",),
        ("demo", "--pre"),
        ("demo", "--no-deps"),
        ("demo", "--prefer-binary"),
        ("demo", "--only-binary", ":all:"),
        ("demo", "--ignore-requires-python"),
        ("demo", "-c", "limits.txt"),
        ("demo", "lib"),
        ("demo", "--python-version", "3.9", "--only-binary", ":all:", "--dry-run"),
        ("demo", "--trusted-host", "elsewhere.example"),
        ("demo", "--refresh"),
        ("demo", "-v"),
        ("demo", "--log", "log.txt"),
    ],
    ids=" ".join,
)
def test_another_request_is_resolved_by_itself(
    pipwrap: Runner,
    files: Path,
    tmp_path: Path,
    cache_root: Path,
    arguments: tuple[str, ...],
):
    (tmp_path / "limits.txt").write_text("lib<9\n")
    new(pipwrap, tmp_path / "one")("install", "demo", expect=0)
    mark(cache_root)
    result = new(pipwrap, tmp_path / "two")("install", *arguments, cwd=tmp_path, expect=0)
    assert "looked up" not in result.stdout


def test_what_is_installed_is_part_of_the_key(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    new(pipwrap, tmp_path / "one")("install", "demo", expect=0)
    mark(cache_root)
    index.add(make_wheel(files, "lib", "2.0"))
    other = new(pipwrap, tmp_path / "two")
    other("install", "--no-deps", "lib==1.0", expect=0)
    result = other("install", "demo", expect=0)
    assert "looked up" not in result.stdout
    assert "Requirement already satisfied: lib>=1" in result.stdout


def test_wheels_of_the_first_installation_are_the_source_of_their_metadata(
    pipwrap: Runner, index: Index, tmp_path: Path, cache_root: Path
):
    """An index without files of metadata: a dry run keeps nothing, an installation at its end."""
    directory = tmp_path / "files"
    index.headers("/simple/*", FRESH)
    index.add(make_wheel(directory, "demo", "1.0", requires=["lib"]), metadata=False)
    index.add(make_wheel(directory, "lib", "1.0"), metadata=False)
    new(pipwrap, tmp_path / "one")("install", "--dry-run", "demo", expect=0)
    assert not stored(cache_root)
    first = new(pipwrap, tmp_path / "two")("install", "demo", expect=0)
    mark(cache_root)
    index.clear_log()
    second = new(pipwrap, tmp_path / "three")("install", "demo", expect=0)
    assert index.requests == []
    lines = second.stdout.splitlines()
    assert "looked up" in lines
    lines.remove("looked up")
    assert lines == first.stdout.replace("Downloading", "Using cached").splitlines()


@pytest.mark.parametrize("kind", ["sdist", "no-hash", "path", "find-links"])
def test_what_no_page_fixes_is_not_kept(
    pipwrap: Runner, index: Index, tmp_path: Path, cache_root: Path, kind: str
):
    directory = tmp_path / "files"
    wheel = make_wheel(directory, "demo", "1.0")
    arguments = ["demo"]
    if kind == "sdist":
        index.add(make_sdist(directory, "demo", "1.0"))
    elif kind == "no-hash":
        index.add(wheel, hashes={})
    elif kind == "path":
        arguments = [str(wheel)]
    else:
        arguments += ["--no-index", "--find-links", str(directory)]
    new(pipwrap, tmp_path / "one")("install", *arguments, expect=0)
    asked = [json.loads(path.read_bytes())["resolution"] for path in stored(cache_root)]
    assert not [each for each in asked if "demo" in dict(each["names"])]


def test_a_local_place_that_changed_resolves_again(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path
):
    links = tmp_path / "links"
    links.mkdir()
    new(pipwrap, tmp_path / "one")("install", "demo", "--find-links", str(links), expect=0)
    make_wheel(links, "lib", "3.0")
    again = new(pipwrap, tmp_path / "two")
    again("install", "demo", "--find-links", str(links), expect=0)
    assert again.environment.freeze() == ["demo==1.0", "lib==3.0"]


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\xff\xfe", b'{"version": 4}', b"[]", "directory", "link", "older"]
)
def test_a_damaged_entry_is_a_miss_and_heals(
    pipwrap: Runner, files: Path, tmp_path: Path, cache_root: Path, damage: bytes | str
):
    new(pipwrap, tmp_path / "one")("install", "demo", expect=0)
    (path,) = stored(cache_root)
    if damage == "older":  # the format before: another version is no damage
        entry = {"version": 3, "key": path.stem, "evidence": [], "fields": {}}
        path.write_text(json.dumps(entry))
    elif isinstance(damage, str):
        path.unlink()
        path.mkdir() if damage == "directory" else path.symlink_to("nowhere")
    else:
        path.write_bytes(damage)
    result = new(pipwrap, tmp_path / "two")("install", "demo", expect=0)
    is_damaged = damage not in {"link", "older"}
    assert result.stderr.count("WARNING") == is_damaged
    assert ("the resolution is made again" in result.stderr) == is_damaged
    assert new(pipwrap, tmp_path / "three")("install", "demo", expect=0).stderr == ""


def test_a_warning_of_the_resolution_is_printed_again(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    index.add(make_wheel(files, "old", "1.0"), yanked="broken")
    first = new(pipwrap, tmp_path / "one")("install", "demo[nope]", "old==1.0", expect=0)
    mark(cache_root)
    second = new(pipwrap, tmp_path / "two")("install", "demo[nope]", "old==1.0", expect=0)
    assert "looked up" in second.stdout
    assert second.stderr == first.stderr
    assert "does not provide the extra 'nope'" in second.stderr
    assert "yanked version" in second.stderr


def test_resolving_anew_reads_no_metadata_again(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    """What was read of it is kept by its digest; the documents themselves may be gone."""
    first = new(pipwrap, tmp_path / "one")("install", "--dry-run", "demo[x]", expect=0)
    documents = [
        path
        for path in cache_root.glob("bodies-v1/*/*")
        if path.read_bytes().startswith(b"Metadata-Version")
    ]
    assert len(documents) == 3
    for path in (*stored(cache_root), *documents):
        path.unlink()
    index.clear_log()
    second = new(pipwrap, tmp_path / "two")("install", "--dry-run", "demo[x]", expect=0)
    assert index.requests == []
    assert second.stdout == first.stdout.replace("Downloading", "Using cached")
    assert second.stderr == first.stderr


def test_a_page_whose_body_is_damaged_is_fetched_again(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path, cache_root: Path
):
    """A fresh page is read at once, and only if its bytes are those that were stored."""
    first = new(pipwrap, tmp_path / "one")("install", "--dry-run", "demo[x]", expect=0)
    bodies = [*cache_root.glob("bodies-v1/*/*")]
    pages = [path for path in bodies if b"/files/demo-1.0" in path.read_bytes()]
    assert len(pages) == 1
    for path in (*stored(cache_root), *pages):
        if path in pages:
            path.write_bytes(path.read_bytes().replace(b"demo-1.0", b"demo-9.0"))
        else:
            path.unlink()
    index.clear_log()
    second = new(pipwrap, tmp_path / "two")("install", "--dry-run", "demo[x]", expect=0)
    assert [each.path for each in index.requests] == ["/simple/demo/"]
    assert second.stdout == first.stdout.replace("Downloading", "Using cached")
    assert second.stderr.count("has lost its body and is fetched again") == 1


def test_damage_of_what_was_read_is_mended_from_the_documents(
    pipwrap: Runner, files: Path, tmp_path: Path, cache_root: Path
):
    first = new(pipwrap, tmp_path / "one")("install", "--dry-run", "demo[x]", expect=0)
    for path in stored(cache_root):
        path.unlink()
    derived = [*cache_root.glob("sidecars-v1/*/*")]
    whole = {path: path.read_bytes() for path in derived}
    assert len(whole) == 3
    for path, content in whole.items():
        path.write_bytes(content[:-1])
    second = new(pipwrap, tmp_path / "two")("install", "--dry-run", "demo[x]", expect=0)
    assert second.stdout == first.stdout.replace("Downloading", "Using cached")
    assert second.stderr.count("is damaged and is ignored") == len(whole)
    assert {path: path.read_bytes() for path in derived} == whole
