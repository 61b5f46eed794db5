"""The cache that never lies: built wheels rest on what their builds were seen to read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.archives import tar_gz_bytes, write_file
from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.runner import Result, Runner
from support.sdists import BUILD_LOG
from support.sdists import make_sdist as make_pure_sdist
from support.wheels import builds

# Compiles with $CC or cc; without one the wheel is pure (class A), or keeps its platform tag and
# has no compiled file (class B).
BACKEND = """\
import base64, hashlib, os, shutil, subprocess, sysconfig, zipfile

CLASS = {kind!r}
INFO = "{name}-1.0.dist-info"


def build_wheel(directory, config_settings=None, metadata_directory=None):
    with open(os.environ[{log!r}], "a") as stream:
        stream.write("build_wheel {name} 1.0\\n")
    {switch}
    files = {{"{name}.py": b"x = 1\\n"}}
    try:
        subprocess.run([os.environ.get("CC", "cc"), "speed.c", "-o", "speed.so"], check=True)
        with open("speed.so", "rb") as stream:
            files["_speed.so"] = stream.read()
    except (OSError, subprocess.CalledProcessError) as error:
        print("no speedups:", error, flush=True)
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    tag = "py3-none-" + (platform if CLASS == "B" or "_speed.so" in files else "any")
    files[INFO + "/METADATA"] = b"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n"
    files[INFO + "/WHEEL"] = (
        "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: " + tag + "\\n"
    ).encode()
    rows = [name + ",," for name in files] + [INFO + "/RECORD,,"]
    files[INFO + "/RECORD"] = "\\n".join(rows).encode()
    filename = "{name}-1.0-" + tag + ".whl"
    with zipfile.ZipFile(os.path.join(directory, filename), "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return filename
"""
COMPILER = "#!/bin/sh\necho compiled-by-$0 > speed.so\n"
HEADERLESS = """\
#!/bin/sh
echo 'speed.c:1:10: fatal error: fast/fast.h: No such file or directory' >&2
[ -e "$CPATH_OF_TEST/fast/fast.h" ] || exit 1
echo compiled > speed.so
"""


def make_sdist(directory: Path, name: str, kind: str, switch: str = "pass") -> Path:
    """Return an sdist whose wheel depends on a compiler."""
    backend = BACKEND.format(kind=kind, name=name, log=BUILD_LOG, switch=switch)
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    information = f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n"
    root = f"{name}-1.0"
    content = tar_gz_bytes(
        {
            f"{root}/PKG-INFO": information.encode(),
            f"{root}/pyproject.toml": pyproject.encode(),
            f"{root}/backend.py": backend.encode(),
            f"{root}/speed.c": b"",
        }
    )
    return write_file(directory / f"{root}.tar.gz", content)


class Machine:
    """A machine with or without a compiler, and pipwrap on it."""

    def __init__(self, runner: Runner, index: Index, directory: Path) -> None:
        self.index = index
        self.directory = directory
        self.log = directory / "builds.log"
        self.tools = directory / "tools"
        self.tools.mkdir()
        self._runner = runner
        self._count = 0

    def offer(self, name: str, kind: str, switch: str = "pass") -> None:
        self.index.add(make_sdist(self.directory / "files", name, kind, switch))

    def have_compiler(self, script: str = COMPILER) -> None:
        path = self.tools / "cc"
        path.write_text(script)
        path.chmod(0o755)

    def lose_compiler(self) -> None:
        (self.tools / "cc").unlink()

    def install(self, *arguments: str, expect: int = 0, **environ: str) -> tuple[Result, bool]:
        """Install into a new environment; tell whether compiled code arrived there."""
        self._count += 1
        target = make_environment(self.directory / f"target{self._count}")
        variables = {
            **self._runner.environ,
            BUILD_LOG: str(self.log),
            "PATH": str(self.tools),
            **environ,
        }
        runner = Runner(target, variables, self.directory)
        result = runner("install", *arguments, expect=expect)
        return result, (target.site_packages / "_speed.so").exists()

    @property
    def built(self) -> int:
        return len(builds(self.log)) if self.log.exists() else 0


@pytest.fixture
def machine(pipwrap: Runner, index: Index, tmp_path: Path) -> Machine:
    """Return a machine without a compiler."""
    directory = tmp_path / "machine"
    directory.mkdir()
    return Machine(pipwrap, index, directory)


@pytest.mark.parametrize("kind", ["A", "B"])
def test_a_wheel_built_without_a_compiler_is_built_again_when_there_is_one(
    machine: Machine, kind: str
):
    machine.offer("speedy", kind)
    _, native = machine.install("speedy")
    assert not native
    machine.have_compiler()
    result, native = machine.install("speedy")
    assert native
    assert "Rebuilding speedy 1.0: cc was missing when the cached wheel was built" in result.stdout
    result, native = machine.install("speedy")
    assert native
    assert "Rebuilding" not in result.stdout
    assert machine.built == 2


def test_a_machine_that_lost_its_compiler_keeps_the_wheel_built_with_one(machine: Machine):
    machine.offer("speedy", "A")
    machine.have_compiler()
    machine.install("speedy")
    machine.lose_compiler()
    _, native = machine.install("speedy")
    assert native
    assert machine.built == 1


@pytest.mark.parametrize("name", ["CC", "CFLAGS", "SPEEDY_SWITCH"])
def test_a_variable_that_the_build_read_counts(machine: Machine, name: str):
    machine.have_compiler()
    machine.offer("speedy", "A", switch=f"os.environ.get({name!r})")
    other = str(machine.tools / "cc")
    machine.install("speedy", **{name: other})
    result, _ = machine.install("speedy")
    assert f"{name} was different when the cached wheel was built" in result.stdout
    machine.install("speedy", **{name: other})
    machine.install("speedy")
    assert machine.built == 2, "each state has its own entry"


LOSSES = {
    "absent": Path.unlink,
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:7]),
    "of another cache": lambda path: path.write_bytes(bytes(32)),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_a_lost_key_is_the_reason_for_one_build_and_is_named(
    machine: Machine, cache_root: Path, lose: Callable[[Path], None]
):
    machine.offer("speedy", "A", switch="os.environ.get('SPEEDY_SWITCH')")
    machine.install("speedy", SPEEDY_SWITCH="on")
    lose(cache_root / "wheels-v2" / "secret")
    result, _ = machine.install("speedy", SPEEDY_SWITCH="on")
    reason = "SPEEDY_SWITCH cannot be compared, because the key of the cache was lost"
    assert f"Rebuilding speedy 1.0: {reason}" in result.stdout
    result, _ = machine.install("speedy", SPEEDY_SWITCH="on")
    assert "Rebuilding" not in result.stdout
    assert machine.built == 2


def test_without_a_value_there_is_nothing_that_a_lost_key_could_hide(
    machine: Machine, cache_root: Path
):
    machine.offer("speedy", "A", switch="os.environ.get('SPEEDY_SWITCH')")
    machine.offer("other", "A", switch="os.environ.get('SPEEDY_SWITCH')")
    machine.install("speedy")
    machine.install("other", SPEEDY_SWITCH="on")
    (cache_root / "wheels-v2" / "secret").unlink()
    machine.install("speedy")
    assert machine.built == 2


@pytest.mark.parametrize("name", ["CFLAGS", "HOME_OF_SOMEBODY", "LANG", "SPEEDY_SWITCH"])
def test_a_variable_that_the_build_did_not_read_does_not_count(machine: Machine, name: str):
    machine.offer("speedy", "A")
    machine.install("speedy")
    machine.install("speedy", **{name: "changed"})
    assert machine.built == 1


def test_a_copy_of_the_whole_environment_is_no_look(machine: Machine):
    machine.offer("speedy", "A", switch="dict(os.environ); {**os.environ}; os.environ.copy()")
    machine.install("speedy")
    machine.install("speedy", SOMETHING="changed")
    assert machine.built == 1


@pytest.mark.parametrize(
    "look",
    [
        "os.environb.get(b'CHOICE')",
        "os.getenvb(b'CHOICE')",
        "os.environ.copy().get('CHOICE')",
        "'CHOICE' in os.environ.copy().copy()",
        "dict(os.environ).get('CHOICE')",
        "{**os.environ}.get('CHOICE')",
        "[value for name, value in os.environ.items() if name == 'CHOICE']",
        "subprocess.run('echo ${CHOICE:-none}', shell=True)",
        "os.system('echo $CHOICE')",
    ],
)
def test_a_variable_counts_however_it_is_read(machine: Machine, look: str):
    machine.offer("speedy", "A", switch=look)
    machine.install("speedy")
    machine.install("speedy", CHOICE="1")
    machine.install("speedy", CHOICE="2")
    machine.install("speedy")
    machine.install("speedy", CHOICE="1", SOMETHING="changed")
    assert machine.built == 3


def test_a_copy_of_the_environment_is_a_dictionary_to_a_backend(machine: Machine):
    switch = (
        "import copy, json, pickle; e = os.environ.copy(); e.update(A='1', B=os.environ['PATH']); "
        "assert e == dict(e) == json.loads(json.dumps(e)) == copy.copy(e) == copy.deepcopy(e); "
        "assert type(pickle.loads(pickle.dumps(e))) is dict and 1 not in e and e.pop('A') == '1'; "
        "subprocess.run(['/bin/sh', '-c', 'true'], env=e, check=True)"
    )
    machine.offer("speedy", "A", switch=switch)
    machine.install("speedy")
    assert machine.built == 1


def test_a_program_that_a_pure_wheel_looked_for_counts_once_it_is_there(machine: Machine):
    """A pure wheel may hold what the program generates, and nothing says that it does not."""
    files = {"look.py": "import shutil\nshutil.which('generator')\n"}
    sdist = make_pure_sdist(
        machine.directory,
        *("speedy", "1.0"),
        metadata_version="2.2",
        imports=["look"],
        extra_files=files,
    )
    machine.index.add(sdist)
    machine.install("speedy")
    machine.install("speedy")
    assert machine.built == 1
    tool = machine.tools / "generator"
    tool.write_text("")
    tool.chmod(0o755)
    result, _ = machine.install("speedy")
    assert "Rebuilding speedy 1.0: generator was missing" in result.stdout
    machine.install("speedy")
    tool.unlink()
    machine.install("speedy")
    assert machine.built == 2, "one for each state; a tool that is gone is no reason"


def test_a_header_that_was_missing_counts_once_it_is_there(machine: Machine):
    include = machine.directory / "include"
    include.mkdir()
    machine.have_compiler(HEADERLESS)
    machine.offer("speedy", "A")
    variables = {"CPATH": str(include), "CPATH_OF_TEST": str(include)}
    _, native = machine.install("speedy", **variables)
    assert not native
    (include / "other.h").write_text("")
    machine.install("speedy", **variables)
    assert machine.built == 1
    (include / "fast").mkdir()
    (include / "fast/fast.h").write_text("")
    result, native = machine.install("speedy", **variables)
    assert native
    assert "fast/fast.h was missing when the cached wheel was built" in result.stdout


def test_nothing_is_built_twice_for_the_same_difference(machine: Machine):
    machine.offer("speedy", "A")
    machine.install("speedy")
    machine.have_compiler("#!/bin/sh\nexit 1\n")
    for _ in range(3):
        machine.install("speedy")
    assert machine.built == 2


def test_a_rebuild_that_fails_leaves_the_old_wheel_in_use(machine: Machine):
    machine.offer("speedy", "A", switch="'BREAK' in os.environ and 1 / 0; os.environ.get('BREAK')")
    machine.have_compiler()
    machine.install("speedy")
    for _ in range(2):
        result, native = machine.install("speedy", BREAK="yes")
        assert native
    assert "Building speedy-1.0" not in result.stderr, "it is not tried again and again"
    assert machine.built == 2


def test_a_rebuild_that_turns_out_worse_changes_nothing(machine: Machine):
    machine.offer("speedy", "A", switch="os.environ.get('CFLAGS')")
    machine.have_compiler()
    machine.install("speedy")
    machine.lose_compiler()
    result, native = machine.install("speedy", CFLAGS="-O3")
    assert native
    assert "the wheel that was built now is worse" in result.stderr


def test_rebuild_builds_again_and_adds_an_entry(machine: Machine):
    machine.offer("speedy", "A")
    machine.install("speedy")
    machine.install("--rebuild", "speedy", "speedy")
    machine.install("--rebuild", ":all:", "speedy")
    machine.install("--rebuild", "another", "speedy")
    assert machine.built == 3


@pytest.mark.parametrize("kind", ["A", "B"])
def test_require_native_refuses_a_degraded_wheel(machine: Machine, kind: str):
    machine.offer("speedy", kind)
    for _ in range(2):  # built now, and from the cache
        result, _ = machine.install("--require-native", "speedy", "speedy", expect=1)
        assert "The wheel of speedy is degraded: " in result.stderr
        assert "Traceback" not in result.stderr


def test_offline_never_rebuilds(machine: Machine):
    machine.offer("speedy", "A")
    machine.install("speedy")
    machine.have_compiler()
    result, native = machine.install("--offline", "speedy")
    assert not native
    assert "Rebuilding" not in result.stdout
    assert machine.built == 1


def test_offline_names_what_is_missing(machine: Machine):
    machine.offer("speedy", "A")
    before = len(machine.index.requests)
    result, _ = machine.install("--offline", "speedy", expect=1)
    assert "is not in the cache, and the network is not to be used" in result.stderr
    assert len(machine.index.requests) == before


def test_values_of_variables_are_never_kept(machine: Machine, cache_root: Path):
    machine.offer("speedy", "A", switch="os.environ.get('SPEEDY_TOKEN')")
    machine.install("speedy", SPEEDY_TOKEN="very-secret-value")
    files = [path for path in cache_root.rglob("*") if path.is_file()]
    recorded = next(path for path in files if path.match("wheels-v2/*/*/*/entry.json"))
    variables = dict(json.loads(recorded.read_bytes())["evidence"]["variables"])
    assert len(variables["SPEEDY_TOKEN"]) == 32, "a keyed digest"
    assert not [path for path in files if b"very-secret-value" in path.read_bytes()]


def test_explain_says_what_holds_and_what_does_not(machine: Machine, pipwrap: Runner):
    machine.offer("speedy", "A")
    machine.install("speedy")
    machine.have_compiler()
    variables = {**pipwrap.environ, "PATH": str(machine.tools)}
    runner = Runner(pipwrap.environment, variables, machine.directory)
    said = runner("cache", "explain", "speedy").stdout
    assert "does not hold: cc was missing when the cached wheel was built" in said
    assert "It would be built again: cc was missing" in said
    assert "no speedups:" in runner("cache", "log", "speedy").stdout
    assert "degraded" in runner("cache", "list").stdout
    assert "Files removed: 1" in runner("cache", "remove", "--degraded").stdout


def test_every_environment_gets_what_its_own_python_can_use(
    machine: Machine, environment: VirtualEnvironment
):
    """The entry is keyed by the target's ABI: the same Python reuses it."""
    machine.offer("speedy", "A")
    machine.install("speedy")
    machine.install("speedy")
    assert machine.built == 1
    assert environment.freeze() == []


def test_a_stored_page_stands_in_for_an_index_that_fails_when_asked_for(
    machine: Machine, pipwrap: Runner
):
    machine.offer("speedy", "A")
    machine.install("speedy")
    machine.index.fault("/*", status=503)
    machine.install("--retries", "0", "speedy", expect=1)
    result, _ = machine.install("--retries", "0", "--allow-stale", "speedy")
    assert "which may be out of date" in result.stderr
    assert machine.built == 1


def test_refresh_asks_for_every_page_again(machine: Machine):
    machine.index.headers("/simple/*", {"Cache-Control": "max-age=600", "ETag": "auto"})
    machine.offer("speedy", "A")
    machine.install("speedy")
    machine.index.clear_log()
    machine.install("speedy")
    assert machine.index.requests == []
    machine.install("--refresh", "speedy")
    assert [request.status for request in machine.index.requests] == [304]


def test_what_pip_does_not_have_is_refused_where_pip_takes_over(machine: Machine):
    url = "hg+https://host.invalid/project"
    result, _ = machine.install("--offline", url, expect=1)
    assert "is left to pip, which has no --offline" in result.stderr
