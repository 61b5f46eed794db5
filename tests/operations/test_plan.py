"""From a resolution to what is fetched, and to the order in which the real pip installs."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterable

import pytest
from packaging.version import Version

from pipwrap.distribution.results import PreparedWheel
from pipwrap.events import Event, Info, WarningMessage
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.environment import InstalledDistribution, Scheme
from pipwrap.model.link import Link
from pipwrap.model.requirement import Requirement, UserRequirement
from pipwrap.model.source import Archive
from pipwrap.model.wheel import StoredWheel
from pipwrap.operations.plan import (
    distribution,
    distributions_in_order,
    install_order,
    make_plan,
    source_of,
)
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.outcome import Resolution

SCHEME = Scheme("/p", "/l", "/h", "/s", "/d")

_PIP = """
import json, sys
from pip._internal.resolution.resolvelib.resolver import get_topological_weights
from pip._vendor.resolvelib.structs import DirectedGraph


def order(question):
    graph = DirectedGraph()
    graph.add(None)
    for name in question["names"]:
        graph.add(name)
    for root in question["roots"]:
        graph.connect(None, root)
    for parent, child in question["edges"]:
        if not graph.connected(parent, child):
            graph.connect(parent, child)
    weights = get_topological_weights(graph, set(question["names"]))
    return sorted(weights, key=lambda name: (weights[name], name), reverse=True)


json.dump([order(each) for each in json.load(sys.stdin)], sys.stdout)
"""


def ask_pip(questions: list[dict[str, object]]) -> list[list[str]]:
    """Return the real pip's order for each graph; the same in every run."""
    completed = subprocess.run(
        [sys.executable, "-Ic", _PIP],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[list[str]] = json.loads(completed.stdout)
    return answers


def candidate(name: str, version: str = "1.0", yanked: str | None = None) -> Candidate:
    link = Link(f"https://u:p@files/{name}-{version}.zip", yanked=yanked)
    return Candidate(name, Version(version), link)


def direct(name: str, url: str, version: str = "1.0") -> DirectChoice:
    return DirectChoice(name, Version(version), Archive(Link(url)))


def installed(
    name: str, version: str = "1.0", editable: str | None = None
) -> InstalledDistribution:
    return InstalledDistribution(name, version, "/site", f"/site/{name}.dist-info", editable)


def resolution(choices: dict[str, Choice], edges: Iterable[tuple[str, str]] = ()) -> Resolution:
    return Resolution(choices, tuple(edges), {}, {name: name.upper() for name in choices})


def graph(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> Resolution:
    return resolution({name: candidate(name) for name in names}, edges)


def test_without_cycles_the_order_is_the_real_pips() -> None:
    chance = random.Random(3)
    questions: list[dict[str, object]] = []
    for _ in range(150):
        names = [f"p{number}" for number in range(chance.randint(1, 9))]
        chance.shuffle(names)
        edges = [
            (parent, child)
            for position, parent in enumerate(names)
            for child in names[position + 1 :]
            if chance.random() < 0.3
        ]
        children = {child for _, child in edges}
        roots = [name for name in names if name not in children]
        questions.append({"names": names, "edges": edges, "roots": roots})
    for question, expected in zip(questions, ask_pip(questions), strict=True):
        assert install_order(graph(question["names"], question["edges"])) == expected, question  # type: ignore[arg-type]


def test_what_hangs_on_a_cycle_stands_where_the_real_pip_puts_it() -> None:
    """Where a cycle is broken is arbitrary in pip (sets); what comes before it is not."""
    edges = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("a", "e")]
    names = ["a", "b", "c", "d", "e"]
    (expected,) = ask_pip([{"names": names, "edges": edges, "roots": ["a"]}])
    assert install_order(graph(names, edges)) == expected


@pytest.mark.parametrize("seed", range(20))
def test_every_project_is_installed_once_cycles_or_not(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"p{number}" for number in range(12)]
    pairs = [(one, other) for one in names for other in names if one != other]
    edges = chance.sample(pairs, 40)
    assert sorted(install_order(graph(names, edges))) == sorted(names)


def test_a_chain_goes_from_the_deepest_up() -> None:
    assert install_order(graph("abc", [("a", "b"), ("b", "c")])) == ["c", "b", "a"]


def test_a_dense_set_with_cycles_is_ordered_in_no_time() -> None:
    """pip's own walk is bounded by visits (pip#10557)."""
    names = [f"p{number:02}" for number in range(60)]
    edges = [(one, other) for one in names for other in names if one != other]
    assert len(install_order(graph(names, edges))) == 60


def test_what_is_installed_is_not_wanted() -> None:
    there = InstalledCandidate("b", Version("1.0"), installed("b"))
    found = distribution(
        resolution({"a": candidate("a"), "b": there}), {"b": installed("b")}, refuse
    )
    assert list(found) == ["a"]
    with pytest.raises(TypeError):
        source_of(there)


def refuse(event: Event, /) -> None:
    raise AssertionError(event)


WHEEL = "file:///w/a-1.0-py3-none-any.whl"
REMOTE = "https://x/a-1.0-py3-none-any.whl"
SDIST = "file:///w/a-1.0.tar.gz"


@pytest.mark.parametrize(
    ("choice", "existing", "force", "is_wanted", "says"),
    [
        pytest.param(direct("a", WHEEL), None, False, True, 0, id="not there"),
        pytest.param(direct("a", WHEEL), installed("a"), False, False, 1, id="the same wheel"),
        pytest.param(direct("a", REMOTE), installed("a"), False, False, 0, id="remote: silently"),
        pytest.param(direct("a", SDIST), installed("a"), False, True, 0, id="an sdist: again"),
        pytest.param(direct("a", WHEEL), installed("a", "2.0"), False, True, 0, id="another"),
        pytest.param(direct("a", WHEEL), installed("a"), True, True, 0, id="forced"),
        pytest.param(
            direct("a", WHEEL), installed("a", "1.0", "/src"), False, True, 0, id="editable"
        ),
        pytest.param(candidate("a"), installed("a"), False, True, 0, id="from an index: chosen"),
    ],
)
def test_a_direct_wheel_of_the_installed_version_is_left_alone(
    choice: Choice,
    existing: InstalledDistribution | None,
    force: bool,  # noqa: FBT001
    is_wanted: bool,  # noqa: FBT001
    says: int,
) -> None:
    events: list[Event] = []
    there = {"a": existing} if existing else {}
    found = distribution(resolution({"a": choice}), there, events.append, force=force)
    assert ("a" in found) is is_wanted
    assert len([each for each in events if isinstance(each, Info)]) == says


@pytest.mark.parametrize(("reason", "shown"), [("too old", "too old"), ("", "<none given>")])
def test_a_yanked_choice_is_warned_of_without_credentials(reason: str, shown: str) -> None:
    events: list[Event] = []
    chosen = resolution({"a": candidate("a", yanked=reason)})
    distributions_in_order(chosen, events.append)
    (warned,) = events
    assert isinstance(warned, WarningMessage)
    assert warned.message.endswith(f"Reason for being yanked: {shown}")
    assert "'a' candidate (version 1.0 at https://" in warned.message
    assert "u:p" not in warned.message


def prepared(name: str) -> PreparedWheel:
    wheel = StoredWheel("f" * 64, f"{name}-1.0-py3-none-any.whl", "/store", "x", True, ())  # noqa: FBT003
    return PreparedWheel(wheel, "e" * 64)


def test_the_plan_says_what_was_asked_for_and_where_it_came_from() -> None:
    link = "https://user:secret@x/b-1.0.zip"
    chosen = resolution(
        {"a": candidate("a"), "b": direct("b", link), "c": candidate("c")},
        [("a", "c"), ("a", "b")],
    )
    root_requirements = [
        UserRequirement("a", Requirement.parse("a")),
        UserRequirement(link, None, Archive(Link(link))),
    ]
    wheels = {name: prepared(name) for name in "abc"}
    plan = make_plan(chosen, wheels, {"c": installed("c", "0.9")}, SCHEME, root_requirements)
    assert [each.name for each in plan.install] == ["c", "b", "a"]
    by_name = {each.name: each for each in plan.install}
    assert [by_name[name].requested for name in "abc"] == [True, True, False]
    assert by_name["c"].replaces == installed("c", "0.9")
    assert by_name["a"].display_name == "A"
    assert by_name["a"].direct_url is None
    url = json.loads(by_name["b"].direct_url or "")
    assert url == {
        "url": "https://x/b-1.0.zip",
        "archive_info": {"hash": f"sha256={'e' * 64}", "hashes": {"sha256": "e" * 64}},
    }


def test_only_what_has_a_wheel_is_planned() -> None:
    plan = make_plan(graph("ab", [("a", "b")]), {"a": prepared("a")}, {}, SCHEME, ())
    assert [each.name for each in plan.install] == ["a"]
