"""The edge to indexes and find-links: the links that all of them offer for a project."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.cache.resolutions import PageState
from pipwrap.cache.upkeep.usage import Note, unnoted
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.index import simple
from pipwrap.index.locations import FlatDirectory, is_page, path_state
from pipwrap.index.pages import Known, Page, Pages, ReadPages
from pipwrap.index.scope import SearchScope, project_url
from pipwrap.model.format_control import ALL
from pipwrap.model.link import Link, redact
from pipwrap.model.location import is_archive, path_to_url, url_to_path

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from pipwrap.index.listing import Listing

_CLIENT_ERROR = 400


class Skipped(Struct, frozen=True):
    """A page that could not be had, and why; told when nothing else offers the project."""

    url: str
    reason: str


class Found(Struct, frozen=True):
    """Everything that all places together offer for one project."""

    files: tuple[Link, ...] = ()
    """Those that are no page's."""
    listings: tuple[Listing, ...] = ()
    """Of the pages, in their order."""
    skipped: tuple[Skipped, ...] = ()
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


class Repository:
    """Asks every index and every find-links location, once for each project and run."""

    def __init__(
        self,
        scope: SearchScope,
        pages: Pages,
        listener: Listener,
        *,
        is_secure: Callable[[str], bool],
        refreshed: frozenset[str] = frozenset(),
        note: Note = unnoted,
        workers: int = 16,
    ) -> None:
        """Remember the places; nothing is fetched yet.

        The pages of ``refreshed`` projects (``:all:`` means every one) are always revalidated.
        """
        self._refreshed = refreshed
        self.scope = scope
        self._pages = ReadPages(pages, note)
        self._listener = listener
        self._is_secure = is_secure
        self._refresh = False
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._found: dict[str, Future[Found]] = {}
        self._directories: dict[str, FlatDirectory] = {}
        self._workers = workers

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        """Return the threads; a recalled resolution whose pages are fresh needs none."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        return ThreadPoolExecutor(self._workers, thread_name_prefix="index")

    def prefetch(self, project: str) -> Future[Found]:
        """Start asking for ``project`` unless that has begun; the answer is kept for the run."""
        with self._lock:
            known = self._found.get(project)
        if known is not None:
            return known
        at_once = self._at_once(project)
        from concurrent.futures import Future  # noqa: PLC0415 - where pages are looked at

        with self._lock:
            if project not in self._found and at_once is not None and not self._refresh:
                self._found[project] = Future()
                self._found[project].set_result(at_once)
            elif project not in self._found:
                self._found[project] = self._pool.submit(self._find, project)
            return self._found[project]

    def find(self, project: str) -> Found:
        """Return what is offered for a canonical project name."""
        return self.prefetch(project).result()

    def refresh(self) -> bool:
        """Ask again for every page that came from the cache; tell whether any is another now.

        From now on every page is revalidated.
        """
        with self._lock:
            already, self._refresh = self._refresh, True
            found = tuple(self._found.items())
            # What has not arrived was asked for ahead of its turn; it is asked for again then.
            late = [name for name, future in found if not future.done() or future.exception()]
            stale = {
                name: future
                for name, future in found
                if name not in late and future.result().from_cache
            }
            for name in (*late, *stale):
                del self._found[name]
        if already:
            return False
        anew = {name: self.prefetch(name) for name in stale}
        same = [
            name
            for name, future in anew.items()
            if future.result().evidence == stale[name].result().evidence
        ]
        with self._lock:
            # What was made of them still holds.
            self._found |= {name: stale[name] for name in same}
        return len(same) < len(stale)

    def forget(self) -> None:
        """Let go of all that was found: it is asked for again if it is wanted again."""
        with self._lock:
            self._found.clear()

    def close(self) -> None:
        """End the threads; what has not begun is dropped."""
        if "_pool" in self.__dict__:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _at_once(self, project: str) -> Found | None:
        """Return what takes no request: to read pages holds the interpreter, in any thread.

        ``None`` where anything does, or where any place is no index behind a URL.
        """
        if self.scope.find_links or self._refresh or self._refreshed & {project, ALL}:
            return None
        pages: list[Found] = []
        for url in dict.fromkeys(project_url(each, project) for each in self.scope.index_urls):
            is_remote = url.startswith(("http:", "https:")) and self._is_secure(url)
            page = self._fresh(url) if is_remote else None
            if page is None:
                return None
            pages.append(page)
        for page in pages:
            self._tell(page.evidence[0].place)
        return _joined(pages)

    def _find(self, project: str) -> Found:
        """Return files first, then pages in pip's order: find-links, index, extra indexes."""
        files: list[Link] = []
        gathered: list[Found] = []
        refresh = self._refresh or bool(self._refreshed & {project, ALL})
        places: list[PageState] = []
        for location in dict.fromkeys(self.scope.find_links):
            places += self._place(location)
            local, pages = self._find_links(location, project)
            files.extend(local)
            gathered.extend(self._load(page, refresh=refresh) for page in pages)
        indexes = (project_url(index, project) for index in self.scope.index_urls)
        for location in dict.fromkeys(indexes):
            places += self._place(location)
            gathered.extend(
                self._load(page, refresh=refresh) for page in self._index_page(location)
            )
        ordered = sorted(files, key=lambda link: link.url, reverse=True)
        return _joined(gathered, tuple(ordered), tuple(places))

    def changed(self, evidence: Sequence[PageState]) -> frozenset[str] | None:
        """Return the URLs of the pages that are other than they were; asks for those not fresh.

        ``None`` where a place is another, or a page did not arrive.
        """
        asked: list[tuple[PageState, Future[Page]]] = []
        changed: set[str] = set()
        for seen in evidence:
            if seen.kind == "path":
                if path_state(seen.place) != seen.state:
                    return None
                continue
            known = self._pages.known(seen.place)
            if known is None:
                asked.append((seen, self._pool.submit(self._pages.confirm, seen.place)))
            elif _page_state(known) != seen.state:
                changed.add(seen.place)
        try:
            pages = [(seen, future.result()) for seen, future in asked]
        except (errors.NetworkError, OSError):
            return None
        changed |= {seen.place for seen, page in pages if _page_state(page) != seen.state}
        return frozenset(changed)

    def _place(self, location: str) -> list[PageState]:
        """Return what a local place is, and whether there is one; nothing for a URL."""
        if "://" in location and not location.lower().startswith("file:"):
            return []
        path = self._local_path(location) or os.path.abspath(location)
        return [PageState("path", path, path_state(path))]

    def _find_links(self, location: str, project: str) -> tuple[list[Link], list[str]]:
        """Return the files and the URLs of the pages that one find-links location stands for."""
        path = self._local_path(location)
        if path is None:
            if "://" not in location:
                self._warn_nowhere(location)
                return [], []
            link = Link.from_url(location)
            return ([link], []) if is_archive(link.filename) else ([], self._secure(location))
        if os.path.isdir(path):
            with self._lock:
                directory = self._directories.setdefault(path, FlatDirectory(path))
            pages = [path_to_url(page) for page in directory.pages()]
            return directory.archives(project), pages
        if os.path.isfile(path):
            if is_page(os.path.basename(path)):
                return [], [path_to_url(path)]
            return [Link(path_to_url(path), comes_from=location)], []
        self._warn_missing(location)
        return [], []

    def _index_page(self, location: str) -> list[str]:
        path = self._local_path(location)
        if path is None and "://" not in location:
            self._warn_nowhere(location)
            return []
        if path is None:
            return self._secure(location)
        if os.path.isdir(path):
            return [urljoin(path_to_url(path) + "/", "index.html")]
        if os.path.isfile(path):
            return [path_to_url(path)]
        self._warn_missing(location)
        return []

    def _local_path(self, location: str) -> str | None:
        if location.lower().startswith("file:"):
            return os.path.abspath(url_to_path(location))
        return os.path.abspath(location) if os.path.exists(location) else None

    def _secure(self, location: str) -> list[str]:
        """Return the page, or nothing (and say so) when it would come over plain http."""
        if self._is_secure(location):
            return [location]
        host = urlsplit(location).netloc.rpartition("@")[2].partition(":")[0]
        self._warn(
            f"The repository located at {host} is not a trusted or secure host "
            "and is being ignored. If this repository is available via HTTPS we recommend you use "
            "HTTPS instead, otherwise you may silence this warning and allow it anyway with "
            f"'--trusted-host {host}'."
        )
        return []

    def _load(self, url: str, *, refresh: bool) -> Found:
        """Return the links of one page; a page that cannot be had is skipped, as in pip."""
        self._tell(url)
        try:
            if url.startswith("file:"):
                return self._load_file(url)
            return self._load_http(url, refresh=refresh)
        except (errors.NetworkError, OSError) as error:
            reason = str(error)
        except simple.InvalidPage as error:
            reason = f"the page cannot be read: {error}"
            self._warn(f"Skipping page {redact(url)} because {reason}")
        return replace(self._skip(url, reason), is_certain=False)

    def _load_file(self, url: str) -> Found:
        from pipwrap.index.listing import Listing  # noqa: PLC0415 - not to confirm pages

        path = url_to_path(url)
        seen = (PageState("path", path, path_state(path)),)
        with open(path, "rb") as stream:
            content = stream.read()
        content_type = "text/html"
        if url.endswith(".json"):
            content_type = simple.JSON_TYPE
        listing = Listing.of(simple.parse_page(content, content_type, url), url)
        return Found(listings=(listing,), evidence=seen)

    def _load_http(self, url: str, *, refresh: bool) -> Found:
        fresh = None if refresh else self._fresh(url)
        if fresh is not None:
            return fresh
        page = self._pages.fetch(url, refresh=refresh)
        seen = (PageState("page", url, _page_state(page)),)
        if page.status >= _CLIENT_ERROR:
            kind = "Client" if page.status < 500 else "Server"  # noqa: PLR2004 - RFC 9110
            reason = f"{page.status} {kind} Error for url: {redact(page.url)}"
            return replace(self._skip(url, reason), evidence=seen)
        content_type = page.content_type or "Unknown"
        if not simple.is_page(content_type):
            self._warn(
                f"Skipping page {redact(url)} because the GET request got Content-Type: "
                f"{content_type}. The only supported Content-Types are "
                "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html, "
                "and text/html"
            )
            return replace(self._skip(url, f"it has Content-Type {content_type}"), evidence=seen)
        try:
            listing = self._pages.read(page)
        except FileNotFoundError:
            # Somebody emptied the cache since.
            page = self._pages.fetch(url, refresh=True)
            seen = (PageState("page", url, _page_state(page)),)
            listing = self._pages.read(page)
        from_cache = page.from_cache and not refresh
        return Found(listings=(listing,), from_cache=from_cache, evidence=seen)

    def _fresh(self, url: str) -> Found | None:
        """Return a page that takes no request, where it is such a one."""
        fresh = self._pages.fresh(url)
        if fresh is None:
            return None
        page, listing = fresh
        seen = (PageState("page", url, _page_state(page)),)
        return Found(listings=(listing,), from_cache=True, evidence=seen)

    def _tell(self, url: str) -> None:
        self._listener(Info(f"Fetching project page and analyzing links: {redact(url)}", 2))

    def _skip(self, url: str, reason: str) -> Found:
        shown = redact(url)
        self._listener(Info(f"Could not fetch URL {shown}: {reason} - skipping", 2))
        return Found(skipped=(Skipped(shown, reason),))

    def _warn_nowhere(self, location: str) -> None:
        self._warn(
            f"Location '{redact(location)}' is ignored: "
            "it is either a non-existing path or lacks a specific scheme."
        )

    def _warn_missing(self, location: str) -> None:
        self._warn(
            f"Location '{redact(location)}' is ignored: it is neither a file nor a directory."
        )

    def _warn(self, message: str) -> None:
        """Say it once a run, however many projects meet it."""
        with self._lock:
            seen = message in self._told
            self._told.add(message)
        if not seen:
            self._listener(WarningMessage(message))


def _joined(
    gathered: Sequence[Found], files: tuple[Link, ...] = (), places: tuple[PageState, ...] = ()
) -> Found:
    """Return in one what all places offer."""
    return Found(
        files,
        tuple(listing for found in gathered for listing in found.listings),
        tuple(skip for found in gathered for skip in found.skipped),
        any(found.from_cache for found in gathered),
        (*places, *(seen for found in gathered for seen in found.evidence)),
        all(found.is_certain for found in gathered),
    )


def _page_state(page: Known) -> str:
    """Return all that decides about what a page offers: its links are relative to its URL."""
    return f"{page.status} {page.content_type} {page.url} {page.sha256}"
