"""Pages of indexes on their way from the HTTP cache to listings."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from pipwrap import errors
from pipwrap.cache.upkeep.usage import Note, UsageKind
from pipwrap.index import page_types
from pipwrap.network.transport import Headers

if TYPE_CHECKING:
    from pipwrap.index.listing import Listing

ACCEPT = Headers((("Accept", page_types.ACCEPT),))
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
        """Return the type of its body, nothing where that is not known."""

    @property
    def sha256(self) -> str:
        """Return the digest of the body."""


class Page(Known, Protocol):
    """A fetched document; its body is on disk."""

    @property
    def path(self) -> str:
        """Return the file that holds the body."""

    @property
    def from_cache(self) -> bool:
        """Return whether it was answered without the network, or by a 304."""


class Pages(Protocol):
    """Fetches pages through the HTTP cache; called from many threads."""

    def page(self, url: str, headers: Headers, *, refresh: bool = False) -> Page:
        """Return the page; ``refresh`` revalidates even a fresh one."""

    def known(self, url: str, headers: Headers) -> Known | None:
        """Return what is known of the page, where that takes no request and no redirect."""

    def body(self, sha256: str) -> bytes | None:
        """Return the stored body with this digest; ``None`` where it is gone or damaged."""


class ReadPages:
    """Pages with what is made of them; used from many threads."""

    def __init__(self, pages: Pages, note: Note) -> None:
        """Store the ports; ``note`` is called with every page that came from the cache."""
        self._pages = pages
        self._note = note
        self._confirmed: dict[str, Page | Exception] = {}

    def known(self, url: str) -> Known | None:
        """Return what is known of the page, where that takes no request and no redirect."""
        return self._pages.known(url, ACCEPT)

    def fetch(self, url: str, *, refresh: bool = False) -> Page:
        """Return the page itself; raises what the HTTP cache raises."""
        confirmed = None if refresh else self._confirmed.pop(url, None)
        if isinstance(confirmed, Exception):
            raise confirmed
        return confirmed or self._pages.page(url, ACCEPT, refresh=refresh)

    def confirm(self, url: str) -> Page:
        """Return the page, and have the next ``fetch`` come to the same without a request."""
        try:
            page = self._confirmed[url] = self._pages.page(url, ACCEPT)
        except (errors.NetworkError, OSError) as error:
            self._confirmed[url] = error
            raise
        return page

    def fresh(self, url: str) -> tuple[Known, Listing] | None:
        """Return a page that takes no request, and what is made of it; ``None`` for any other."""
        known = self.known(url)
        if known is None or known.status != _OK or not page_types.is_page(known.content_type):
            return None
        content = self._pages.body(known.sha256)
        if content is None:
            return None
        try:
            listing = _listing(content, known)
        except page_types.InvalidPage:
            return None
        self._note(UsageKind.BODY, known.sha256)
        return known, listing

    def read(self, page: Page) -> Listing:
        """Return what is made of a page.

        ``FileNotFoundError`` when its body is gone, ``page_types.InvalidPage`` when it is no page.
        """
        with _READING:
            with open(page.path, "rb") as stream:
                content = stream.read()
            listing = _listing(content, page)
        if page.from_cache:
            self._note(UsageKind.BODY, page.sha256)
        return listing


def _listing(content: bytes, page: Known) -> Listing:
    from pipwrap.index.listing import Listing  # noqa: PLC0415 - not to confirm pages
    from pipwrap.index.simple import parse_page  # noqa: PLC0415

    return Listing.of(parse_page(content, page.content_type, page.url), page.url)
