"""The same command through pipwrap and the real pip, without their caches knowing of each other."""

from __future__ import annotations

import re

from support.archives import StrPath
from support.runner import Result, Runner


def beside(runner: Runner, *arguments: StrPath, **keywords: object) -> tuple[Result, Result]:
    """Return what pipwrap and the real pip made of one command line that changes nothing."""
    ours = runner(*arguments, **keywords)  # type: ignore[arg-type]
    theirs = runner.pip(*arguments, "--no-cache-dir", **keywords)  # type: ignore[arg-type]
    return ours, theirs


def assert_same(ours: Result, theirs: Result) -> None:
    """Assert the same exit status, and the same lines on the same streams."""
    assert (ours.returncode, plain(ours.stdout), plain(ours.stderr)) == (
        theirs.returncode,
        plain(theirs.stdout),
        plain(theirs.stderr),
    ), f"pipwrap: {ours.output}\npip: {theirs.output}"


def plain(text: str) -> str:
    """Return the text without what differs for reasons of its own.

    A cache may have had the file; pipwrap notes which pages it could not read; pip's usage names the program by its path; pip shows a
    traceback where an option's own check refuses its value.
    """
    text = re.sub(r"Using cached|Downloading", "Getting", text)
    text = re.sub(r"(?m)^NOTE: \S+ could not be read: .*\n", "", text)
    text = re.sub(r"(?s)^\s*Usage:.*?\n\n", "Usage\n", text)
    return re.sub(r"(?s)^Traceback .*\n[\w.]+Error: ", "ERROR: ", text)
