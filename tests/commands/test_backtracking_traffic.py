"""A long way back on an index with neither metadata files nor validators fetches no wheel whole."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from support.index import Index, Logged
from support.runner import Runner
from support.server import Answer
from support.wheels import make_wheel

VERSIONS = 60
SIZES = {"small": 2_000, "middle": 100_000, "large": 300_000}
NOISE = random.Random(0).randbytes(max(SIZES.values()))


def offer(index: Index, directory: Path, size: int) -> None:
    """Offer versions of ``app``, each with its own ``core``; all but the first need leaf<2."""
    for number in range(VERSIONS):
        leaf = "leaf" if number == 0 else "leaf<2"
        for project, requires in (("app", f"core==1.{number}"), ("core", leaf)):
            files = {f"{project}.py": "", f"{project}.bin": NOISE[:size]}
            version = f"1.{number}"
            wheel = make_wheel(directory, project, version, files=files, requires=[requires])
            index.add(wheel, metadata=False)
    for version in ("1.0", "2.0"):
        index.add(make_wheel(directory, "leaf", version), metadata=False)


@pytest.fixture(params=SIZES.values(), ids=SIZES.keys())
def offered(request: pytest.FixtureRequest, index: Index, tmp_path: Path) -> Index:
    """Return an index that has all of it."""
    offer(index, tmp_path / "files", request.param)
    return index


def of_files(index: Index) -> list[Logged]:
    """Return the requests for wheels."""
    return [each for each in index.requests if each.path.startswith("/files/")]


def whole(index: Index) -> list[str]:
    """Return the wheels that were fetched whole."""
    requests = [each for each in of_files(index) if each.status == 200]
    return [each.path.removeprefix("/files/").partition("-py3")[0] for each in requests]


def test_each_version_costs_one_request_for_its_end(
    pipwrap: Runner, offered: Index, cache_root: Path
):
    result = pipwrap("install", "--dry-run", "app", "leaf>=2", expect=0)
    assert "Would install app-1.0 core-1.0 leaf-2.0\n" in result.stdout
    first_choices = {f"app-1.{VERSIONS - 1}", f"core-1.{VERSIONS - 1}", "leaf-2.0"}
    assert set(whole(offered)) <= first_choices
    assert len(of_files(offered)) <= 2 * VERSIONS + 2
    sent = sum(each.size for each in of_files(offered))
    assert sent < 2 * 65_558 + 2 * VERSIONS * 4_000, "the end of the first version, then less"
    kept = sum(path.stat().st_size for path in cache_root.rglob("*") if path.is_file())
    assert kept < 2 * VERSIONS * 4_000
    assert result.stdout.count("\n") < VERSIONS, "most versions are refused untried"


def test_what_was_read_is_not_asked_for_again(pipwrap: Runner, offered: Index, cache_root: Path):
    pipwrap("install", "--dry-run", "app", "leaf>=2", expect=0)
    shutil.rmtree(cache_root / "resolutions-v1", ignore_errors=True)
    offered.clear_log()
    again = pipwrap("install", "--dry-run", "app", "leaf>=2", expect=0)
    assert "Would install app-1.0 core-1.0 leaf-2.0\n" in again.stdout
    assert of_files(offered) == []


def test_an_install_fetches_what_it_installs(pipwrap: Runner, index: Index, tmp_path: Path):
    offer(index, tmp_path / "files", SIZES["middle"])
    pipwrap("install", "app", "leaf>=2", expect=0)
    assert pipwrap.environment.freeze() == ["app==1.0", "core==1.0", "leaf==2.0"]
    assert sorted(whole(index)) == ["app-1.0", "core-1.0", "leaf-2.0"]


def test_what_was_read_is_compared_with_the_wheel_that_is_verified(
    pipwrap: Runner, index: Index, tmp_path: Path, cache_root: Path
):
    """A server without validators may mix what it likes: the index's digest is what counts."""
    offer(index, tmp_path / "files", SIZES["middle"])
    files = {"core.py": "", "core.bin": NOISE[: SIZES["middle"]]}
    other = make_wheel(tmp_path / "other", "core", "1.0", files=files, requires=["lead"])
    index.add(make_wheel(tmp_path / "files", "lead", "1.0"), metadata=False)
    content = other.read_bytes()
    assert len(content) == len(index.content("core-1.0-py3-none-any.whl"))

    def lie(right: Answer) -> Answer:
        return Answer(206, right.headers, content[-len(right.body) :])

    index.part_fault("/files/core-1.0-*", lie)
    for command in ("install", "download"):
        result = pipwrap(command, "app", "leaf>=2", expect=1)
        assert "has inconsistent Requires-Dist between the parts of it" in result.stderr
        assert pipwrap.environment.freeze() == []
        for path in cache_root.glob("*-v1"):
            shutil.rmtree(path)


def test_a_server_without_ranges_sends_only_what_is_tried_in_turn(
    pipwrap: Runner, index: Index, tmp_path: Path
):
    """Nothing is read ahead, where that would be whole wheels, and nobody is told that it was."""
    offer(index, tmp_path / "files", SIZES["middle"])
    index.ranges = False
    result = pipwrap("install", "-vv", "app", "leaf>=2", expect=0)
    assert pipwrap.environment.freeze() == ["app==1.0", "core==1.0", "leaf==2.0"]
    fetched = {path for path in whole(index) if not path.startswith("leaf")}
    told = [line.split()[3] for line in result.stdout.splitlines() if "Getting all of" in line]
    assert {name.partition("-py3")[0] for name in told if not name.startswith("leaf")} == fetched
    assert len(told) == len(set(told))


@pytest.mark.parametrize(("size", "is_fetched"), [(9_000_000, False), (True, True)])
def test_a_large_wheel_of_a_server_without_ranges_is_not_fetched_before_it_is_chosen(
    pipwrap: Runner, index: Index, tmp_path: Path, *, size: int | bool, is_fetched: bool
):
    index.ranges = False
    for version in ("1.0", "2.0"):
        index.add(make_wheel(tmp_path / "files", "demo", version), metadata=False, size=size)
    index.add(make_wheel(tmp_path / "files", "app", "1.0", requires=["demo<2"]), metadata=False)
    index.fault("/files/app-*", delay=1)
    pipwrap("install", "app==1.0", "demo", expect=0)
    assert pipwrap.environment.freeze() == ["app==1.0", "demo==1.0"]
    # A request for a part is how it is found out that there are none.
    asked = [each.path for each in of_files(index) if "range" not in each.headers]
    assert ("/files/demo-2.0-py3-none-any.whl" in asked) == is_fetched


def test_what_the_user_forbids_is_not_read_ahead(pipwrap: Runner, index: Index, tmp_path: Path):
    """Each app needs a core of its own, and all but one of them are out from the start."""
    index.ranges = False
    offer(index, tmp_path / "files", SIZES["small"])
    pipwrap("install", "--dry-run", "app", "core<1.50", expect=0)
    cores = {each for each in whole(index) if each.startswith("core-")}
    assert cores == {"core-1.49"}
