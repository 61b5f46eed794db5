from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pipwrap.errors import ConfigurationError, PipwrapError, UsageError
from pipwrap.model.format_control import FormatControl
from pipwrap.options.configuration import Configuration, configuration_files, read_configuration
from pipwrap.options.options import add_formats
from pipwrap.options.parser import parse
from pipwrap.options.usage import usage
from pipwrap.options.values import values_of
from support.pip_parser import Answer, Question, ask_pip

OURS_TO_DECIDE = {"index_url", "cache_dir", "src_dir"}
"""Defaults that pip computes where pipwrap keeps ``None``."""

FILES: dict[str, dict[str, str]] = {
    "nothing": {},
    "levels in order": {
        "etc/pip.conf": "[global]\ntimeout = 1\nretries = 1\nproxy = global\n",
        "home/.pip/pip.conf": "[global]\ntimeout = 2\nretries = 2\n",
        "home/.config/pip/pip.conf": "[global]\ntimeout = 3\n",
        "prefix/pip.conf": "[global]\nproxy = site\n",
    },
    "command section beats a stronger file": {
        "etc/pip.conf": "[install]\ntimeout = 1\n[download]\ntimeout = 9\n",
        "prefix/pip.conf": "[global]\ntimeout = 2\n",
    },
    "stronger level replaces what repeats": {
        "etc/pip.conf": "[global]\nfind-links = /a\n  /b\nextra-index-url = http://a/ http://b/\n",
        "prefix/pip.conf": "[global]\nfind-links = /c\n",
    },
    "empty value unsets": {
        "etc/pip.conf": "[global]\ntimeout = 5\nproxy = x\n",
        "prefix/pip.conf": "[global]\ntimeout =\n",
    },
    "keys are normalised": {
        "etc/pip.conf": "[global]\n--No_Index = yes\nDEFAULT_TIMEOUT = 7\nfind_links = ${HOME}/x\n"
    },
    "what is no option is ignored": {
        "etc/pip.conf": "[global]\nyes = 1\nnonsense = 1\nformat = columns\n[lock]\ntimeout = x\n"
    },
    "negative options take their value": {
        "etc/pip.conf": "[global]\nno-compile = yes\nno-warn-script-location = no\n"
    },
    "no cache": {"etc/pip.conf": "[global]\nno-cache-dir = false\n"},
    "counts": {"etc/pip.conf": "[global]\nverbose = 2\nquiet = yes\n"},
    "selectors add up": {
        "etc/pip.conf": "[global]\nno-binary = a,b\n[install]\nonly-binary = b\n",
    },
    "defaults section": {"etc/pip.conf": "[DEFAULT]\ntimeout = 4\n[global]\nretries = 1\n"},
    "section of no command": {"etc/pip.conf": "[Global]\ntimeout = 4\n"},
}

VARIABLES: dict[str, dict[str, str]] = {
    "alias": {"PIP_DEFAULT_TIMEOUT": "9"},
    "last of two aliases": {"PIP_TIMEOUT": "3", "PIP_DEFAULT_TIMEOUT": "9"},
    "version and help": {"PIP_VERSION": "1", "PIP_HELP": "1"},
    "empty": {"PIP_TIMEOUT": "", "PIP_NO_INDEX": ""},
    "whitespace": {"PIP_FIND_LINKS": "/a  /b\n/c", "PIP_CONSTRAINT": "c.txt d.txt"},
    "false flag": {"PIP_NO_INDEX": "0", "PIP_NO_COMPILE": "0", "PIP_USER": "off"},
    "true flag": {"PIP_NO_INDEX": "T", "PIP_PRE": "Yes", "PIP_USER": "on"},
    "no cache by a false value": {"PIP_NO_CACHE_DIR": "0"},
    "formats": {"PIP_NO_BINARY": "a,:all:", "PIP_ONLY_BINARY": "b"},
    "lower case is no variable": {"pip_timeout": "1", "Pip_Timeout": "2"},
    "isolated variable does not isolate": {"PIP_ISOLATED": "1", "PIP_TIMEOUT": "2"},
}

MISTAKES: dict[str, tuple[str, dict[str, str], str]] = {
    "float": ("install x", {"PIP_TIMEOUT": "abc"}, ""),
    "float under its alias": ("install x", {"PIP_DEFAULT_TIMEOUT": "abc"}, ""),
    "flag": ("install x", {"PIP_NO_INDEX": "perhaps"}, ""),
    "general flag": ("install x", {"PIP_NO_INPUT": "perhaps"}, ""),
    "isolated comes too late": ("--isolated install x", {"PIP_NO_INPUT": "perhaps"}, ""),
    "count": ("install x", {"PIP_VERBOSE": "-1"}, ""),
    "count of words": ("install x", {"PIP_QUIET": "very"}, ""),
    "choice": ("install x", {"PIP_PROGRESS_BAR": "fancy"}, ""),
    "choice of a repeatable": ("install x", {"PIP_USE_FEATURE": "fast-deps flying"}, ""),
    "no cache": ("install x", {"PIP_NO_CACHE_DIR": "bogus"}, ""),
    "no cache, wrapped": ("install x", {"PIP_NO_CACHE_DIR": "Bogus " * 20}, ""),
    "command section": ("install x", {}, "[install]\nretries = many\n"),
    "file without section": ("install x", {}, "timeout = 1\n"),
    "file with a key twice": ("install x", {}, "[global]\ntimeout = 1\nTimeout = 2\n"),
}


def _environ(home: Path) -> dict[str, str]:
    return {"HOME": str(home / "home"), "XDG_CONFIG_DIRS": str(home / "xdg")}


def _read(home: Path, environ: dict[str, str]) -> Configuration:
    return read_configuration(
        environ, str(home / "home"), str(home / "prefix"), "linux", etc=str(home / "etc")
    )


def _write(home: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _question(home: Path, line: str, environ: dict[str, str]) -> Question:
    return Question(line.split(), environ, str(home / "etc"), str(home / "prefix"))


def _is_same(destination: str, ours: Any, of_pip: Any) -> bool:
    if destination in OURS_TO_DECIDE and ours is None:
        return True
    if destination == "format_control":
        control = add_formats(FormatControl(), ours)
        return {key: set(value) for key, value in of_pip.items()} == {
            "no_binary": control.no_binary,
            "only_binary": control.only_binary,
        }
    if isinstance(ours, tuple):
        return destination == "release_control" or list(ours) == (of_pip or [])
    if destination != "use_user_site" and of_pip is None:
        return not ours
    return bool(ours == of_pip)


def _assert_same(home: Path, line: str, environ: dict[str, str], answer: Answer) -> None:
    parsed = parse(line.split())
    configuration = _read(home, environ)
    items = configuration.items(parsed.command, isolated="--isolated" in parsed.argv)
    values = values_of(parsed.command, items, parsed.given)
    assert answer.status is None, answer.stderr
    different = {
        destination: (value, answer.values[destination])
        for destination, value in values.items()
        if not _is_same(destination, value, answer.values.get(destination))
        and destination not in ("help", "config_settings")
    }
    assert not different


def test_files_mean_what_they_mean_to_pip(tmp_path: Path, subtests: pytest.Subtests) -> None:
    lines = ("install x", "download --no-binary c -f /z -v x", "--isolated wheel x", "uninstall x")
    cases = []
    for number, (case, files) in enumerate(FILES.items()):
        home = tmp_path / str(number)
        _write(home, files)
        cases.extend((case, home, line) for line in lines)
    answers = ask_pip([_question(home, line, _environ(home)) for _, home, line in cases])
    for (case, home, line), answer in zip(cases, answers, strict=True):
        with subtests.test(case, line=line):
            _assert_same(home, line, _environ(home), answer)


def test_variables_mean_what_they_mean_to_pip(tmp_path: Path, subtests: pytest.Subtests) -> None:
    _write(tmp_path, {"prefix/pip.conf": "[global]\ntimeout = 1\nfind-links = /f\nno-binary=z\n"})
    lines = ("install x", "install -f /z --only-binary=a -q x", "install --isolated x")
    cases = [(case, line) for case in VARIABLES for line in lines]
    answers = ask_pip(
        [_question(tmp_path, line, _environ(tmp_path) | VARIABLES[case]) for case, line in cases]
    )
    for (case, line), answer in zip(cases, answers, strict=True):
        with subtests.test(case, line=line):
            _assert_same(tmp_path, line, _environ(tmp_path) | VARIABLES[case], answer)


def test_mistakes_are_reported_as_pip_does(tmp_path: Path, subtests: pytest.Subtests) -> None:
    homes = {case: tmp_path / str(number) for number, case in enumerate(MISTAKES)}
    questions = []
    for case, (line, variables, text) in MISTAKES.items():
        _write(homes[case], {"prefix/pip.conf": text} if text else {})
        questions.append(_question(homes[case], line, _environ(homes[case]) | variables))
    for (case, (line, variables, _)), answer in zip(
        MISTAKES.items(), ask_pip(questions), strict=True
    ):
        with subtests.test(case):
            error = _mistake(homes[case], line, _environ(homes[case]) | variables)
            assert error.exit_status == answer.status
            written = f"{error.message}\n"
            if isinstance(error, UsageError):
                written = usage(error.command) + written
            elif error.exit_status == 2:
                written = error.message
            assert written == answer.stderr


def _mistake(home: Path, line: str, environ: dict[str, str]) -> PipwrapError:
    with pytest.raises((UsageError, ConfigurationError)) as caught:
        _values(home, line, environ)
    return caught.value


def _values(home: Path, line: str, environ: dict[str, str]) -> None:
    parsed, configuration = parse(line.split()), _read(home, environ)
    values_of("", configuration.items("global"), parsed.general)
    isolated = "--isolated" in parsed.argv
    values_of(parsed.command, configuration.items(parsed.command, isolated=isolated), parsed.given)


def test_file_that_is_not_text_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prefix" / "pip.conf"
    path.parent.mkdir()
    path.write_bytes(b"[global]\nproxy = \xff\n")
    monkeypatch.setattr("pipwrap.options.configuration._locale_encoding", lambda: "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        _read(tmp_path, {})
    assert caught.value.message == (
        f"Configuration file contains invalid utf-8 characters in {path}."
    )


def test_named_file_stands_in_for_the_users_own_when_it_exists(tmp_path: Path) -> None:
    named = tmp_path / "named.conf"
    environ = _environ(tmp_path) | {"PIP_CONFIG_FILE": str(named)}

    def levels() -> list[str]:
        files = configuration_files(environ, str(tmp_path), "/prefix", "linux")
        return [level for level, _ in files]

    assert levels() == ["global", "global", "user", "user", "site", "env"]
    named.write_text("[global]\ntimeout = 8\n")
    assert levels() == ["global", "global", "site", "env"]
    assert _read(tmp_path, environ).items("install")[0] == ("timeout", "8")


def test_null_device_as_named_file_switches_all_files_off(tmp_path: Path) -> None:
    _write(tmp_path, {"etc/pip.conf": "[global]\ntimeout = 1\n"})
    environ = _environ(tmp_path) | {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "2"}
    assert _read(tmp_path, environ).items("install") == (
        ("config-file", os.devnull),
        ("retries", "2"),
    )


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        pytest.param(
            "linux",
            {"XDG_CONFIG_DIRS": "/a: relative :/b", "XDG_CONFIG_HOME": "/c"},
            "/a/pip/pip.conf /b/pip/pip.conf /etc/pip.conf /h/.pip/pip.conf /c/pip/pip.conf",
            id="linux with XDG",
        ),
        pytest.param(
            "linux",
            {"XDG_CONFIG_HOME": "relative"},
            "/etc/xdg/pip/pip.conf /etc/pip.conf /h/.pip/pip.conf /h/.config/pip/pip.conf",
            id="linux without",
        ),
        pytest.param(
            "darwin",
            {"XDG_DATA_DIRS": "/data"},
            "/data/pip/pip.conf /h/.pip/pip.conf /h/.config/pip/pip.conf",
            id="macos",
        ),
        pytest.param(
            "win32",
            {"APPDATA": "/appdata", "PROGRAMDATA": "/data"},
            "/data/pip/pip.ini /h/pip/pip.ini /appdata/pip/pip.ini",
            id="windows",
        ),
    ],
)
def test_files_of_a_platform(platform: str, environ: dict[str, str], expected: str) -> None:
    files = configuration_files(environ, "/h", "/p", platform)
    basename = "pip.ini" if platform == "win32" else "pip.conf"
    assert [path for _, path in files] == [*expected.split(), f"/p/{basename}"]
