"""A failed build, and a degraded wheel, say which package has what was looked for in vain."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from support.index import Index
from support.runner import Runner
from support.sdists import make_sdist

# No machine has these files: a directory of the table, a program of the table, and of no row.
HEADER = "demo.c:1:10: fatal error: libxml/of_no_release.h: No such file or directory"
PROGRAM = "error: command 'gcc-99' failed: No such file or directory"
NOWHERE = "demo.c:1:10: fatal error: of_no_package.h: No such file or directory"

PACKAGES = {
    "debian": "To install its package: apt-get install libxml2-dev",
    "fedora": "To install its package: dnf install libxml2-devel",
    "alpine": "To install its package: apk add libxml2-dev",
    "arch": "To install its package: pacman -S libxml2",
    "darwin": "To install its package: brew install libxml2",
    "": "Its package: libxml2-dev (Debian), libxml2-devel (Fedora), libxml2-dev (Alpine), "
    "libxml2 (Arch), libxml2 (Homebrew)",
}
COMPILERS = {
    "debian": "To install its package: apt-get install gcc",
    "fedora": "To install its package: dnf install gcc",
    "alpine": "To install its package: apk add build-base",
    "arch": "To install its package: pacman -S gcc",
    "darwin": "To install its package: xcode-select --install",
    "": "Its package: gcc (Debian), gcc (Fedora), build-base (Alpine), gcc (Arch), "
    "xcode-select --install (Homebrew)",
}
QUESTIONS = {
    "debian": ("To find its package: apt-file search of_no_package.h",),
    "fedora": ("To find its package: dnf provides '*/of_no_package.h'",),
    "alpine": ("To find its package: https://pkgs.alpinelinux.org/contents?file=of_no_package.h",),
    "arch": ("To find its package: pacman -F of_no_package.h",),
    "darwin": ("To find its package: brew search of_no_package",),
    "": (),
}


def system() -> str:
    if sys.platform == "darwin":
        return "darwin"
    try:
        fields = platform.freedesktop_os_release()
    except OSError:
        return ""
    like = [fields["ID"], *fields.get("ID_LIKE", "").split()]
    return next((each for each in like if each in PACKAGES), "")


def hints(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if line.startswith("  hint: ")]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.mark.parametrize("step", ["prepare_metadata_for_build_wheel", "build_wheel"])
@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param(
            HEADER,
            (f"libxml/of_no_release.h was not found. {PACKAGES[system()]}",),
            id="a header",
        ),
        pytest.param(
            PROGRAM, (f"The program gcc-99 was not found. {COMPILERS[system()]}",), id="a program"
        ),
        pytest.param(
            NOWHERE,
            tuple(f"of_no_package.h was not found. {each}" for each in QUESTIONS[system()]),
            id="of no row",
        ),
        pytest.param("it is broken", (), id="nothing"),
    ],
)
def test_a_failed_build_names_the_package_in_one_line(
    pipwrap: Runner, index: Index, files: Path, step: str, output: str, expected: tuple[str, ...]
):
    index.add(make_sdist(files, "demo", "1.0", fail_in=step, output=output))  # type: ignore[arg-type]
    stderr = pipwrap("wheel", "--no-deps", "demo", expect=1).stderr
    *advice, log = hints(stderr)
    assert tuple(advice) == tuple(f"  hint: {line}" for line in expected)
    assert log.startswith("  hint: The whole log is in ")


def test_a_file_that_the_host_has_is_not_to_be_installed(
    pipwrap: Runner, index: Index, files: Path, tmp_path: Path
):
    """The compiler looked for it in another place."""
    (tmp_path / "include" / "libxml").mkdir(parents=True)
    (tmp_path / "include" / "libxml" / "of_no_release.h").touch()
    index.add(make_sdist(files, "demo", "1.0", fail_in="build_wheel", output=HEADER))
    environ = {**pipwrap.environ, "CPATH": str(tmp_path / "include")}
    result = Runner(pipwrap.environment, environ, pipwrap.directory)("install", "demo", expect=1)
    (log,) = hints(result.stderr)
    assert "The whole log is in" in log


def test_three_lines_stand_below_each_other(pipwrap: Runner, index: Index, files: Path):
    output = f"{HEADER}\n{NOWHERE}\n{PROGRAM}"
    index.add(make_sdist(files, "demo", "1.0", fail_in="build_wheel", output=output))
    stderr = pipwrap("install", "demo", expect=1).stderr
    assert (
        f"  hint: The program gcc-99 was not found. {COMPILERS[system()]}\n"
        f"        libxml/of_no_release.h was not found. {PACKAGES[system()]}\n"
        "  hint: The whole log is in "
    ) in stderr
