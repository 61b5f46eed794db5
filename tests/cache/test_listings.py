"""What was read of pages, kept by the digest of their bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipwrap.cache.layout import Layout
from pipwrap.cache.listings import Groups, Listings, PageKey
from pipwrap.cache.store import WheelStore
from pipwrap.cache.upkeep import verify
from pipwrap.cache.upkeep.usage import UsageKind
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.events import Event, WarningMessage

KEY = PageKey("https://index.example/simple/a/", "text/html", "ab" * 32)
GROUPS: Groups = ((("py3", "none", "any"), '[[0,"x"]]'), (None, '[[1,"y"],[2,"z"]]'))


class Cache:
    """Listings below a directory, and what was heard of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.layout = Layout(str(root))
        self.heard: list[Event] = []
        self.noted: list[tuple[UsageKind, str]] = []

    def opened(self) -> Listings:
        return Listings(self.layout, self.heard.append, self._note)

    def _note(self, kind: UsageKind, name: str) -> None:
        self.noted.append((kind, name))

    def file(self) -> Path:
        (path,) = self.root.glob("listings-v1/*/*.json")
        return path

    def damaged(self) -> list[str]:
        store = WheelStore(self.layout, self.heard.append, lambda: 0.0)
        wheels = BuiltWheels(self.layout, self.heard.append, lambda: 0.0)
        return [each.path for each in verify.verify(self.layout, store, wheels)]


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


@pytest.mark.parametrize("groups", [pytest.param(GROUPS, id="some"), pytest.param((), id="none")])
def test_what_was_read_of_a_page_is_found_again(cache: Cache, groups: Groups):
    cache.opened().add(KEY, groups)
    assert cache.opened().find(KEY) == groups
    assert cache.noted == [(UsageKind.LISTING, cache.file().name), (UsageKind.BODY, KEY.sha256)]


@pytest.mark.parametrize("field", PageKey._fields)
def test_another_page_has_another_listing(cache: Cache, field: str):
    cache.opened().add(KEY, GROUPS)
    assert cache.opened().find(KEY._replace(**{field: "other"})) is None


def test_the_listing_of_another_page_is_not_taken(cache: Cache):
    """As when somebody renames files in the cache."""
    cache.opened().add(KEY, GROUPS)
    content = cache.file().read_bytes()
    other = KEY._replace(sha256="cd" * 32)
    cache.file().unlink()
    cache.opened().add(other, ())
    cache.file().write_bytes(content)
    assert cache.opened().find(other) is None


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: content[:-3], id="cut"),
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content.replace(b'"y"', b'"n"'), id="changed"),
    ],
)
def test_damage_is_found_and_mended(cache: Cache, damage: Callable[[bytes], bytes]):
    cache.opened().add(KEY, GROUPS)
    cache.file().write_bytes(damage(cache.file().read_bytes()))
    assert cache.damaged() == [str(cache.file())]
    assert cache.opened().find(KEY) is None
    assert any(isinstance(event, WarningMessage) for event in cache.heard)
    cache.opened().add(KEY, GROUPS)
    assert cache.damaged() == []


def test_a_cache_that_takes_nothing_is_done_without(cache: Cache):
    (cache.root / "listings-v1").write_text("no directory")
    cache.opened().add(KEY, GROUPS)
    assert cache.opened().find(KEY) is None
