"""How many processes the hooks of a build take, what each of them sees, and how they end."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.build import environment, hooks, observe
from pipwrap.build.backend import Backend
from pipwrap.build.environment_pool import EnvironmentPool
from pipwrap.build.hooks import HookProcessPool
from pipwrap.events import ignore
from pipwrap.interpreter import query

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux")

BACKEND = """\
import os, sys
STATE = []
def note(*words):
    with open(os.environ["NOTES"], "a") as stream:
        print(*words, os.getpid(), file=stream)
note("import")
os.environ.get("READ_BY_THE_IMPORT")
{more}
def get_requires_for_build_wheel(config_settings=None):
    note("requires", sys.argv[1], __import__("__main__").__file__.rpartition("/")[2], len(STATE))
    os.environ.get("READ_BY_A_HOOK")
    STATE.append(1)
    os.environ["LEFT_BEHIND"] = "1"
    return []
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    note("metadata", len(STATE), "LEFT_BEHIND" in os.environ, sys.stdin.read())
    print("said by the hook")
    os.mkdir(os.path.join(directory, "a-1.dist-info"))
    return "a-1.dist-info"
def build_wheel(directory, config_settings=None, metadata_directory=None):
    note("wheel", len(STATE))
    {wheel}
    return "a-1-py3-none-any.whl"
"""
TABLE = '[build-system]\nrequires = []\nbuild-backend = "{backend}"\n'


class Build:
    """A backend that notes its imports and hooks."""

    def __init__(
        self,
        directory: Path,
        processes: HookProcessPool,
        *,
        backend: str = "setuptools.build_meta",
        more: str = "",
        wheel: str = "",
        table: str = "",
    ) -> None:
        tree = directory / "tree"
        tree.mkdir(parents=True)
        (tree / "pyproject.toml").write_text(TABLE.format(backend=backend) + table)
        target = query.describe(sys.executable, None, os.environ)
        self.environment = environment.create(str(directory / "env"), target)
        home = Path(self.environment.environment.scheme.purelib if not table else tree)
        *packages, module = backend.split(".")
        home = home.joinpath(*packages)
        home.mkdir(exist_ok=True)
        (home / f"{module}.py").write_text(BACKEND.format(more=more, wheel=wheel))
        self.notes = directory / "notes"
        self.log = directory / "build.log"
        self.output = str(directory / "output")
        self.observed = str(directory / "observed")
        self._processes = processes
        self._tree = tree

    def backend(self, monkeypatch: pytest.MonkeyPatch) -> Backend:
        monkeypatch.setenv("NOTES", str(self.notes))
        made = Backend(str(self._tree), str(self.log), self.observed, "a", ignore, self._processes)
        made.enter(self.environment)
        return made

    def run(self, backend: Backend) -> None:
        """Run the three hooks that a front end calls."""
        backend.requires_for_build("wheel", {})
        backend.prepare_metadata("wheel", self.output, {})
        backend.build("wheel", self.output, {}, "a")

    @property
    def noted(self) -> list[list[str]]:
        return [line.split() for line in self.notes.read_text().splitlines()]

    @property
    def imports(self) -> int:
        return sum(words[0] == "import" for words in self.noted)


@pytest.fixture
def processes() -> Iterator[HookProcessPool]:
    made = HookProcessPool()
    yield made
    made.close()


def is_there(process: str) -> bool:
    """Tell whether a process is running, and no zombie."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_hooks_of_a_build_are_forks_of_one_process_that_imported_the_backend(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    """Each sees what it would see in a Python of its own: nothing of the hook before it."""
    build = Build(tmp_path, processes)
    build.run(build.backend(monkeypatch))
    assert [words[:-1] for words in build.noted] == [
        ["import"],
        ["requires", "get_requires_for_build_wheel", "_in_process.py", "0"],
        ["metadata", "0", "False"],
        ["wheel", "0"],
    ]
    assert len({words[-1] for words in build.noted}) == 4
    assert build.log.read_text() == "said by the hook\n"


@pytest.mark.parametrize(
    ("backend", "keywords"),
    [
        pytest.param("own_backend", {}, id="a backend of which nothing is known"),
        pytest.param("scikit_build_core.build", {}, id="one whose import reads the source tree"),
        pytest.param(
            "setuptools.build_meta", {"table": 'backend-path = ["."]\n'}, id="one in the tree"
        ),
        pytest.param(
            "setuptools.build_meta",
            {"more": "import threading; threading.Thread(target=input, daemon=True).start()"},
            id="one with a thread",
        ),
    ],
)
def test_others_have_a_process_for_each_hook(
    tmp_path: Path,
    processes: HookProcessPool,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    keywords: dict[str, str],
):
    more = keywords.get("more", "").replace("input", "__import__('time').sleep, args=(9,)")
    build = Build(tmp_path, processes, backend=backend, **{**keywords, "more": more})
    build.run(build.backend(monkeypatch))
    hooks_run = [words[0] for words in build.noted if words[0] != "import"]
    assert hooks_run == ["requires", "metadata", "wheel"]
    assert build.imports >= 3


def test_both_ways_are_observed_alike(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    """What the import reads counts for the build, though it happens once."""
    monkeypatch.setenv("READ_BY_THE_IMPORT", "1")
    build = Build(tmp_path / "forks", processes)
    build.run(build.backend(monkeypatch))
    monkeypatch.setattr(hooks, "HOSTED", frozenset())
    other = Build(tmp_path / "processes", processes)
    other.run(other.backend(monkeypatch))
    assert (build.imports, other.imports) == (1, 3)
    seen = observe.read_observation(build.observed)
    assert seen == observe.read_observation(other.observed)
    assert {"READ_BY_THE_IMPORT", "READ_BY_A_HOOK"} <= seen.variables


def test_a_backend_is_imported_again_when_its_environment_has_changed(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    build = Build(tmp_path, processes)
    backend = build.backend(monkeypatch)
    backend.requires_for_build("wheel", {})
    backend.end_host()
    backend.build("wheel", build.output, {}, "a")
    assert build.imports == 2


def test_an_import_that_fails_is_reported_as_without_forks(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    build = Build(tmp_path, processes, more="import no_such_module")
    with pytest.raises(errors.BuildFailed) as caught:
        build.backend(monkeypatch).requires_for_build("wheel", {})
    assert caught.value.context == "ModuleNotFoundError: No module named 'no_such_module'"
    assert build.imports == 2


@pytest.mark.parametrize(
    ("wheel", "context"),
    [
        pytest.param("sys.exit('no luck')", "exit code: 1", id="status"),
        pytest.param("os.kill(os.getpid(), 9)", "exit code: -9", id="signal"),
    ],
)
def test_a_hook_that_fails_says_how(
    tmp_path: Path,
    processes: HookProcessPool,
    monkeypatch: pytest.MonkeyPatch,
    wheel: str,
    context: str,
):
    build = Build(tmp_path, processes, wheel=wheel)
    with pytest.raises(errors.BuildFailed) as caught:
        build.backend(monkeypatch).build("wheel", build.output, {}, "a")
    assert caught.value.context == context


def test_what_a_backend_warns_of_is_in_its_log(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    build = Build(tmp_path, processes, wheel="__import__('warnings').warn('a bad name')")
    build.backend(monkeypatch).build("wheel", build.output, {}, "a")
    assert "a bad name" in build.log.read_text()


@pytest.mark.parametrize("backend", ["setuptools.build_meta", "own_backend"])
def test_the_end_of_a_run_ends_the_hook_that_is_running(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch, backend: str
):
    build = Build(tmp_path, processes, backend=backend, wheel="__import__('time').sleep(60)")
    made, ended = build.backend(monkeypatch), []

    def work() -> None:
        try:
            made.build("wheel", build.output, {}, "a")
        except CancelledError as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(lambda: build.notes.exists() and "wheel" in build.notes.read_text())
    processes.close()
    thread.join(20)
    assert len(ended) == 1
    running = {words[-1] for words in build.noted}
    wait_for(lambda: not any(map(is_there, running)))
    with pytest.raises(CancelledError):
        made.requires_for_build("wheel", {})


def test_no_more_backends_than_a_few_wait_in_memory(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hooks, "_IDLE", 1)
    builds = [Build(tmp_path / name, processes) for name in "ab"]
    for build in builds:
        backend = build.backend(monkeypatch)
        backend.requires_for_build("wheel", {})
        backend.prepare_metadata("wheel", build.output, {})
    first, second = (build.noted[0][-1] for build in builds)
    assert is_there(first)
    assert not is_there(second)


WRITE = "open(os.path.join(os.path.dirname(__file__), 'left'), 'w').close()"


def test_one_that_waits_for_any_build_is_ended_first(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(hooks, "_IDLE", 2)
    builds = [Build(tmp_path / name, processes) for name in "abc"]
    pool, hosts = EnvironmentPool(), []
    for build in builds:
        backend = build.backend(monkeypatch)
        backend.requires_for_build("wheel", {})
        hosts.append(backend.leave())
        if build is builds[1]:
            assert hosts[1] is not None
            assert pool.give(("backend", frozenset("x")), hosts[1])
    assert [is_there(build.noted[0][-1]) for build in builds] == [True, False, True]


def test_what_was_changed_is_not_lent_though_the_process_is_a_new_one(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    """The state that counts is the one before the first hook."""
    monkeypatch.setattr(hooks, "_IDLE", 0)
    build = Build(tmp_path, processes, wheel=WRITE)
    backend = build.backend(monkeypatch)
    backend.build("wheel", build.output, {}, "a")
    backend.requires_for_build("wheel", {})
    assert build.imports == 2
    host = backend.leave()
    assert host is not None
    assert not EnvironmentPool().give(("backend", frozenset("x")), host)


def test_what_changes_while_it_waits_is_not_lent(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    build = Build(tmp_path, processes)
    backend = build.backend(monkeypatch)
    backend.requires_for_build("wheel", {})
    host, pool, contents = backend.leave(), EnvironmentPool(), ("backend", frozenset("x"))
    assert host is not None
    assert pool.give(contents, host)
    Path(build.environment.path, "left").touch()
    assert pool.borrow(contents) is None


def test_the_output_of_each_import_is_recorded_once(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch
):
    build = Build(tmp_path, processes, more="print('said by the import')")
    backend = build.backend(monkeypatch)
    for _ in range(2):
        backend.requires_for_build("wheel", {})
        backend.requires_for_build("wheel", {})
        backend.end_host()
    assert build.imports == 2
    assert build.log.read_text() == "said by the import\n" * 2


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(
            "__import__('signal').signal(17, __import__('signal').SIG_IGN)", id="children"
        ),
        pytest.param("os.closerange(3, 256)", id="descriptors"),
    ],
)
def test_what_an_import_leaves_behind_ends_no_hook(
    tmp_path: Path, processes: HookProcessPool, monkeypatch: pytest.MonkeyPatch, more: str
):
    """Children whose end nobody is told of; no descriptor to answer by."""
    build = Build(tmp_path, processes, more=more)
    build.run(build.backend(monkeypatch))
    assert [words[0] for words in build.noted if words[0] != "import"] == [
        "requires",
        "metadata",
        "wheel",
    ]
