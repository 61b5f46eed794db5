"""What each command line may load: start-up is the sum of imports, so they are counted.

``import_budgets.toml`` lists our own modules and the libraries of each line. What is loaded beyond
it is either loaded late from now on, or added there by whoever needs it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import tomllib

from support.environments import make_environment
from support.index import Index
from support.runner import Result, Runner
from support.wheels import make_wheel

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="the list is TOML")

HEADING = "import time: self [us]"
TIMES = {"PYTHONPROFILEIMPORTTIME": "1"}
TRIED = {"org", "sitecustomize", "typing_extensions", "usercustomize"}
"""What the standard library and msgspec look for and need not find."""
HEAVY = (
    "asyncio",
    "concurrent.futures",
    "dataclasses",
    "html.parser",
    "http.client",
    "inspect",
    "logging",
    "multiprocessing",
    "packaging.specifiers",
    "shutil",
    "ssl",
    "tarfile",
    "tempfile",
)
"""Of the standard library, what takes more than a millisecond; counted like libraries."""


def budget(name: str) -> set[str]:
    path = Path(__file__).with_name("import_budgets.toml")
    found = tomllib.loads(path.read_text(encoding="utf-8"))[name]
    ours = {f"pipwrap.{each}" for each in found["ours"].split()}
    return ours | set(found["others"].split())


def loaded(result: Result) -> set[str]:
    """Return what a command loaded: modules of ours, others by their top-level name, heavy ones."""
    modules = {
        line.rpartition("|")[2].strip()
        for line in result.stderr.splitlines()
        if line.startswith("import time:") and not line.startswith(HEADING)
    }
    ours = {name for name in modules if name.split(".")[0] == "pipwrap"}
    ours -= {name.rpartition(".")[0] for name in ours}  # packages are a docstring each
    others = {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names) - {"pipwrap"}
    others = {name for name in others if not name.startswith("_") and name not in TRIED}
    return ours | others | {name for name in HEAVY if name in modules}


def check(name: str, result: Result) -> None:
    found, allowed = loaded(result), budget(name)
    assert found - allowed == set(), "loaded beyond the budget"
    assert allowed - found == set(), "not loaded any more: take it out of the budget"


@pytest.fixture
def warm(pipwrap: Runner, index: Index, tmp_path: Path) -> Runner:
    """Return a runner for a new environment, with everything in the cache."""
    index.headers("/simple/*", {"Cache-Control": "max-age=600", "ETag": "auto"})
    index.add(make_wheel(tmp_path, "demo", "1.0", requires=["lib"]))
    index.add(make_wheel(tmp_path, "lib", "1.0"))
    for name in ("one", "two"):
        pipwrap.on(make_environment(tmp_path / name))("install", "demo", expect=0)
    return pipwrap.on(make_environment(tmp_path / "three"))


def test_a_warm_install(warm: Runner):
    check("warm", warm("install", "demo", environ=TIMES, expect=0))


def test_a_warm_install_that_asks_nobody(warm: Runner):
    check("warm", warm("install", "--offline", "demo", environ=TIMES, expect=0))


def test_an_install_of_what_is_there(warm: Runner):
    warm("install", "demo", expect=0)
    check("satisfied", warm("install", "demo", environ=TIMES, expect=0))


def test_offline_resolution(warm: Runner):
    line = ("install", "--offline", "--dry-run", "demo", "lib>=1")
    check("offline", warm(*line, environ=TIMES, expect=0))


def test_a_command_that_is_left_to_pip(warm: Runner):
    # pip takes the process over; what it loads comes below a heading of its own.
    result = warm("list", environ=TIMES, expect=0)
    before = f"{HEADING}".join(result.stderr.split(HEADING)[:2])
    assert before != result.stderr
    check("left", Result("", before, 0))
