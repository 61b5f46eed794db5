"""Built wheels are found by their key, whole; broken entries are misses that are told."""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
from pathlib import Path

import pytest

from pipwrap.cache import ownership
from pipwrap.cache.build_host import BuildHost
from pipwrap.cache.evidence import NO_EVIDENCE, Quality
from pipwrap.cache.keys import BuildKey
from pipwrap.cache.layout import CACHEDIR_SIGNATURE, HTTP, Layout
from pipwrap.cache.upkeep import sizes
from pipwrap.cache.upkeep.sizes import BucketSize
from pipwrap.cache.wheels import BuiltWheel, BuiltWheels, Provenance
from pipwrap.events import Event, WarningMessage
from support.environments import snapshot
from support.wheels import make_wheel

KEY = BuildKey("ab" * 32, "abi")
BUILD = Provenance("https://x/a.tar.gz", NO_EVIDENCE, Quality())


class Shelf:
    """Built wheels in a cache of their own, with a clock that ticks."""

    def __init__(self, tmp_path: Path) -> None:
        self.layout = Layout(str(tmp_path / "cache"))
        self.directory = tmp_path / "made"
        self.events: list[Event] = []
        ticks = itertools.count(1000.0)
        self.built = BuiltWheels(self.layout, self.events.append, lambda: next(ticks))

    def add(self, key: BuildKey = KEY, name: str = "a", version: str = "1.0") -> BuiltWheel:
        wheel = make_wheel(self.directory, name, version)
        return self.built.add(key, str(wheel), BUILD)

    def find(self, key: BuildKey) -> BuiltWheel | None:
        found = self.built.find(key, BuildHost({}, self.layout))
        return found.entry if found else None

    @property
    def warnings(self) -> list[str]:
        return [each.message for each in self.events if isinstance(each, WarningMessage)]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_an_entry_is_found_by_its_key_only(shelf: Shelf, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("built", encoding="utf-8")
    wheel = make_wheel(shelf.directory, "a", "1.0")
    added = shelf.built.add(KEY, str(wheel), BUILD, str(log))
    assert shelf.find(KEY) == added
    assert shelf.find(BuildKey("cd" * 32, "abi")) is None
    assert shelf.find(BuildKey("ab" * 32, "other")) is None
    assert added.sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert (added.source_sha256, added.built_at) == (KEY.source_sha256, 1000.0)
    assert Path(added.path).read_bytes() == wheel.read_bytes()
    assert Path(added.directory, "build.log").read_text(encoding="utf-8") == "built"


def test_the_newest_entry_of_a_key_is_taken(shelf: Shelf) -> None:
    shelf.add()
    newest = shelf.add()
    assert shelf.find(KEY) == newest
    assert len(shelf.built.all()) == 2


def test_a_lookup_changes_nothing(shelf: Shelf) -> None:
    shelf.add()
    before = snapshot(shelf.layout.root)
    shelf.find(KEY)
    shelf.find(BuildKey("x", "y"))
    shelf.built.all()
    assert snapshot(shelf.layout.root) == before


def test_a_wheel_that_cannot_be_copied_leaves_no_entry(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        shelf.built.add(KEY, str(tmp_path / "nowhere.whl"), BUILD)
    assert shelf.built.all() == []
    assert list(Path(shelf.layout.temporary).iterdir()) == []


@pytest.mark.parametrize(
    ("content", "warned"),
    [
        pytest.param("", True, id="empty"),
        pytest.param("{", True, id="cut off"),
        pytest.param("[]", True, id="no object"),
        pytest.param("{}", True, id="without a version"),
        pytest.param('{"version": 4}', True, id="without its fields"),
        pytest.param('{"version": 4, "filename": 1}', True, id="of other kinds"),
        pytest.param('{"version": 1}', False, id="of another version"),
    ],
)
def test_a_broken_entry_is_a_miss(shelf: Shelf, content: str, warned: bool) -> None:  # noqa: FBT001
    entry = shelf.add()
    Path(entry.directory, "entry.json").write_text(content, encoding="utf-8")
    assert shelf.find(KEY) is None
    assert bool(shelf.warnings) is warned


@pytest.mark.parametrize("fields", [{"evidence": {}}, {"quality": None}, {"evidence": None}])
def test_an_entry_without_its_evidence_is_a_miss(shelf: Shelf, fields: dict[str, object]) -> None:
    path = Path(shelf.add().directory, "entry.json")
    whole = json.loads(path.read_bytes())
    path.write_text(json.dumps({**whole, **fields}), encoding="utf-8")
    assert shelf.find(KEY) is None
    assert len(shelf.warnings) == 1


def test_an_entry_is_read_however_its_json_is_spelled(shelf: Shelf) -> None:
    """Earlier versions sorted and indented it."""
    added = shelf.add()
    path = Path(added.directory, "entry.json")
    fields = json.loads(path.read_bytes())
    path.write_text(json.dumps(fields, indent=1, sort_keys=True), encoding="utf-8")
    assert shelf.find(KEY) == added


def test_a_truncated_wheel_is_a_miss(shelf: Shelf) -> None:
    entry = shelf.add()
    Path(entry.path).write_bytes(b"x")
    assert shelf.find(KEY) is None
    assert shelf.warnings == [f"Cache entry {entry.directory} is truncated and is ignored."]


def test_an_entry_cannot_name_a_file_elsewhere(shelf: Shelf, tmp_path: Path) -> None:
    entry = shelf.add()
    (tmp_path / "evil.whl").write_bytes(Path(entry.path).read_bytes())
    path = Path(entry.directory, "entry.json")
    fields = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**fields, "filename": "../../../../evil.whl"}), encoding="utf-8")
    assert shelf.find(KEY) is None


def test_a_discarded_entry_is_gone_and_others_stay(shelf: Shelf) -> None:
    first, second = shelf.add(), shelf.add()
    shelf.built.discard(second)
    assert shelf.built.all() == [first]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (None, ["Big_Name-1.0", "a-1.0", "a-2.0"]),
        ("a", ["a-1.0", "a-2.0"]),
        ("A", ["a-1.0", "a-2.0"]),
        ("big.name", ["Big_Name-1.0"]),
        ("Big-Name", ["Big_Name-1.0"]),
        ("big-name-1.0", ["Big_Name-1.0"]),
        ("a-1*", ["a-1.0"]),
        ("a-1.0", ["a-1.0"]),
        ("*", ["Big_Name-1.0", "a-1.0", "a-2.0"]),
        ("b", []),
        ("a-3", []),
    ],
)
def test_wheels_match_by_name_and_by_glob(
    shelf: Shelf, pattern: str | None, found: list[str]
) -> None:
    for number, (name, version) in enumerate([("a", "2.0"), ("a", "1.0"), ("Big_Name", "1.0")]):
        shelf.add(BuildKey(f"{number:064}", "abi"), name, version)
    matched = sizes.matching(shelf.built, pattern)
    assert sorted(each.filename.removesuffix("-py3-none-any.whl") for each in matched) == sorted(
        found
    )


def test_removing_wheels_takes_their_empty_directories_along(shelf: Shelf) -> None:
    shelf.add()
    shelf.add()
    before = sizes.measure(shelf.layout.bucket("wheels-v2"))
    removed = sizes.remove_wheels(shelf.built, shelf.built.all())
    assert removed.directories == before.directories
    assert sizes.measure(shelf.layout.bucket("wheels-v2")) == BucketSize()
    assert shelf.find(KEY) is None


def test_purge_takes_our_buckets_only_and_only_with_our_tag(shelf: Shelf, tmp_path: Path) -> None:
    shelf.add()
    root = Path(shelf.layout.root)
    (root / "http-v2").mkdir()
    (root / "http-v2" / "of pip").touch()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").touch()
    Path(shelf.layout.bucket(HTTP)).symlink_to(outside)
    assert sizes.purge(shelf.layout) == BucketSize()
    assert shelf.find(KEY) is not None
    Path(shelf.layout.tag).write_text(CACHEDIR_SIGNATURE, encoding="ascii")
    assert sizes.purge(shelf.layout) == BucketSize(), "the tag of another program's cache"
    mark = Layout(str(tmp_path / "other"))
    ownership.claim(mark)
    shutil.copy(mark.tag, shelf.layout.tag)
    assert sizes.purge(shelf.layout).files == 2
    assert shelf.built.all() == []
    assert (root / "http-v2" / "of pip").exists()
    assert (outside / "x").exists()


def test_an_extent_counts_links_and_not_what_they_point_to(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"12345")
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a")
    found = sizes.measure(str(tmp_path))
    assert (found.files, found.directories) == (2, 1)
    assert sizes.measure(str(tmp_path / "nowhere")) == BucketSize()
    assert BucketSize(1, 2, 3) + BucketSize(1, 1, 1) == BucketSize(2, 3, 4)
