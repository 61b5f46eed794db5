from __future__ import annotations

import subprocess
import sys

import pytest

from pipwrap.errors import UsageError
from pipwrap.options.parser import Parsed, parse
from pipwrap.options.table import COMMANDS, options_of
from pipwrap.options.usage import usage
from support.pip_parser import Answer, Question, ask_pip

MISTAKES = {
    "unknown long option": "install --bogus",
    "unknown long option with a value": "install --bogus=1 foo",
    "unknown short option": "install -Z",
    "unknown short option in a cluster": "install -qZ",
    "hyphen in a cluster": "install -q-v",
    "ambiguous abbreviation": "install --no",
    "ambiguous aliases": "install --no-dep",
    "ambiguous before the command": "--ver install foo",
    "command option before the command": "--user install foo",
    "unknown before the command": "--bogus install",
    "version after the command": "install -V",
    "value missing": "install -r",
    "value missing by abbreviation": "download --requirem",
    "value missing in a cluster": "install -qr",
    "value of a flag": "install --user=yes",
    "abbreviated flag with a value": "wheel --prefer=1",
    "bad choice": "install --upgrade-strategy never",
    "bad choice of a repeatable": "install --use-feature=flying",
    "bad float": "install --timeout soon",
    "bad float under its alias": "install --default-timeout=soon",
    "bad integer": "uninstall --retries 1.5",
    "bad octal": "install --retries 09",
    "option of another command": "uninstall --pre",
    "no config settings in download": "download -C a=b",
    "bad config setting": "wheel -C a",
    "usage of cache": "cache --bogus",
    "no editable in download": "download -e .",
}

LINES = {
    "abbreviation": "install --no-ca --dry-r --force-re foo",
    "glued short values": "install -qUrreqs.txt -f. foo",
    "cluster of counts": "install -vvv -qq foo",
    "cluster with value in the next word": "install -Ur reqs.txt foo",
    "equals": "install --index-url=http://h/ --timeout=0.5 --retries=0x10",
    "empty value": "install --proxy= foo",
    "options after arguments": "install foo --no-deps bar -c c.txt",
    "hyphens end options": "install -q -- -r foo",
    "a lone hyphen is an argument": "install - foo",
    "general options before the command": "-q --timeout 3 install foo",
    "hyphens before the command": "-- install -q foo",
    "command name as a value": "--log install -q install foo",
    "value looks like an option": "install -r -q foo",
    "repeatable": "install -f a -f b --find-links=c foo",
    "formats in order": "install --no-binary=:all: --only-binary a,B_c --no-binary=:none: foo",
    "formats all then none": "download --only-binary=a,:all:,:none:,b foo",
    "user and no user": "install --user --no-user foo",
    "compile and no compile": "install --no-compile --compile foo",
    "negative flags": "install --no-warn-script-location --no-warn-conflicts --no-compile foo",
    "cache dir then none": "install --cache-dir /x --no-cache-dir foo",
    "aliases": "download --destination-dir out --no-dependencies --pypi-url http://h/ foo",
    "wheel": "wheel -w out --no-verify --use-pep517 -C a=b foo",
    "uninstall": "uninstall -y -r a -r b foo",
    "cache": "cache list --format abspath foo*",
    "hidden": "--no-python-version-warning install --no-user foo",
    "all features": "install --use-feature fast-deps --use-feature=truststore foo",
    "empty argument": "install '' foo",
}


def _words(line: str) -> list[str]:
    return ["" if word == "''" else word for word in line.split()]


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    questions = [Question(_words(line)) for line in (*MISTAKES.values(), *LINES.values())]
    return dict(zip((*MISTAKES, *LINES), ask_pip(questions), strict=True))


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_reported_as_pip_does(case: str, answers: dict[str, Answer]) -> None:
    with pytest.raises(UsageError) as caught:
        parse(_words(MISTAKES[case]))
    assert answers[case].status == caught.value.exit_status
    assert usage(caught.value.command) + f"{caught.value.message}\n" == answers[case].stderr


@pytest.mark.parametrize("case", LINES)
def test_lines_mean_what_they_mean_to_pip(case: str, answers: dict[str, Answer]) -> None:
    parsed = parse(_words(LINES[case]))
    assert parsed.is_ours
    assert list(parsed.arguments) == answers[case].arguments
    last = {
        option.destination: value
        for option, value in parsed.given
        if option.kind in ("flag", "negative flag", "value")
    }
    known = answers[case].values
    assert {destination: known[destination] for destination in last} == last | (
        {"cache_dir": False} if "cache_dir" in last else {}
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_tables_have_every_option_of_pip_and_no_other(command: str) -> None:
    script = (
        "import sys; from pip._internal.commands import create_command as c\n"
        "for o in c(sys.argv[1]).parser.option_list_all:\n"
        "    print(str(o), o.dest, o.takes_value(), o.action)"
    )
    completed = subprocess.run(
        [sys.executable, "-I", "-c", script, command], capture_output=True, text=True, check=True
    )
    of_pip = {tuple(line.rsplit(" ", 3)[:3]) for line in completed.stdout.splitlines()}
    ours = {
        (str(option), option.destination, str(option.takes_value))
        for option in options_of(command)
        if not option.is_extension
    }
    assert ours == of_pip


def test_what_pip_does_not_have_is_never_abbreviated() -> None:
    """Every abbreviation means what it means to pip: ``--ref`` is ``--refresh-package``."""
    given = {option.long: value for option, value in parse(["install", "--ref", "x", "y"]).given}
    assert given == {"--refresh-package": "x"}
    given = {option.long: value for option, value in parse(["install", "--refresh", "y"]).given}
    assert given == {"--refresh": True}


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("", ""),
        ("help", "help"),
        ("help install", "help"),
        ("-q list --outdated", "list"),
        ("instal foo", "instal"),
        ("lock --bogus", "lock"),
        ("--", ""),
        ("--help", ""),
        ("--help install foo", ""),
        ("--version", ""),
        ("-V install --bogus", "install"),
        ("install --help --bogus", "install"),
        ("install foo -h", "install"),
        ("install -qh", "install"),
    ],
)
def test_what_is_not_ours_goes_to_pip_whole(line: str, command: str) -> None:
    parsed = parse(_words(line))
    assert not parsed.is_ours
    assert parsed.argv == tuple(_words(line))
    if not parsed.help:
        assert parsed.command == command


def test_help_behind_a_mistake_does_not_hide_it() -> None:
    with pytest.raises(UsageError, match="no such option: --bogus"):
        parse(["install", "--bogus", "--help"])


def test_version_is_told() -> None:
    assert parse(["--version"]).version
    assert parse(["-qV"]).version


def test_options_before_the_command_are_kept_apart() -> None:
    parsed: Parsed = parse(["--python", "a", "install", "--python", "b", "x"])
    assert [value for _, value in parsed.general] == ["a"]
    assert [value for _, value in parsed.given] == ["a", "b"]


def test_reading_a_line_imports_nothing_heavy() -> None:
    script = (
        "import sys; before = set(sys.modules); import pipwrap.options.parser as a;"
        "a.parse(['install', 'x']); print(*sorted(set(sys.modules) - before))"
    )
    completed = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    assert set(completed.stdout.split()) == {
        "__future__",
        "pipwrap",
        "pipwrap.options",
        "pipwrap.options.option",
        "pipwrap.options.parser",
        "pipwrap.options.table",
        "pipwrap.errors",
    }
