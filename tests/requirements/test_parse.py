"""Every spelling of a requirement is taken for what the real pip takes it for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from pipwrap import errors
from pipwrap.events import Event, Info, WarningMessage, ignore
from pipwrap.model.requirement import UserRequirement
from pipwrap.model.source import Archive, Directory, Repository
from pipwrap.requirements.constraints import applicable, merged, parse_constraint
from pipwrap.requirements.parse import RequirementText, parse_requirement, source_of_url

_PIP = """
import json, logging, os, sys
from pip._internal.exceptions import PipError
from pip._internal.req.constructors import install_req_from_line


class Log(logging.Handler):
    def emit(self, record):
        found.append(record.getMessage())


found = []
logging.getLogger().handlers[:] = [Log()]


def answer(line):
    del found[:]
    try:
        made = install_req_from_line(line)
    except (PipError, ValueError) as error:
        return {"error": str(error)}
    link = made.link
    return {
        "name": made.req and made.req.name,
        "specifier": sorted(map(str, made.req.specifier)) if made.req else [],
        "extras": sorted(made.extras),
        "marker": made.markers and str(made.markers),
        "url": link and link.url_without_fragment,
        "vcs": bool(link and link.is_vcs),
        "hashes": dict(link._hashes) if link else {},
        "subdirectory": link and link.subdirectory_fragment,
        "warnings": list(found),
    }


os.chdir(sys.argv[1])
json.dump([answer(line) for line in json.load(sys.stdin)], sys.stdout)
"""

NAMES = [
    "a", "A.b_c", "a==1.0", "a == 1.0", "a>=1,<2", "a~=1.4", "a===1.0", "a!=1.*", "a[x]", "a[x,Y_z]==1",
    "a[]", " a ", "a;", "a; python_version > '3'", "a;python_version>'3'", "a >=1 ; extra == 'x'",
    "a (>=1)", "a==1.0+local", "a==1!2", "a<2,>=1", "1a", "a.b", "a==1.0 ; os_name=='x' or os_name=='y'",
]  # fmt: skip
WRONG = [
    "a=1", "a==", "a>1<2", "a b", "==1", "-a", "a;huh", "a; huh == 1", "a[x", "a==1;", "a==1.*.x", "",
    "a@", "a @", "ä", "a==1.0 # x", "a>=1.0.*", "requirements.txt", "./requirements.txt", "./other.txt",
    "./nowhere", "nowhere/x", "./empty", "empty/", "a=1/b", ".", "..", "a[x]]",
]  # fmt: skip
PATHS = [
    "./project", "project/", "./project[x]", "./project[x, Y]", "project", "./project/../project",
    "./a-1.0.tar.gz", "a-1.0.tar.gz", "a-1.0-py3-none-any.whl", "./a-1.0-py3-none-any.whl[x]",
    "./missing-1.0.zip", "missing-1.0.tar.gz", "./project ; python_version > '3'", "./with space",
    "./a-1.0.tar.gz;python_version>'3'", "./bad.whl", "./a-1.0.tar.gz[x]", "dir.zip", "./dir.zip",
    "./at@sign/a-1.0.zip", "x@./a-1.0.zip",
]  # fmt: skip
URLS = [
    "https://x/a-1.0.tar.gz", "https://x/a-1.0-py3-none-any.whl", "https://x/a.zip#egg=a",
    "https://x/a.zip#sha256=" + "ab" * 32, "https://x/a.zip#subdirectory=b/c", "HTTPS://x/a.zip",
    "https://x/a.zip#egg=a&subdirectory=b", "https://x/a.zip ; python_version > '3'",
    "https://x/a.zip;python_version>'3'", "https://u:p@x/a.zip", "ftp://x/a.zip",
    "https://x/a-1.0-py3-none-any.whl#sha256=" + "00" * 32, "https://x/a%20b.zip", "https://x/",
    "a @ https://x/a.zip", "a@https://x/a.zip", "a[x] @ https://x/a.zip",
    "a @ https://x/a.zip ; python_version > '3'", "a @ https://x/a.zip#sha256=" + "ab" * 32,
    "a @ https://x/a.zip#subdirectory=b", "a @ https://x/b-1.0-py3-none-any.whl", "a @ file:///x/a.zip",
    "https://x/bad.whl", "a @ ./a-1.0.zip", "a @ a-1.0.zip", "huh://x/a.zip", "a @ huh://x/a.zip",
]  # fmt: skip
VERSION_CONTROL = [
    "git+https://x/a.git", "git+https://x/a.git@main#egg=a", "a @ git+https://x/a.git@main",
    "git+ssh://git@x/a.git", "hg+https://x/a", "svn+https://x/a", "bzr+https://x/a",
]  # fmt: skip


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working directory with projects, archives and files in it."""
    for name in ("project", "with space", "empty", "dir.zip", "at@sign"):
        (tmp_path / name).mkdir()
    for name in ("project", "with space", "dir.zip"):
        (tmp_path / name / "pyproject.toml").touch()
    for name in ("a-1.0.tar.gz", "a-1.0-py3-none-any.whl", "bad.whl", "at@sign/a-1.0.zip"):
        (tmp_path / name).touch()
    (tmp_path / "requirements.txt").write_text("# x\na==1.0\n", encoding="utf-8")
    (tmp_path / "other.txt").write_text("hello world\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask_pip(directory: Path, lines: list[str]) -> list[dict[str, Any]]:
    completed = subprocess.run(
        [sys.executable, "-Ic", _PIP, str(directory)],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[dict[str, Any]] = json.loads(completed.stdout)
    return answers


def plain(line: str) -> dict[str, Any]:
    """Return what we make of a line in the form of the real pip's answers."""
    events: list[Event] = []
    try:
        user = parse_requirement(RequirementText(line), events.append)
    except errors.InvalidRequirement as error:
        return {"error": error.message}
    link = user.source.link if user.source else None
    requirement = user.requirement
    return {
        "name": requirement.name if requirement else None,
        "specifier": sorted(map(str, requirement.specifier)) if requirement else [],
        "extras": list(user.extras),
        "marker": str(user.marker) if user.marker else None,
        "url": link.url if link else None,
        "vcs": False,
        "hashes": dict(link.hashes) if link else {},
        "subdirectory": link.subdirectory if link else None,
        "warnings": [each.message for each in events if isinstance(each, WarningMessage)],
    }


def canonical(answer: dict[str, Any]) -> dict[str, Any]:
    """Return pip's answer with names as we keep them."""
    if "error" in answer:
        return answer
    name = answer["name"] and canonicalize_name(answer["name"])
    extras = sorted(canonicalize_name(extra) for extra in answer["extras"])
    return {**answer, "name": name, "extras": extras}


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(NAMES, id="names"),
        pytest.param(WRONG, id="wrong ones"),
        pytest.param(PATHS, id="paths"),
        pytest.param(URLS, id="URLs"),
    ],
)
def test_lines_are_taken_for_what_the_real_pip_takes_them_for(
    directory: Path, lines: list[str]
) -> None:
    different = {}
    for line, answer in zip(lines, ask_pip(directory, lines), strict=True):
        expected, got = canonical(answer), plain(line)
        if got != expected:
            different[line] = (got, expected)
    assert different == {}


def test_version_control_other_than_git_is_the_real_pips(directory: Path) -> None:
    assert all(answer["vcs"] for answer in ask_pip(directory, VERSION_CONTROL))
    for line in VERSION_CONTROL:
        if "git+" in line:
            assert isinstance(parse_requirement(RequirementText(line), ignore).source, Repository)
            continue
        with pytest.raises(errors.HandOver):
            parse_requirement(RequirementText(line), ignore)


def test_an_archive_and_a_directory_are_direct_references(directory: Path) -> None:
    archive = parse_requirement(RequirementText("./a-1.0.tar.gz", "-r x (line 1)"), ignore)
    assert isinstance(archive.source, Archive)
    assert archive.source.explicit
    assert archive.source.path == str(directory / "a-1.0.tar.gz")
    assert archive.requirement is None
    assert archive.comes_from == "-r x (line 1)"
    tree = parse_requirement(RequirementText((directory / "project").as_uri()), ignore)
    assert tree.source == Directory(str(directory / "project"), tree.source.link)  # type: ignore[union-attr]


def test_where_a_wrong_line_stands_is_told() -> None:
    with pytest.raises(errors.InvalidRequirement) as caught:
        parse_requirement(RequirementText("a=1", line_source="line 3 of x.txt"), ignore)
    assert "(from line 3 of x.txt)" in caught.value.message
    assert caught.value.message.endswith("Hint: = is not a valid operator. Did you mean == ?")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("./a-1.0.tar.gz", "Unnamed requirements are not allowed as constraints"),
        ("a[x]==1", "Constraints cannot have extras"),
    ],
)
def test_what_no_constraint_may_be_is_refused(directory: Path, line: str, message: str) -> None:
    with pytest.raises(errors.InvalidRequirement) as caught:
        parse_constraint(RequirementText(line), ignore)
    assert caught.value.message == message


def test_constraints_of_one_project_are_merged_where_their_markers_hold() -> None:
    lines = ["a>1", "A<3", "a!=2; os_name == 'none'", "b==1"]
    found = merged(
        [parse_constraint(RequirementText(line), ignore) for line in lines], {"os_name": "posix"}
    )
    assert {name: str(each.specifier) for name, each in found.items()} == {"a": "<3,>1", "b": "==1"}
    assert found["a"].texts == ("a>1", "A<3")


def test_what_does_not_apply_is_left_out_and_told() -> None:
    events: list[Event] = []
    lines = ("a; os_name == 'none'", "b; extra == 'x'", "c")
    root_requirements = [parse_requirement(RequirementText(line), ignore) for line in lines]
    kept = applicable(root_requirements, {"os_name": "posix"}, events.append)
    assert [user.text for user in kept] == ["c"]
    assert events == [
        Info("Ignoring a: markers 'os_name == \"none\"' don't match your environment"),
        Info("Ignoring b: markers 'extra == \"x\"' don't match your environment"),
    ]


def test_a_dependencys_url_is_no_explicit_source() -> None:
    source = source_of_url("https://x/a.zip", subdirectory="b")
    assert isinstance(source, Archive)
    assert not source.explicit
    assert source.link.subdirectory == "b"


def test_the_users_own_url_is_explicit_however_it_is_spelled() -> None:
    for line in ("https://x/a.zip", "a @ https://x/a.zip"):
        user: UserRequirement = parse_requirement(RequirementText(line), ignore)
        assert isinstance(user.source, Archive)
        assert user.source.explicit
