from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipwrap.errors import InvalidRequirement
from pipwrap.events import Event, WarningMessage
from pipwrap.options.configuration import Configuration
from pipwrap.options.options import SearchOptions, build_options
from pipwrap.options.parser import parse
from pipwrap.requirements.file_grammar import OptionLine, RequirementLine, parse_lines, variables_in
from pipwrap.requirements.file_reader import RequirementFileContents, RequirementFileReader
from support.pip_parser import FileQuestion, ask_pip_about_files

INDEX = "https://index.test/simple"
ENVIRON = {"NAME": "value", "EMPTY": "", "lower": "no", "UNSAFE": "--pre"}
OPTIONS = ("-i", INDEX, "--extra-index-url", "http://more.test/", "-f", "links", "--no-binary=n")

SHA256 = "a" * 64

FILES: dict[str, dict[str, str]] = {
    "requirements": {"r.txt": "foo\nbar>=1,<2 ; python_version > '3'\n\n  baz[x,y]==1  \n"},
    "comments": {"r.txt": "# a comment\nfoo # why\nbar#not a comment\nbaz\t#tab\n#\n"},
    "continuations": {"r.txt": "foo \\\n>=1 \\\n  ,<2\nbar\n"},
    "continuation at the end": {"r.txt": "foo\\"},
    "comment ends a continuation": {"r.txt": "foo \\\n# comment \\\nbar\nbaz # c \\\nqux\n"},
    "backslashes": {"r.txt": "\\foo\\\\\nbar\n"},
    "line separators": {"r.txt": "foo\r\nbar\x0cbaz\u2028qux\rquux\n"},
    "variables": {
        "r.txt": "foo-${NAME}\n${EMPTY}x\n${UNSET}y\n$NAME\n%NAME%\n${lower}\nfoo ${UNSAFE}\n"
    },
    "hashes": {
        "r.txt": f"foo==1 --hash=sha256:{SHA256} \\\n  --hash sha512:b\nbar --hash=sha256:c\n"
    },
    "config settings": {"r.txt": "foo -C a=b --config-settings=c=d=e\n-e . -C a=b\n"},
    "editables": {"r.txt": "-e .\n--editable=./x[y]\n-e a -e b\n-e git+http://h/r#egg=x\n"},
    "editable with hash": {"r.txt": f"-e . --hash=sha256:{SHA256}\n"},
    "index replaced": {"r.txt": "--index-url http://a.test/\nfoo\n--pypi-url=http://b.test/\n"},
    "extra indexes": {
        "r.txt": "--extra-index-url http://a.test/ --extra-index-url=http://b.test/\n"
    },
    "index and extra": {"r.txt": "-i http://a.test/ --extra-index-url http://b.test/\nfoo\n"},
    "no index": {"r.txt": "--no-index\n--index-url http://a.test/\n--extra-index-url http://b/\n"},
    "links": {"r.txt": "-f a -f b\n--find-links=http://h/\n-f sub\n", "sub/x": ""},
    "links beside the file": {"r.txt": "-r sub/s.txt\n", "sub/s.txt": "-f x\n", "sub/x/y": ""},
    "formats": {"r.txt": "--no-binary a,b --only-binary=b\n--only-binary :all:\n"},
    "formats beside a requirement": {"r.txt": "foo --no-binary foo --pre -f x\n"},
    "flags": {"r.txt": "--pre --prefer-binary\n--require-hashes\n"},
    "abbreviations": {"r.txt": "--require-h\n--prefer\n--extra http://a.test/\n"},
    "no hashes": {"r.txt": "--no-require-hashes\n"},
    "trusted hosts": {"r.txt": "--trusted-host h.test --trusted-host i.test:8080\n"},
    "features": {"r.txt": "--use-feature=fast-deps\n--use-feature fast-deps\n"},
    "quotes": {"r.txt": "-f 'a b'\n--index-url \"http://a.test/\"\n"},
    "words after options": {"r.txt": "-f a foo\n-e . foo\n"},
    "nested": {
        "r.txt": "one\n-r sub/s.txt\nfour\n-c c.txt\n",
        "sub/s.txt": "two\n-r ../t.txt\n-c d.txt\n",
        "sub/d.txt": "dee<1\n",
        "t.txt": "three\n",
        "c.txt": "cee<1\n-r t.txt\n",
    },
    "nested and other options": {"r.txt": "-r t.txt -r u.txt --pre\n", "t.txt": "t\n"},
    "requirements before constraints": {"r.txt": "-c c.txt -r t.txt\n", "t.txt": "t\n"},
    "nested beside a requirement": {"r.txt": "foo -r nothing.txt\n"},
    "the same file twice": {"r.txt": "-r t.txt\n-r t.txt\n", "t.txt": "t\n"},
    "option with tab": {"r.txt": "foo\t--pre\n"},
    "hash without requirement": {"r.txt": f"--hash=sha256:{SHA256}\n"},
    "empty": {"r.txt": ""},
    "no such file": {},
    "no such nested file": {"r.txt": "foo\n-r sub/none.txt\n"},
    "no such constraints": {"r.txt": "-c none.txt\n"},
    "a directory": {"r.txt/x": ""},
    "itself": {"r.txt": "-r r.txt\n"},
    "itself by detour": {
        "r.txt": "-r sub/s.txt\n",
        "sub/s.txt": "-r t.txt",
        "sub/t.txt": "-r s.txt",
    },
    "back to the first": {"r.txt": "-c s.txt\n", "s.txt": "-r r.txt\n"},
    "unknown option": {"r.txt": "foo\n--bogus\n"},
    "option of the command line": {"r.txt": "foo --no-cache-dir\n"},
    "unknown option in a joined line": {"r.txt": "foo \\\n  --bogus # why\n"},
    "ambiguous option": {"r.txt": "--no\n"},
    "value missing": {"r.txt": "foo --hash\n"},
    "bad choice": {"r.txt": "--use-feature=flying\n"},
    "weak hash": {"r.txt": "foo --hash=md5:x\n"},
    "hash without algorithm": {"r.txt": "foo --hash=x\n"},
    "bad config setting": {"r.txt": "foo -C a\n"},
    "open quote": {"r.txt": "-f 'a\n"},
}


def _refuse(url: str) -> bytes:
    raise AssertionError(f"nobody set up {url}")


def _search() -> SearchOptions:
    parsed = parse(["install", *OPTIONS, "x"])
    return build_options(parsed, Configuration(), default_index_url=INDEX).search


def _read(
    filename: str,
    *,
    fetch: Callable[[str], bytes] = _refuse,
    events: list[Event] | None = None,
    is_constraint: bool = False,
) -> RequirementFileContents:
    listener = [].append if events is None else events.append
    reader = RequirementFileReader(ENVIRON, fetch, listener)
    return reader.read(filename, _search(), is_constraint=is_constraint)


def _as_pip(contents: RequirementFileContents) -> dict[str, Any]:
    search = contents.search
    return {
        "requirements": [_requirement_as_pip(line) for line in contents.requirements],
        "index_urls": list(search.index_urls),
        "no_index": search.no_index,
        "find_links": list(search.find_links),
        "no_binary": sorted(search.format_control.no_binary),
        "only_binary": sorted(search.format_control.only_binary),
        "pre": ":all:" in search.releases.all_releases,
        "prefer_binary": search.prefer_binary,
        "require_hashes": search.require_hashes,
        "no_require_hashes": search.no_require_hashes,
        "trusted_hosts": list(search.trusted_hosts),
    }


def _requirement_as_pip(line: RequirementLine) -> dict[str, Any]:
    hashes: dict[str, list[str]] = {}
    for algorithm, digest in line.hashes:
        hashes.setdefault(algorithm, []).append(digest)
    return {
        "text": line.text,
        "is_editable": line.is_editable,
        "is_constraint": line.is_constraint,
        "comes_from": line.comes_from,
        "line_source": line.line_source,
        "hashes": hashes,
        "config_settings": dict(line.config_settings),
    }


@pytest.mark.parametrize("is_constraint", [False, True], ids=["requirements", "constraints"])
def test_files_mean_what_they_mean_to_pip(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    subtests: pytest.Subtests,
    is_constraint: bool,  # noqa: FBT001
) -> None:
    directories = [tmp_path / str(number) for number in range(len(FILES))]
    for directory, files in zip(directories, FILES.values(), strict=True):
        directory.mkdir()
        for name, text in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="")
    answers = ask_pip_about_files(
        [
            FileQuestion(str(directory), "r.txt", (*OPTIONS, "x"), ENVIRON, is_constraint)
            for directory in directories
        ]
    )
    for case, directory, answer in zip(FILES, directories, answers, strict=True):
        with subtests.test(case):
            monkeypatch.chdir(directory)
            # One list is pip's default for all runs of a process, so features leak there.
            answer.pop("features", None)
            assert _outcome("r.txt", is_constraint=is_constraint) == answer


def _outcome(filename: str, *, is_constraint: bool) -> dict[str, Any]:
    events: list[Event] = []
    try:
        answer = _as_pip(_read(filename, events=events, is_constraint=is_constraint))
    except InvalidRequirement as error:
        # pip's messages about options bring a line's end of their own.
        end = "\n" if "\npip: error: " in error.message else ""
        answer = {"error": f"{error.message}{end}"}
    warnings = [f"{event.message}\n" for event in events if isinstance(event, WarningMessage)]
    return answer | {"log": "".join(warnings)}


def test_features_are_added_once(tmp_path: Path) -> None:
    path = tmp_path / "r.txt"
    path.write_text("--use-feature=fast-deps\n--use-feature truststore --use-feature fast-deps\n")
    assert _read(str(path)).search.features == ("fast-deps", "truststore")


def test_lines_are_told_apart() -> None:
    lines = parse_lines("foo\n\n--pre\n-e .\n", "r.txt", {})
    assert [type(line) for line in lines] == [RequirementLine, OptionLine, RequirementLine]
    assert [line.line_number for line in lines] == [1, 3, 4]


def test_variables_that_count_are_named() -> None:
    assert variables_in("a ${ONE}\n# ${TWO}\n${three}\nb \\\n${FOUR}") == {"ONE", "FOUR"}


@pytest.mark.parametrize(
    ("text", "handed_over"),
    [
        ("foo\n--pre\n", None),
        ("--use-feature=fast-deps\n", None),
        ("--use-feature=venv-isolation\n", "--use-feature=venv-isolation"),
    ],
)
def test_what_the_real_pip_does_is_reported(
    tmp_path: Path, text: str, handed_over: str | None
) -> None:
    path = tmp_path / "r.txt"
    path.write_text(text)
    assert _read(str(path)).handed_over == handed_over


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("é==1".encode(), id="utf-8"),
        pytest.param("\ufeffé==1".encode(), id="utf-8 with mark"),
        pytest.param("é==1".encode("utf-16"), id="utf-16"),
        pytest.param(b"\xfe\xff" + "é==1".encode("utf-16-be"), id="utf-16 big-endian"),
        pytest.param("é==1".encode("utf-32"), id="utf-32"),
        pytest.param("# -*- coding: latin-1 -*-\né==1".encode("latin-1"), id="declared"),
        pytest.param("#\n# coding=latin-1\né==1".encode("latin-1"), id="declared in line 2"),
    ],
)
def test_encoding_is_found(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.txt"
    path.write_bytes(content)
    events: list[Event] = []
    (line,) = _read(str(path), events=events).requirements
    assert line.text == "é==1"
    assert not events


def test_encoding_of_the_locale_is_the_last_resort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipwrap.requirements.file_reader._locale_encoding", lambda: "latin-1")
    path = tmp_path / "r.txt"
    path.write_bytes("é==1".encode("latin-1"))
    events: list[Event] = []
    (line,) = _read(str(path), events=events).requirements
    assert line.text == "é==1"
    assert [type(event) for event in events] == [WarningMessage]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"# coding: nonsense\nfoo", id="unknown"),
        pytest.param(b"# coding: ascii\n\xff", id="wrong"),
        pytest.param(b"\xff\xfe\x00", id="half a character"),
    ],
)
def test_file_that_cannot_be_decoded_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.txt"
    path.write_bytes(content)
    with pytest.raises(InvalidRequirement, match="Could not decode requirements file "):
        _read(str(path))


def test_files_of_a_server_are_relative_to_it(tmp_path: Path) -> None:
    pages = {
        "https://h.test/a/r.txt": b"one\n-r s.txt\n-c /c.txt\n",
        "https://h.test/a/s.txt": b"two\n",
        "https://h.test/c.txt": b"three<1\n",
    }
    path = tmp_path / "r.txt"
    path.write_text("-r https://h.test/a/r.txt\n")
    contents = _read(str(path), fetch=pages.__getitem__)
    assert contents.files == (str(path), *pages)
    assert [(line.text, line.is_constraint) for line in contents.requirements] == [
        ("one", False),
        ("two", False),
        ("three<1", True),
    ]
    assert contents.requirements[1].comes_from == "-r https://h.test/a/s.txt (line 1)"


def test_file_of_a_server_may_not_include_itself() -> None:
    with pytest.raises(InvalidRequirement, match="recursively references itself"):
        _read("https://h.test/r.txt", fetch={"https://h.test/r.txt": b"-r r.txt\n"}.__getitem__)


def test_file_urls_are_opened(tmp_path: Path) -> None:
    directory = tmp_path / "with space"
    directory.mkdir()
    (directory / "r.txt").write_text("one\n-r s.txt\n")
    (directory / "s.txt").write_text("two\n")
    contents = _read((directory / "r.txt").as_uri())
    assert [line.text for line in contents.requirements] == ["one", "two"]


@pytest.mark.parametrize("location", ["none.txt", "file:///none/r.txt", "nul\0byte"])
def test_file_that_cannot_be_opened_is_an_error(location: str) -> None:
    with pytest.raises(InvalidRequirement, match="Could not open requirements file: "):
        _read(location)


@pytest.mark.skipif(os.name == "nt", reason="Windows opens shares by such URLs")
def test_file_url_of_another_host_is_refused() -> None:
    with pytest.raises(InvalidRequirement, match="non-local file URIs are not supported"):
        _read("file://elsewhere/r.txt")
