"""PEP 668: what a distributor's marker forbids, and what it does not reach."""

from __future__ import annotations

import pytest

from pipwrap.operations.install_scheme import is_in_environment
from pipwrap.options.options import Options


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, True),
        ({"dry_run": True}, True),
        ({"report": "-"}, True),
        ({"dry_run": True, "report": "-"}, False),
        ({"target_dir": "t"}, False),
        ({"prefix_path": "p"}, False),
        ({"root_path": "r"}, False),
        ({"user": True}, True),
    ],
    ids=str,
)
def test_only_changes_of_the_environment_itself_are_the_distributors(
    options: dict[str, object],
    expected: bool,  # noqa: FBT001
):
    assert is_in_environment(Options(command="install", **options)) is expected  # type: ignore[arg-type]
