"""What happens after a 401: the keyring by import or by command, and the person at the terminal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.beside import assert_same, beside
from support.environments import VirtualEnvironment
from support.index import Index
from support.runner import Result, Runner
from support.sdists import make_sdist
from support.wheels import make_wheel

_MODULE = """\
import os

class Credential:
    username, password = "user", "secret"

def get_credential(service, username):
    with open(os.environ["ASKED"], "a") as stream:
        stream.write(f"{service} {username}\\n")
    if os.environ.get("BROKEN"):
        raise RuntimeError("the keyring is locked")
    return Credential if service.endswith("/simple/") or username == "user" else None
"""
_COMMAND = """\
#!/bin/sh
echo "$@" >> "$ASKED"
[ -n "$BROKEN" ] && { echo "unrecognized arguments: --mode=creds" >&2; exit 2; }
case "$*" in
*/simple*) echo '{"username": "user", "password": "secret"}' ;;
*) exit 1 ;;
esac
"""


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Return the file in which keyrings note what they are asked."""
    return tmp_path / "asked"


@pytest.fixture
def pipwrap(pipwrap: Runner, index: Index, tmp_path: Path, asked: Path) -> Runner:
    """Return a runner against an index that wants a login."""
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    index.add(make_wheel(tmp_path / "files", "tool", "1.0"))
    index.add(make_sdist(tmp_path / "files", "built", "1.0", build_requires=["tool"]))
    index.require_login("user", "secret")
    environ = {**pipwrap.environ, "ASKED": str(asked)}
    return Runner(pipwrap.environment, environ, pipwrap.directory)


@pytest.fixture
def module(environment: VirtualEnvironment) -> None:
    """Install a keyring into the target environment."""
    (environment.site_packages / "keyring.py").write_text(_MODULE, encoding="utf-8")


@pytest.fixture
def command(tmp_path: Path, pipwrap: Runner) -> dict[str, str]:
    """Return variables that put a ``keyring`` command on PATH."""
    script = tmp_path / "bin" / "keyring"
    script.parent.mkdir()
    script.write_text(_COMMAND, encoding="utf-8")
    script.chmod(0o755)
    return {"PATH": os.pathsep.join((str(script.parent), pipwrap.environ["PATH"]))}


def dry(pipwrap: Runner, *options: str, **keywords: object) -> tuple[Result, Result]:
    """Return what both programs make of a dry run."""
    return beside(pipwrap, "install", "--dry-run", *options, "demo", **keywords)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--keyring-provider", "import"],
        ["--keyring-provider", "import", "--no-input"],
        ["--no-input"],
        ["--keyring-provider", "disabled", "--no-input"],
        ["--keyring-provider", "subprocess", "--no-input"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("module")
def test_the_package_in_the_target_environment_is_asked(
    pipwrap: Runner, asked: Path, options: list[str]
):
    ours, theirs = dry(pipwrap, *options)
    assert_same(ours, theirs)
    if ours.returncode == 0:
        questions = asked.read_text(encoding="utf-8").splitlines()
        assert len(questions) == 2
        assert questions[0] == questions[1]


@pytest.mark.parametrize("options", [[], ["--keyring-provider", "subprocess", "--no-input"]])
def test_the_command_is_asked(
    pipwrap: Runner, asked: Path, command: dict[str, str], options: list[str]
):
    ours, theirs = dry(pipwrap, *options, environ=command)
    assert_same(ours, theirs)
    assert ours.returncode == 0
    questions = asked.read_text(encoding="utf-8").splitlines()
    assert questions[0] == questions[1]


@pytest.mark.usefixtures("module")
def test_a_keyring_that_fails_is_told_once_and_left_alone(pipwrap: Runner):
    options = ["--keyring-provider", "import", "--no-input"]
    assert_same(*dry(pipwrap, *options, environ={"BROKEN": "1"}))


def test_a_command_that_is_too_old_is_told(pipwrap: Runner, command: dict[str, str]):
    options = ["--keyring-provider", "subprocess", "--no-input"]
    assert_same(*dry(pipwrap, *options, environ={**command, "BROKEN": "1"}))


@pytest.mark.usefixtures("module")
def test_the_user_of_the_url_goes_to_the_keyring(pipwrap: Runner, index: Index, asked: Path):
    url = index.url_of("/simple", user="user")
    assert_same(*dry(pipwrap, "-i", url))
    questions = asked.read_text(encoding="utf-8").splitlines()
    assert questions[0] == questions[1]


@pytest.mark.usefixtures("module")
def test_build_requirements_are_fetched_with_the_same_credentials(pipwrap: Runner):
    pipwrap("wheel", "built", expect=0)


@pytest.mark.usefixtures("module")
def test_the_name_that_is_typed_goes_to_the_keyring(pipwrap: Runner, index: Index):
    environ = {"PIP_INDEX_URL": index.url_of("/simple/."), "PIP_EXTRA_INDEX_URL": ""}
    ours, theirs = dry(pipwrap, environ=environ, stdin="user\nuser\n")
    assert ours.returncode == theirs.returncode == 0, ours.output + theirs.output


def test_nobody_at_the_terminal_is_a_401(pipwrap: Runner, index: Index):
    result = pipwrap("install", "demo", stdin="")
    assert result.stdout.endswith(f"User for {index.host}: ")
    assert "ERROR: No matching distribution found for demo" in result.stderr


def test_wrong_credentials_of_a_url_are_told_in_pips_words(pipwrap: Runner, index: Index):
    url = index.url_of("/simple", user="user", password="wrong")
    ours, theirs = dry(pipwrap, "-i", url)
    assert ours.returncode == theirs.returncode == 1
    assert "WARNING: 401 Error, Credentials not correct for" in ours.stderr
    assert "wrong" not in ours.output
