"""What goes when room is made: sizes and ages as people write them, and the order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.cache import usage
from pipwrap.cache.layout import Layout
from pipwrap.cache.pruning import Item, Limits, condemned, parse_age, parse_size
from pipwrap.cache.usage import Usage, Use

NOW = 1_700_000_000.0
DAY = 86400.0


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("500", 500),
        ("500b", 500),
        (" 5 GB ", 5 * 10**9),
        ("1.5m", 1_500_000),
        ("2kB", 2000),
        ("7.", 7),
    ],
)
def test_a_size_is_read_as_people_write_it(text: str, size: int):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1", "1.2.3MB", ".", ".5GB", "1TB", "1e9", "9" * 40])
def test_what_is_no_size_is_an_error_that_says_how_to_write_one(text: str):
    with pytest.raises(errors.CommandError, match="is not a size") as caught:
        parse_size(text)
    assert caught.value.hint == "Write it like 500MB or 2GB."


@pytest.mark.parametrize(
    ("text", "days"), [("12h", 0.5), ("30d", 30), ("2 weeks", 14), ("1y", 365)]
)
def test_an_age_is_read_as_people_write_it(text: str, days: float):
    assert parse_age(text) == days * DAY


@pytest.mark.parametrize("text", ["", "30", "1.2.3d", "d", "3 parsecs"])
def test_what_is_no_age_is_an_error(text: str):
    with pytest.raises(errors.CommandError, match="is not an age"):
        parse_age(text)


def item(name: str, days: float, **fields: bool) -> Item:
    """Return an unpacked wheel that was used so many days ago."""
    return Item(name, 10, NOW - days * DAY, "store", **fields)


FOUND = [
    item("new", 1),
    item("old", 50),
    item("busy", 90, in_use=True),
    item("degraded", 2, degraded=True),
    Item("wheel", 10, NOW - 40 * DAY, "wheel"),
]


@pytest.mark.parametrize(
    ("limits", "going"),
    [
        (Limits(max_size=50), []),
        (Limits(max_size=40), ["old"]),
        (Limits(max_size=25), ["old", "wheel", "degraded"]),
        (Limits(max_size=0), ["old", "wheel", "degraded", "new"]),
        (Limits(unused_for=45 * DAY), ["old"]),
        (Limits(degraded=True), ["degraded"]),
        (Limits(for_ci=True), ["old", "degraded", "new"]),
        (Limits(degraded=True, max_size=35), ["degraded", "old"]),
    ],
    ids=["enough room", "one", "three", "all", "age", "degraded", "ci", "degraded, then size"],
)
def test_the_least_recently_used_goes_first_and_what_is_in_use_stays(
    limits: Limits, going: list[str]
):
    assert [each.path for each in condemned(FOUND, limits, NOW)] == going


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path / "cache"))


def run(layout: Layout, at: float, *names: str, grew: int = 0) -> None:
    """Write the line of one run."""
    used = Usage(layout, lambda: at)
    for name in names:
        used.note(usage.STORE, name)
    used.grew(grew)
    used.flush()


def test_nobody_knows_the_size_before_it_was_measured(layout: Layout):
    assert usage.estimated_size(layout) is None
    run(layout, NOW, "aa", grew=5)
    assert usage.estimated_size(layout) is None
    usage.merge(layout, 100)
    assert usage.estimated_size(layout) == 100
    run(layout, NOW, grew=5)
    run(layout, NOW, "aa", grew=6)
    assert usage.estimated_size(layout) == 111


def test_merging_keeps_what_is_known_of_what_is_there(layout: Layout):
    kept, gone = "aa" * 32, "bb" * 32
    Path(layout.stored_wheel(kept)).mkdir(parents=True)
    run(layout, NOW, kept, gone)
    run(layout, NOW + 5, kept)
    usage.merge(layout, 0)
    run(layout, NOW + 3, kept)
    assert usage.read(layout, usage.STORE) == {kept: Use(3, NOW + 5)}
    assert len(Path(layout.usage).read_text("utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{}", '{"merged": 1}', '{"merged": {"store": {"a": 1}}}', '{"at": "x"}', "\\0"],
)
def test_a_line_that_cannot_be_read_is_left_out(layout: Layout, line: str):
    run(layout, NOW, "aa")
    path = Path(layout.usage)
    path.write_text(line + "\n" + path.read_text("utf-8"), encoding="utf-8")
    assert usage.read(layout, usage.STORE) == {"aa": Use(1, NOW)}
    assert usage.estimated_size(layout) is None


def test_a_run_that_did_nothing_writes_nothing(layout: Layout):
    run(layout, NOW)
    assert not Path(layout.usage).exists()
    run(layout, NOW, grew=1)
    assert json.loads(Path(layout.usage).read_text("utf-8")) == {"at": NOW, "grew": 1}
