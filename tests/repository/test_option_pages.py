"""What docs/options.md and docs/handed-over.md claim is what the tables do, and pip has."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from pipwrap.options.configuration import Configuration
from pipwrap.options.options import handed_over
from pipwrap.options.parser import parse
from pipwrap.options.table import COMMANDS, by_spelling, options_of
from support.sources import PROJECT

ROW = re.compile(r"^\| (`-.*`) \| (.*) \| (.*) \|$", re.MULTILINE)
INITIALS = {command[0].upper(): command for command in COMMANDS}


def _page(name: str) -> str:
    return (PROJECT / "docs" / name).read_text(encoding="utf-8")


def _rows() -> list[tuple[str, str, str]]:
    return [
        (spelling, commands, claim)
        for spellings, commands, claim in ROW.findall(_page("options.md"))
        for spelling in re.findall(r"`([^`]+)`", spellings)
    ]


def test_pages_are_as_they_are_drawn():
    command = [sys.executable, str(PROJECT / "scripts" / "draw_options.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run scripts/draw_options.py: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row[0])
def test_an_option_is_handed_over_where_the_page_says_so(row: tuple[str, str, str]):
    spelling, commands, claim = row
    for command in (
        COMMANDS if commands == "general" else map(INITIALS.__getitem__, commands.split())
    ):
        option = by_spelling(options_of(command))[spelling]
        values = option.choices or ("1",)
        for value in values if option.takes_value else (None,):
            given = "k=v" if option.value_type == "KEY=VAL" else value
            line = [command, spelling, *([] if given is None else [given]), "x"]
            expected = claim == "handed over" or f"`{value}`" in claim.partition("handed over")[2]
            assert (handed_over(parse(line), Configuration()) is not None) == expected, line


def test_the_commands_of_pip_are_ours_or_on_the_list():
    code = "from pip._internal.commands import commands_dict as c; print(*c)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listed = re.findall(r"^\| `(\w+)` \|", _page("handed-over.md"), re.MULTILINE)
    assert sorted((*listed, *COMMANDS)) == sorted(done.stdout.split())
