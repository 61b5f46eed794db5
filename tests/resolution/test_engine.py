"""pip's choices, told as small worlds: what is chosen, and what is never asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from pipwrap.model.release_control import ReleaseControl
from pipwrap.resolution.engine import Unsolvable
from resolution.worlds import File, World, f, resolve

UPGRADE = {"keeps": lambda project: False}
"""-U with the eager strategy: nothing that is installed is preferred."""

PRE = {"releases": ReleaseControl(frozenset({":all:"}))}


@dataclass(frozen=True)
class Story:
    index: dict[str, list[File]]
    wishes: tuple[str, ...]
    chosen: dict[str, str] | None
    """``None``: there is no solution."""
    installed: dict[str, File] = field(default_factory=dict)
    urls: dict[str, tuple[str, File]] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    unvisited: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()


URL = "https://files/a-2.0-py3-none-any.whl"
OTHER = "https://files/a-3.0-py3-none-any.whl"
AT_URL = f"a @ {URL}"

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

PRERELEASES = {
    "not without being asked for": Story(
        {"a": [f("1.0"), f("2.0b1"), f("2.0.dev1")]}, ("a",), {"a": "1.0"}, unvisited=("a==2.0b1",)
    ),
    "a specifier names one": Story({"a": [f("1.0"), f("2.0b1")]}, ("a>=2.0a1",), {"a": "2.0b1"}),
    "nothing else matches": Story({"a": [f("1.0b1"), f("1.0b2")]}, ("a",), {"a": "1.0b2"}),
    "nothing else matches the specifier": Story(
        {"a": [f("1.0"), f("2.0b1")]}, ("a>1",), {"a": "2.0b1"}
    ),
    "a dependency pins one that another would leave out": Story(
        {
            "a": [f("1.0", "c==1.0b1")],
            "b": [f("1.0", "c>=0.5")],
            "c": [f("0.9"), f("1.0b1")],
        },
        ("a", "b"),
        {"a": "1.0", "b": "1.0", "c": "1.0b1"},
    ),
    "the same the other way round": Story(
        {
            "a": [f("1.0", "c==1.0b1")],
            "b": [f("1.0", "c>=0.5")],
            "c": [f("0.9"), f("1.0b1")],
        },
        ("b", "a"),
        {"a": "1.0", "b": "1.0", "c": "1.0b1"},
    ),
    "found late": Story(
        {
            "a": [f("1.0", "c>=0.5", "d")],
            "c": [f("0.9"), f("1.0b1")],
            "d": [f("1.0", "e")],
            "e": [f("1.0", "c==1.0b1")],
        },
        ("a",),
        {"a": "1.0", "c": "1.0b1", "d": "1.0", "e": "1.0"},
    ),
    "found late, whichever version asks": Story(
        {
            "a": [f("1.0", "c>=0.5", "d")],
            "c": [f("0.9"), f("1.0b1")],
            "d": [f("1.0", "e"), f("2.0", "e")],
            "e": [f("1.0", "c==1.0b1"), f("2.0", "c==1.0b1")],
        },
        ("a",),
        {"a": "1.0", "c": "1.0b1", "d": "2.0", "e": "2.0"},
    ),
    "of a version that is given up does not serve others": Story(
        {
            "a": [f("1.0", "b", "c>=0.5")],
            "b": [f("1.0"), f("2.0", "c==1.0b1", "d>1")],
            "c": [f("0.9", "d>1"), f("1.0b1")],
            "d": [f("1.0")],
        },
        ("a",),
        None,
    ),
    "a final release that cannot be used does not let one in": Story(
        {"a": [f("1.0", "b>1"), f("2.0b1")], "b": [f("1.0")]}, ("a",), None
    ),
    "--pre": Story({"a": [f("1.0"), f("2.0b1")]}, ("a",), {"a": "2.0b1"}, rules=PRE),
    "--pre reaches dependencies": Story(
        {"a": [f("1.0", "b")], "b": [f("1.0"), f("2.0rc1")]},
        ("a",),
        {"a": "1.0", "b": "2.0rc1"},
        rules=PRE,
    ),
    "only final ones": Story(
        {"a": [f("1.0b1")]},
        ("a",),
        None,
        rules={"releases": ReleaseControl(only_final=frozenset({":all:"}))},
    ),
    "post releases are final": Story({"a": [f("1.0"), f("1.0.post1")]}, ("a",), {"a": "1.0.post1"}),
}

YANKED = {
    "left out": Story({"a": [f("1.0"), f("2.0", yanked="bad")]}, ("a",), {"a": "1.0"}),
    "left out though nothing else is there": Story({"a": [f("2.0", yanked="")]}, ("a",), None),
    "left out though nothing else matches": Story(
        {"a": [f("1.0"), f("2.0", yanked="")]}, ("a>1",), None
    ),
    "pinned": Story({"a": [f("1.0"), f("2.0", yanked="")]}, ("a==2.0",), {"a": "2.0"}),
    "pinned exactly": Story({"a": [f("1.0"), f("2.0", yanked="")]}, ("a===2.0",), {"a": "2.0"}),
    "a wildcard is no pin": Story({"a": [f("2.0", yanked="")]}, ("a==2.*",), None),
    "pinned by a constraint": Story(
        {"a": [f("1.0"), f("2.0", yanked="")]},
        ("a",),
        {"a": "2.0"},
        rules={"constraints": ["a==2"]},
    ),
    "pinned by a dependency": Story(
        {"a": [f("1.0", "b==1.0")], "b": [f("1.0", yanked=""), f("2.0")]},
        ("a",),
        {"a": "1.0", "b": "1.0"},
    ),
    "pinned, and a pre-release": Story(
        {"a": [f("1.0"), f("2.0b1", yanked="")]}, ("a==2.0b1",), {"a": "2.0b1"}
    ),
}

PYTHONS = {
    "metadata of the newest excludes this Python": Story(
        {"a": [f("1.0"), f("2.0", requires_python=">=4")]}, ("a",), {"a": "1.0"}
    ),
    "all exclude it": Story({"a": [f("1.0", requires_python="<3")]}, ("a",), None),
    "a dependency excludes it": Story(
        {"a": [f("1.0", "b"), f("0.9")], "b": [f("1.0", requires_python="<3")]},
        ("a",),
        {"a": "0.9"},
    ),
    "--ignore-requires-python": Story(
        {"a": [f("1.0", requires_python="<3")]},
        ("a",),
        {"a": "1.0"},
        rules={"ignore_requires_python": True},
    ),
    "invalid ones admit all": Story({"a": [f("1.0", requires_python="huh")]}, ("a",), {"a": "1.0"}),
    "--no-deps does not switch it off": Story(
        {"a": [f("1.0", requires_python="<3")]}, ("a",), None, rules={"ignore_dependencies": True}
    ),
}

EXTRAS = {
    "one": Story(
        {"a": [f("1.0", "b; extra == 'x'", "c", extras=["x"])], "b": [f("1")], "c": [f("1")]},
        ("a[x]",),
        {"a": "1.0", "b": "1", "c": "1"},
    ),
    "not asked for": Story(
        {"a": [f("1.0", "b; extra == 'x'", extras=["x"])]}, ("a",), {"a": "1.0"}, unasked=("b",)
    ),
    "two": Story(
        {
            "a": [f("1.0", "b; extra == 'x'", "c; extra == 'y'", extras=["x", "y"])],
            "b": [f("1")],
            "c": [f("1")],
        },
        ("a[x,y]",),
        {"a": "1.0", "b": "1", "c": "1"},
    ),
    "from two sides": Story(
        {
            "a": [f("1.0", "b; extra == 'x'", "c; extra == 'y'", extras=["x", "y"])],
            "b": [f("1")],
            "c": [f("1")],
            "d": [f("1", "a[y]")],
        },
        ("a[x]", "d"),
        {"a": "1.0", "b": "1", "c": "1", "d": "1"},
    ),
    "one of itself": Story(
        {
            "a": [
                f(
                    "1.0",
                    "a[x,y]; extra == 'all'",
                    "b; extra == 'x'",
                    "c; extra == 'y'",
                    extras=["all", "x", "y"],
                )
            ],
            "b": [f("1")],
            "c": [f("1")],
        },
        ("a[all]",),
        {"a": "1.0", "b": "1", "c": "1"},
    ),
    "one that holds a version back": Story(
        {
            "a": [
                f("1.0", "b; extra == 'x'", extras=["x"]),
                f("2.0", "b>=9; extra == 'x'", extras=["x"]),
            ],
            "b": [f("1")],
        },
        ("a[x]",),
        {"a": "1.0", "b": "1"},
    ),
    "the version of the project and of its extra is one": Story(
        {
            "a": [f("1.0", extras=["x"]), f("2.0", extras=["x"])],
            "b": [f("1", "a<2")],
        },
        ("a[x]", "b"),
        {"a": "1.0", "b": "1"},
    ),
    "spelling": Story(
        {"a": [f("1.0", "b; extra == 'Big_One'", extras=["Big_One"])], "b": [f("1")]},
        ("a[big.one]",),
        {"a": "1.0", "b": "1"},
    ),
    "of what is installed": Story(
        {"b": [f("1")]},
        ("a[x]",),
        {"a": "1.0 (installed)", "b": "1"},
        {"a": f("1.0", "b; extra == 'x'", extras=["x"])},
        unasked=("a",),
    ),
    "asked for by name later": Story(
        {
            "a": [f("1.0", "b; extra == 'x'", extras=["x"])],
            "b": [f("1")],
            "c": [f("1", "a[x]>=1")],
        },
        ("a", "c"),
        {"a": "1.0", "b": "1", "c": "1"},
    ),
}

UNUSABLE = {
    "the next version is taken": Story(
        {"a": [f("1.0"), f("2.0", broken="huh")]}, ("a",), {"a": "1.0"}
    ),
    "a requirement that cannot be read": Story(
        {"a": [f("1.0"), f("2.0", "b>=1.*.x")]}, ("a",), {"a": "1.0"}
    ),
    "nothing else is there": Story({"a": [f("2.0", broken="huh")]}, ("a",), None),
    "of a dependency": Story(
        {"a": [f("1.0", "b>1"), f("0.9", "b")], "b": [f("1.0"), f("2.0", broken="huh")]},
        ("a",),
        {"a": "0.9", "b": "1.0"},
    ),
}

URLS = {
    "asked for": Story(
        {}, (AT_URL,), {"a": f"2.0 ({URL})"}, urls={URL: ("a", f("2.0"))}, unasked=()
    ),
    "asked for, though installed": Story(
        {}, (AT_URL,), {"a": f"2.0 ({URL})"}, {"a": f("2.0")}, urls={URL: ("a", f("2.0"))}
    ),
    "satisfies what others want": Story(
        {"b": [f("1.0", "a>1")]},
        (AT_URL, "b"),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        urls={URL: ("a", f("2.0"))},
    ),
    "does not satisfy what others want": Story(
        {"b": [f("1.0", "a>2")]}, (AT_URL, "b"), None, urls={URL: ("a", f("2.0"))}
    ),
    "with an extra": Story(
        {"b": [f("1.0")]},
        (f"a[x] @ {URL}",),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        urls={URL: ("a", f("2.0", "b; extra == 'x'", extras=["x"]))},
    ),
    "two for one project": Story(
        {},
        (AT_URL, f"a @ {OTHER}"),
        None,
        urls={URL: ("a", f("2.0")), OTHER: ("a", f("3.0"))},
    ),
    "of a dependency": Story(
        {"b": [f("1.0", AT_URL)]},
        ("b",),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        urls={URL: ("a", f("2.0"))},
    ),
    "of a dependency, after the index was asked": Story(
        {"a": [f("1.0"), f("9.0")], "b": [f("1.0", AT_URL)]},
        ("a", "b"),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        urls={URL: ("a", f("2.0"))},
    ),
    "of a dependency, though another version is installed": Story(
        {"a": [f("1.0")], "b": [f("1.0", AT_URL)]},
        ("a", "b"),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        installed={"a": f("1.0")},
        urls={URL: ("a", f("2.0"))},
    ),
    "of two dependencies": Story(
        {"b": [f("1.0", AT_URL)], "c": [f("1.0", f"a @ {OTHER}")]},
        ("b", "c"),
        None,
        urls={URL: ("a", f("2.0")), OTHER: ("a", f("3.0"))},
    ),
    "of a dependency that can be left": Story(
        {"b": [f("1.0"), f("2.0", AT_URL)], "c": [f("1.0", f"a @ {OTHER}")]},
        ("b", "c"),
        {"a": f"3.0 ({OTHER})", "b": "1.0", "c": "1.0"},
        urls={URL: ("a", f("2.0")), OTHER: ("a", f("3.0"))},
    ),
    "of a version that is given up does not serve others": Story(
        {
            "a": [f("1.0")],
            "b": [f("1.0", "a>=2"), f("2.0", AT_URL, "c>=9")],
            "c": [f("1.0")],
        },
        ("b",),
        None,
        urls={URL: ("a", f("2.0"))},
    ),
    "of a dependency with another name inside": Story(
        {"b": [f("1.0", AT_URL)]}, ("b",), None, urls={URL: ("z", f("2.0"))}
    ),
    "of a dependency with unusable metadata": Story(
        {"b": [f("1.0", AT_URL)]}, ("b",), None, urls={URL: ("a", f("2.0", broken="huh"))}
    ),
    "of a dependency with an unreadable version": Story(
        {"b": [f("1.0", AT_URL)]}, ("b",), None, urls={URL: ("a", f("huh"))}
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

STORIES = {
    f"{group}: {name}": story
    for group, stories in (
        ("plain", PLAIN),
        ("constraints", CONSTRAINTS),
        ("installed", INSTALLED),
        ("pre-releases", PRERELEASES),
        ("yanked", YANKED),
        ("Requires-Python", PYTHONS),
        ("extras", EXTRAS),
        ("unusable metadata", UNUSABLE),
        ("URLs", URLS),
        ("impossible", IMPOSSIBLE),
    )
    for name, story in stories.items()
}


@pytest.mark.parametrize("story", [pytest.param(each, id=name) for name, each in STORIES.items()])
def test_the_choice_is_pips(story: Story) -> None:
    world = World(story.index, story.installed, story.urls, frozenset(story.unasked))
    if story.chosen is None:
        with pytest.raises(Unsolvable):
            resolve(world, *story.wishes, **story.rules)
    else:
        assert resolve(world, *story.wishes, **story.rules) == story.chosen
    assert not set(story.unvisited).intersection(world.visited), world.visited
