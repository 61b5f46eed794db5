"""pip's choices among what an index offers and what is installed."""

from __future__ import annotations

from resolution.cases import Case, check, parametrized
from resolution.worlds import f

UPGRADE = {"keeps": lambda project: False}
"""-U with the eager strategy: nothing that is installed is preferred."""

PLAIN = {
    "newest wins": Case(
        {"a": [f("1.0"), f("3.0"), f("2.0")]}, ("a",), {"a": "3.0"}, unvisited=("a==1.0", "a==2.0")
    ),
    "versions compare as PEP 440 says": Case({"a": [f("1.9"), f("1.10")]}, ("a",), {"a": "1.10"}),
    "specifier": Case({"a": [f("1.0"), f("2.0")]}, ("a<2",), {"a": "1.0"}, unvisited=("a==2.0",)),
    "two requirements of the user for one project": Case(
        {"a": [f("1.0"), f("2.0"), f("3.0")]}, ("a>1", "a<3"), {"a": "2.0"}
    ),
    "dependencies": Case(
        {"a": [f("1.0", "b>=1")], "b": [f("1.0", "c"), f("0.9")], "c": [f("5.0")]},
        ("a",),
        {"a": "1.0", "b": "1.0", "c": "5.0"},
        unvisited=("b==0.9",),
    ),
    "diamond": Case(
        {
            "a": [f("1.0", "c<3")],
            "b": [f("1.0", "c>1")],
            "c": [f("1.0"), f("2.0"), f("3.0")],
        },
        ("a", "b"),
        {"a": "1.0", "b": "1.0", "c": "2.0"},
        unvisited=("c==1.0", "c==3.0"),
    ),
    "markers leave out": Case(
        {"a": [f("1.0", "b; sys_platform == 'win32'", "c; python_version >= '3'")], "c": [f("1")]},
        ("a",),
        {"a": "1.0", "c": "1"},
        unasked=("b",),
    ),
    "cycle": Case(
        {"a": [f("1.0", "b")], "b": [f("2.0", "a>=1")]}, ("a",), {"a": "1.0", "b": "2.0"}
    ),
    "cycle that excludes the newest": Case(
        {"a": [f("1.0", "b"), f("2.0", "b")], "b": [f("1.0", "a<2")]},
        ("a",),
        {"a": "1.0", "b": "1.0"},
    ),
    "a version that wants another of itself": Case(
        {"a": [f("1.0"), f("2.0", "a<2")]}, ("a",), {"a": "1.0"}
    ),
    "a version that wants itself": Case({"a": [f("1.0", "a==1.0")]}, ("a",), {"a": "1.0"}),
    "backtracking over metadata": Case(
        {
            "a": [f("3.0", "b>=9"), f("2.0", "b>=9"), f("1.0", "b")],
            "b": [f("1.0"), f("2.0")],
        },
        ("a",),
        {"a": "1.0", "b": "2.0"},
        unvisited=("b==1.0",),
    ),
    "backtracking over a dependency": Case(
        {
            "a": [f("1.0", "c==1")],
            "b": [f("2.0", "c==2"), f("1.0", "c==1")],
            "c": [f("1"), f("2")],
        },
        ("a", "b"),
        {"a": "1.0", "b": "1.0", "c": "1"},
        unvisited=("c==2",),
    ),
    "no deps": Case(
        {"a": [f("1.0", "b")]},
        ("a",),
        {"a": "1.0"},
        rules={"ignore_dependencies": True},
        unasked=("b",),
    ),
    "spelling": Case(
        {"zope-interface": [f("1.0")], "a": [f("1.0", "Zope.Interface")]},
        ("A", "zope_interface"),
        {"a": "1.0", "zope-interface": "1.0"},
    ),
    "arbitrary equality": Case({"a": [f("1.0"), f("2.0")]}, ("a===1.0",), {"a": "1.0"}),
    "local versions": Case(
        {"a": [f("1.0"), f("1.0+cpu"), f("1.0+gpu")]}, ("a==1.0",), {"a": "1.0+gpu"}
    ),
}


CONSTRAINTS = {
    "constraint holds a version back": Case(
        {"a": [f("1.0"), f("2.0")]}, ("a",), {"a": "1.0"}, rules={"constraints": ["a<2"]}
    ),
    "constraint on a dependency": Case(
        {"a": [f("1.0", "b")], "b": [f("1.0"), f("2.0")]},
        ("a",),
        {"a": "1.0", "b": "1.0"},
        rules={"constraints": ["b==1.0"]},
        unvisited=("b==2.0",),
    ),
    "constraint on what is not needed": Case(
        {"a": [f("1.0")]}, ("a",), {"a": "1.0"}, rules={"constraints": ["b<2"]}, unasked=("b",)
    ),
    "constraint on what only has extras asked for": Case(
        {"a": [f("1.0", extras=["x"]), f("2.0", extras=["x"])]},
        ("a[x]",),
        {"a": "1.0"},
        rules={"constraints": ["a<2"]},
    ),
    "constraint that nothing satisfies": Case(
        {"a": [f("1.0")]}, ("a",), None, rules={"constraints": ["a>1"]}
    ),
    "constraint that names a pre-release": Case(
        {"a": [f("1.0"), f("2.0b1")]}, ("a",), {"a": "2.0b1"}, rules={"constraints": ["a>=2.0b1"]}
    ),
    "constraint against what is installed": Case(
        {"a": [f("1.0"), f("2.0")]},
        ("a",),
        {"a": "1.0"},
        installed={"a": f("2.0")},
        rules={"constraints": ["a<2"]},
    ),
}


INSTALLED = {
    "kept": Case({}, ("a",), {"a": "1.0 (installed)"}, installed={"a": f("1.0")}, unasked=("a",)),
    "kept as a dependency": Case(
        {"a": [f("1.0", "b>=1")]},
        ("a",),
        {"a": "1.0", "b": "1.0 (installed)"},
        installed={"b": f("1.0")},
        unasked=("b",),
    ),
    "its own dependencies count": Case(
        {"b": [f("1.0"), f("2.0")]},
        ("a",),
        {"a": "1.0 (installed)", "b": "1.0"},
        installed={"a": f("1.0", "b<2")},
        unasked=("a",),
    ),
    "kept though it is a pre-release": Case(
        {}, ("a",), {"a": "2.0b1 (installed)"}, installed={"a": f("2.0b1")}, unasked=("a",)
    ),
    "its Requires-Python does not count": Case(
        {},
        ("a",),
        {"a": "1.0 (installed)"},
        installed={"a": f("1.0", requires_python=">=4")},
        unasked=("a",),
    ),
    "replaced when it does not satisfy": Case(
        {"a": [f("1.0"), f("2.0")]}, ("a>1",), {"a": "2.0"}, installed={"a": f("1.0")}
    ),
    "replaced when a dependency is not satisfied": Case(
        {"a": [f("1.0", "b>1")], "b": [f("1.0"), f("2.0")]},
        ("b", "a"),
        {"a": "1.0", "b": "2.0"},
        installed={"b": f("1.0")},
    ),
    "replaced when what it needs cannot be had": Case(
        {"a": [f("1.0", "b>1"), f("2.0")], "b": [f("1.0")]},
        ("a",),
        {"a": "2.0"},
        installed={"a": f("1.0", "b>1")},
    ),
    "upgraded": Case(
        {"a": [f("1.0"), f("2.0")]}, ("a",), {"a": "2.0"}, {"a": f("1.0")}, rules=UPGRADE
    ),
    "not downgraded by an upgrade": Case(
        {"a": [f("1.0")]}, ("a",), {"a": "2.0 (installed)"}, {"a": f("2.0")}, rules=UPGRADE
    ),
    "the same version is not installed again": Case(
        {"a": [f("1.0"), f("2.0")]},
        ("a",),
        {"a": "2.0 (installed)"},
        {"a": f("2.0")},
        rules=UPGRADE,
        unvisited=("a==2.0",),
    ),
    "only what is asked for is upgraded": Case(
        {"a": [f("2.0", "b")], "b": [f("2.0")]},
        ("a",),
        {"a": "2.0", "b": "1.0 (installed)"},
        {"a": f("1.0"), "b": f("1.0")},
        rules={"keeps": lambda project: project != "a"},
        unasked=("b",),
    ),
}


IMPOSSIBLE = {
    "nothing is there": Case({"a": []}, ("a",), None),
    "nothing satisfies": Case({"a": [f("1.0")]}, ("a>1",), None, unvisited=("a==1.0",)),
    "requirements of the user contradict": Case({"a": [f("1.0"), f("2.0")]}, ("a<2", "a>1"), None),
    "dependencies contradict": Case(
        {"a": [f("1.0", "c<2")], "b": [f("1.0", "c>1")], "c": [f("1.0"), f("2.0")]},
        ("a", "b"),
        None,
        unvisited=("c==2.0",),
    ),
}


@parametrized(
    {"plain": PLAIN, "constraints": CONSTRAINTS, "installed": INSTALLED, "impossible": IMPOSSIBLE}
)
def test_the_choice_is_pips(case: Case) -> None:
    check(case)
