"""The links of a page, grouped by what decides about them first, made only where they are needed.

Most files of a page are wheels for other platforms. Their tags are looked at once for all that have
the same, and nothing else of them is: a file stays as it was decoded until then; pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from operator import itemgetter

from msgspec import Struct

from pipwrap.index.simple import File, link_of
from pipwrap.model.link import Link

Tags = tuple[str, str, str]
"""Interpreters, ABIs and platforms of a wheel's name, compressed (PEP 425)."""
_TAGS = 3
_SDIST = (".tar.gz", ".zip")
_PLAIN = re.compile(r"[\w.]+\n[\w.]+\n[\w.]+\.whl", re.ASCII)
"""The end of a wheel's URL that is the same however the URL is unquoted, joined and split."""


class Group(Struct, frozen=True):
    """The files of a page that have the same compressed tags."""

    tags: Tags | None
    """``None`` for everything but wheels."""
    places: tuple[int, ...]
    """Of its files on the page."""

    def links(self, listing: Listing) -> Iterator[tuple[int, Link]]:
        """Yield the files with their places; one that is there twice counts once."""
        known: dict[str, list[Link]] = {}
        for place in self.places:
            link = listing.link(place)
            if link is None:
                continue
            same = known.setdefault(link.url, [])
            if link not in same:
                same.append(link)
                yield place, link


class Listing(Struct, frozen=True):
    """Everything that one page offers."""

    url: str
    """Of the page, after redirects."""
    files: Sequence[File | Link]
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, files: Sequence[File | Link], url: str) -> Listing:
        """Return the listing of a page's files; those of the same URL come into one group."""
        by_end: dict[str, list[int]] = {}
        for place, file in enumerate(files):
            by_end.setdefault(_end(file.url), []).append(place)
        groups: dict[Tags | None, list[int]] = {}
        for end, places in by_end.items():
            if _PLAIN.fullmatch(end):
                interpreters, abis, platforms = end.removesuffix(".whl").split("\n")
                groups.setdefault((interpreters, abis, platforms), []).extend(places)
            elif end in _SDIST:
                groups.setdefault(None, []).extend(places)
            else:
                for place in places:
                    groups.setdefault(_tags(files[place], url), []).append(place)
        return cls(
            url, files, tuple(Group(tags, tuple(sorted(each))) for tags, each in groups.items())
        )

    def link(self, place: int) -> Link | None:
        """Return the link at a place of the page; ``None`` where it has no proper URL."""
        file = self.files[place]
        return file if isinstance(file, Link) else link_of(file, self.url)

    def links(self) -> tuple[Link, ...]:
        """Return every link, in the page's order."""
        placed = [each for group in self.groups for each in group.links(self)]
        return tuple(link for _, link in sorted(placed, key=itemgetter(0)))


def _end(url: str) -> str:
    """Return what identifies a URL's file: its extension, or a wheel name's last three parts.

    Nothing where the URL has to be read to know that.
    """
    if "?" in url or "#" in url:
        return ""
    if url.endswith(".whl"):
        return "\n".join(url.rsplit("-", _TAGS)[1:])
    return next(filter(url.endswith, _SDIST), "")


def _tags(file: File | Link, page_url: str) -> Tags | None:
    """Return the last three parts of a wheel's name."""
    link = file if isinstance(file, Link) else link_of(file, page_url)
    name = link.filename if link is not None else ""
    if not name.lower().endswith(".whl"):
        return None
    parts = name[: -len(".whl")].rsplit("-", _TAGS)
    return (parts[1], parts[2], parts[3]) if len(parts) == _TAGS + 1 else None
