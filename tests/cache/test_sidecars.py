"""Metadata kept by its own digest, a project in one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipwrap.cache.checksummed import checksummed
from pipwrap.cache.layout import Layout
from pipwrap.cache.sidecars import Sidecar, Sidecars
from pipwrap.cache.store import WheelStore
from pipwrap.cache.upkeep import verify
from pipwrap.cache.upkeep.usage import UsageKind
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.events import Event, WarningMessage
from pipwrap.model.metadata import Metadata

METADATA = Metadata("A", "1.0", ("b>=1; extra == 'c'", "d"), ">=3.8", ("c",), "2.1")


class Cache:
    """Sidecars below a directory, and the events that they emitted."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(str(root))
        self.events: list[Event] = []
        self.noted: list[tuple[UsageKind, str]] = []
        self.root = root

    def opened(self) -> Sidecars:
        return Sidecars(self.layout, self.events.append, self._note)

    def _note(self, kind: UsageKind, name: str) -> None:
        self.noted.append((kind, name))

    def file(self) -> Path:
        (path,) = self.root.glob("sidecars-v1/*/*.json")
        return path


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def add(cache: Cache, sha256: str = "ab", metadata: Metadata = METADATA) -> None:
    sidecars = cache.opened()
    sidecars.add("a", sha256, Sidecar.of(metadata, 99))
    sidecars.flush()


def test_what_was_stored_is_found_by_its_digest(cache: Cache):
    add(cache)
    sidecars = cache.opened()
    found = sidecars.find("a", "ab")
    assert found is not None
    assert (found.size, found.metadata) == (99, METADATA)
    assert sidecars.find("a", "cd") is None
    assert sidecars.find("b", "ab") is None
    assert cache.noted == [(UsageKind.SIDECAR, cache.file().name)]


def test_a_lookup_writes_nothing(cache: Cache):
    sidecars = cache.opened()
    assert sidecars.find("a", "ab") is None
    sidecars.flush()
    assert list(cache.root.iterdir()) == []


def test_runs_side_by_side_lose_nothing(cache: Cache):
    first, second = cache.opened(), cache.opened()
    assert (first.find("a", "1"), second.find("a", "2")) == (None, None)
    first.add("a", "1", Sidecar.of(METADATA, 1))
    second.add("a", "2", Sidecar.of(METADATA, 2))
    first.flush()
    second.flush()
    assert all(cache.opened().find("a", sha256) for sha256 in "12")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[:-9], id="cut"),
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content.replace(b"b>=1", b"b>=2"), id="changed"),
    ],
)
def test_damage_is_found_and_mended(cache: Cache, damage: Callable[[bytes], bytes]):
    add(cache)
    cache.file().write_bytes(damage(cache.file().read_bytes()))
    store = WheelStore(cache.layout, cache.events.append, lambda: 0.0)
    wheels = BuiltWheels(cache.layout, cache.events.append, lambda: 0.0)
    assert [each.path for each in verify.verify(cache.layout, store, wheels)] == [str(cache.file())]
    assert cache.opened().find("a", "ab") is None
    assert any(isinstance(event, WarningMessage) for event in cache.events)
    add(cache)
    assert list(verify.verify(cache.layout, store, wheels)) == []


@pytest.mark.parametrize(
    ("content", "warnings"),
    [
        pytest.param(b"{}", 1, id="no fields"),
        pytest.param(b"[]", 1, id="no object"),
        pytest.param(b'{"version":1,"project":"a","sidecars":[]}', 1, id="no mapping"),
        pytest.param(b'{"version":1,"project":"a","sidecars":{"ab":[9,"A"]}}', 1, id="a short row"),
        pytest.param(
            b'{"version":1,"project":"a","sidecars":{"ab":[9,"A","1.0",["b",1],null,[],""]}}',
            1,
            id="a requirement that is no text",
        ),
        pytest.param(b'{"version":2,"project":"a","sidecars":{}}', 0, id="another version"),
        pytest.param(b'{"version":1,"project":"b","sidecars":{}}', 0, id="another project"),
    ],
)
def test_an_entry_of_another_shape_is_a_miss(cache: Cache, content: bytes, warnings: int):
    """Whole, with its own digest: the content is not damaged, and has another shape all the same."""
    add(cache)
    cache.file().write_bytes(checksummed(content))
    assert cache.opened().find("a", "ab") is None
    assert len(cache.events) == warnings
    assert cache.noted == []
    add(cache)
    assert cache.opened().find("a", "ab") is not None


def test_a_cache_that_takes_nothing_is_done_without(cache: Cache):
    (cache.root / "sidecars-v1").write_text("no directory")
    add(cache)
    assert cache.opened().find("a", "ab") is None
