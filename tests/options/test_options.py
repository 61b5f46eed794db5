from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipwrap.errors import CommandError
from pipwrap.model.format_control import FormatControl
from pipwrap.model.pylock_names import is_lock, split_extras
from pipwrap.options.configuration import Configuration, Setting
from pipwrap.options.options import (
    Options,
    SearchOptions,
    build_options,
    check_hash_options,
    handed_over,
)
from pipwrap.options.parser import parse
from pipwrap.options.values import requested_python

INDEX = "https://index.test/simple"


def _configuration(**variables: str) -> Configuration:
    return Configuration(
        tuple(
            Setting("env-var", ":env:", key.replace("_", "-"), value)
            for key, value in variables.items()
        )
    )


def _options(line: str, **variables: str) -> Options:
    return build_options(parse(line.split()), _configuration(**variables), default_index_url=INDEX)


def _handed_over(line: str, **variables: str) -> str | None:
    return handed_over(parse(line.split()), _configuration(**variables))


def test_defaults_are_those_of_pip() -> None:
    assert _options("install foo") == Options(
        command="install",
        arguments=("foo",),
        search=SearchOptions(index_urls=(INDEX,)),
        progress_bar="on",
    )


@pytest.mark.parametrize(
    ("line", "attribute", "expected"),
    [
        ("install -vvv -q x", "verbosity", 2),
        ("install -qq x", "verbosity", -2),
        ("install --debug -q x", "verbosity", 2),
        ("install -q x", "progress_bar", "off"),
        ("install -q --progress-bar on x", "progress_bar", "on"),
        ("install x", "user", None),
        ("install --user x", "user", True),
        ("install --no-user x", "user", False),
        ("install --no-cache-dir x", "cache_enabled", False),
        ("install --cache-dir= x", "cache_enabled", False),
        ("install --no-cache-dir --cache-dir /c x", "cache_enabled", True),
        ("install x", "cache_enabled", True),
        ("install x", "cache_dir", None),
        ("install -r a -r b", "requirements", ("a", "b")),
        ("install -c a x", "constraints", ("a",)),
        ("install --no-compile x", "compile", False),
        ("install -U --upgrade-strategy eager x", "upgrade_strategy", "eager"),
        ("download x", "destination_dir", os.path.realpath(".")),
        ("wheel -w out x", "destination_dir", os.path.realpath("out")),
        ("install x", "destination_dir", None),
        ("uninstall -y x", "yes", True),
        ("cache list foo* --format abspath", "list_format", "abspath"),
        ("cache list foo*", "arguments", ("list", "foo*")),
        ("cache", "arguments", ()),
    ],
)
def test_value_of_an_option(line: str, attribute: str, expected: object) -> None:
    assert getattr(_options(line), attribute) == expected


def test_relative_cache_directory_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _options("install --cache-dir c x").cache_dir == os.path.realpath(tmp_path / "c")


def test_home_is_expanded_where_pip_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "wheels").mkdir()
    options = _options("install --cert ~/ca.pem -f ~/wheels -f ~/nothing x")
    assert options.network.cert == str(tmp_path / "ca.pem")
    assert options.search.find_links == (os.path.realpath(tmp_path / "wheels"), "~/nothing")


@pytest.mark.parametrize(
    ("line", "index_urls"),
    [
        ("install x", (INDEX,)),
        ("install -i a --extra-index-url b --extra-index-url c x", ("a", "b", "c")),
        ("install --extra-index-url b x", (INDEX, "b")),
        ("install --no-index -i a --extra-index-url b x", ()),
        ("uninstall x", ()),
    ],
)
def test_indexes_in_order(line: str, index_urls: tuple[str, ...]) -> None:
    assert _options(line).search.index_urls == index_urls


def test_command_line_adds_to_what_is_configured_and_repeats() -> None:
    options = _options(
        "install -f c --only-binary x -v x", find_links="a b", no_binary="x,y", verbose="1"
    )
    assert options.search.find_links == ("a", "b", "c")
    assert options.search.format_control == FormatControl(frozenset({"y"}), frozenset({"x"}))
    assert options.verbosity == 2


def test_empty_requirements_are_skipped_and_count_as_given() -> None:
    words = ["install", "", " "]
    options = build_options(parse(words), Configuration(), default_index_url=INDEX)
    assert options.arguments == ()


@pytest.mark.parametrize("command", ["install", "download", "wheel", "uninstall"])
def test_no_requirement_is_an_error(command: str) -> None:
    with pytest.raises(CommandError) as caught:
        _options(command)
    assert caught.value.message == (
        f'You must give at least one requirement to {command} (see "pip help {command}")'
    )


def test_links_without_a_requirement_get_advice() -> None:
    with pytest.raises(CommandError) as caught:
        _options("install -f a -f b")
    assert caught.value.message == (
        'You must give at least one requirement to install (maybe you meant "pip install a b"?)'
    )


def test_hashes_cannot_be_required_and_not() -> None:
    search = _options("install --require-hashes --no-require-hashes x").search
    with pytest.raises(CommandError, match="are mutually exclusive"):
        check_hash_options(search)


def test_python_must_stand_before_the_command() -> None:
    with pytest.raises(CommandError, match="--python option must be placed before"):
        _options("install --python p x")


@pytest.mark.parametrize(
    ("line", "variables", "expected"),
    [
        ("install x", {}, None),
        ("--python a --python b install x", {}, "b"),
        ("install x", {"python": "c"}, "c"),
        ("--isolated install x", {"python": "c"}, "c"),
        ("--python a install --python b x", {"python": "c"}, "a"),
    ],
)
def test_python_that_is_asked_for(
    line: str, variables: dict[str, str], expected: str | None
) -> None:
    assert requested_python(parse(line.split()), _configuration(**variables)) == expected
    build_options(parse(line.split()), _configuration(**variables), default_index_url=INDEX)


def test_features_that_are_always_on_are_warned_of() -> None:
    options = _options("install --use-feature truststore --use-feature fast-deps x")
    assert options.warnings == ("The following features are always enabled: truststore. ",)
    assert _options("install x").warnings == ()


OURS = """
install -r r -c c --no-deps --dry-run --user -U --upgrade-strategy eager --force-reinstall x
install --ignore-requires-python --break-system-packages --compile --no-compile x
install --no-warn-script-location --no-warn-conflicts --require-hashes --progress-bar off x
install --root-user-action ignore --pre --no-binary a --only-binary b --prefer-binary x
install -i u --extra-index-url u --no-index -f d --use-pep517 -v -q --no-input --isolated x
--python p install --cert c --client-cert c --proxy p --no-proxy-env --retries 1 x
install --resume-retries 1 --timeout 2 --trusted-host h --cache-dir c --no-cache-dir x
install --disable-pip-version-check --no-color --no-python-version-warning --require-venv x
install --use-feature inprocess-build-deps --use-feature build-constraint --debug x
install --keyring-provider disabled x
download -d out x
wheel -w out x
uninstall -y x
cache list --format human
install --target t x
install --prefix p x
install --root r x
install --src s x
install -I x
install --report - x
install --only-deps x
""".strip().splitlines()

PASSED_ON = {
    "install --use-feature fast-deps --use-feature venv-isolation x": (
        "--use-feature=venv-isolation"
    ),
}


@pytest.mark.parametrize("line", OURS)
def test_what_pipwrap_does_itself(line: str) -> None:
    assert _handed_over(line) is None


@pytest.mark.parametrize("line", PASSED_ON)
def test_what_the_real_pip_does(line: str) -> None:
    assert _handed_over(line) == f"the option {PASSED_ON[line]}"


@pytest.mark.parametrize(
    ("line", "variables", "expected"),
    [
        ("install x", {"no_clean": "0"}, None),
        (
            "install x",
            {"use_deprecated": "legacy-resolver"},
            "the option --use-deprecated=legacy-resolver",
        ),
        ("uninstall x", {"target": "t"}, None),
        ("install --isolated x", {"use_deprecated": "legacy-resolver"}, None),
    ],
)
def test_configured_options_count_as_given(
    line: str, variables: dict[str, str], expected: str | None
) -> None:
    assert _handed_over(line, **variables) == expected


@pytest.mark.parametrize("line", ["list", "install --help", "instal x", "--version", ""])
def test_what_is_not_ours_is_handed_over(line: str) -> None:
    assert _handed_over(line) is not None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("pylock.toml", True),
        ("a/pylock.dev.toml", True),
        ("https://h.test/pylock.toml", True),
        ("pylock.toml[extra,more]", True),
        ("pylock.a.b.toml", False),
        ("http://[/pylock.toml", False),
        ("mypylock.toml", False),
        ("requirements.txt", False),
        ("reqs[x].txt", False),
    ],
)
def test_lock_file_is_known_by_its_name(location: str, expected: bool) -> None:  # noqa: FBT001
    assert is_lock(split_extras(location)[0]) is expected
