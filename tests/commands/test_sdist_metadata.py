"""Metadata that an index offers of an sdist in a file of its own (PEP 658): read as by pip."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from support.beside import plain
from support.environments import make_environment
from support.index import Index
from support.runner import Result, Runner
from support.sdists import BUILD_LOG, builds
from support.wheels import make_sdist, make_wheel

METADATA = "Metadata-Version: 2.1\nName: demo\nVersion: {version}\n{rest}"
HOOK = "prepare_metadata_for_build_wheel"


def offer(
    index: Index,
    directory: Path,
    version: str = "1.0",
    text: str | None = None,
    hashes: dict[str, str] | bool = True,  # noqa: FBT001, FBT002
    named: dict[str, str] | None = None,
) -> None:
    """Offer an sdist of ``demo``, which needs ``lib``, with its metadata beside it."""
    text = METADATA.format(version=version, rest="Requires-Dist: lib\n") if text is None else text
    if hashes is True:
        hashes = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
    sdist = make_sdist(directory, "demo", version, requires=["lib"])
    index.add(sdist, metadata=text, metadata_hashes=hashes, hashes=named)


@pytest.fixture(autouse=True)
def lib(index: Index, tmp_path: Path) -> None:
    """Offer what ``demo`` needs."""
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"))


def both(pipwrap: Runner, tmp_path: Path, *line: str) -> tuple[Result, Result]:
    """Return what pipwrap and pip make of a line, each in an environment of its own."""
    other = pipwrap.on(make_environment(tmp_path / "theirs"))
    return pipwrap(*line), other.pip(*line, "--no-cache-dir")


@pytest.mark.parametrize("named", [None, {}, {"md5": "0" * 32}], ids=["sha256", "none", "md5"])
def test_a_dry_run_fetches_and_builds_nothing(
    pipwrap: Runner, index: Index, tmp_path: Path, named: dict[str, str] | None
):
    offer(index, tmp_path, named=named)
    environ = {BUILD_LOG: str(tmp_path / "log")}
    ours = pipwrap("install", "--dry-run", "demo", environ=environ, expect=0)
    assert "Would install demo-1.0 lib-1.0" in ours.stdout
    assert builds(tmp_path / "log", HOOK) == []
    assert "/files/demo-1.0.tar.gz" not in index.paths()


def test_versions_that_are_not_chosen_are_not_built(pipwrap: Runner, index: Index, tmp_path: Path):
    offer(index, tmp_path, "1.0")
    offer(index, tmp_path, "2.0", METADATA.format(version="2.0", rest="Requires-Dist: lib>=2\n"))
    environ = {BUILD_LOG: str(tmp_path / "log")}
    pipwrap("install", "demo", environ=environ, expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0", "lib==1.0"]
    assert builds(tmp_path / "log") == ["demo 1.0"]
    assert "/files/demo-2.0.tar.gz" not in index.paths()


def test_the_output_of_an_install_is_pips(pipwrap: Runner, index: Index, tmp_path: Path):
    offer(index, tmp_path)
    ours, theirs = both(pipwrap, tmp_path, "install", "demo")
    assert _lines(ours) == _lines(theirs), ours.output + theirs.output


def _lines(result: Result) -> list[str]:
    """Return the lines in no order, but for where wheels are stored and how large they are."""
    lines = [line.strip() for line in plain(result.stdout).splitlines()]
    return sorted(line for line in lines if not re.search("^$|Stored in|Created wheel", line))


@pytest.mark.parametrize("command", ["download", "wheel"])
def test_files_are_saved_as_by_pip(pipwrap: Runner, index: Index, tmp_path: Path, command: str):
    offer(index, tmp_path)
    pipwrap(command, "-d" if command == "download" else "-w", "ours", "demo", expect=0)
    pipwrap.pip(command, "-d" if command == "download" else "-w", "theirs", "demo", expect=0)
    ours, theirs = ([*(pipwrap.directory / name).iterdir()] for name in ("ours", "theirs"))
    assert sorted(each.name for each in ours) == sorted(each.name for each in theirs)


WRONG = {
    "another hash": (None, {"sha256": "0" * 64}),
    "another weak hash": (None, {"md5": "00"}),
    "another name": (METADATA.replace("demo", "other").format(version="1.0", rest=""), True),
    "another version": (METADATA.format(version="1.1", rest=""), True),
    "another dependency": (METADATA.format(version="1.0", rest=""), True),
    "a wrong requirement": (METADATA.format(version="1.0", rest="Requires-Dist: lib>>\n"), True),
    "another Python": (METADATA.format(version="1.0", rest="Requires-Python: <3\n"), True),
    "no name": ("Metadata-Version: 2.1\nVersion: 1.0\n", True),
    "empty": ("", True),
}


@pytest.mark.parametrize(("text", "hashes"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_it_has_the_outcome_that_it_has_with_pip(
    pipwrap: Runner,
    index: Index,
    tmp_path: Path,
    text: str | None,
    hashes: dict[str, str] | bool,  # noqa: FBT001
):
    offer(index, tmp_path, "1.0", text, hashes)
    ours, theirs = both(pipwrap, tmp_path, "install", "demo")
    freeze = pipwrap.on(make_environment(tmp_path / "theirs")).environment.freeze()
    # pip ends with a traceback, and 2, where there is no name.
    code = min(theirs.returncode, 1)
    assert (ours.returncode, pipwrap.environment.freeze()) == (code, freeze), (
        f"pipwrap: {ours.output}\npip: {theirs.output}"
    )
    assert "Traceback" not in ours.stderr


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_file_of_metadata_that_is_not_there_is_an_error(
    pipwrap: Runner, index: Index, tmp_path: Path, status: int
):
    offer(index, tmp_path)
    index.fault("/files/demo-1.0.tar.gz.metadata", status=status)
    ours, theirs = both(pipwrap, tmp_path, "install", "--retries", "0", "demo")
    assert (ours.returncode, theirs.returncode) == (1, 1), f"{ours.output} {theirs.output}"
    assert str(status) in ours.stderr
    assert pipwrap.environment.freeze() == []
