"""Entry points and what is made of them; where pip ends with a traceback there is one error."""

from __future__ import annotations

import pytest

from pipwrap.errors import InvalidDistribution
from pipwrap.install.scripts import Script, find_scripts, parse_entry_points

LINES = {
    "comment": ("a = m:f  # note", "a", "m", "f"),
    "extra": ("a = m:f [x,y]", "a", "m", "f"),
    "call": ("a = m:f()", "a", "m", "f"),
    "path": ("a.b = m.n:f.g", "a.b", "m.n", "f.g"),
    "space": ("my tool = m:f", " tool", "m", "f"),
    "equals": ("a==m:f", " =", "m", "f"),
    "no name": ("= m:f", " ", "m", "f"),
}


@pytest.mark.parametrize(("line", "name", "module", "attribute"), LINES.values(), ids=LINES)
def test_a_script_calls_what_its_entry_point_names(
    line: str, name: str, module: str, attribute: str
):
    found = parse_entry_points(f"[console_scripts]\n{line}\n")
    expected = Script(name, module, attribute, is_console=True)
    assert find_scripts(found, (3, 11, 7), "/bin") == (expected,)


@pytest.mark.parametrize(
    "line",
    [
        "a",
        "a =",
        "a = :f",
        'a = "m:f"',
        "a = m:f:g",
        "a = m:f [a.b]",
        "a = m:f []",
        "a = m:f # [x] y",
        "[a = m:f",
        ";a",
        "a\0b = m:f",
    ],
)
def test_what_pip_fails_on_is_one_error(line: str):
    found = parse_entry_points(f"[console_scripts]\n{line}\n")
    with pytest.raises(InvalidDistribution, match="should be NAME = MODULE:OBJECT"):
        find_scripts(found, (3, 11, 7), "/bin")


def test_other_sections_are_not_judged():
    text = "[x]\njunk\n[console_scripts]\na = m:f\n[y]\na = :\n"
    assert find_scripts(parse_entry_points(text), (3, 11, 7), "/bin")[0].name == "a"


def test_a_long_name_takes_no_time():
    """The expression alone would begin again at each of its characters."""
    found = parse_entry_points(f"[console_scripts]\n{'a ' * 50_000}{'b' * 100_000}\n")
    with pytest.raises(InvalidDistribution):
        find_scripts(found, (3, 11, 7), "/bin")
