"""Where projects are looked for."""

from __future__ import annotations

import os
from urllib.parse import quote, unquote, urljoin

from msgspec import Struct

from pipwrap.model.location import absolute_url, path_to_url


class SearchScope(Struct, frozen=True):
    """The indexes, and the places with files of any project."""

    index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    refreshed: frozenset[str] = frozenset()
    """Projects whose pages are revalidated; ``:all:`` means every one."""

    def project_of(self, url: str) -> str | None:
        """Return the project that a page of an index is about; ``None`` for any other page."""
        project = unquote(url.rstrip("/").rpartition("/")[2])
        pages = {project_url(each, project) for each in self.index_urls}
        return project if url in pages and url not in self.find_links else None


def project_url(index: str, project: str) -> str:
    """Return the page of a project (PEP 503); an index that is a path becomes a file URL."""
    if index.lower().startswith("file:"):
        index = absolute_url(index, os.getcwd())
    elif index and "://" not in index:
        page = f"{index.rstrip('/')}/{quote(project)}/"
        return path_to_url(os.path.abspath(page)) + "/" if os.path.exists(page) else page
    return urljoin(f"{index.rstrip('/')}/" if index else "", f"{quote(project)}/")
