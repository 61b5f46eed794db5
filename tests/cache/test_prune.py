"""What goes when room is made: sizes and ages as people write them, and the order."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.cache.evidence import NO_EVIDENCE, Quality
from pipwrap.cache.keys import BuildKey
from pipwrap.cache.layout import FORMER, Layout
from pipwrap.cache.upkeep import usage
from pipwrap.cache.upkeep.prune import (
    PruneItem,
    PruneLimits,
    condemned,
    items,
    parse_age,
    parse_size,
    sweep,
)
from pipwrap.cache.upkeep.usage import LastUse, Usage, UsageKind
from pipwrap.cache.wheels import BuiltWheels, Provenance
from pipwrap.events import ignore
from support.wheels import make_wheel

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


def item(name: str, days: float, **fields: bool) -> PruneItem:
    """Return an unpacked wheel that was used so many days ago."""
    return PruneItem(name, 10, NOW - days * DAY, "store", **fields)


FOUND = [
    item("new", 1),
    item("old", 50),
    item("busy", 90, in_use=True),
    item("degraded", 2, degraded=True),
    PruneItem("wheel", 10, NOW - 40 * DAY, "wheel"),
]


@pytest.mark.parametrize(
    ("limits", "going"),
    [
        (PruneLimits(max_size=50), []),
        (PruneLimits(max_size=40), ["old"]),
        (PruneLimits(max_size=25), ["old", "wheel", "degraded"]),
        (PruneLimits(max_size=0), ["old", "wheel", "degraded", "new"]),
        (PruneLimits(unused_for=45 * DAY), ["old"]),
        (PruneLimits(degraded=True), ["degraded"]),
        (PruneLimits(for_ci=True), ["old", "degraded", "new"]),
        (PruneLimits(degraded=True, max_size=35), ["degraded", "old"]),
    ],
    ids=["enough room", "one", "three", "all", "age", "degraded", "ci", "degraded, then size"],
)
def test_the_least_recently_used_goes_first_and_what_is_in_use_stays(
    limits: PruneLimits, going: list[str]
):
    assert [each.path for each in condemned(FOUND, limits, NOW)] == going


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path / "cache"))


def run(layout: Layout, at: float, *names: str, grew: int = 0) -> None:
    """Write the line of one run."""
    used = Usage(layout, lambda: at)
    for name in names:
        used.note(UsageKind.UNPACKED, name)
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
    assert usage.read(layout, UsageKind.UNPACKED) == {kept: LastUse(3, NOW + 5)}
    assert len(Path(layout.usage).read_text("utf-8").splitlines()) == 2


COLD, HOT = "aa" * 32, "bb" * 32
NAMED_JSON = (UsageKind.METADATA, UsageKind.SIDECAR, UsageKind.RESOLUTION)


def lay(layout: Layout, kind: UsageKind, digest: str, written: float) -> tuple[str, Path]:
    """Put something of a kind into the cache; return its name and its path."""
    if kind is UsageKind.BUILT:
        wheels = BuiltWheels(layout, ignore, lambda: written)
        wheel = make_wheel(Path(layout.root).parent / digest, "a", "1.0")
        entry = wheels.add(
            BuildKey(digest, "abi"),
            str(wheel),
            Provenance("https://x/a.tar.gz", NO_EVIDENCE, Quality()),
        )
        return entry.place, Path(entry.directory)
    name = f"{digest}.json" if kind in NAMED_JSON else digest
    path = Path(layout.bucket(kind.value), name[:2], name)
    path.parent.mkdir(parents=True)
    if kind in {UsageKind.UNPACKED, UsageKind.CLONE}:
        path.mkdir()
        (path / "content").write_bytes(b"content")
    else:
        path.write_bytes(b"content")
    os.utime(path, (written, written))
    return name, path


@pytest.mark.parametrize("kind", UsageKind, ids=lambda kind: kind.value)
def test_what_was_used_last_goes_last_also_after_merging(layout: Layout, kind: UsageKind):
    """Ctimes cannot be set, which count for bodies: so its use lies in the future."""
    name, hot = lay(layout, kind, HOT, NOW)
    _, cold = lay(layout, kind, COLD, NOW + 10)
    used = Usage(layout, lambda: time.time() + 1000)
    used.note(kind, name)
    used.flush()
    usage.merge(layout, 0)
    assert usage.read(layout, kind)[name].count == 1
    found = items(layout, BuiltWheels(layout, ignore, lambda: NOW))
    size = sum(item.size for item in found)
    going = condemned(found, PruneLimits(max_size=size - 1), time.time())
    assert [item.path for item in going] == [str(cold)]
    assert hot.exists()


@pytest.mark.parametrize(
    "line",
    ["", "[]", "{}", '{"merged": 1}', '{"merged": {"store-v1": {"a": 1}}}', '{"at": "x"}', "\\0"],
)
def test_a_line_that_cannot_be_read_is_left_out(layout: Layout, line: str):
    run(layout, NOW, "aa")
    path = Path(layout.usage)
    path.write_text(line + "\n" + path.read_text("utf-8"), encoding="utf-8")
    assert usage.read(layout, UsageKind.UNPACKED) == {"aa": LastUse(1, NOW)}
    assert usage.estimated_size(layout) is None


def test_buckets_of_formats_before_are_swept(layout: Layout):
    former = [Path(layout.bucket(name), "content") for name in FORMER]
    kept = Path(layout.bucket("store-v1"), "content")
    for path in (*former, kept):
        path.mkdir(parents=True)
    sweep(layout)
    assert [path.parent.exists() for path in (*former, kept)] == [*(False for _ in former), True]


def test_a_run_that_did_nothing_writes_nothing(layout: Layout):
    run(layout, NOW)
    assert not Path(layout.usage).exists()
    run(layout, NOW, grew=1)
    assert json.loads(Path(layout.usage).read_text("utf-8")) == {"at": NOW, "grew": 1}
