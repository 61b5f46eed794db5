"""Wheels come while the resolution goes on, and nobody hears of those that came in vain."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

WHEEL, METADATA = "/files/demo-1.0-py3-none-any.whl", "/files/lib-1.0-py3-none-any.whl.metadata"
LARGE = 9 * 1024 * 1024


@pytest.fixture
def files(tmp_path: Path, index: Index) -> Path:
    """Offer demo, whose lib takes its time."""
    directory = tmp_path / "files"
    index.add(make_wheel(directory, "demo", "1.0", requires=["lib"]))
    index.add(make_wheel(directory, "lib", "1.0"))
    index.fault("/simple/lib/", delay=1)
    return directory


def test_a_wheel_is_asked_for_as_soon_as_it_is_chosen(pipwrap: Runner, index: Index, files: Path):
    result = pipwrap("install", "demo", expect=0)
    asked = index.paths()
    assert asked.count(WHEEL) == 1
    assert asked.index(WHEEL) < asked.index(METADATA)
    downloaded = [line for line in result.stdout.splitlines() if "Downloading" in line]
    assert [line.split()[1] for line in downloaded] == [
        "demo-1.0-py3-none-any.whl.metadata",
        "lib-1.0-py3-none-any.whl.metadata",
        "demo-1.0-py3-none-any.whl",
        "lib-1.0-py3-none-any.whl",
    ]
    assert pipwrap.environment.freeze() == ["demo==1.0", "lib==1.0"]


def test_bytecode_of_what_came_ahead_is_made_once(pipwrap: Runner, index: Index, files: Path):
    pipwrap("install", "demo", expect=0)
    compiled = sorted(pipwrap.environment.site_packages.rglob("*.pyc"))
    assert [path.name.partition(".")[0] for path in compiled] == ["__init__", "__init__"]


@pytest.mark.parametrize("told", [{"size": LARGE}, {"size": False}], ids=["large", "unknown"])
def test_what_could_be_much_in_vain_waits(
    pipwrap: Runner, index: Index, files: Path, told: dict[str, Any]
):
    index.add(files / "demo-1.0-py3-none-any.whl", **told)
    pipwrap("install", "demo", expect=0)
    asked = index.paths()
    assert asked.index(WHEEL) > asked.index(METADATA)


def test_a_dry_run_fetches_none(pipwrap: Runner, index: Index, files: Path):
    pipwrap("install", "--dry-run", "demo", expect=0)
    assert WHEEL not in index.paths()


def test_nobody_hears_of_a_wheel_that_was_chosen_at_first_only(
    pipwrap: Runner, index: Index, files: Path
):
    index.add(make_wheel(files, "demo", "2.0", requires=["lib>=2"]))
    index.fault("/files/demo-2.0-py3-none-any.whl", truncate=100)
    result = pipwrap("install", "demo", expect=0)
    assert "/files/demo-2.0-py3-none-any.whl" in index.paths()
    assert "resume" not in result.stderr
    assert "demo-2.0-py3-none-any.whl " not in result.stdout
    assert pipwrap.environment.freeze() == ["demo==1.0", "lib==1.0"]


def test_a_wheel_that_cannot_be_had_is_the_error_of_the_command(
    pipwrap: Runner, index: Index, files: Path
):
    index.fault(WHEEL, status=404)
    result = pipwrap("install", "demo", expect=1)
    assert result.stderr.count("404 Client Error") == 1
    assert pipwrap.environment.freeze() == []


def test_a_resolution_that_fails_leaves_nothing(pipwrap: Runner, index: Index, files: Path):
    result = pipwrap("install", "demo", "lib>1", expect=1)
    assert "No matching distribution found for lib>1" in result.stderr
    assert pipwrap.environment.freeze() == []


@pytest.fixture
def in_vain(files: Path, index: Index) -> str:
    """Offer a demo that is chosen first, and that its lib then rules out; return its wheel."""
    index.add(make_wheel(files, "demo", "2.0", requires=["lib>=2"]))
    return "/files/demo-2.0-py3-none-any.whl"


def test_one_that_comes_late_and_in_vain_holds_nobody(
    pipwrap: Runner, index: Index, files: Path, in_vain: str
):
    """It comes while the chosen one is compiled, which must not be waited for by more threads."""
    module = "\n".join(f"def f{number}(x):\n    return [x, {number}]" for number in range(40_000))
    index.add(make_wheel(files, "demo", "1.0", requires=["lib"], files={"demo.py": module}))
    index.clear_faults()
    index.fault(in_vain, delay=1)
    pipwrap("install", "demo", expect=0, timeout=60)
    assert pipwrap.environment.freeze() == ["demo==1.0", "lib==1.0"]


def test_a_run_without_a_cache_leaves_nothing(pipwrap: Runner, index: Index, tmp_path: Path):
    names = [f"d{number}" for number in range(8)]
    for name in names:
        contents = {f"{name}/{one}/{two}.py": "x = 1\n" for one in range(30) for two in range(20)}
        requires = ["lib>1"] if name == "d7" else []
        index.add(make_wheel(tmp_path / "files", name, "1.0", requires=requires, files=contents))
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"))
    index.fault("/simple/lib/", delay=0.7)
    before = sorted(Path(pipwrap.environ["TMPDIR"]).iterdir())
    pipwrap("install", "--no-cache-dir", *names, expect=1)
    assert sorted(Path(pipwrap.environ["TMPDIR"]).iterdir()) == before


def test_nobody_is_asked_for_a_login_in_vain(
    pipwrap: Runner, index: Index, files: Path, in_vain: str
):
    index.fault(in_vain, status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    result = pipwrap("install", "demo", environ={"PIP_NO_INPUT": "0"}, expect=0)
    assert in_vain in index.paths()
    assert "User for" not in result.stdout


def test_who_is_wanted_asks_when_its_turn_has_come(pipwrap: Runner, index: Index, files: Path):
    index.fault(WHEEL, status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    result = pipwrap("install", "demo", environ={"PIP_NO_INPUT": "0"}, expect=1)
    assert result.stdout.count("User for") == 1
    assert result.stdout.index("User for") > result.stdout.index(
        "lib-1.0-py3-none-any.whl.metadata"
    )


def test_what_is_stored_needs_no_file_though_another_came_in_vain(
    pipwrap: Runner, index: Index, files: Path, in_vain: str, cache_root: Path
):
    index.headers("/simple/*", {"Cache-Control": "max-age=600"})
    pipwrap("install", "demo==1.0", "lib", expect=0)
    pipwrap("install", "--dry-run", "--ignore-installed", "demo", expect=0)
    shutil.rmtree(cache_root / "resolutions-v1")
    for name in ("demo-1.0-py3-none-any.whl", "lib-1.0-py3-none-any.whl"):
        digest = hashlib.sha256(index.content(name)).hexdigest()
        (cache_root / "bodies-v1" / digest[:2] / digest).unlink()
    pipwrap("install", "--offline", "--force-reinstall", "demo", expect=0)


def test_an_entry_that_was_damaged_is_told_of_once(
    pipwrap: Runner, index: Index, files: Path, cache_root: Path
):
    index.headers("/simple/*", {"Cache-Control": "max-age=600"})
    pipwrap("install", "demo", expect=0)
    shutil.rmtree(cache_root / "resolutions-v1")
    for entry in cache_root.glob("store-v1/*/*/entry.json"):
        entry.write_text("{")
    told = [pipwrap("install", "--force-reinstall", "demo", expect=0).stderr for _ in range(2)]
    assert ["corrupt entry" in text for text in told] == [True, False]


@pytest.mark.parametrize("option", ["--only-deps", "--progress-bar=raw"])
def test_it_waits_where_it_is_not_wanted_or_read_by_a_script(
    pipwrap: Runner, index: Index, files: Path, option: str
):
    pipwrap("install", option, "demo", expect=0)
    asked = index.paths()
    assert WHEEL not in asked[: asked.index(METADATA)]


def test_a_new_wheel_does_not_have_stored_ones_fetched_again(
    pipwrap: Runner, index: Index, files: Path, cache_root: Path
):
    """Not even where their files were pruned: what is unpacked is all that is wanted."""
    pipwrap("install", "demo", expect=0)
    for name in ("demo-1.0-py3-none-any.whl", "lib-1.0-py3-none-any.whl"):
        digest = hashlib.sha256(index.content(name)).hexdigest()
        (cache_root / "bodies-v1" / digest[:2] / digest).unlink()
    index.add(make_wheel(files, "new", "1.0"))
    index.clear_log()
    result = pipwrap("install", "--force-reinstall", "demo", "new", expect=0)
    assert [path for path in index.paths() if path.endswith(".whl")] == [
        "/files/new-1.0-py3-none-any.whl"
    ]
    lines = [line for line in result.stdout.splitlines() if ".whl (" in line]
    assert [line.strip().rpartition(" (")[0] for line in lines] == [
        "Using cached demo-1.0-py3-none-any.whl",
        "Downloading new-1.0-py3-none-any.whl",
        "Using cached lib-1.0-py3-none-any.whl",
    ]
