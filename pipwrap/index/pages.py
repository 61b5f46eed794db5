"""Pages of indexes on their way from the HTTP cache to listings, each read once for all runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pipwrap import errors
from pipwrap.index import simple
from pipwrap.network.transport import Headers

if TYPE_CHECKING:
    from pipwrap.cache.listings import Listings, PageKey
    from pipwrap.index.listing import Listing

ACCEPT = Headers((("Accept", simple.ACCEPT),))
_OK = 200
_READING = threading.Lock()
"""A page takes several times its size while it is read, and all of the interpreter."""


class Known(Protocol):
    """A document that is stored; whether its body is there was not looked at."""

    @property
    def url(self) -> str:
        """Return the URL after redirects, without credentials."""

    @property
    def status(self) -> int:
        """Return the HTTP status."""

    @property
    def content_type(self) -> str:
        """Return the type of its body, nothing where that is not said."""

    @property
    def sha256(self) -> str:
        """Return the digest of the body."""


class Page(Known, Protocol):
    """A fetched document; its body lies on disk."""

    @property
    def path(self) -> str:
        """Return the file that holds the body."""

    @property
    def from_cache(self) -> bool:
        """Tell whether it was answered without the network, or by a 304."""


class Pages(Protocol):
    """Fetches pages through the HTTP cache; called from many threads."""

    def page(self, url: str, headers: Headers, *, refresh: bool = False) -> Page:
        """Return the page; ``refresh`` asks the server even when the stored one is fresh."""

    def known(self, url: str, headers: Headers) -> Known | None:
        """Return what is known of the page, where that takes no request and no redirect."""


class ReadPages:
    """Pages with what is made of them; used from many threads."""

    def __init__(self, pages: Pages, listings: Callable[[], Listings] | None) -> None:
        """Keep the ports; without ``listings``, which are made when wanted, every page is read."""
        self._pages = pages
        self._listings = listings
        self._asked: dict[str, Page | Exception] = {}

    def known(self, url: str) -> Known | None:
        """Return what is known of the page, where that takes no request and no redirect."""
        return self._pages.known(url, ACCEPT)

    def fetch(self, url: str, *, refresh: bool = False) -> Page:
        """Return the page itself; raises what the HTTP cache raises."""
        asked = None if refresh else self._asked.pop(url, None)
        if isinstance(asked, Exception):
            raise asked
        return asked or self._pages.page(url, ACCEPT, refresh=refresh)

    def confirm(self, url: str) -> Page:
        """Return the page, and have the next ``fetch`` come to the same without asking."""
        try:
            page = self._asked[url] = self._pages.page(url, ACCEPT)
        except (errors.NetworkError, OSError) as error:
            self._asked[url] = error
            raise
        return page

    def kept(self, page: Known) -> Listing | None:
        """Return what was made of a page when it was read before."""
        found = self._listings().find(_key(page)) if self._listings else None
        if found is None:
            return None
        from pipwrap.index.listing import Group, Listing  # noqa: PLC0415 - not to confirm pages

        return Listing(page.url, tuple(Group(*each) for each in found))

    def fresh(self, url: str) -> tuple[Known, Listing] | None:
        """Return a page that takes neither a request nor reading, and what was made of it."""
        known = self.known(url) if self._listings else None
        if known is None or known.status != _OK:
            return None
        listing = self.kept(known)
        return (known, listing) if listing is not None else None

    def read(self, page: Page) -> Listing:
        """Return what is made of a page, and keep it.

        ``FileNotFoundError`` when its body is gone, ``simple.InvalidPage`` when it is no page.
        """
        from pipwrap.index.listing import Listing  # noqa: PLC0415 - not to confirm pages

        with _READING:
            with open(page.path, "rb") as stream:
                content = stream.read()
            listing = Listing.of(simple.parse_page(content, page.content_type, page.url), page.url)
            del content
        if self._listings:
            groups = tuple((group.tags, group.rows) for group in listing.groups)
            self._listings().add(_key(page), groups)
        return listing


def _key(page: Known) -> PageKey:
    from pipwrap.cache.listings import PageKey  # noqa: PLC0415 - not to confirm pages

    return PageKey(page.url, page.content_type, page.sha256)
