"""What pip leaves out unless somebody asks: pre-releases, yanked files, other Pythons' files."""

from __future__ import annotations

from pipwrap.model.release_control import ReleaseControl
from resolution.cases import Case, check, parametrized
from resolution.worlds import f

PRE = {"releases": ReleaseControl(frozenset({":all:"}))}


PRERELEASES = {
    "not without being asked for": Case(
        {"a": [f("1.0"), f("2.0b1"), f("2.0.dev1")]}, ("a",), {"a": "1.0"}, unvisited=("a==2.0b1",)
    ),
    "a specifier names one": Case({"a": [f("1.0"), f("2.0b1")]}, ("a>=2.0a1",), {"a": "2.0b1"}),
    "nothing else matches": Case({"a": [f("1.0b1"), f("1.0b2")]}, ("a",), {"a": "1.0b2"}),
    "nothing else matches the specifier": Case(
        {"a": [f("1.0"), f("2.0b1")]}, ("a>1",), {"a": "2.0b1"}
    ),
    "a dependency pins one that another would leave out": Case(
        {
            "a": [f("1.0", "c==1.0b1")],
            "b": [f("1.0", "c>=0.5")],
            "c": [f("0.9"), f("1.0b1")],
        },
        ("a", "b"),
        {"a": "1.0", "b": "1.0", "c": "1.0b1"},
    ),
    "the same the other way round": Case(
        {
            "a": [f("1.0", "c==1.0b1")],
            "b": [f("1.0", "c>=0.5")],
            "c": [f("0.9"), f("1.0b1")],
        },
        ("b", "a"),
        {"a": "1.0", "b": "1.0", "c": "1.0b1"},
    ),
    "found late": Case(
        {
            "a": [f("1.0", "c>=0.5", "d")],
            "c": [f("0.9"), f("1.0b1")],
            "d": [f("1.0", "e")],
            "e": [f("1.0", "c==1.0b1")],
        },
        ("a",),
        {"a": "1.0", "c": "1.0b1", "d": "1.0", "e": "1.0"},
    ),
    "found late, whichever version asks": Case(
        {
            "a": [f("1.0", "c>=0.5", "d")],
            "c": [f("0.9"), f("1.0b1")],
            "d": [f("1.0", "e"), f("2.0", "e")],
            "e": [f("1.0", "c==1.0b1"), f("2.0", "c==1.0b1")],
        },
        ("a",),
        {"a": "1.0", "c": "1.0b1", "d": "2.0", "e": "2.0"},
    ),
    "of a version that is given up does not serve others": Case(
        {
            "a": [f("1.0", "b", "c>=0.5")],
            "b": [f("1.0"), f("2.0", "c==1.0b1", "d>1")],
            "c": [f("0.9", "d>1"), f("1.0b1")],
            "d": [f("1.0")],
        },
        ("a",),
        None,
    ),
    "a final release that cannot be used does not let one in": Case(
        {"a": [f("1.0", "b>1"), f("2.0b1")], "b": [f("1.0")]}, ("a",), None
    ),
    "--pre": Case({"a": [f("1.0"), f("2.0b1")]}, ("a",), {"a": "2.0b1"}, rules=PRE),
    "--pre reaches dependencies": Case(
        {"a": [f("1.0", "b")], "b": [f("1.0"), f("2.0rc1")]},
        ("a",),
        {"a": "1.0", "b": "2.0rc1"},
        rules=PRE,
    ),
    "only final ones": Case(
        {"a": [f("1.0b1")]},
        ("a",),
        None,
        rules={"releases": ReleaseControl(only_final=frozenset({":all:"}))},
    ),
    "post releases are final": Case({"a": [f("1.0"), f("1.0.post1")]}, ("a",), {"a": "1.0.post1"}),
}


YANKED = {
    "left out": Case({"a": [f("1.0"), f("2.0", yanked="bad")]}, ("a",), {"a": "1.0"}),
    "left out though nothing else is there": Case({"a": [f("2.0", yanked="")]}, ("a",), None),
    "left out though nothing else matches": Case(
        {"a": [f("1.0"), f("2.0", yanked="")]}, ("a>1",), None
    ),
    "pinned": Case({"a": [f("1.0"), f("2.0", yanked="")]}, ("a==2.0",), {"a": "2.0"}),
    "pinned exactly": Case({"a": [f("1.0"), f("2.0", yanked="")]}, ("a===2.0",), {"a": "2.0"}),
    "a wildcard is no pin": Case({"a": [f("2.0", yanked="")]}, ("a==2.*",), None),
    "pinned by a constraint": Case(
        {"a": [f("1.0"), f("2.0", yanked="")]},
        ("a",),
        {"a": "2.0"},
        rules={"constraints": ["a==2"]},
    ),
    "pinned by a dependency": Case(
        {"a": [f("1.0", "b==1.0")], "b": [f("1.0", yanked=""), f("2.0")]},
        ("a",),
        {"a": "1.0", "b": "1.0"},
    ),
    "pinned, and a pre-release": Case(
        {"a": [f("1.0"), f("2.0b1", yanked="")]}, ("a==2.0b1",), {"a": "2.0b1"}
    ),
}


PYTHONS = {
    "metadata of the newest excludes this Python": Case(
        {"a": [f("1.0"), f("2.0", requires_python=">=4")]}, ("a",), {"a": "1.0"}
    ),
    "all exclude it": Case({"a": [f("1.0", requires_python="<3")]}, ("a",), None),
    "a dependency excludes it": Case(
        {"a": [f("1.0", "b"), f("0.9")], "b": [f("1.0", requires_python="<3")]},
        ("a",),
        {"a": "0.9"},
    ),
    "--ignore-requires-python": Case(
        {"a": [f("1.0", requires_python="<3")]},
        ("a",),
        {"a": "1.0"},
        rules={"ignore_requires_python": True},
    ),
    "invalid ones admit all": Case({"a": [f("1.0", requires_python="huh")]}, ("a",), {"a": "1.0"}),
    "--no-deps does not switch it off": Case(
        {"a": [f("1.0", requires_python="<3")]}, ("a",), None, rules={"ignore_dependencies": True}
    ),
}


@parametrized({"pre-releases": PRERELEASES, "yanked": YANKED, "Requires-Python": PYTHONS})
def test_the_choice_is_pips(case: Case) -> None:
    check(case)
