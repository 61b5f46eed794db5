"""Core metadata kept apart from what it describes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipwrap.cache.evidence import Evidence
from pipwrap.cache.layout import Layout
from pipwrap.cache.metadata import CachedMetadata, MetadataCache, origin_identity
from pipwrap.events import Event

KEPT = CachedMetadata(
    "Name: démo\n",
    "https://host.invalid/demo.whl",
    etag='"one"',
    evidence=Evidence((("CC", None), ("CFLAGS", "0f")), "k1", missing=("cc",)),
)
IDENTITY = origin_identity("https://host.invalid/demo.whl", None)


@pytest.fixture
def told() -> list[Event]:
    """Return the list that takes events."""
    return []


@pytest.fixture
def cache(tmp_path: Path, told: list[Event]) -> MetadataCache:
    """Return an empty cache."""
    return MetadataCache(Layout(str(tmp_path)), told.append)


def test_what_is_kept_is_found_until_it_is_discarded(cache: MetadataCache):
    assert cache.find(IDENTITY) is None
    cache.add(IDENTITY, KEPT)
    assert cache.find(IDENTITY) == KEPT
    cache.discard(IDENTITY)
    cache.discard(IDENTITY)
    assert cache.find(IDENTITY) is None


def test_an_origin_is_a_url_without_credentials_and_a_digest():
    url = "https://host.invalid/demo.whl"
    assert origin_identity("https://me:secret@HOST.invalid/demo.whl#x=y", None) == IDENTITY
    assert len({IDENTITY, origin_identity(url, "00"), origin_identity(url + "?a", "00")}) == 3


def changing(**fields: object) -> Callable[[Path], None]:
    """Return a damage that puts other fields into an entry."""
    return lambda path: path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(changing(text="Name: other\n"), id="other text"),
        pytest.param(changing(version=0), id="other version"),
        pytest.param(changing(evidence=None), id="no evidence"),
        pytest.param(changing(evidence={"variables": [1]}), id="senseless evidence"),
        pytest.param(changing(text=None), id="no text"),
        pytest.param(changing(more=1), id="more fields"),
        pytest.param(lambda path: path.write_text("[]"), id="a list"),
        pytest.param(lambda path: path.write_bytes(b"\xff"), id="noise"),
    ],
)
def test_a_damaged_entry_is_a_miss_that_is_told_once(
    tmp_path: Path, cache: MetadataCache, told: list[Event], damage: Callable[[Path], None]
):
    cache.add(IDENTITY, KEPT)
    (path,) = tmp_path.glob("metadata-v2/*/*")
    damage(path)
    assert [cache.find(IDENTITY) for _ in range(2)] == [None, None]
    assert len(told) == 1
    cache.add(IDENTITY, KEPT)
    assert cache.find(IDENTITY) == KEPT


def test_a_cache_that_cannot_be_written_goes_without(tmp_path: Path):
    place = tmp_path / "cache"
    place.write_text("no directory", encoding="utf-8")
    cache = MetadataCache(Layout(str(place)), lambda event: None)
    cache.add(IDENTITY, KEPT)
    cache.discard(IDENTITY)
    assert place.read_text("utf-8") == "no directory"
