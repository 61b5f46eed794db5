"""Build backends that do what they must not: one clear error each, in pip's words where it has any."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from support.beside import assert_same, beside
from support.index import Index
from support.promises import error_messages, refused
from support.runner import Result, Runner
from support.wheels import make_sdist, make_source_tree

GOOD = "from in_tree_backend import *\nfrom in_tree_backend import build_wheel as build\n"
"""What every hook of the backend of these tests is, unless another follows."""
HOOKS = ("get_requires_for_build_wheel", "prepare_metadata_for_build_wheel", "build_wheel")


def pyproject(backend: str = "odd", path: str = '["."]') -> str:
    table = f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n'
    return f"{table}backend-path = {path}\n" if path else table


def hook(name: str, body: str) -> str:
    return f"{GOOD}\ndef {name}(*arguments, **keywords):\n    {body}\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "files"


def offer(index: Index, files: Path, code: str, table: str | None = None) -> None:
    """Have an index offer ``demo``, whose backend is this code."""
    index.add(
        make_sdist(
            files, "demo", "1.0", pyproject=table or pyproject(), extra_files={"odd.py": code}
        )
    )


def comparable(result: Result) -> Result:
    """Return the result without what each side says of its own places.

    Those are the kept log, the directories that sources lie in and the frames of a traceback.
    """
    stderr = re.sub(r"(?m)^ *hint: The whole log is in .*\n", "", result.stderr)
    stderr = re.sub(r"(?m)^ +(File .*|\^+)\n", "", stderr)
    stderr = re.sub(r"'[^']*/(?:pip-install-|source-)[^']*'", "SOURCE", stderr)
    stderr = re.sub(r"(?m) +$", "", stderr)
    return Result(result.stdout, stderr, result.returncode)


UNUSABLE = {
    "cannot import": ("import nothing_there\n", pyproject()),
    "imports something broken": ("from json import nothing_there\n", pyproject()),
    "not in its path": ("", pyproject("elsewhere")),
    "not in the environment": ("", pyproject("elsewhere", "")),
    "not in the package": ("", pyproject("odd.inner")),
    "without its object": (GOOD, pyproject("odd:Backend")),
    "without its inner object": (GOOD, pyproject("odd:SETTINGS.hooks")),
    "raises": ("raise RuntimeError('broken\\nfor good')\n", pyproject()),
    "is no Python": ("def\n", pyproject()),
    "exits": ("import sys\nprint('said before')\nsys.exit(3)\n", pyproject()),
    "is interrupted": ("raise KeyboardInterrupt\n", pyproject()),
    "has no name": (GOOD, pyproject("")),
}


@pytest.mark.parametrize("editable", [False, True], ids=["wheel", "editable"])
@pytest.mark.parametrize("case", UNUSABLE)
def test_a_backend_that_cannot_be_used_is_told_as_by_pip(
    pipwrap: Runner, index: Index, files: Path, case: str, *, editable: bool
):
    code, table = UNUSABLE[case]
    if editable:
        make_source_tree(
            pipwrap.directory, "demo", "1.0", pyproject=table, extra_files={"odd.py": code}
        )
    else:
        offer(index, files, code, table)
    target = ["-e", "./demo"] if editable else ["demo"]
    ours, theirs = beside(pipwrap, "install", *target)
    assert ours.returncode == 1
    assert_same(comparable(ours), comparable(theirs))


def test_the_log_has_the_whole_traceback_of_an_import_that_failed(
    pipwrap: Runner, index: Index, files: Path
):
    offer(index, files, "print('said before')\nimport nothing_there\n")
    result = refused(pipwrap, "install", "demo", says="No module named 'nothing_there'")
    (log,) = re.findall(r"(/\S+\.log)\b", result.stderr)
    text = Path(log).read_text("utf-8")
    assert "said before\n" in text
    assert "odd.py" in text
    assert text.endswith("ModuleNotFoundError: No module named 'nothing_there'\n")


@pytest.mark.parametrize("status", [3, -9, -11])
@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_whose_process_ends_badly_is_told_as_by_pip(
    pipwrap: Runner, index: Index, files: Path, name: str, status: int
):
    end = f"os._exit({status})" if status > 0 else f"os.kill(os.getpid(), {-status})"
    offer(index, files, hook(name, f"import os; print('said', flush=True); {end}"))
    ours, theirs = beside(pipwrap, "install", "demo")
    assert f"exit code: {status}" in ours.stderr
    assert_same(comparable(ours), comparable(theirs))


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_that_ends_its_process_without_a_result_is_named(
    pipwrap: Runner, index: Index, files: Path, name: str
):
    """pip names a temporary file that is not there."""
    offer(index, files, hook(name, "import os; print('said', flush=True); os._exit(0)"))
    says = f"The build backend ended the process in its hook {name}."
    result = refused(pipwrap, "install", "demo", says=says)
    assert "      said\n" in result.stderr


NO_NAME = "instead of the name of what it made."
WRONG_RESULTS = [
    ("get_requires_for_build_wheel", "[1]", "returned [1] instead of a list of strings."),
    ("get_requires_for_build_wheel", "[['tool']]", "instead of a list of strings."),
    ("get_requires_for_build_wheel", "'tool'", "returned 'tool' instead of a list of strings."),
    ("get_requires_for_build_wheel", "['a b']", "returned 'a b' instead of a valid requirement."),
    ("prepare_metadata_for_build_wheel", "None", f"returned None {NO_NAME}"),
    ("prepare_metadata_for_build_wheel", "5", f"returned 5 {NO_NAME}"),
    ("prepare_metadata_for_build_wheel", "'gone.dist-info'", "made no readable METADATA"),
    ("prepare_metadata_for_build_wheel", "'\\0'", "is no name in the directory"),
    ("build_wheel", "None", f"returned None {NO_NAME}"),
    ("build_wheel", "['x'] * 500", f"... {NO_NAME}"),
    ("build_wheel", "object()", "Object of type object is not JSON serializable"),
    ("build_wheel", "'demo-1.0-py3-none-any.whl'", "named a wheel that it did not make"),
    ("build_wheel", "'\\0'", "is no name in the directory"),
]


@pytest.mark.parametrize(("name", "value", "says"), WRONG_RESULTS)
def test_what_a_hook_must_not_return_is_told(
    pipwrap: Runner, index: Index, files: Path, name: str, value: str, says: str
):
    """pip shows a traceback for most of it."""
    offer(index, files, hook(name, f"return {value}"))
    result = pipwrap("install", "demo")
    assert result.returncode == 1, result.output
    assert says in result.stderr
    frames = re.findall(r"(?m)^Traceback", result.output)
    assert frames == [], result.output
    assert pipwrap.environment.freeze() == []


@pytest.mark.parametrize("value", ["None", "{'tool': 'of a mapping, the keys'}", "()"])
def test_what_pip_takes_for_requirements_is_taken(
    pipwrap: Runner, index: Index, files: Path, value: str
):
    index.add(make_sdist(files, "tool", "1.0"))
    offer(index, files, hook("get_requires_for_build_wheel", f"return {value}"))
    ours, theirs = beside(pipwrap, "install", "--dry-run", "demo")
    assert (ours.returncode, theirs.returncode) == (0, 0), ours.output + theirs.output


WRONG_WHEELS = {
    "another project": "os.rename(there + made, there + 'other-1.0-py3-none-any.whl')",
    "no name of a wheel": "os.rename(there + made, there + 'demo.whl')",
    "no archive": "open(there + made, 'w').close()",
    "not there": "os.unlink(there + made)",
    "a directory": "os.unlink(there + made); os.mkdir(there + made)",
    "a pipe": "os.unlink(there + made); os.mkfifo(there + made)",
}


@pytest.mark.parametrize("command", ["install", "wheel"])
@pytest.mark.parametrize("case", WRONG_WHEELS)
def test_a_wrong_wheel_keeps_no_other_from_being_built(
    pipwrap: Runner, index: Index, files: Path, case: str, command: str
):
    """As in pip, which says that it is invalid and goes on; but a pipe it reads for ever."""
    body = f"import os; made = build(*arguments); there = arguments[0] + '/'; {WRONG_WHEELS[case]}"
    offer(
        index, files, hook("build_wheel", f"{body}; return sorted(os.listdir(there) + [made])[-1]")
    )
    index.add(make_sdist(files, "good", "1.0"))
    result = pipwrap(command, "demo", "good")
    assert result.returncode == 1, result.output
    assert "Traceback" not in result.output
    assert "Successfully built good\n" in result.stdout
    assert "Failed to build demo\n" in result.stdout
    assert len(re.findall(r"(?m)^  WARNING: .*demo", result.stderr)) == 1
    assert len(error_messages(result)) == 1
    assert pipwrap.environment.freeze() == []


def test_a_name_with_directories_is_taken_as_by_pip(pipwrap: Runner, index: Index, files: Path):
    body = "import os; return os.path.join(arguments[0], build(*arguments))"
    offer(index, files, hook("build_wheel", body))
    pipwrap("install", "demo", expect=0)
    assert pipwrap.environment.freeze() == ["demo==1.0"]


def test_bytes_of_no_encoding_are_shown_and_kept(pipwrap: Runner, index: Index, files: Path):
    body = "import os; os.write(1, bytes(range(256))); os._exit(1)"
    offer(index, files, hook("build_wheel", body))
    result = refused(pipwrap, "install", "demo", says="exit code: 1", keeps_cache=False)
    (log,) = re.findall(r"(/\S+\.log)\b", result.stderr)
    assert bytes(range(256)) in Path(log).read_bytes()


def test_a_warning_that_no_encoding_has_reaches_the_log(pipwrap: Runner, index: Index, files: Path):
    body = (
        "import warnings; warnings.warn('odd \\ud800'); raise SystemExit(build(*arguments) and 4)"
    )
    offer(index, files, hook("build_wheel", body))
    refused(pipwrap, "install", "demo", says="exit code: 4", keeps_cache=False)
    body = "import warnings; warnings.warn('odd \\ud800'); return build(*arguments)"
    offer(index, files, hook("build_wheel", body))
    result = pipwrap("install", "-v", "demo", expect=0)
    assert "odd \\ud800" in result.stderr
    assert os.listdir(pipwrap.environ["TMPDIR"]) == []


QUIET_FAULTS = {
    "closes every descriptor": "os.closerange(0, 256)",
    "writes to descriptors it does not own": (
        "[os.write(each, b'12') for each in range(3, 10) "
        "if os.path.exists(f'/proc/self/fd/{each}') and os.access(f'/proc/self/fd/{each}', os.W_OK)]"
    ),
    "goes elsewhere": "os.chdir('/')",
    "leads a session": "os.setsid()",
    "leaves a child": "subprocess.Popen(['sleep', '20'])",
    "leaves a thread": "threading.Thread(target=time.sleep, args=(30,), daemon=True).start()",
    "ignores signals": "[signal.signal(each, signal.SIG_IGN) for each in (2, 15, 17)]",
    "lets nothing be read": "os.umask(0o777)",
    "empties its environ": "os.environ.clear()",
    "reads its input": "sys.stdin.read()",
    "removes its log": "os.unlink(os.readlink('/proc/self/fd/1'))",
    "says much": "[sys.stdout.write('x' * 1023 + chr(10)) for _ in range(20_000)]",
}


@pytest.mark.parametrize("case", QUIET_FAULTS)
def test_what_pip_lets_a_hook_do_is_let_be(pipwrap: Runner, index: Index, files: Path, case: str):
    imports = "import os, signal, subprocess, sys, threading, time"
    body = f"made = build(*arguments); {imports}; {QUIET_FAULTS[case]}; return made"
    offer(index, files, hook("build_wheel", body))
    pipwrap("install", "demo", expect=0, timeout=40)
    assert pipwrap.environment.freeze() == ["demo==1.0"]
    assert os.listdir(pipwrap.environ["TMPDIR"]) == []


def test_no_note_of_the_recorder_goes_into_a_file_of_the_backend(
    pipwrap: Runner, index: Index, files: Path
):
    """Whoever closes all descriptors gets their numbers for files of its own."""
    body = (
        "import os; os.closerange(3, 256); "
        "own = [os.open(f'own{each}', os.O_CREAT | os.O_WRONLY) for each in range(16)]; "
        "os.environ.get('READ_WHILE_THEY_ARE_OPEN'); "
        "assert not any(os.fstat(each).st_size for each in own); return build(*arguments)"
    )
    offer(index, files, hook("build_wheel", body))
    pipwrap("install", "demo", expect=0)
    result = pipwrap("cache", "explain", "demo", expect=0)
    assert "READ_WHILE_THEY_ARE_OPEN" in result.stdout


def test_a_line_without_an_end_is_shown_in_time(pipwrap: Runner, index: Index, files: Path):
    body = "import sys; sys.stdout.write('x' * 30_000_000); sys.exit(1)"
    offer(index, files, hook("build_wheel", body))
    result = pipwrap("install", "demo", timeout=40)
    assert result.returncode == 1
    assert "xxx" in result.stderr


def test_metadata_that_is_a_pipe_is_not_waited_for(pipwrap: Runner, index: Index, files: Path):
    """pip waits for ever."""
    body = (
        "import os; made = os.path.join(arguments[0], 'demo-1.0.dist-info'); os.mkdir(made); "
        "os.mkfifo(os.path.join(made, 'METADATA')); return 'demo-1.0.dist-info'"
    )
    offer(index, files, hook("prepare_metadata_for_build_wheel", body))
    refused(pipwrap, "install", "demo", says="made no readable METADATA", timeout=40)


@pytest.mark.parametrize("written", ["[1]", "3", "{}", '{"warnings": 3}', "[" * 100_000, "{"])
def test_a_result_that_the_hook_wrote_itself_is_none(
    pipwrap: Runner, index: Index, files: Path, written: str
):
    body = (
        f"import os, sys; stream = open(os.path.join(sys.argv[2], 'output.json'), 'w'); "
        f"stream.write({written!r}); stream.close(); os._exit(0)"
    )
    offer(index, files, hook("build_wheel", body))
    says = "The build backend ended the process in its hook build_wheel."
    refused(pipwrap, "install", "demo", says=says, keeps_cache=False)
