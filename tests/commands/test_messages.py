"""Words that people search for: each is printed under the condition under which pip prints it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.environments import scripts_directory
from support.index import Index
from support.runner import Runner
from support.wheels import make_sdist, make_wheel

LOOKING = "INFO: pip is looking at multiple versions of demo to determine which version is "
STILL = "INFO: pip is still looking at multiple versions of demo to determine which version is "
LONG = "INFO: This is taking longer than usual. You might need to provide the dependency resolver "


@pytest.mark.parametrize(
    ("versions", "expected"),
    [(2, []), (3, [LOOKING]), (4, [LOOKING]), (20, [LOOKING, STILL, LONG])],
)
def test_backtracking_is_explained(
    pipwrap: Runner, index: Index, tmp_path: Path, versions: int, expected: list[str]
):
    index.add(make_wheel(tmp_path, "lib", "1.0"))
    index.add(make_wheel(tmp_path, "lib", "2.0"))
    for number in range(1, versions + 1):
        requires = ["lib>=2"] if number > 1 else ["lib"]
        index.add(make_wheel(tmp_path, "demo", f"{number}.0", requires=requires))
    done = pipwrap("install", "demo", "lib<2", expect=0)
    found = [line for line in done.stdout.splitlines() if line.startswith("INFO: ")]
    assert [line[: len(start)] for line, start in zip(found, expected, strict=True)] == expected


def test_an_unpinned_dependency_is_refused_where_hashes_are_required(
    pipwrap: Runner, index: Index, tmp_path: Path
):
    """A hash of its file would be of whatever the index has today."""
    demo = make_wheel(tmp_path, "demo", "1.0", requires=["lib>=1"])
    index.add(demo)
    lib = index.add(make_wheel(tmp_path, "lib", "1.0"))
    digest = f"sha256:{hashlib.sha256(demo.read_bytes()).hexdigest()}"
    lines = tmp_path / "requirements.txt"
    lines.write_text(f"demo==1.0 --hash={digest}\n", encoding="utf-8")
    done = pipwrap("install", "-r", str(lines), expect=1)
    assert "must have their versions pinned with ==. These do not:" in done.stderr
    assert f"    lib>=1 from {lib} (from demo==1.0->-r {lines} (line 1))" in done.stderr


@pytest.mark.parametrize("host", ["x:y", "[::1", "http://127.0.0.1:80/"])
def test_a_trusted_host_that_is_none_is_named(pipwrap: Runner, index: Index, host: str):
    done = pipwrap("install", "--trusted-host", host, "demo", expect=1)
    assert done.stderr == (
        f"ERROR: --trusted-host takes a host or HOST:PORT, which {host!r} is not\n"
    )
    assert index.requests == []


@pytest.mark.parametrize(
    ("status", "path"), [(403, "demo-1.0-py3-none-any.whl"), (404, "nothing-1.0.tar.gz")]
)
def test_the_status_of_a_direct_url_comes_before_the_error(
    pipwrap: Runner, index: Index, tmp_path: Path, status: int, path: str
):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    index.fault("/files/demo*", status=403)
    url = index.url_of(f"/files/{path}")
    first, second, *rest = pipwrap("install", url, expect=1).stderr.splitlines()
    assert first == f"  ERROR: HTTP error {status} while getting {url}"
    assert second.startswith("ERROR: Could not install requirement ")
    assert rest == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_build_that_is_interrupted_is_canceled(pipwrap: Runner, tmp_path: Path):
    begun = tmp_path / "begun"
    code = f"import time\nopen({str(begun)!r}, 'w').close()\ntime.sleep(60)\n"
    source = make_sdist(tmp_path, "demo", "1.0", imports=["slow"], extra_files={"slow.py": code})
    target = pipwrap.environment.python
    with subprocess.Popen(
        [scripts_directory() / "pipwrap", "--python", target, "install", str(source)],
        env=dict(pipwrap.environ),
        cwd=pipwrap.directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 30
        while not begun.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        told, said = process.communicate(timeout=30)
    assert "finished with status 'canceled'" in told
    assert "finished with status 'error'" not in told
    assert said == "ERROR: Operation cancelled by user\n"
    assert process.returncode == 1
