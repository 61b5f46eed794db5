"""What stands in ``#egg=`` that is no project's name is refused with pip's advice on it."""

from __future__ import annotations

import pytest

from support.runner import Runner


@pytest.mark.parametrize(
    "fragment", ["demo[x]", "demo[x", "demo==1.0", "demo[x]>=1", "-x", "a b", "a%20b", ""]
)
@pytest.mark.parametrize("option", [[], ["-e"]], ids=["plain", "editable"])
def test_the_advice_is_that_of_pip(pipwrap: Runner, option: list[str], fragment: str):
    command = ["install", *option, f"git+file:///nowhere#egg={fragment}"]
    ours, theirs = pipwrap(*command), pipwrap.pip(*command)
    assert "egg fragment is invalid" in theirs.stderr
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr)
