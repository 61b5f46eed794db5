"""What all indexes and find-links locations offer for one project, and what that depends on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from pipwrap.cache.resolutions import PageState
from pipwrap.model.link import Link

if TYPE_CHECKING:
    from pipwrap.index.listing import Listing


class SkippedPage(Struct, frozen=True):
    """A page that could not be had, and why; reported when nothing else offers the project."""

    url: str
    reason: str


class ProjectLinks(Struct, frozen=True):
    """Everything that all places together offer for one project."""

    files: tuple[Link, ...] = ()
    """Those that are no page's."""
    listings: tuple[Listing, ...] = ()
    """Of the pages, in their order."""
    skipped: tuple[SkippedPage, ...] = ()
    from_cache: bool = False
    """Some page came from the cache without being revalidated."""
    evidence: tuple[PageState, ...] = ()
    """Every page and every local place that was looked at."""
    is_certain: bool = True
    """The same evidence means the same links: no page failed to arrive."""

    @property
    def links(self) -> tuple[Link, ...]:
        """Return everything that is offered, in order."""
        return (*self.files, *chain.from_iterable(each.links() for each in self.listings))


def joined(
    gathered: Sequence[ProjectLinks],
    files: tuple[Link, ...] = (),
    places: tuple[PageState, ...] = (),
) -> ProjectLinks:
    """Return in one what all places offer."""
    return ProjectLinks(
        files,
        tuple(listing for found in gathered for listing in found.listings),
        tuple(skip for found in gathered for skip in found.skipped),
        any(found.from_cache for found in gathered),
        (*places, *(seen for found in gathered for seen in found.evidence)),
        all(found.is_certain for found in gathered),
    )
