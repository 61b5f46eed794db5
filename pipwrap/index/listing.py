"""The links of a page, grouped by what decides about them first, made only where they are needed.

Most files of a page are wheels for other platforms. Their tags are looked at once for all that have
the same, and nothing else of them is: a file stays as it was decoded until then; pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from operator import itemgetter

from msgspec import Struct

from pipwrap.index.simple import File, ListedFile, link_of, simple_name
from pipwrap.model.link import Link
from pipwrap.model.names import canonicalize_name

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

    def listed(self, listing: Listing) -> list[tuple[int, ListedFile, str]] | None:
        """Return the files with their places and names, where no link has to be made to tell them.

        ``None`` where a URL is not simple, or where a name is there twice: its file may be, too.
        """
        found: list[tuple[int, ListedFile, str]] = []
        files, page_url = listing.files, listing.url
        for place in self.places:
            file = files[place]
            name = None if isinstance(file, Link) else simple_name(file)
            if isinstance(file, Link) or name is None or "macosx10" in file.url:
                return None
            found.append((place, ListedFile(file, page_url), name))
        has_each_once = len({name for _, _, name in found}) == len(found)
        return found if has_each_once else None

    def without(self, listing: Listing, project: str, versions: AbstractSet[str]) -> Group:
        """Return the same without the sdists of a project that have these versions."""
        if not versions:
            return self
        files = listing.files
        places = (each for each in self.places if not _is_sdist_of(files[each], project, versions))
        return Group(self.tags, tuple(places))

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


def _is_sdist_of(file: File | Link, project: str, versions: AbstractSet[str]) -> bool:
    """Tell an sdist of a project by its URL, whose version is spelled as one of these."""
    path, _, version = file.url.rpartition("-")
    return (
        version.endswith(".tar.gz")
        and version[: -len(".tar.gz")] in versions
        and canonicalize_name(path.rpartition("/")[2]) == project
    )


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
