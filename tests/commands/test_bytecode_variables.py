"""Python's variables about bytecode have the effect that they have on pip."""

from __future__ import annotations

import marshal
import os
from pathlib import Path
from types import CodeType

import pytest

from support.environments import VirtualEnvironment, make_environment
from support.runner import Runner
from support.wheels import make_wheel

FILES = {
    "demo/__init__.py": '"""Text."""\nassert True\ndef f(x):\n    "text"\n    return x + 1\n',
    "demo/sub/module.py": "value = 1\n",
    "demo/broken.py": "print 1\n",
    "top.py": "value = 1\n",
    "demo-1.0.data/scripts/tool.py": "#!python\nprint(1)\n",
    "demo-1.0.data/scripts/other.py": "print(1)\n",
    "demo-1.0.data/data/share/demo.py": "value = 1\n",
}
VARIABLES = {
    "none": {},
    "epoch": {"SOURCE_DATE_EPOCH": "1600000000"},
    "empty-epoch": {"SOURCE_DATE_EPOCH": ""},
    "prefix": {"PYTHONPYCACHEPREFIX": "ROOT/apart"},
    "relative-prefix": {"PYTHONPYCACHEPREFIX": "apart"},
    "dont-write": {"PYTHONDONTWRITEBYTECODE": "1"},
    "optimize": {"PYTHONOPTIMIZE": "1"},
    "optimize-more": {"PYTHONOPTIMIZE": "2"},
    "optimize-most": {"PYTHONOPTIMIZE": "3"},
    "no-ranges": {"PYTHONNODEBUGRANGES": "1"},
    "seed": {"PYTHONHASHSEED": "0"},
    "all": {
        "SOURCE_DATE_EPOCH": "0",
        "PYTHONPYCACHEPREFIX": "ROOT/apart",
        "PYTHONOPTIMIZE": "1",
        "PYTHONNODEBUGRANGES": "1",
    },
}
Seen = tuple[int, bytes, str, object]


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return make_wheel(tmp_path / "files", "demo", "1.0", files=FILES)


def bytecode(root: Path, environment: VirtualEnvironment) -> dict[str, Seen]:
    """Return what pip and pipwrap wrote, by path, below a directory with its name taken out."""
    prefix = str(environment.path)
    names = ("demo", "top", "tool", "other", "module", "__init__")
    return {
        path.removeprefix(str(root)).replace(prefix, "ENV"): _described(path)
        for folder, _, files in os.walk(root)
        for name in files
        if (path := os.path.join(folder, name)).endswith(".pyc")
        and name.split(".")[0] in names
        and (folder.startswith(prefix) or prefix in folder)
    }


def _described(path: str) -> Seen:
    """Return flags, hash, mode and code; a script's source, and so its hash, names its Python."""
    content = Path(path).read_bytes()
    flags = int.from_bytes(content[4:8], "little")
    digest = content[8:16] if flags and "/tool." not in path else b""
    code = _code(marshal.loads(content[16:]))
    return flags, digest, oct(os.stat(path).st_mode), code


def _code(value: object) -> object:
    """Return a code object without the name of its file, which importing sets."""
    if not isinstance(value, CodeType):
        return value
    positions = list(value.co_positions()) if hasattr(value, "co_positions") else []
    return value.co_code, value.co_names, tuple(map(_code, value.co_consts)), tuple(positions)


@pytest.mark.parametrize("variables", VARIABLES.values(), ids=VARIABLES)
def test_bytecode_is_that_of_pip(
    pipwrap: Runner, wheel: Path, tmp_path: Path, variables: dict[str, str]
):
    """Whatever was compiled before under other variables is not used."""
    for setting in ({}, {"PYTHONOPTIMIZE": "2", "SOURCE_DATE_EPOCH": "1"}):
        target = make_environment(tmp_path / f"before{len(setting)}")
        pipwrap.on(target)("install", wheel, environ=setting, expect=0)
    seen = []
    for who in ("pipwrap", "pip"):
        root = tmp_path / who
        (root / "work").mkdir(parents=True)
        environment = make_environment(root / "environment")
        runner = pipwrap.on(environment)
        run = runner if who == "pipwrap" else runner.pip
        environ = {name: value.replace("ROOT", str(root)) for name, value in variables.items()}
        run("install", wheel, environ=environ, cwd=root / "work", expect=0)
        record = environment.site_packages / "demo-1.0.dist-info" / "RECORD"
        rows = [row for row in record.read_text("utf-8").splitlines() if ".pyc" in row]
        rows = sorted(row.replace(str(root).lstrip("/"), "ROOT") for row in rows)
        seen.append((bytecode(root, environment), rows))
    (ours, our_rows), (theirs, their_rows) = seen
    assert {path.replace("/pipwrap/", "/pip/") for path in ours} == set(theirs)
    assert list(ours.values()) == [theirs[path] for path in ours]
    assert our_rows == their_rows
    assert len(ours) == len(our_rows) == len(FILES) - 1


def test_bytecode_apart_is_replaced_and_what_was_there_comes_back(
    pipwrap: Runner, wheel: Path, tmp_path: Path
):
    apart = tmp_path / "apart"
    environ = {"PYTHONPYCACHEPREFIX": str(apart)}
    directory = apart / str(pipwrap.environment.site_packages).lstrip("/")
    directory.mkdir(parents=True)
    stale = directory / f"top.{os.path.basename(_tag(pipwrap.environment))}.pyc"
    stale.write_bytes(b"stale")
    (pipwrap.environment.bin / "in-the-way" / "directory").mkdir(parents=True)
    scripts = {"console_scripts": ["in-the-way = demo:f"]}
    bad = make_wheel(tmp_path / "bad", "bad", "1.0", entry_points=scripts)
    pipwrap("install", wheel, bad, environ=environ, expect=1)
    assert [path for path in directory.rglob("*") if path.is_file()] == [stale]
    assert stale.read_bytes() == b"stale"
    pipwrap("install", wheel, environ=environ, expect=0)
    assert stale.read_bytes() != b"stale"


def test_bytecode_apart_is_of_no_use_in_a_target(pipwrap: Runner, wheel: Path, tmp_path: Path):
    environ = {"PYTHONPYCACHEPREFIX": str(tmp_path / "apart")}
    pipwrap("install", "--target", tmp_path / "target", wheel, environ=environ, expect=0)
    assert not list((tmp_path / "target").rglob("*.pyc"))
    assert not list((tmp_path / "apart").rglob("demo*/**/*.pyc"))
    assert (tmp_path / "target" / "top.py").is_file()


def _tag(environment: VirtualEnvironment) -> str:
    return environment.run_python("import sys; print(sys.implementation.cache_tag)").strip()
