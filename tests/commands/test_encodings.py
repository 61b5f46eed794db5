"""Whatever a terminal can show: output degrades, and no command ends because of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.index import Index
from support.runner import Runner, scripts_directory
from support.wheels import make_source_tree, make_wheel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")

LONG = "demo_with_a_name_that_is_longer_than_a_line_of_the_terminal_has_room_for_beside_a_bar"
PROGRAM = str(scripts_directory() / "pipwrap")


@pytest.fixture
def slow(index: Index, tmp_path: Path) -> Index:
    """Return an index with a wheel of a long name, whose download is seen."""
    wheel = make_wheel(tmp_path / "files", LONG, "1.0", files={"data.bin": os.urandom(1 << 20)})
    index.add(wheel, metadata=False)
    index.ranges = False
    index.fault(f"/files/{wheel.name}", delay=0.6)
    index.fault(f"/files/{wheel.name}", truncate=1 << 19, times=1)
    return index


@pytest.mark.parametrize(
    ("environ", "columns"),
    [
        pytest.param({"PYTHONIOENCODING": "ascii"}, 80, id="ascii"),
        pytest.param({"PYTHONIOENCODING": "latin-1"}, 80, id="latin-1"),
        pytest.param({"PYTHONIOENCODING": "cp1252"}, 40, id="cp1252"),
        pytest.param({"PYTHONIOENCODING": "ascii:surrogateescape"}, 80, id="surrogateescape"),
        pytest.param({"PYTHONIOENCODING": "utf-8"}, 80, id="utf-8"),
        pytest.param(
            {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, 80, id="C locale"
        ),
        pytest.param({"PYTHONIOENCODING": "latin-1", "COLUMNS": "1"}, 80, id="one column"),
        pytest.param({"PYTHONIOENCODING": "ascii"}, 1, id="one column wide"),
        pytest.param({"PYTHONIOENCODING": "latin-1", "TERM": "dumb"}, 80, id="dumb"),
    ],
)
def test_a_progress_bar_never_ends_an_install(
    pipwrap: Runner, slow: Index, environ: dict[str, str], columns: int
):
    from support.terminal import run_on_terminal  # noqa: PLC0415 - not on Windows

    del slow
    command = [PROGRAM, "--python", str(pipwrap.environment.python), "install"]
    command += ["--progress-bar", "on", LONG]
    variables = {**pipwrap.environ, "TERM": "xterm", **environ}
    status, said = run_on_terminal(command, variables, str(pipwrap.directory), columns=columns)
    assert b"Traceback" not in said, said
    assert status == 0, said
    assert b"Successfully installed" in said.replace(b"\r\n", b"") or columns == 1
    assert len(pipwrap.environment.freeze()) == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "ascii:strict", "utf-8"])
def test_a_path_in_any_script_is_shown_and_logged(pipwrap: Runner, tmp_path: Path, encoding: str):
    tree = make_source_tree(tmp_path / "漢字 ✔ → 🎉", "demo", "1.0", fail_in="build_wheel")
    command = [PROGRAM, "--python", str(pipwrap.environment.python), "install", "-v", str(tree)]
    done = subprocess.run(
        [*command, "--log", "log.txt"],
        env={**pipwrap.environ, "PYTHONIOENCODING": encoding},
        cwd=pipwrap.directory,
        capture_output=True,
        check=False,
        timeout=120,
    )
    stdout = done.stdout.decode(encoding.partition(":")[0])
    assert b"Traceback" not in done.stderr, done.stderr
    assert done.returncode == 1
    assert ("漢字 ✔" in stdout) is encoding.startswith("utf")
    assert ("\\u6f22\\u5b57" in stdout) is not encoding.startswith("utf")
    assert "漢字 ✔" in (pipwrap.directory / "log.txt").read_text("utf-8")


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_name_that_is_no_text_is_one_error(pipwrap: Runner, encoding: str):
    """Arguments may be any bytes (PEP 383)."""
    command = [PROGRAM, "--python", str(pipwrap.environment.python), "install", "--log", "log.txt"]
    for argument in (b"./d\xff", b"d\xff", b"d\xff.whl", b"d @ http://127.0.0.1:9/\xff.whl"):
        done = subprocess.run(
            [*map(os.fsencode, command), argument],
            env={**pipwrap.environ, "PYTHONIOENCODING": encoding},
            cwd=pipwrap.directory,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode("utf-8", "replace")
        assert done.returncode == 1
        assert b"ERROR: " in done.stderr


def test_a_closed_stderr_is_no_error(pipwrap: Runner, index: Index, tmp_path: Path):
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"), yanked="broken")
    line = f'exec "{PROGRAM}" --python "{pipwrap.environment.python}" install demo==1.0 2>&-'
    done = subprocess.run(
        ["sh", "-c", line],
        env=dict(pipwrap.environ),
        cwd=pipwrap.directory,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0
    assert b"Successfully installed demo-1.0" in done.stdout
