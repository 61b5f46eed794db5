"""What was seen of a build, and which variables of it are inputs."""

from __future__ import annotations

import pytest

from pipwrap.build import variables
from pipwrap.build.observation import Observation, parse


def seen(**names: str) -> Observation:
    """Return an observation of these names, by kind."""
    return Observation({kind: frozenset(text.split(",")) for kind, text in names.items()})


@pytest.mark.parametrize(
    ("program", "may"), [("git", True), ("/usr/bin/git", True), ("cmake", True), ("gcc", False)]
)
def test_programs_that_may_run_git(program: str, *, may: bool):
    assert seen(run=program).may_run_git == may


def test_git_is_known_not_to_have_run_where_every_process_was_observed():
    assert not seen(run="/usr/bin/cmake", file="/etc/x").may_run_git
    assert seen(run="/usr/bin/cmake,/usr/bin/git", file="/etc/x").may_run_git


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("CC", True),
        ("WRAPT_INSTALL_EXTENSIONS", True),
        ("SOURCE_DATE_EPOCH", True),
        ("_PYTHON_HOST_PLATFORM", True),
        ("PATH", False),
        ("HOME", False),
        ("LC_ALL", False),
        ("LC_IDENTIFICATION", False),
        ("PIP_INDEX_URL", False),
        ("_PYTHON_PROJECT_BASE", False),
        ("LD_PRELOAD", False),
    ],
)
def test_what_every_process_reads_is_no_input(name: str, *, counts: bool):
    assert variables.is_relevant(name) is counts


@pytest.mark.parametrize(
    ("name", "counts"),
    [("HOME", True), ("LANG", True), ("PATH", True), ("PWD", False), ("TMPDIR", False)],
)
def test_what_the_project_reads_by_name_is_an_input(name: str, *, counts: bool):
    assert (name in seen(env=name, own=name).relevant_variables(())) is counts
    assert name not in seen(env=name).relevant_variables(())


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("/usr/bin/cc", {"CPATH", "LIBRARY_PATH", "GCC_EXEC_PREFIX", "SOURCE_DATE_EPOCH"}),
        ("x86_64-linux-gnu-gcc-12", {"C_INCLUDE_PATH", "COMPILER_PATH"}),
        ("g++", {"CPLUS_INCLUDE_PATH"}),
        ("clang-15", {"SDKROOT"}),
        ("ld.gold", {"LD_RUN_PATH"}),
        ("cl.exe", {"INCLUDE", "_CL_"}),
        ("pkgconf", {"PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR"}),
        ("cmake", {"CMAKE_PREFIX_PATH", "CFLAGS", "CMAKE_ARGS", "PKG_CONFIG_PATH"}),
        ("meson", {"CC_LD", "CXXFLAGS"}),
        ("make", {"MAKEFLAGS", "CC"}),
        ("cargo", {"RUSTFLAGS", "CARGO_BUILD_TARGET"}),
        ("bash", {"BASH_ENV"}),
        ("true", set()),
    ],
)
def test_variables_of_tools_count_where_their_reads_were_not_seen(program: str, names: set[str]):
    observation = seen(run=program, env="PATH,FOO")
    found = observation.relevant_variables(observation.programs)
    assert found >= names | {"FOO"}
    assert "PATH" not in found
    assert names or found == {"FOO"}


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("sh\x1f-c\x1fcc $FLAGS_X ${MORE:-x} -o a", {"FLAGS_X", "MORE"}),
        ("printenv\x1fFEATURE", {"FEATURE"}),
        ("sh\x1f-c\x1fenv | grep FEATURE", {"FEATURE"}),
        ("make\x1fPREFIX=$(WHERE)", {"WHERE", "PREFIX"}),
        ("perl\x1f-e\x1fprint $ENV{FEATURE}", {"FEATURE"}),
        ("sh\x1f-c\x1fecho $HOME; cd /A/B", set()),
    ],
)
def test_variables_that_a_command_names_count(command: str, names: set[str]):
    found = Observation({"args": frozenset({command})}).relevant_variables(())
    assert found == names


def test_lines_that_are_not_whole_are_left_out():
    lines = ["env\tCC\n", "run\tgcc\n", "nonsense\n", "other\tx\n", "missing\tcc"]
    assert parse(lines) == seen(env="CC", run="gcc", missing="cc")


def test_a_beginning_that_code_looks_for_in_a_listing_counts_as_all_that_begin_so():
    assert seen(env="LIES_LIST", prefix="LIES_LIST").relevant_variables(()) == {
        "LIES_LIST",
        "LIES_LIST*",
    }


def test_a_line_of_code_that_reads_all_variables_copies():
    def read(site: str, owner: str, name: str) -> str:
        return f"read\t{site}\x1f{owner}\x1f{name}\n"

    lines = [read("log.py:1", "env", name) for name in ("AA", "BB")]
    lines += ["copy\tlog.py:1\n", read("setup.py:9", "own", "BB"), "read\tnot whole\n"]
    assert parse(lines) == seen(env="BB", own="BB")


def test_what_cargo_reads_of_its_copy_counts_although_every_process_was_observed():
    found = seen(run="/usr/bin/cargo", file="/etc/x").relevant_variables(())
    assert {"RUSTFLAGS", "CARGO_BUILD_*"} <= found
    assert "CFLAGS" not in found
    assert not seen(run="/usr/bin/gcc", file="/etc/x").relevant_variables(())
