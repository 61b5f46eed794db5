"""Extras, direct references, and versions whose metadata cannot be used."""

from __future__ import annotations

from resolution.cases import Case, check, parametrized
from resolution.worlds import f

URL = "https://files/a-2.0-py3-none-any.whl"
OTHER = "https://files/a-3.0-py3-none-any.whl"
AT_URL = f"a @ {URL}"

EXTRAS = {
    "one": Case(
        {"a": [f("1.0", "b; extra == 'x'", "c", extras=["x"])], "b": [f("1")], "c": [f("1")]},
        ("a[x]",),
        {"a": "1.0", "b": "1", "c": "1"},
    ),
    "not asked for": Case(
        {"a": [f("1.0", "b; extra == 'x'", extras=["x"])]}, ("a",), {"a": "1.0"}, unasked=("b",)
    ),
    "two": Case(
        {
            "a": [f("1.0", "b; extra == 'x'", "c; extra == 'y'", extras=["x", "y"])],
            "b": [f("1")],
            "c": [f("1")],
        },
        ("a[x,y]",),
        {"a": "1.0", "b": "1", "c": "1"},
    ),
    "from two sides": Case(
        {
            "a": [f("1.0", "b; extra == 'x'", "c; extra == 'y'", extras=["x", "y"])],
            "b": [f("1")],
            "c": [f("1")],
            "d": [f("1", "a[y]")],
        },
        ("a[x]", "d"),
        {"a": "1.0", "b": "1", "c": "1", "d": "1"},
    ),
    "one of itself": Case(
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
    "one that holds a version back": Case(
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
    "the version of the project and of its extra is one": Case(
        {
            "a": [f("1.0", extras=["x"]), f("2.0", extras=["x"])],
            "b": [f("1", "a<2")],
        },
        ("a[x]", "b"),
        {"a": "1.0", "b": "1"},
    ),
    "spelling": Case(
        {"a": [f("1.0", "b; extra == 'Big_One'", extras=["Big_One"])], "b": [f("1")]},
        ("a[big.one]",),
        {"a": "1.0", "b": "1"},
    ),
    "of what is installed": Case(
        {"b": [f("1")]},
        ("a[x]",),
        {"a": "1.0 (installed)", "b": "1"},
        {"a": f("1.0", "b; extra == 'x'", extras=["x"])},
        unasked=("a",),
    ),
    "asked for by name later": Case(
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
    "the next version is taken": Case(
        {"a": [f("1.0"), f("2.0", broken="huh")]}, ("a",), {"a": "1.0"}
    ),
    "a requirement that cannot be read": Case(
        {"a": [f("1.0"), f("2.0", "b>=1.*.x")]}, ("a",), {"a": "1.0"}
    ),
    "nothing else is there": Case({"a": [f("2.0", broken="huh")]}, ("a",), None),
    "of a dependency": Case(
        {"a": [f("1.0", "b>1"), f("0.9", "b")], "b": [f("1.0"), f("2.0", broken="huh")]},
        ("a",),
        {"a": "0.9", "b": "1.0"},
    ),
}


URLS = {
    "asked for": Case(
        {}, (AT_URL,), {"a": f"2.0 ({URL})"}, urls={URL: ("a", f("2.0"))}, unasked=()
    ),
    "asked for, though installed": Case(
        {}, (AT_URL,), {"a": f"2.0 ({URL})"}, {"a": f("2.0")}, urls={URL: ("a", f("2.0"))}
    ),
    "satisfies what others want": Case(
        {"b": [f("1.0", "a>1")]},
        (AT_URL, "b"),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        urls={URL: ("a", f("2.0"))},
    ),
    "does not satisfy what others want": Case(
        {"b": [f("1.0", "a>2")]}, (AT_URL, "b"), None, urls={URL: ("a", f("2.0"))}
    ),
    "with an extra": Case(
        {"b": [f("1.0")]},
        (f"a[x] @ {URL}",),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        urls={URL: ("a", f("2.0", "b; extra == 'x'", extras=["x"]))},
    ),
    "two for one project": Case(
        {},
        (AT_URL, f"a @ {OTHER}"),
        None,
        urls={URL: ("a", f("2.0")), OTHER: ("a", f("3.0"))},
    ),
    "of a dependency": Case(
        {"b": [f("1.0", AT_URL)]},
        ("b",),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        urls={URL: ("a", f("2.0"))},
    ),
    "of a dependency, after the index was asked": Case(
        {"a": [f("1.0"), f("9.0")], "b": [f("1.0", AT_URL)]},
        ("a", "b"),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        urls={URL: ("a", f("2.0"))},
    ),
    "of a dependency, though another version is installed": Case(
        {"a": [f("1.0")], "b": [f("1.0", AT_URL)]},
        ("a", "b"),
        {"a": f"2.0 ({URL})", "b": "1.0"},
        installed={"a": f("1.0")},
        urls={URL: ("a", f("2.0"))},
    ),
    "of two dependencies": Case(
        {"b": [f("1.0", AT_URL)], "c": [f("1.0", f"a @ {OTHER}")]},
        ("b", "c"),
        None,
        urls={URL: ("a", f("2.0")), OTHER: ("a", f("3.0"))},
    ),
    "of a dependency that can be left": Case(
        {"b": [f("1.0"), f("2.0", AT_URL)], "c": [f("1.0", f"a @ {OTHER}")]},
        ("b", "c"),
        {"a": f"3.0 ({OTHER})", "b": "1.0", "c": "1.0"},
        urls={URL: ("a", f("2.0")), OTHER: ("a", f("3.0"))},
    ),
    "of a version that is given up does not serve others": Case(
        {
            "a": [f("1.0")],
            "b": [f("1.0", "a>=2"), f("2.0", AT_URL, "c>=9")],
            "c": [f("1.0")],
        },
        ("b",),
        None,
        urls={URL: ("a", f("2.0"))},
    ),
    "of a dependency with another name inside": Case(
        {"b": [f("1.0", AT_URL)]}, ("b",), None, urls={URL: ("z", f("2.0"))}
    ),
    "of a dependency with unusable metadata": Case(
        {"b": [f("1.0", AT_URL)]}, ("b",), None, urls={URL: ("a", f("2.0", broken="huh"))}
    ),
    "of a dependency with an unreadable version": Case(
        {"b": [f("1.0", AT_URL)]}, ("b",), None, urls={URL: ("a", f("huh"))}
    ),
}


@parametrized({"extras": EXTRAS, "unusable metadata": UNUSABLE, "URLs": URLS})
def test_the_choice_is_pips(case: Case) -> None:
    check(case)
