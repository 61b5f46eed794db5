"""pip.conf and PIP_*: a command means what it means to pip on the same machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.index import Index
from support.interpreters import make_interpreter
from support.promises import refused
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "files"


@pytest.fixture
def offered(index: Index, files: Path) -> Index:
    """Return an index with ``demo`` 1.0 and 2.0."""
    for version in ("1.0", "2.0"):
        index.add(make_wheel(files, "demo", version))
    return index


def _configured(pipwrap: Runner, text: str) -> dict[str, str | None]:
    """Return the environ in which a configuration file with this text is read."""
    path = pipwrap.directory / "pip.conf"
    path.write_text(text, encoding="utf-8")
    return {"PIP_CONFIG_FILE": str(path)}


def test_a_global_constraint_binds(pipwrap: Runner, offered: Index):
    (pipwrap.directory / "c.txt").write_text("demo<2\n", encoding="utf-8")
    environ = _configured(pipwrap, "[global]\nconstraint = c.txt\n")
    pipwrap("install", "demo", environ=environ, expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0"]


def test_extra_indexes_and_find_links_of_a_file_are_asked(
    pipwrap: Runner, offered: Index, files: Path
):
    local = make_wheel(files / "local", "demo", "3.0")
    text = f"[global]\nextra-index-url = {local.parent.as_uri()}\n[install]\nfind-links =\n"
    environ = _configured(pipwrap, f"{text}    {local.parent}\n    {offered.links_url}\n")
    result = pipwrap("install", "demo", environ=environ, expect=0)
    assert pipwrap.environment.freeze() == ["demo==3.0"]
    assert f"Looking in links: {local.parent}, {offered.links_url}\n" in result.stdout
    # [install] is not for download
    pipwrap("download", "demo", environ=environ, expect=0)
    assert (pipwrap.directory / "demo-2.0-py3-none-any.whl").is_file()


def test_the_line_beats_the_environ_which_beats_the_file(pipwrap: Runner, offered: Index):
    with Index() as other:
        environ = _configured(pipwrap, f"[global]\nindex-url = {other.url}\n")
        pipwrap("install", "demo", environ=environ, expect=0)
        assert other.requests == []
        missing = {**environ, "PIP_INDEX_URL": other.url}
        arguments = ("install", "--force-reinstall", "--index-url", offered.url, "demo")
        pipwrap(*arguments, environ=missing, expect=0)
        assert other.requests == []


def test_isolated_reads_neither_environ_nor_user_files(pipwrap: Runner, offered: Index):
    environ = {"PIP_INDEX_URL": "http://127.0.0.1:9/never", "PIP_NO_INDEX": "1"}
    arguments = ("--isolated", "install", "--index-url", offered.url, "demo")
    pipwrap(*arguments, environ=environ, expect=0)
    assert pipwrap.environment.freeze() == ["demo==2.0"]


def test_a_file_of_the_environment_is_read(pipwrap: Runner, offered: Index):
    """VIRTUAL_ENV/pip.conf, the site level."""
    site = pipwrap.environment.path / "pip.conf"
    site.write_text(f"[global]\nindex-url = {offered.url}\n", encoding="utf-8")
    environ = {"PIP_CONFIG_FILE": None, "PIP_INDEX_URL": None}
    pipwrap("install", "demo", environ=environ, expect=0)
    assert pipwrap.environment.freeze() == ["demo==2.0"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("[global]\nno-index = perhaps\n", 2, id="no boolean"),
        pytest.param("no section\n", 3, id="no section"),
        pytest.param("[global]\ntimeout = soon\n", 2, id="no number"),
    ],
)
def test_a_wrong_configuration_file_ends_as_in_pip(pipwrap: Runner, text: str, code: int):
    environ = _configured(pipwrap, text)
    theirs = pipwrap.pip("install", "demo", environ=environ)
    ours = pipwrap("install", "demo", environ=environ)
    assert "Traceback" not in ours.stderr
    assert (ours.returncode, ours.stderr.splitlines()[-1]) == (
        theirs.returncode,
        theirs.stderr.splitlines()[-1],
    )


def test_require_virtualenv_outside_of_one_is_refused_as_by_pip(pipwrap: Runner, tmp_path: Path):
    """Inside one it is content; the command would change nothing in either."""
    line = ("--require-virtualenv", "uninstall", "-y", "missing")
    pipwrap(*line, expect=0)
    outside = pipwrap.on(make_interpreter(tmp_path / "system"))
    ours, theirs = outside(*line), outside.pip(*line)
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr)
    assert (ours.returncode, ours.stdout) == (3, "")
    assert "Could not find an activated virtualenv (required)." in ours.stderr


# Credentials


def test_credentials_of_a_url_are_sent_and_never_shown(
    pipwrap: Runner, offered: Index, cache_root: Path
):
    offered.require_login("me", "s3cret")
    url = offered.url_of("/simple", user="me", password="s3cret")
    arguments = ("-vvv", "install", "--index-url", url, "demo")
    result = pipwrap(*arguments, expect=0)
    assert f"Looking in indexes: http://me:****@{offered.host}/simple\n" in result.stdout
    assert "s3cret" not in result.output
    held = (path for path in cache_root.rglob("*") if path.is_file())
    assert not [path for path in held if b"s3cret" in path.read_bytes()]


@pytest.mark.parametrize("status", [404, 500])
def test_credentials_are_redacted_in_errors(pipwrap: Runner, offered: Index, status: int):
    offered.fault("/files/*", status=status)
    offered.fault("/simple/*", status=status)
    url = offered.url_of("/simple", user="me", password="s3cret")
    file = offered.url_of("/files/x-1.0.tar.gz", user="me", password="s3cret")
    before = ("-vvv", "install", "--retries", "0")
    for arguments in (["--index-url", url, "demo"], [file], [f"x @ {file}"], ["-r", file]):
        result = pipwrap(*before, *arguments, expect=1)
        assert "s3cret" not in result.output
        assert "Traceback" not in result.output


def test_direct_url_json_keeps_no_password(pipwrap: Runner, offered: Index):
    offered.require_login("me", "s3cret")
    path = "/files/demo-1.0-py3-none-any.whl"
    pipwrap("install", offered.url_of(path, user="me", password="s3cret"), expect=0)
    files = [file for file in pipwrap.environment.site_packages.rglob("*") if file.is_file()]
    recorded = next(file for file in files if file.name == "direct_url.json")
    assert json.loads(recorded.read_bytes())["url"] == offered.url_of(path)
    assert not [file for file in files if b"s3cret" in file.read_bytes()]


def test_netrc_logs_in(pipwrap: Runner, offered: Index):
    offered.require_login("me", "s3cret")
    netrc = Path(pipwrap.environ["HOME"], ".netrc")
    netrc.write_text("machine 127.0.0.1 login me password s3cret\n", encoding="utf-8")
    netrc.chmod(0o600)
    pipwrap("install", "demo", expect=0)
    assert pipwrap.environment.freeze() == ["demo==2.0"]


def test_a_login_that_nobody_has_is_an_error_without_a_question(pipwrap: Runner, offered: Index):
    offered.require_login("me", "s3cret")
    says = "No matching distribution found for demo"
    refused(pipwrap, "install", "--no-input", "demo", says=says, messages=2)
