"""Sidecars that were read before are found by the digest that the index names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.version import Version

from pipwrap import errors
from pipwrap.cache.layout import Layout
from pipwrap.cache.sidecars import Sidecars
from pipwrap.cache.upkeep.usage import unnoted
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.distribution.sidecars import SidecarLookup
from pipwrap.events import Event
from pipwrap.model.candidate import Candidate
from pipwrap.model.link import Link
from pipwrap.model.metadata import Metadata, MetadataOrigin

METADATA = Metadata("a", "1.0", ("b",), None, (), "2.1")
DIGEST = (("sha256", "ab"),)


@pytest.fixture
def sidecars(tmp_path: Path) -> Sidecars:
    events: list[Event] = []
    return Sidecars(Layout(str(tmp_path)), events.append, unnoted)


def distribution(
    url: str = "https://x/a-1.0-py3-none-any.whl",
    digest: tuple[tuple[str, str], ...] | None = DIGEST,
    version: str = "1.0",
) -> Candidate:
    return Candidate("a", Version(version), Link(url, metadata_hashes=digest))


def test_an_entry_is_found_with_its_line(sidecars: Sidecars) -> None:
    lookup = SidecarLookup(sidecars, HashPolicy())
    assert not lookup.has(distribution())
    lookup.add(distribution(), METADATA, 2048)
    known = lookup.find(distribution("https://mirror/a-1.0-py3-none-any.whl"))
    assert known is not None
    assert (known.metadata, known.origin) == (METADATA, MetadataOrigin.SIDECAR)
    (line,) = known.lines
    assert line.message == "Using cached a-1.0-py3-none-any.whl.metadata (2.0 kB)"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(distribution(digest=(("sha256", "cd"),)), id="another digest"),
        pytest.param(distribution(digest=(("md5", "ab"),)), id="no sha256"),
        pytest.param(distribution(digest=()), id="no digest"),
        pytest.param(distribution(digest=None), id="nothing apart"),
        pytest.param(distribution("https://x/a-1.0.tar.gz"), id="sdist"),
        pytest.param(distribution("file:///x/a-1.0-py3-none-any.whl"), id="local file"),
    ],
)
def test_nothing_is_found_of_anything_else(sidecars: Sidecars, other: Candidate) -> None:
    lookup = SidecarLookup(sidecars, HashPolicy())
    lookup.add(distribution(), METADATA, 9)
    lookup.add(distribution("file:///x/a-1.0-py3-none-any.whl"), METADATA, 9)
    assert lookup.find(other) is None


def test_nothing_is_found_where_hashes_are_required(sidecars: Sidecars) -> None:
    SidecarLookup(sidecars, HashPolicy()).add(distribution(), METADATA, 9)
    assert SidecarLookup(sidecars, HashPolicy(required=True)).find(distribution()) is None


def test_metadata_of_another_version_is_unusable(sidecars: Sidecars) -> None:
    lookup = SidecarLookup(sidecars, HashPolicy())
    lookup.add(distribution(), METADATA, 9)
    with pytest.raises(errors.UnusableMetadata, match="inconsistent version"):
        lookup.find(distribution(version="2.0"))


def test_only_what_is_not_found_is_read(sidecars: Sidecars) -> None:
    lookup = SidecarLookup(sidecars, HashPolicy())
    lookup.add(distribution(), METADATA, 9)
    other, wrong = distribution(digest=None), distribution(version="2.0")
    asked: list[Candidate] = []

    def read(candidates: Sequence[Candidate]) -> list[None]:
        asked.extend(candidates)
        return [None for _ in candidates]

    assert lookup.find_all([other, distribution(), wrong], read) == [None, METADATA, None]
    assert asked == [other]
    assert lookup.find_all([distribution()], read) == [METADATA]
    assert asked == [other]
