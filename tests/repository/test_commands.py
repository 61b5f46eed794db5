"""No command imports another: what two of them share is work, and belongs into operations."""

from __future__ import annotations

import ast

import pytest

from support.sources import Source, sources

ENTRIES = ("pipwrap.cli.main", "pipwrap.cli.dispatch")
"""They choose the command, and import it to run it."""


def others(source: Source) -> list[str]:
    """Return where a command imports another."""
    return [
        f"{source.at(one.line)}: {one.module}: move what both need to operations"
        for one in source.imports()
        if one.module.startswith("pipwrap.cli.") and source.name not in ENTRIES
    ]


@pytest.mark.parametrize(
    "source",
    [each for each in sources() if each.is_below("pipwrap.cli")],
    ids=lambda source: source.name,
)
def test_a_command_imports_no_other(source: Source):
    assert others(source) == []


def test_a_late_import_of_another_command_is_found():
    code = "def run():\n    from pipwrap.cli.download import run\n"
    assert len(others(Source("pipwrap.cli.wheel", "wheel.py", code, ast.parse(code)))) == 1
