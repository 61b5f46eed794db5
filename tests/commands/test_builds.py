"""Building: what is built, how often, what the cache keeps of it, and how a failure ends."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from support.archives import tar_gz_bytes, write_file
from support.environments import VirtualEnvironment, make_environment
from support.index import Index
from support.promises import cached_work, error_messages, refused
from support.runner import Runner
from support.sdists import BUILD_LOG
from support.wheels import builds, make_sdist, make_source_tree, make_wheel, wheel_of_installed


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory for the files of a test."""
    return tmp_path / "files"


@pytest.fixture
def build_log(tmp_path: Path) -> Path:
    """Return the file to which every hook appends a line."""
    return tmp_path / "build.log"


@pytest.fixture
def pipwrap(pipwrap: Runner, build_log: Path) -> Runner:
    """Return a runner whose builds are counted."""
    environ = {**pipwrap.environ, BUILD_LOG: str(build_log)}
    return Runner(pipwrap.environment, environ, pipwrap.directory)


SPELLINGS = (
    "./{name}",
    "{name}",
    "{path}",
    "file://{path}",
    "{url}",
    "demo @ file://{path}",
    "demo @ {url}",
)


@pytest.mark.parametrize("as_line", [False, True], ids=["argument", "line"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_sdist_that_the_user_names_is_built_anew_and_leaves_the_cache_alone(
    pipwrap: Runner,
    index: Index,
    build_log: Path,
    cache_root: Path,
    environment: VirtualEnvironment,
    spelling: str,
    as_line: bool,  # noqa: FBT001 - a parameter of the test
):
    """Whatever the spelling: nothing is read from the cache of built wheels, nothing written."""
    sdist = make_sdist(pipwrap.directory, "demo", "1.0")
    url = index.add(sdist)
    pipwrap("install", "demo", expect=0)
    before = cached_work(cache_root)
    text = spelling.format(name=sdist.name, path=sdist, url=url)
    arguments = [text]
    if as_line:
        (pipwrap.directory / "requirements.txt").write_text(text + "\n", encoding="utf-8")
        arguments = ["-r", "requirements.txt"]
    pipwrap("install", "--force-reinstall", *arguments, expect=0)
    assert builds(build_log) == ["demo 1.0", "demo 1.0"]
    assert cached_work(cache_root) == before
    assert environment.freeze() == ["demo==1.0"]


def test_a_named_sdist_writes_nothing_into_an_empty_cache_and_a_later_name_builds(
    pipwrap: Runner, index: Index, build_log: Path, cache_root: Path, tmp_path: Path
):
    sdist = make_sdist(pipwrap.directory, "demo", "1.0")
    index.add(sdist)
    pipwrap("install", f"./{sdist.name}", expect=0)
    assert cached_work(cache_root) == {"wheels-v2": {}, "store-v1": {}}
    second, third = (make_environment(tmp_path / name) for name in ("second", "third"))
    pipwrap.on(second)("install", "demo", expect=0)
    assert builds(build_log) == ["demo 1.0"] * 2
    pipwrap("install", "--force-reinstall", f"./{sdist.name}", expect=0)
    assert builds(build_log) == ["demo 1.0"] * 3
    result = pipwrap.on(third)("install", "demo", expect=0)
    assert builds(build_log) == ["demo 1.0"] * 3
    assert "  Using cached demo-1.0-py3-none-any.whl" in result.stdout


def test_a_named_sdist_that_is_installed_already_is_built_and_installed_again(
    pipwrap: Runner, build_log: Path, environment: VirtualEnvironment
):
    """As in pip: a path means these very bytes, whatever their version."""
    make_sdist(pipwrap.directory, "demo", "1.0")
    pipwrap("install", "./demo-1.0.tar.gz", expect=0)
    files = {"demo/__init__.py": "changed = True\n"}
    make_sdist(pipwrap.directory, "demo", "1.0", files=files)
    pipwrap("install", "./demo-1.0.tar.gz", expect=0)
    assert builds(build_log) == ["demo 1.0"] * 2
    assert environment.run_python("import demo; print(demo.changed)") == "True\n"


def test_no_binary_builds_once_and_a_second_environment_reuses(
    pipwrap: Runner, index: Index, files: Path, build_log: Path, tmp_path: Path
):
    index.add(make_wheel(files, "demo", "1.0"))
    index.add(make_sdist(files, "demo", "1.0"))
    arguments = ("install", "--no-binary", "demo", "demo")
    pipwrap(*arguments, expect=0)
    index.clear_log()
    second = make_environment(tmp_path / "second")
    pipwrap.on(second)(*arguments, expect=0)
    assert second.freeze() == ["demo==1.0"]
    assert builds(build_log) == ["demo 1.0"]
    assert index.paths() == ["/simple/demo/"]


def test_no_cache_dir_builds_every_time(
    pipwrap: Runner, index: Index, files: Path, build_log: Path
):
    index.add(make_sdist(files, "demo", "1.0"))
    for _ in range(2):
        pipwrap("install", "--no-cache-dir", "--force-reinstall", "demo", expect=0)
    assert builds(build_log) == ["demo 1.0"] * 2


@pytest.mark.parametrize("options", [("-v",), ("--log", "log.txt")], ids=" ".join)
def test_what_a_build_says_is_shown_to_those_who_want_it(
    pipwrap: Runner, index: Index, files: Path, options: tuple[str, ...]
):
    said = {"speaks.py": "import sys; print('said by', sys.argv[1], flush=True)"}
    index.add(make_sdist(files, "demo", "1.0", imports=["speaks"], extra_files=said))
    result = pipwrap("install", *options, "demo", cwd=pipwrap.directory, expect=0)
    log = pipwrap.directory / "log.txt"
    told = log.read_text() if log.exists() else result.stderr
    assert "Running command Building wheel for demo (pyproject.toml)" in told
    hooks = ("get_requires_for_build_wheel", "prepare_metadata_for_build_wheel", "build_wheel")
    assert [told.count(f"said by {hook}") for hook in hooks] == [1, 1, 1]
    assert "said by" not in (result.output if log.exists() else result.stdout)


def test_a_changed_sdist_under_the_same_name_is_built(
    pipwrap: Runner, index: Index, files: Path, build_log: Path, environment: VirtualEnvironment
):
    """The key is the content of the sdist, never its URL."""
    index.add(make_sdist(files, "demo", "1.0"))
    pipwrap("install", "demo", expect=0)
    index.add(make_sdist(files, "demo", "1.0", files={"demo/__init__.py": "changed = True\n"}))
    pipwrap("install", "--force-reinstall", "demo", expect=0)
    assert builds(build_log) == ["demo 1.0"] * 2
    assert environment.run_python("import demo; print(demo.changed)") == "True\n"


def test_an_sdist_reached_as_a_dependency_is_cached_though_it_is_a_url(
    pipwrap: Runner, index: Index, files: Path, build_log: Path
):
    """Only what the user names outright skips the cache."""
    url = index.add(make_sdist(files, "lib", "1.0"))
    index.add(make_wheel(files, "demo", "1.0", requires=[f"lib @ {url}"]))
    for _ in range(2):
        pipwrap("install", "--force-reinstall", "demo", expect=0)
    assert builds(build_log) == ["lib 1.0"]


def test_a_directory_is_built_every_time_and_never_cached(
    pipwrap: Runner, build_log: Path, cache_root: Path, environment: VirtualEnvironment
):
    make_source_tree(pipwrap.directory, "demo", "1.0")
    for _ in range(2):
        pipwrap("install", "./demo", expect=0)
    assert builds(build_log) == ["demo 1.0"] * 2
    assert cached_work(cache_root) == {"wheels-v2": {}, "store-v1": {}}
    assert environment.freeze() == ["demo==1.0"]


def test_static_metadata_of_an_sdist_needs_no_build(
    pipwrap: Runner, index: Index, files: Path, build_log: Path
):
    """PKG-INFO of metadata 2.2 without Dynamic is what the wheel will say (PEP 643)."""
    index.add(make_sdist(files, "demo", "1.0", metadata_version="2.2"))
    result = pipwrap("install", "--dry-run", "demo", expect=0)
    assert "Would install demo-1.0" in result.stdout
    assert not build_log.exists()


def test_build_requirements_come_from_the_index_static_and_dynamic(
    pipwrap: Runner, index: Index, files: Path, environment: VirtualEnvironment
):
    """They are resolved and installed by pipwrap itself, not into the user's environment."""
    for name in ("tool", "more", "deep"):
        requires = ["deep"] if name == "more" else []
        index.add(make_wheel(files, name, "1.0", requires=requires))
    sdist = make_sdist(files, "demo", "1.0", build_requires=["tool"], dynamic_requires=["more"])
    pipwrap("install", sdist, expect=0)
    assert {"/simple/tool/", "/simple/more/", "/simple/deep/"} <= set(index.paths())
    assert environment.freeze() == ["demo==1.0"]


def test_a_build_requirement_that_is_an_sdist_is_built_first(
    pipwrap: Runner, index: Index, files: Path, build_log: Path
):
    index.add(make_sdist(files, "tool", "1.0"))
    sdist = make_sdist(files, "demo", "1.0", build_requires=["tool"])
    pipwrap("install", sdist, expect=0)
    assert builds(build_log) == ["tool 1.0", "demo 1.0"]


def test_what_needs_itself_to_be_built_is_refused(pipwrap: Runner, index: Index, files: Path):
    index.add(make_sdist(files, "one", "1.0", build_requires=["two"]))
    index.add(make_sdist(files, "two", "1.0", build_requires=["one"]))
    refused(pipwrap, "install", "one", says="one is already being built: one -> two -> one")


@pytest.mark.parametrize("backend", ["legacy", "setuptools"])
def test_setuptools_builds_with_and_without_pyproject_toml(
    pipwrap: Runner,
    index: Index,
    files: Path,
    build_log: Path,
    environment: VirtualEnvironment,
    backend: str,
):
    """A setup.py alone means setuptools' legacy backend (PEP 517), from the index like any."""
    for name in ("setuptools", "wheel", "packaging"):
        index.add(wheel_of_installed(files, name))
    scripts = {"console_scripts": ["demo = demo:main"]}
    sdist = make_sdist(files, "demo", "1.0", backend=backend, entry_points=scripts)  # type: ignore[arg-type]
    pipwrap("install", sdist, expect=0)
    assert builds(build_log) == ["demo 1.0"]
    assert environment.run_script("demo") == "demo 1.0\n"
    assert "/simple/setuptools/" in index.paths()


STEPS = {
    "get_requires_for_build_wheel": "Getting requirements to build wheel",
    "prepare_metadata_for_build_wheel": "Preparing metadata (pyproject.toml)",
    "build_wheel": "Building wheel for demo (pyproject.toml)",
}


@pytest.mark.parametrize("step", STEPS)
def test_a_build_that_fails_shows_its_last_lines_and_keeps_its_log(
    pipwrap: Runner, index: Index, files: Path, step: str
):
    output = "\n".join(f"line {number}" for number in range(200)) + "\nthe compiler is missing"
    index.add(make_sdist(files, "demo", "1.0", fail_in=step, output=output))  # type: ignore[arg-type]
    index.add(make_wheel(files, "lib", "1.0"))
    result = pipwrap("install", "lib", "demo")
    assert result.returncode == 1, result.output
    assert pipwrap.environment.freeze() == []
    assert len(error_messages(result)) == 1, result.output
    assert "Traceback" not in result.output
    assert STEPS[step] in result.stderr
    assert "line 199" in result.stderr
    assert "the compiler is missing" in result.stderr
    assert "line 100\n" not in result.stderr
    (log,) = re.findall(r"(/\S+\.log)\b", result.stderr)
    assert "line 0\n" in Path(log).read_text("utf-8")


def test_a_failed_build_leaves_the_environment_and_the_built_wheels_as_they_were(
    pipwrap: Runner, index: Index, files: Path, cache_root: Path
):
    index.add(make_sdist(files, "demo", "1.0", fail_in="build_wheel"))
    refused(pipwrap, "install", "demo", says="the build says why it failed")
    assert not (cache_root / "wheels-v2").exists()
    assert os.listdir(cache_root / "tmp-v1") == []


def test_a_wheel_that_is_not_what_its_sdist_promised_is_refused(
    pipwrap: Runner, index: Index, files: Path
):
    wrong = make_sdist(files / "other", "other", "1.0", filename="demo-1.0.tar.gz", root="demo-1.0")
    index.add(wrong)
    says = "No matching distribution found for demo==1.0"
    result = refused(pipwrap, "install", "demo==1.0", says=says, messages=2)
    assert "inconsistent name: expected 'demo', but metadata has 'other'" in result.stdout


def test_missing_build_requirements_are_named(pipwrap: Runner, index: Index, files: Path):
    sdist = make_sdist(files, "demo", "1.0", build_requires=["no-such-tool"])
    says = "No matching distribution found for no-such-tool"
    refused(pipwrap, "install", sdist, says=says)


@pytest.mark.parametrize(
    "pyproject", ["[build-system\n", "[build-system]\nrequires = 'x'\n"], ids=["toml", "type"]
)
def test_a_pyproject_toml_that_is_no_good_is_one_message(
    pipwrap: Runner, files: Path, pyproject: str
):
    sdist = make_sdist(files, "demo", "1.0", pyproject=pyproject)
    refused(pipwrap, "install", sdist, says="pyproject.toml")


def test_a_backend_path_outside_the_tree_is_refused(pipwrap: Runner, files: Path):
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "x"\nbackend-path = ["../.."]\n'
    sdist = make_sdist(files, "demo", "1.0", pyproject=pyproject)
    refused(pipwrap, "install", sdist, says="backend-path")


def test_a_backend_that_cannot_be_imported_is_one_message(pipwrap: Runner, files: Path):
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "no_such_backend"\n'
    sdist = make_sdist(files, "demo", "1.0", pyproject=pyproject)
    refused(pipwrap, "install", sdist, says="no_such_backend")


def test_a_directory_without_a_project_is_refused_in_pips_words(pipwrap: Runner):
    (pipwrap.directory / "empty").mkdir()
    result = refused(pipwrap, "install", "./empty", says="is not installable")
    assert pipwrap.pip("install", "./empty", expect=1).stderr == result.stderr


def test_an_sdist_without_a_project_inside_is_refused(pipwrap: Runner, files: Path, index: Index):
    sdist = write_file(files / "demo-1.0.tar.gz", tar_gz_bytes({"demo-1.0/README": "nothing"}))
    refused(pipwrap, "install", sdist, says="does not appear to be a Python project")


def test_the_working_directory_is_named_as_by_pip(pipwrap: Runner, files: Path):
    tree = make_source_tree(files, "demo", "1.0")
    for place, shown in ((tree, "./."), (files, "./demo"), (files.parent, "./files/demo")):
        arguments = ("install", "--no-build-isolation", "--dry-run", str(tree))
        lines = [run(*arguments, cwd=place).stdout.splitlines() for run in (pipwrap, pipwrap.pip)]
        assert all(f"Processing {shown}" in each for each in lines)


@pytest.mark.parametrize("command", [("install",), ("wheel", "-w", "into")], ids=" ".join)
def test_without_a_cache_a_failed_build_leaves_nothing_as_in_pip(
    pipwrap: Runner, tmp_path: Path, command: tuple[str, ...]
):
    """No path is named where nothing stays."""
    tree = make_source_tree(tmp_path / "tree", "demo", "1.0", fail_in="build_wheel")
    temporary = Path(pipwrap.environ["TMPDIR"])
    result = pipwrap(*command, "--no-cache-dir", tree, expect=1)
    assert "the build says why it failed" in result.stderr
    assert "The whole log is in" not in result.stderr
    assert str(temporary) not in result.stderr
    assert list(temporary.iterdir()) == []
