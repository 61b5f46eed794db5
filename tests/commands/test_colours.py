"""What goes to stderr has pip's colours, where pip gives it any."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.index import Index
from support.runner import Runner
from support.wheels import make_source_tree, make_wheel

FORCED = {"FORCE_COLOR": "1"}


@pytest.mark.parametrize(
    ("options", "environ"),
    [
        pytest.param((), FORCED, id="forced"),
        pytest.param(("--no-color",), FORCED, id="--no-color"),
        pytest.param((), {}, id="no terminal"),
    ],
)
def test_errors_and_warnings_are_coloured_as_by_pip(
    pipwrap: Runner, index: Index, tmp_path: Path, options: tuple[str, ...], environ: dict[str, str]
):
    index.add(make_wheel(tmp_path, "old", "1.0"), yanked="broken")
    for requirements in (("no-such-project",), ("old==1.0", "--dry-run"), ("./nothing.whl",)):
        arguments = ("install", *options, *requirements)
        ours = pipwrap(*arguments, environ=environ)
        theirs = pipwrap.pip(*arguments, environ=environ)
        assert ours.stderr.splitlines()[0] == theirs.stderr.splitlines()[0]
        assert ours.stderr.splitlines()[-1] == theirs.stderr.splitlines()[-1]
        assert ("\x1b[" in ours.stderr) is (environ == FORCED and not options)


def test_the_frame_of_a_failed_build_has_its_marks_coloured(pipwrap: Runner, tmp_path: Path):
    tree = make_source_tree(tmp_path, "demo", "1.0", fail_in="build_wheel")
    arguments = ("install", "--no-build-isolation", str(tree))
    marks = [
        "\x1b[1;31merror\x1b[0m: \x1b[1msubprocess-exited-with-error\x1b[0m",
        "\x1b[31m×\x1b[0m ",
        "\x1b[31m╰─>\x1b[0m \x1b[31m[1 lines of output]\x1b[0m",
        "\x1b[1;35mnote\x1b[0m: ",
    ]
    for run in (pipwrap, pipwrap.pip):
        said = run(*arguments, environ=FORCED, expect=1).stderr
        assert [mark for mark in marks if mark not in said] == []


def test_no_color_in_the_environment_is_heeded(pipwrap: Runner, index: Index):
    del index
    said = pipwrap("install", "no-such-project", environ={**FORCED, "NO_COLOR": "1"}, expect=1)
    assert "\x1b[" not in said.stderr
