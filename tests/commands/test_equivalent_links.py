"""Which links are the same (pip's ``links_equivalent``), wherever two of them meet, beside pip."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from support.archives import tar_gz_bytes
from support.beside import beside
from support.editables import editable_tree
from support.index import Index
from support.runner import Result, Runner
from support.sdists import source_files
from support.wheels import make_wheel


@pytest.fixture
def places(index: Index, tmp_path: Path) -> dict[str, str]:
    """Return the places of an archive with two versions of ``demo`` in it, as parts of URLs."""
    members = {
        f"mono-1/{directory}/{path}": content
        for directory, version in (("a", "1.0"), ("b", "2.0"))
        for path, content in source_files("demo", version).items()
    }
    archive = tmp_path / "mono-1.tar.gz"
    archive.write_bytes(tar_gz_bytes(members))
    index.add(archive, name="mono")
    return {
        "file": archive.as_uri(),
        "path": str(archive),
        "url": index.file_url(archive),
        "rest": index.file_url(archive).partition("://")[2],
        "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
        "sha512": hashlib.sha512(archive.read_bytes()).hexdigest(),
    }


PAIRS = {
    "one subdirectory": ("{url}#subdirectory=a", "{url}#subdirectory=a"),
    "two subdirectories": ("{url}#subdirectory=a", "{url}#subdirectory=b"),
    "the other way round": ("{url}#subdirectory=b", "{url}#subdirectory=a"),
    "subdirectories of a file": ("{file}#subdirectory=a", "{file}#subdirectory=b"),
    "the first subdirectory": ("{url}#subdirectory=a", "{url}#subdirectory=a&subdirectory=b"),
    "order of the query": ("{url}?x=1&y=2#subdirectory=a", "{url}?y=2&x=1#subdirectory=a"),
    "order of one name": ("{url}?x=1&x=2#subdirectory=a", "{url}?x=2&x=1#subdirectory=a"),
    "another query": ("{url}?x=1#subdirectory=a", "{url}#subdirectory=a"),
    "no value": ("{url}?x=#subdirectory=a", "{url}#subdirectory=a"),
    "credentials": ("http://me:secret@{rest}#subdirectory=a", "{url}#subdirectory=a"),
    "egg": ("{url}#egg=demo&subdirectory=a", "{url}#subdirectory=a"),
    "a digest": ("{url}#sha256={sha256}&subdirectory=a", "{url}#subdirectory=a"),
    "the same digest": (
        "{url}#sha256={sha256}&subdirectory=a",
        "{url}#subdirectory=a&sha256={sha256}",
    ),
    "another algorithm": (
        "{url}#sha256={sha256}&subdirectory=a",
        "{url}#sha512={sha512}&subdirectory=a",
    ),
    "localhost": ("{file}#subdirectory=a", "file://localhost{path}#subdirectory=a"),
    "one slash": ("{file}#subdirectory=a", "file:{path}#subdirectory=a"),
    "another place": ("{file}#subdirectory=a", "{url}#subdirectory=a"),
}


def _outcome(result: Result) -> tuple[int, str, list[list[str]]]:
    """Return the status, what would be installed, and who is in conflict, word by word."""
    lines = result.stdout.splitlines()
    last = lines[-1] if result.returncode == 0 else ""
    who = [line for line in lines if "The user requested" in line or "depends on" in line]
    return result.returncode, last, sorted(sorted(line.split()) for line in who)


SOME = ("two subdirectories", "order of the query", "a digest")
MEETINGS = [("arguments", name) for name in PAIRS]
MEETINGS += [
    (meeting, name) for meeting in ("constraint", "constraints", "dependency") for name in SOME
]


@pytest.mark.parametrize(("meeting", "name"), MEETINGS)
def test_links_are_the_same_as_in_pip(
    pipwrap: Runner,
    index: Index,
    tmp_path: Path,
    places: dict[str, str],
    meeting: str,
    name: str,
):
    one, other = (f"demo @ {each.format_map(places)}" for each in PAIRS[name])
    limits = tmp_path / "limits.txt"
    arguments: list[object] = ["--dry-run", one]
    if meeting == "arguments":
        arguments += [other]
    elif meeting == "constraint":
        limits.write_text(f"{other}\n")
        arguments += ["-c", limits]
    elif meeting == "constraints":
        limits.write_text(f"{one}\n{other}\n")
        arguments = ["--dry-run", "demo", "-c", limits]
    else:
        index.add(make_wheel(tmp_path / "files", "app", "1.0"))
        arguments += [make_wheel(tmp_path / "files", "app", "2.0", requires=[other])]
    ours, theirs = beside(pipwrap, "install", *arguments)  # type: ignore[arg-type]
    # Which of several causes are told is not compared.
    compared = 3 if meeting in {"arguments", "constraint"} else 2
    assert _outcome(ours)[:compared] == _outcome(theirs)[:compared], ours.output + theirs.output


@pytest.mark.parametrize(
    "form", ["demo @ {url}#subdirectory={part}", "demo @ {file}#subdirectory={part}"]
)
def test_each_part_of_an_archive_is_a_project_of_its_own(
    pipwrap: Runner, places: dict[str, str], form: str
):
    """One after the other, with one cache: build, wheel and record are those of the part."""
    for part, version in (("a", "1.0"), ("b", "2.0"), ("a", "1.0")):
        pipwrap("install", "--force-reinstall", form.format(part=part, **places), expect=0)
        assert pipwrap.environment.freeze() == [f"demo=={version}"]
        text = pipwrap.environment.distribution("demo").read_text("direct_url.json")
        assert json.loads(text or "")["subdirectory"] == part


def test_the_digest_of_each_part_is_checked(pipwrap: Runner, index: Index, tmp_path: Path):
    """Two projects in one archive: that the digest of the first is right says nothing of the other's."""
    members = {
        f"mono-1/{name}/{path}": content
        for name in ("one", "two")
        for path, content in source_files(name, "1.0").items()
    }
    archive = tmp_path / "mono-1.tar.gz"
    archive.write_bytes(tar_gz_bytes(members))
    index.add(archive, name="mono")
    url = index.file_url(archive)
    right, wrong = hashlib.sha256(archive.read_bytes()).hexdigest(), "0" * 64
    result = pipwrap(
        "install",
        f"one @ {url}#sha256={right}&subdirectory=one",
        f"two @ {url}#sha256={wrong}&subdirectory=two",
        expect=1,
    )
    assert "DO NOT MATCH" in result.stderr
    assert pipwrap.environment.freeze() == []


@pytest.mark.parametrize(
    ("requirement", "limit"),
    [
        ("-e {tree}", "{uri}"),
        ("-e {tree}", "file://localhost{tree}"),
        ("-e {uri}", "file:{tree}"),
        ("-e demo@{uri}", "{uri}"),
        ("{tree}", "{uri}"),
        ("demo@{uri}", "file://localhost{tree}"),
    ],
)
def test_a_constraint_to_a_directory_says_where_not_how(
    pipwrap: Runner, tmp_path: Path, requirement: str, limit: str
):
    tree = editable_tree(tmp_path / "trees")
    limits = Path(pipwrap.directory, "limits.txt")
    limits.write_text(f"demo @ {limit}\n".format(uri=tree.as_uri(), tree=tree), encoding="utf-8")
    words = requirement.format(tree=tree, uri=tree.as_uri()).split()
    for also in ([], ["demo"]):
        ours, theirs = beside(pipwrap, "install", "--dry-run", *words, *also, "-c", limits)
        assert _outcome(ours) == _outcome(theirs), ours.output + theirs.output
        assert ours.returncode == 0


@pytest.mark.parametrize("spelling", ["{uri}/", "{uri}/in_it/..", "file://{tree}/./"])
def test_one_directory_may_be_spelled_in_many_ways(pipwrap: Runner, tmp_path: Path, spelling: str):
    """pip compares the text, and reports a conflict: the one place where we admit more."""
    tree = editable_tree(tmp_path / "trees")
    (tree / "in_it").mkdir()
    limits = Path(pipwrap.directory, "limits.txt")
    limits.write_text(f"demo @ {spelling}\n".format(uri=tree.as_uri(), tree=tree), "utf-8")
    result = pipwrap("install", "--dry-run", "-e", tree, "-c", limits, expect=0)
    assert result.stdout.splitlines()[-1] == "Would install demo-1.0"


def test_an_editable_of_another_directory_than_the_constraint_is_a_conflict(
    pipwrap: Runner, tmp_path: Path
):
    tree, other = editable_tree(tmp_path / "trees"), editable_tree(tmp_path / "others")
    limits = Path(pipwrap.directory, "limits.txt")
    limits.write_text(f"demo @ {other.as_uri()}\n", encoding="utf-8")
    ours, theirs = beside(pipwrap, "install", "--dry-run", "-e", tree, "-c", limits)
    assert _outcome(ours) == _outcome(theirs)
    assert ours.returncode == 1
