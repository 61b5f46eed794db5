"""Credentials in every form that users write them in show nowhere, and nothing keeps them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.git_server import GitServer
from support.index import Index
from support.repositories import make_repository
from support.runner import Result, Runner
from support.sdists import make_sdist
from support.wheels import make_wheel

SECRET = "very-s3cret"
FORMS = {
    "address": (f"me@corp.invalid:{SECRET}", "me@corp.invalid", SECRET, "me%40corp.invalid:****@"),
    "at": (f"me:a@{SECRET}", "me", f"a@{SECRET}", "me:****@"),
    "no-password": (f"{SECRET}:", SECRET, "", "****@"),
    "oauth": (f"{SECRET}:x-oauth-basic", SECRET, "x-oauth-basic", "****@"),
    "alone": (SECRET, SECRET, "", "****@"),
}


@dataclass(frozen=True)
class Login:
    """One form of user information and what a server gets of it."""

    written: str
    user: str
    password: str
    shown: str

    def in_url(self, url: str) -> str:
        """Return a URL with it."""
        return url.replace("://", f"://{self.written}@")


@pytest.fixture(params=FORMS)
def login(request: pytest.FixtureRequest) -> Login:
    """Return each form."""
    return Login(*FORMS[request.param])


@pytest.fixture
def guarded(index: Index, login: Login, tmp_path: Path) -> Index:
    """Return an index with ``demo``, as wheel and as sdist, for that login alone."""
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"))
    index.add(make_sdist(tmp_path / "files", "built", "1.0"))
    index.require_login(login.user, login.password)
    return index


def _holds_nothing(pipwrap: Runner, result: Result, *roots: Path) -> None:
    assert "Traceback" not in result.output
    assert SECRET not in result.output
    for root in (*roots, pipwrap.directory, pipwrap.environment.path):
        for path in root.rglob("*"):
            assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_of_an_index(pipwrap: Runner, guarded: Index, login: Login, cache_root: Path):
    url = login.in_url(guarded.url)
    arguments = ["--log", "log.txt", "-vvv", "install", "--report", "report.json"]
    result = pipwrap(*arguments, "--index-url", url, "demo", "built", expect=0)
    assert f"Looking in indexes: http://{login.shown}{guarded.host}/simple" in result.stdout
    _holds_nothing(pipwrap, result, cache_root)
    result = pipwrap("install", "missing", environ={"PIP_INDEX_URL": url}, expect=1)
    _holds_nothing(pipwrap, result, cache_root)


def test_of_a_page_of_links(pipwrap: Runner, guarded: Index, login: Login, cache_root: Path):
    url = login.in_url(guarded.links_url)
    result = pipwrap("-vvv", "download", "--no-index", "-f", url, "demo", expect=0)
    assert f"Looking in links: http://{login.shown}{guarded.host}/" in result.stdout
    _holds_nothing(pipwrap, result, cache_root)


def test_of_a_direct_url(pipwrap: Runner, guarded: Index, login: Login, cache_root: Path):
    file = guarded.url_of("/files/demo-1.0-py3-none-any.whl")
    arguments = ["--log", "log.txt", "-vvv", "install", "--report", "report.json"]
    result = pipwrap(*arguments, login.in_url(file), expect=0)
    _holds_nothing(pipwrap, result, cache_root)
    installed = pipwrap.environment.distribution("demo").read_text("direct_url.json")
    assert json.loads(installed or "")["url"] == file
    report = json.loads((pipwrap.directory / "report.json").read_text(encoding="utf-8"))
    assert report["install"][0]["download_info"]["url"] == file


def test_in_errors(pipwrap: Runner, guarded: Index, login: Login, cache_root: Path):
    missing = login.in_url(guarded.url_of("/files/x-1.0.zip"))
    for arguments in (
        [missing],
        [f"x @ {missing}"],
        ["-r", missing],
        [login.in_url("http://127.0.0.1:1")],
        ["--proxy", login.in_url("http://127.0.0.1:1"), "demo"],
        ["--proxy", f"{login.written}@127.0.0.1:1", "demo"],
        ["--no-index", "-f", login.in_url("ftp://127.0.0.1/"), "demo"],
        ["-i", login.in_url("http://elsewhere.invalid?x=1/simple"), "demo"],
    ):
        result = pipwrap("-vv", "--retries", "0", "install", *arguments, expect=1)
        _holds_nothing(pipwrap, result, cache_root)


@pytest.mark.parametrize("path", ["/simple", "/files/demo-1.0-py3-none-any.whl"])
@pytest.mark.parametrize("start", ["http://me:{}/x@", "https:/me:{}@", "http:/{}@"])
def test_of_what_is_no_url(pipwrap: Runner, index: Index, cache_root: Path, start: str, path: str):
    """A raw delimiter in a password makes a port of it, and a slash that is missing a path."""
    url = f"{start.format(SECRET)}{index.host}{path}"
    (pipwrap.directory / "r.txt").write_text(f"-i {url}\ndemo\n", encoding="utf-8")
    for arguments in (["-i", url, "demo"], [url], [f"demo @ {url}"], ["-r", url], ["-r", "r.txt"]):
        result = pipwrap("-vv", "--retries", "0", "install", *arguments, expect=1)
        assert SECRET not in result.output
        assert "Traceback" not in result.output


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("exists", [True, False])
def test_of_a_repository(pipwrap: Runner, login: Login, cache_root: Path, *, exists: bool):
    """git itself ends user information at the first @: what it then says has parts of it."""
    repository = make_repository(pipwrap.directory.parent / "repository")
    repository.commit("demo", "1.0")
    with GitServer(repository, (login.user, login.password)) as server:
        url = server.url(login.written) + ("" if exists else "/missing")
        result = pipwrap("--log", "log.txt", "-vvv", "--no-input", "install", url)
        assert (result.returncode == 0) == (exists and "@" not in login.written)
        _holds_nothing(pipwrap, result, cache_root)


def test_of_what_a_build_prints(pipwrap: Runner, index: Index, login: Login, cache_root: Path):
    environ = {"CHATTER": f"asking {login.in_url('https://elsewhere.invalid/simple')} for more"}
    for name, then in (("built", ""), ("broken", "raise SystemExit(1)")):
        module = f"import os\nprint(os.environ['CHATTER'], flush=True)\n{then}\n"
        files = {"chatter.py": module}
        index.add(
            make_sdist(
                pipwrap.directory.parent, name, "1.0", imports=["chatter"], extra_files=files
            )
        )
        result = pipwrap("-v", "install", name, environ=environ, expect=int(bool(then)))
        assert f"https://{login.shown}elsewhere.invalid/simple for more" in result.output
        _holds_nothing(pipwrap, result, cache_root)
