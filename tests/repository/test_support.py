"""The test support itself: a wrong helper makes every other test say nothing."""

from __future__ import annotations

import contextlib
import http.client
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, snapshot
from support.index import Index
from support.runner import Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, make_sdist, make_wheel, wheel_of_installed

JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


@dataclass(frozen=True)
class Answered:
    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(index: Index, path: str, **headers: str) -> Answered:
    host, _, port = index.host.partition(":")
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    with contextlib.closing(http.client.HTTPConnection(host, int(port), timeout=10)) as connection:
        connection.request("GET", path, headers=fields)
        with connection.getresponse() as response:
            return Answered(response.status, response.headers, response.read())


def test_made_distributions_have_the_same_bytes_each_time(tmp_path: Path):
    for make in (make_wheel, make_sdist):
        first = make(tmp_path / "one", "Demo.x", "1.0", requires=["other"])
        second = make(tmp_path / "two", "Demo.x", "1.0", requires=["other"])
        assert first.read_bytes() == second.read_bytes()


def test_pip_installs_a_made_wheel_and_what_it_requires(
    pipwrap: Runner, index: Index, environment: VirtualEnvironment, tmp_path: Path
):
    index.add(
        make_wheel(
            tmp_path,
            "demo",
            "1.0",
            requires=["other>=2"],
            entry_points={"console_scripts": ["demo = demo:main"]},
        )
    )
    index.add(make_wheel(tmp_path, "Other", "2.0"))
    index.add(make_wheel(tmp_path, "other", "3.0", requires_python=">=99"))
    pipwrap.pip("install", "demo", expect=0)
    assert environment.freeze() == ["Other==2.0", "demo==1.0"]
    assert environment.run_script("demo") == "demo 1.0\n"
    assert index.paths() == [
        "/simple/demo/",
        "/files/demo-1.0-py3-none-any.whl.metadata",
        "/simple/other/",
        "/files/Other-2.0-py3-none-any.whl.metadata",
        "/files/demo-1.0-py3-none-any.whl",
        "/files/Other-2.0-py3-none-any.whl",
    ]


def test_pip_builds_a_made_sdist_without_the_network_and_the_build_is_counted(
    pipwrap: Runner, index: Index, environment: VirtualEnvironment, tmp_path: Path
):
    index.add(make_sdist(tmp_path, "demo", "1.0"))
    log = tmp_path / "builds"
    pipwrap.pip("install", "demo", environ={BUILD_LOG: str(log)}, expect=0)
    assert environment.freeze() == ["demo==1.0"]
    assert builds(log) == ["demo 1.0"]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["setuptools", "legacy"])
def test_pip_builds_a_setuptools_sdist_from_the_index(
    pipwrap: Runner, index: Index, environment: VirtualEnvironment, tmp_path: Path, backend: str
):
    for needed in ("setuptools", "wheel", "packaging"):
        index.add(wheel_of_installed(tmp_path, needed))
    index.add(make_sdist(tmp_path, "demo", "1.0", backend=backend))
    log = tmp_path / "builds"
    pipwrap.pip("install", "demo", environ={BUILD_LOG: str(log)}, expect=0)
    assert environment.freeze() == ["demo==1.0"]
    assert builds(log) == ["demo 1.0"]


@pytest.mark.parametrize("step", ["prepare_metadata_for_build_wheel", "build_wheel"])
def test_a_failing_sdist_fails_with_its_output(
    pipwrap: Runner, index: Index, environment: VirtualEnvironment, tmp_path: Path, step: str
):
    before = environment.tree()
    index.add(make_sdist(tmp_path, "demo", "1.0", fail_in=step, output="no compiler today"))
    result = pipwrap.pip("install", "demo", expect=1)
    assert "no compiler today" in result.output
    assert environment.tree() == before


def test_the_index_speaks_json_to_those_who_accept_it(index: Index, tmp_path: Path):
    index.add(make_wheel(tmp_path, "demo", "1.0", requires_python=">=3.8"), yanked="bad")
    page = json.loads(ask(index, "/simple/demo/", **JSON).body)
    (file,) = page["files"]
    assert (file["requires-python"], file["yanked"]) == (">=3.8", "bad")
    assert set(file["core-metadata"]) == set(file["hashes"]) == {"sha256"}
    text = ask(index, "/simple/demo/", Accept="text/html").body.decode()
    assert 'data-yanked="bad"' in text
    assert 'data-requires-python="&gt;=3.8"' in text


def test_validators_are_answered_with_304(index: Index, tmp_path: Path):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    index.headers("/simple/*", {"ETag": "auto", "Cache-Control": "max-age=600"})
    first = ask(index, "/simple/demo/")
    again = ask(index, "/simple/demo/", If_None_Match=first.headers["ETag"])
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert again.headers["Cache-Control"] == "max-age=600"
    assert [one.status for one in index.requests] == [200, 304]


def test_faults_hit_their_paths_so_often_as_they_were_told(index: Index, tmp_path: Path):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    index.fault("/simple/demo/", status=503, times=1)
    assert [ask(index, "/simple/demo/").status for _ in range(2)] == [503, 200]
    index.fault("/files/*", truncate=10)
    with pytest.raises(http.client.IncompleteRead):
        ask(index, "/files/demo-1.0-py3-none-any.whl")
    index.redirect("/simple/demo/", "/simple/other/")
    assert ask(index, "/simple/demo/").headers["Location"] == "/simple/other/"


def test_a_range_is_served(index: Index, tmp_path: Path):
    wheel = make_wheel(tmp_path, "demo", "1.0")
    index.add(wheel)
    part = ask(index, f"/files/{wheel.name}", Range="bytes=-22")
    assert (part.status, part.body) == (206, wheel.read_bytes()[-22:])


def test_credentials_are_asked_for(index: Index, tmp_path: Path):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    index.require_login("me", "secret")
    assert ask(index, "/simple/demo/").status == 401
    handler = urllib.request.HTTPBasicAuthHandler()
    handler.add_password("index", index.host, "me", "secret")
    with urllib.request.build_opener(handler).open(f"{index.url}/demo/") as response:
        assert response.status == 200


def test_a_snapshot_sees_contents_modes_links_and_empty_directories(tmp_path: Path):
    (tmp_path / "file").write_text("one")
    states = [snapshot(tmp_path)]
    (tmp_path / "file").write_text("two")
    states.append(snapshot(tmp_path))
    (tmp_path / "file").chmod(0o755)
    states.append(snapshot(tmp_path))
    (tmp_path / "empty").mkdir()
    states.append(snapshot(tmp_path))
    (tmp_path / "link").symlink_to("file")
    states.append(snapshot(tmp_path))
    assert len({str(state) for state in states}) == len(states)


def test_connections_are_kept_and_end_with_the_index(tmp_path: Path):
    with Index() as index:
        index.add(make_wheel(tmp_path, "demo", "1.0"))
        index.fault("/simple/slow/", delay=60)
        host, _, port = index.host.partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("HEAD", "/simple/demo/")
        connection.getresponse().read()
        kept = connection.sock
        connection.request("GET", "/simple/demo/")
        assert b"demo-1.0" in connection.getresponse().read()
        assert connection.sock is kept
        connection.request("GET", "/simple/slow/")
    connection.close()
    assert index.paths("HEAD") == ["/simple/demo/"]


def test_what_was_not_added_is_not_there(index: Index):
    assert [ask(index, path).status for path in ("/simple/x/", "/files/x.whl", "/")] == [404] * 3
    assert ask(index, "/simple/x").headers["Location"] == "/simple/x/"
    assert [one.status for one in index.requests] == [404, 404, 404, 301]
