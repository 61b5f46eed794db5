"""The table of packages is whole, and each thing is in it once."""

from __future__ import annotations

import re
from collections import Counter

from pipwrap.build import system_packages
from pipwrap.build.system_packages import SYSTEMS, packages_of

LINES = system_packages._TABLE.strip().splitlines()


def things() -> list[str]:
    return [thing for line in LINES if line.startswith(" ") for thing in line.split()]


def test_every_row_has_a_cell_for_each_system_and_holds_something() -> None:
    heads = [number for number, line in enumerate(LINES) if not line.startswith(" ")]
    assert [LINES[each] for each in heads if LINES[each].count("|") != len(SYSTEMS) - 1] == []
    assert [LINES[each] for each in heads if not LINES[each + 1].startswith(" ")] == []
    assert len(things()) > 150


def test_nothing_is_in_two_rows() -> None:
    counted = Counter(thing.casefold() for thing in things())
    assert [thing for thing, count in counted.items() if count > 1] == []


def test_packages_are_words_that_a_shell_takes_as_they_are() -> None:
    for thing in things():
        row = packages_of([thing], "3.13")
        if row is None:
            row = packages_of([thing.replace("{python}", "3.13")], "3.13")
        assert row is not None
        for name in row.values():
            assert re.fullmatch(r"[\w.+@-]+( [\w.+@-]+)*", name), name
