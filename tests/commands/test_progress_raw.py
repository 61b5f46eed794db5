"""``--progress-bar raw``: lines for programs."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel


@pytest.fixture(autouse=True)
def offered(index: Index, tmp_path: Path) -> Index:
    """Return an index with a large wheel and a small one."""
    content = random.Random(1).randbytes(700_000)
    index.add(make_wheel(tmp_path / "files", "large", "1.0", files={"large.bin": content}))
    index.add(make_wheel(tmp_path / "files", "small", "1.0"))
    return index


def progress(text: str) -> list[str]:
    """Return the lines of progress."""
    return re.findall(r"^Progress \d+ of \d+$", text, re.MULTILINE)


@pytest.mark.parametrize("project", ["large", "small"])
@pytest.mark.parametrize("verbosity", [[], ["-q"]], ids=str)
def test_the_lines_begin_and_end_as_pips(pipwrap: Runner, project: str, verbosity: list[str]):
    arguments = ["download", *verbosity, "--progress-bar", "raw", "--no-deps", "-d"]
    ours = progress(pipwrap(*arguments, "ours", project, expect=0).stdout)
    theirs = progress(pipwrap.pip(*arguments, "theirs", project, expect=0).stdout)
    assert (ours[:1], ours[-1:]) == (theirs[:1], theirs[-1:])
    assert bool(ours) is (project == "large" and not verbosity)


def test_what_is_cached_has_no_progress(pipwrap: Runner):
    pipwrap("download", "-d", "one", "large", expect=0)
    result = pipwrap("download", "--progress-bar", "raw", "-d", "two", "large", expect=0)
    assert progress(result.stdout) == []
