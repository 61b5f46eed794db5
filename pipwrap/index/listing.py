"""The links of a page, grouped by what decides about them first, read only where they are wanted.

Most files of a page are wheels for other platforms. Their tags are looked at once for all that have
the same, and nothing else of them is. So a group stays text, rows of JSON, until then; pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from msgspec import Struct

from pipwrap.index.simple import Row
from pipwrap.model.link import Link

_NAME_AND_TAG = 4


class Group(Struct, frozen=True):
    """The files of a page that have the same compressed tags."""

    tags: tuple[str, str, str] | None
    """Interpreters, ABIs and platforms (PEP 425); ``None`` for everything but wheels."""
    rows: str
    """JSON: for each file its place on the page and what the page says of it."""

    def links(self, page_url: str) -> Iterator[tuple[int, Link]]:
        """Yield the files with their places."""
        for place, url, hashes, requires_python, yanked, sidecar, *rest in json.loads(self.rows):
            upload_time, size, subdirectory = rest
            yield (
                place,
                Link(
                    url,
                    _pairs(hashes),
                    requires_python,
                    yanked,
                    None if sidecar is None else _pairs(sidecar),
                    upload_time,
                    size,
                    page_url,
                    subdirectory,
                ),
            )


class Listing(Struct, frozen=True):
    """Everything that one page offers."""

    url: str
    """Of the page, after redirects."""
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, rows: Iterable[Row], url: str) -> Listing:
        """Return the listing of a page's rows; one that is there twice counts once."""
        groups: dict[tuple[str, str, str] | None, list[tuple[Any, ...]]] = {}
        known: dict[str, list[Row]] = {}
        for place, row in enumerate(rows):
            same = known.setdefault(row[0], [])
            if row not in same:
                same.append(row)
                groups.setdefault(_tags(row[0]), []).append((place, *row))
        return cls(url, tuple(Group(tags, _text(rows)) for tags, rows in groups.items()))

    def links(self) -> tuple[Link, ...]:
        """Return every link, in the page's order."""
        placed = [each for group in self.groups for each in group.links(self.url)]
        return tuple(link for _, link in sorted(placed, key=itemgetter(0)))


def _tags(url: str) -> tuple[str, str, str] | None:
    """Return the last three parts of a wheel's name."""
    name = url.rpartition("/")[2]
    if not name or "?" in url or "%" in name:
        name = Link(url).filename
    if not name.lower().endswith(".whl"):
        return None
    parts = name[: -len(".whl")].rsplit("-", 3)
    return (parts[1], parts[2], parts[3]) if len(parts) == _NAME_AND_TAG else None


def _text(rows: Sequence[tuple[Any, ...]]) -> str:
    return json.dumps(rows, separators=(",", ":"))


def _pairs(rows: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(map(tuple, rows))  # type: ignore[arg-type]  # JSON has lists, of two texts each
