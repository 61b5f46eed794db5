"""The links that all indexes and find-links locations offer for a project (pip's LinkCollector)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from pipwrap import errors
from pipwrap.cache.resolutions import PageState
from pipwrap.cache.upkeep.usage import Note, unnoted
from pipwrap.events import Listener
from pipwrap.index.index_messages import IndexMessages
from pipwrap.index.locations import path_state
from pipwrap.index.page_loader import PageLoader, page_state
from pipwrap.index.pages import Page, Pages, ReadPages
from pipwrap.index.project_links import ProjectLinks, joined
from pipwrap.index.scope import SearchScope, project_url
from pipwrap.model.format_control import ALL
from pipwrap.model.link import Link
from pipwrap.network.origins import is_secure_origin

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from pipwrap.index.local_places import LocalPlaces


class LinkCollector:
    """Asks every index and every find-links location, once for each project and run."""

    def __init__(
        self,
        scope: SearchScope,
        pages: Pages,
        listener: Listener,
        note: Note = unnoted,
        *,
        workers: int = 16,
    ) -> None:
        """Store the places; nothing is fetched yet."""
        self.scope = scope
        self._pages = ReadPages(pages, note)
        self._messages = IndexMessages(listener)
        self._loader = PageLoader(self._pages, self._messages)
        self._refresh = False
        self._lock = threading.Lock()
        self._found: dict[str, Future[ProjectLinks]] = {}
        self._workers = workers

    @cached_property
    def _places(self) -> LocalPlaces:
        """Return the local places; nothing else of them is read to confirm pages."""
        from pipwrap.index.local_places import LocalPlaces  # noqa: PLC0415 - as said

        return LocalPlaces(self.scope.trusted_hosts, self._messages)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        """Return the threads; a cached resolution whose pages are fresh needs none."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

        return ThreadPoolExecutor(self._workers, thread_name_prefix="index")

    def prefetch(self, project: str) -> Future[ProjectLinks]:
        """Start requesting ``project`` unless that has begun; the answer is kept for the run."""
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

    def find(self, project: str) -> ProjectLinks:
        """Return what is offered for a canonical project name."""
        return self.prefetch(project).result()

    def refresh(self) -> bool:
        """Request every page that came from the cache again; return whether any is another now.

        From now on every page is revalidated.
        """
        with self._lock:
            already, self._refresh = self._refresh, True
            found = tuple(self._found.items())
            # What has not arrived was requested ahead; it is requested again when it is needed.
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
        """Release all that was found: it is requested again if it is needed again."""
        with self._lock:
            self._found.clear()

    def close(self) -> None:
        """End the threads; what has not begun is dropped."""
        if "_pool" in self.__dict__:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _at_once(self, project: str) -> ProjectLinks | None:
        """Return what takes no request: to read pages holds the interpreter, in any thread.

        ``None`` where anything does, or where any place is no index behind a URL.
        """
        if self.scope.find_links or self._refresh or self.scope.refreshed & {project, ALL}:
            return None
        pages: list[ProjectLinks] = []
        for url in dict.fromkeys(project_url(each, project) for each in self.scope.index_urls):
            is_remote = url.startswith(("http:", "https:")) and is_secure_origin(
                url, self.scope.trusted_hosts
            )
            page = self._loader.fresh(url) if is_remote else None
            if page is None:
                return None
            pages.append(page)
        for page in pages:
            self._messages.fetching(page.evidence[0].place)
        return joined(pages)

    def _find(self, project: str) -> ProjectLinks:
        """Return files first, then pages in pip's order: find-links, index, extra indexes."""
        files: list[Link] = []
        gathered: list[ProjectLinks] = []
        refresh = self._refresh or bool(self.scope.refreshed & {project, ALL})
        places: list[PageState] = []
        for location in dict.fromkeys(self.scope.find_links):
            places += self._places.state(location)
            local, pages = self._places.find_links(location, project)
            files.extend(local)
            gathered.extend(self._loader.load(page, refresh=refresh) for page in pages)
        indexes = (project_url(index, project) for index in self.scope.index_urls)
        for location in dict.fromkeys(indexes):
            places += self._places.state(location)
            gathered.extend(
                self._loader.load(page, refresh=refresh)
                for page in self._places.index_pages(location)
            )
        ordered = sorted(files, key=lambda link: link.url, reverse=True)
        return joined(gathered, tuple(ordered), tuple(places))

    def changed(self, evidence: Sequence[PageState]) -> frozenset[str] | None:
        """Return the URLs of the pages that have changed; those not fresh are requested.

        ``None`` where a place is another, or a page did not arrive.
        """
        requested: list[tuple[PageState, Future[Page]]] = []
        changed: set[str] = set()
        for seen in evidence:
            if seen.kind == "path":
                if path_state(seen.place) != seen.state:
                    return None
                continue
            known = self._pages.known(seen.place)
            if known is None:
                requested.append((seen, self._pool.submit(self._pages.confirm, seen.place)))
            elif page_state(known) != seen.state:
                changed.add(seen.place)
        try:
            pages = [(seen, future.result()) for seen, future in requested]
        except (errors.NetworkError, OSError):
            return None
        changed |= {seen.place for seen, page in pages if page_state(page) != seen.state}
        return frozenset(changed)
