"""pip's choices among what an index offers and what is installed."""

from __future__ import annotations

from resolution.stories import Story, check, told
from resolution.worlds import f

UPGRADE = {"keeps": lambda project: False}
"""-U with the eager strategy: nothing that is installed is preferred."""

PLAIN = {
    "newest wins": Story(
        {"a": [f("1.0"), f("3.0"), f("2.0")]}, ("a",), {"a": "3.0"}, unvisited=("a==1.0", "a==2.0")
    ),
    "versions compare as PEP 440 says": Story({"a": [f("1.9"), f("1.10")]}, ("a",), {"a": "1.10"}),
    "specifier": Story({"a": [f("1.0"), f("2.0")]}, ("a<2",), {"a": "1.0"}, unvisited=("a==2.0",)),
    "two wishes for one project": Story(
        {"a": [f("1.0"), f("2.0"), f("3.0")]}, ("a>1", "a<3"), {"a": "2.0"}
    ),
    "dependencies": Story(
        {"a": [f("1.0", "b>=1")], "b": [f("1.0", "c"), f("0.9")], "c": [f("5.0")]},
        ("a",),
        {"a": "1.0", "b": "1.0", "c": "5.0"},
        unvisited=("b==0.9",),
    ),
    "diamond": Story(
        {
            "a": [f("1.0", "c<3")],
            "b": [f("1.0", "c>1")],
            "c": [f("1.0"), f("2.0"), f("3.0")],
        },
        ("a", "b"),
        {"a": "1.0", "b": "1.0", "c": "2.0"},
        unvisited=("c==1.0", "c==3.0"),
    ),
    "markers leave out": Story(
        {"a": [f("1.0", "b; sys_platform == 'win32'", "c; python_version >= '3'")], "c": [f("1")]},
        ("a",),
        {"a": "1.0", "c": "1"},
        unasked=("b",),
    ),
    "cycle": Story(
        {"a": [f("1.0", "b")], "b": [f("2.0", "a>=1")]}, ("a",), {"a": "1.0", "b": "2.0"}
    ),
    "cycle that excludes the newest": Story(
        {"a": [f("1.0", "b"), f("2.0", "b")], "b": [f("1.0", "a<2")]},
        ("a",),
        {"a": "1.0", "b": "1.0"},
    ),
    "a version that wants another of itself": Story(
        {"a": [f("1.0"), f("2.0", "a<2")]}, ("a",), {"a": "1.0"}
    ),
    "a version that wants itself": Story({"a": [f("1.0", "a==1.0")]}, ("a",), {"a": "1.0"}),
    "backtracking over metadata": Story(
        {
            "a": [f("3.0", "b>=9"), f("2.0", "b>=9"), f("1.0", "b")],
            "b": [f("1.0"), f("2.0")],
        },
        ("a",),
        {"a": "1.0", "b": "2.0"},
        unvisited=("b==1.0",),
    ),
    "backtracking over a dependency": Story(
        {
            "a": [f("1.0", "c==1")],
            "b": [f("2.0", "c==2"), f("1.0", "c==1")],
            "c": [f("1"), f("2")],
        },
        ("a", "b"),
        {"a": "1.0", "b": "1.0", "c": "1"},
        unvisited=("c==2",),
    ),
    "no deps": Story(
        {"a": [f("1.0", "b")]},
        ("a",),
        {"a": "1.0"},
        rules={"ignore_dependencies": True},
        unasked=("b",),
    ),
    "spelling": Story(
        {"zope-interface": [f("1.0")], "a": [f("1.0", "Zope.Interface")]},
        ("A", "zope_interface"),
        {"a": "1.0", "zope-interface": "1.0"},
    ),
    "arbitrary equality": Story({"a": [f("1.0"), f("2.0")]}, ("a===1.0",), {"a": "1.0"}),
    "local versions": Story(
        {"a": [f("1.0"), f("1.0+cpu"), f("1.0+gpu")]}, ("a==1.0",), {"a": "1.0+gpu"}
    ),
}


CONSTRAINTS = {
    "constraint holds a version back": Story(
        {"a": [f("1.0"), f("2.0")]}, ("a",), {"a": "1.0"}, rules={"constraints": ["a<2"]}
    ),
    "constraint on a dependency": Story(
        {"a": [f("1.0", "b")], "b": [f("1.0"), f("2.0")]},
        ("a",),
        {"a": "1.0", "b": "1.0"},
        rules={"constraints": ["b==1.0"]},
        unvisited=("b==2.0",),
    ),
    "constraint on what is not needed": Story(
        {"a": [f("1.0")]}, ("a",), {"a": "1.0"}, rules={"constraints": ["b<2"]}, unasked=("b",)
    ),
    "constraint on what only has extras asked for": Story(
        {"a": [f("1.0", extras=["x"]), f("2.0", extras=["x"])]},
        ("a[x]",),
        {"a": "1.0"},
        rules={"constraints": ["a<2"]},
    ),
    "constraint that nothing satisfies": Story(
        {"a": [f("1.0")]}, ("a",), None, rules={"constraints": ["a>1"]}
    ),
    "constraint that names a pre-release": Story(
        {"a": [f("1.0"), f("2.0b1")]}, ("a",), {"a": "2.0b1"}, rules={"constraints": ["a>=2.0b1"]}
    ),
    "constraint against what is installed": Story(
        {"a": [f("1.0"), f("2.0")]},
        ("a",),
        {"a": "1.0"},
        installed={"a": f("2.0")},
        rules={"constraints": ["a<2"]},
    ),
}


INSTALLED = {
    "kept": Story({}, ("a",), {"a": "1.0 (installed)"}, installed={"a": f("1.0")}, unasked=("a",)),
    "kept as a dependency": Story(
        {"a": [f("1.0", "b>=1")]},
        ("a",),
        {"a": "1.0", "b": "1.0 (installed)"},
        installed={"b": f("1.0")},
        unasked=("b",),
    ),
    "its own dependencies count": Story(
        {"b": [f("1.0"), f("2.0")]},
        ("a",),
        {"a": "1.0 (installed)", "b": "1.0"},
        installed={"a": f("1.0", "b<2")},
        unasked=("a",),
    ),
    "kept though it is a pre-release": Story(
        {}, ("a",), {"a": "2.0b1 (installed)"}, installed={"a": f("2.0b1")}, unasked=("a",)
    ),
    "its Requires-Python does not count": Story(
        {},
        ("a",),
        {"a": "1.0 (installed)"},
        installed={"a": f("1.0", requires_python=">=4")},
        unasked=("a",),
    ),
    "replaced when it does not satisfy": Story(
        {"a": [f("1.0"), f("2.0")]}, ("a>1",), {"a": "2.0"}, installed={"a": f("1.0")}
    ),
    "replaced when a dependency is not satisfied": Story(
        {"a": [f("1.0", "b>1")], "b": [f("1.0"), f("2.0")]},
        ("b", "a"),
        {"a": "1.0", "b": "2.0"},
        installed={"b": f("1.0")},
    ),
    "replaced when what it needs cannot be had": Story(
        {"a": [f("1.0", "b>1"), f("2.0")], "b": [f("1.0")]},
        ("a",),
        {"a": "2.0"},
        installed={"a": f("1.0", "b>1")},
    ),
    "upgraded": Story(
        {"a": [f("1.0"), f("2.0")]}, ("a",), {"a": "2.0"}, {"a": f("1.0")}, rules=UPGRADE
    ),
    "not downgraded by an upgrade": Story(
        {"a": [f("1.0")]}, ("a",), {"a": "2.0 (installed)"}, {"a": f("2.0")}, rules=UPGRADE
    ),
    "the same version is not installed again": Story(
        {"a": [f("1.0"), f("2.0")]},
        ("a",),
        {"a": "2.0 (installed)"},
        {"a": f("2.0")},
        rules=UPGRADE,
        unvisited=("a==2.0",),
    ),
    "only what is asked for is upgraded": Story(
        {"a": [f("2.0", "b")], "b": [f("2.0")]},
        ("a",),
        {"a": "2.0", "b": "1.0 (installed)"},
        {"a": f("1.0"), "b": f("1.0")},
        rules={"keeps": lambda project: project != "a"},
        unasked=("b",),
    ),
}


IMPOSSIBLE = {
    "nothing is there": Story({"a": []}, ("a",), None),
    "nothing satisfies": Story({"a": [f("1.0")]}, ("a>1",), None, unvisited=("a==1.0",)),
    "wishes contradict": Story({"a": [f("1.0"), f("2.0")]}, ("a<2", "a>1"), None),
    "dependencies contradict": Story(
        {"a": [f("1.0", "c<2")], "b": [f("1.0", "c>1")], "c": [f("1.0"), f("2.0")]},
        ("a", "b"),
        None,
        unvisited=("c==2.0",),
    ),
}


@told(
    {"plain": PLAIN, "constraints": CONSTRAINTS, "installed": INSTALLED, "impossible": IMPOSSIBLE}
)
def test_the_choice_is_pips(story: Story) -> None:
    check(story)
