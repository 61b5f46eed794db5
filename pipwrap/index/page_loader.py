"""Pages of indexes to links: local ones, and those behind HTTP, through its cache."""

from __future__ import annotations

from msgspec.structs import replace

from pipwrap import errors
from pipwrap.cache.resolutions import PageState
from pipwrap.index import page_types
from pipwrap.index.index_messages import IndexMessages
from pipwrap.index.locations import path_state
from pipwrap.index.pages import Known, ReadPages
from pipwrap.index.project_links import ProjectLinks, SkippedPage
from pipwrap.model.link import redact
from pipwrap.model.location import url_to_path

_CLIENT_ERROR = 400


class PageLoader:
    """Loads one page; used from many threads."""

    def __init__(self, pages: ReadPages, messages: IndexMessages) -> None:
        """Load nothing yet."""
        self._pages = pages
        self._messages = messages

    def load(self, url: str, *, refresh: bool) -> ProjectLinks:
        """Return the links of one page; a page that cannot be had is skipped, as in pip."""
        self._messages.fetching(url)
        try:
            if url.startswith("file:"):
                return self._load_file(url)
            return self._load_http(url, refresh=refresh)
        except (errors.NetworkError, OSError) as error:
            reason = str(error)
        except page_types.InvalidPage as error:
            reason = f"the page cannot be read: {error}"
            self._messages.warn(f"Skipping page {redact(url)} because {reason}")
        return replace(self._skip(url, reason), is_certain=False)

    def _load_file(self, url: str) -> ProjectLinks:
        from pipwrap.index.listing import Listing  # noqa: PLC0415 - not to confirm pages
        from pipwrap.index.simple import parse_page  # noqa: PLC0415

        path = url_to_path(url)
        seen = (PageState("path", path, path_state(path)),)
        with open(path, "rb") as stream:
            content = stream.read()
        content_type = "text/html"
        if url.endswith(".json"):
            content_type = page_types.JSON_TYPE
        listing = Listing.of(parse_page(content, content_type, url), url)
        return ProjectLinks(listings=(listing,), evidence=seen)

    def _load_http(self, url: str, *, refresh: bool) -> ProjectLinks:
        fresh = None if refresh else self.fresh(url)
        if fresh is not None:
            return fresh
        page = self._pages.fetch(url, refresh=refresh)
        seen = (PageState("page", url, page_state(page)),)
        if page.status >= _CLIENT_ERROR:
            kind = "Client" if page.status < 500 else "Server"  # noqa: PLR2004 - RFC 9110
            reason = f"{page.status} {kind} Error for url: {redact(page.url)}"
            return replace(self._skip(url, reason), evidence=seen)
        content_type = page.content_type or "Unknown"
        if not page_types.is_page(content_type):
            self._messages.warn(
                f"Skipping page {redact(url)} because the GET request got Content-Type: "
                f"{content_type}. The only supported Content-Types are "
                "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html, "
                "and text/html"
            )
            return replace(self._skip(url, f"it has Content-Type {content_type}"), evidence=seen)
        try:
            listing = self._pages.read(page)
        except FileNotFoundError:
            # The cache was emptied since.
            page = self._pages.fetch(url, refresh=True)
            seen = (PageState("page", url, page_state(page)),)
            listing = self._pages.read(page)
        from_cache = page.from_cache and not refresh
        return ProjectLinks(listings=(listing,), from_cache=from_cache, evidence=seen)

    def fresh(self, url: str) -> ProjectLinks | None:
        """Return a page that takes no request, where it is such a one."""
        fresh = self._pages.fresh(url)
        if fresh is None:
            return None
        page, listing = fresh
        seen = (PageState("page", url, page_state(page)),)
        return ProjectLinks(listings=(listing,), from_cache=True, evidence=seen)

    def _skip(self, url: str, reason: str) -> ProjectLinks:
        self._messages.skipping(url, reason)
        return ProjectLinks(skipped=(SkippedPage(redact(url), reason),))


def page_state(page: Known) -> str:
    """Return all that decides about what a page offers: its links are relative to its URL."""
    return f"{page.status} {page.content_type} {page.url} {page.sha256}"
