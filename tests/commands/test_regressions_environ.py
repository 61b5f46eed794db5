"""The environment of the process (streams, variables, the version of Python) does not change what it does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.environments import VirtualEnvironment, scripts_directory
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture
def demo(index: Index, tmp_path: Path) -> None:
    """Offer one wheel."""
    index.add(make_wheel(tmp_path / "offered", "demo", "1.0"))


def shell(pipwrap: Runner, line: str) -> subprocess.CompletedProcess[str]:
    """Run a shell line in which ``$PIPWRAP`` is pipwrap on the environment under test."""
    script = scripts_directory() / "pipwrap"
    target = str(pipwrap.environment.python)
    return subprocess.run(
        ["/bin/bash", "-c", line],
        env={**pipwrap.environ, "PIPWRAP": str(script), "PIP_PYTHON": target},
        cwd=pipwrap.directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.usefixtures("demo")
def test_pythonpath_does_not_shadow_what_pipwrap_imports(
    pipwrap: Runner, environment: VirtualEnvironment, tmp_path: Path
) -> None:
    for name in ("packaging", "urllib3", "installer", "nab_resolver", "pip"):
        (tmp_path / "shadows").mkdir(exist_ok=True)
        (tmp_path / "shadows" / f"{name}.py").write_text("raise RuntimeError(__name__)\n")
    pipwrap("install", "demo", environ={"PYTHONPATH": str(tmp_path / "shadows")}, expect=0)
    assert environment.freeze() == ["demo==1.0"]


@pytest.mark.usefixtures("demo")
def test_distributions_on_pythonpath_count_as_installed(pipwrap: Runner, tmp_path: Path) -> None:
    info = tmp_path / "elsewhere" / "demo-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
    result = pipwrap("install", "demo", environ={"PYTHONPATH": str(info.parent)}, expect=0)
    assert "Requirement already satisfied: demo" in result.stdout


@pytest.mark.skipif(os.name == "nt", reason="POSIX descriptors")
@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_as_good_as_the_null_device(
    pipwrap: Runner, environment: VirtualEnvironment, closed: str
) -> None:
    result = shell(pipwrap, f'"$PIPWRAP" install demo {closed}')
    assert (result.returncode, result.stderr) == (0, "")
    assert environment.freeze() == ["demo==1.0"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
@pytest.mark.usefixtures("demo")
def test_a_stdout_that_takes_nothing_ends_the_command_with_one_message(
    pipwrap: Runner, environment: VirtualEnvironment
) -> None:
    result = shell(pipwrap, '"$PIPWRAP" install demo > /dev/full')
    assert result.returncode == 1
    assert result.stderr.startswith("ERROR: Could not carry out the command: ")
    assert "Traceback" not in result.stderr
    assert environment.freeze() == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
@pytest.mark.usefixtures("demo")
def test_a_broken_pipe_is_said_on_stderr_and_ends_with_120(pipwrap: Runner) -> None:
    result = shell(pipwrap, '"$PIPWRAP" install demo | true; echo "${PIPESTATUS[0]}"')
    assert (result.stdout, result.stderr) == ("120\n", "ERROR: Pipe to stdout was broken\n")


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
@pytest.mark.usefixtures("demo")
def test_both_streams_into_one_broken_pipe_are_no_traceback(pipwrap: Runner) -> None:
    result = shell(pipwrap, '"$PIPWRAP" install demo 2>&1 | true; echo "${PIPESTATUS[0]}"')
    assert result.stdout == "120\n"


@pytest.mark.parametrize("failure", ["TypeError", "ImportError", "SyntaxError", "AttributeError"])
def test_a_target_that_cannot_run_our_packaging_still_tells_its_facts(
    failure: str, tmp_path: Path
) -> None:
    (tmp_path / "packaging").mkdir()
    (tmp_path / "packaging" / "__init__.py").touch()
    (tmp_path / "packaging" / "tags.py").write_text(f"raise {failure}('too new')\n")
    probe = Path(__file__).parents[2] / "pipwrap" / "interpreter" / "probe.py"
    command = [sys.executable, str(probe), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout)["tags"] is None


@pytest.mark.usefixtures("demo")
def test_temporary_files_may_lie_in_the_current_directory(
    pipwrap: Runner, environment: VirtualEnvironment, tmp_path: Path
):
    """Python takes ``TMPDIR=.`` as it is, and up to 3.11 names no absolute directory then."""
    here = tmp_path / "here"
    here.mkdir()
    pipwrap("install", "--no-cache-dir", "demo", environ={"TMPDIR": "."}, cwd=here, expect=0)
    assert environment.freeze() == ["demo==1.0"]
    assert os.listdir(here) == []


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("place", ["--no-cache-dir", "--cache-dir=elsewhere", None])
def test_nothing_is_kept_but_where_the_cache_is(
    pipwrap: Runner, cache_root: Path, place: str | None
):
    """As in the layers of an image: no directory of ours is in the user's."""
    options = () if place is None else (place,)
    pipwrap("install", *options, "demo", cwd=pipwrap.directory, expect=0)
    assert (cache_root / "interpreters-v1").exists() is (place is None)
    assert cache_root.exists() is (place is None)
    elsewhere = pipwrap.directory / "elsewhere"
    assert elsewhere.exists() is (place is not None and "elsewhere" in place)
