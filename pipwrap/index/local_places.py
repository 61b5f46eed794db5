"""What a location stands for: directories and files of this machine, or a page to request."""

from __future__ import annotations

import os
import threading
from urllib.parse import urljoin, urlsplit

from pipwrap.cache.resolutions import PageState
from pipwrap.index.index_messages import IndexMessages
from pipwrap.index.locations import FlatDirectory, is_page, path_state
from pipwrap.model.link import Link, redact
from pipwrap.model.location import is_archive, path_to_url, url_to_path
from pipwrap.network.origins import is_secure_origin


class LocalPlaces:
    """Looks at each location once for each project; used from many threads."""

    def __init__(self, trusted_hosts: tuple[str, ...], messages: IndexMessages) -> None:
        """Look at nothing yet."""
        self._trusted_hosts = trusted_hosts
        self._messages = messages
        self._lock = threading.Lock()
        self._directories: dict[str, FlatDirectory] = {}

    def state(self, location: str) -> list[PageState]:
        """Return what a local place is, and whether there is one; nothing for a URL."""
        if "://" in location and not location.lower().startswith("file:"):
            return []
        path = self._local_path(location) or os.path.abspath(location)
        return [PageState("path", path, path_state(path))]

    def find_links(self, location: str, project: str) -> tuple[list[Link], list[str]]:
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

    def index_pages(self, location: str) -> list[str]:
        """Return the URLs of the pages that one location of a project stands for."""
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
        """Return the page, or nothing, with a warning, when it would come over plain http."""
        if is_secure_origin(location, self._trusted_hosts):
            return [location]
        host = urlsplit(location).netloc.rpartition("@")[2].partition(":")[0]
        self._messages.warn(
            f"The repository located at {host} is not a trusted or secure host "
            "and is being ignored. If this repository is available via HTTPS we recommend you use "
            "HTTPS instead, otherwise you may silence this warning and allow it anyway with "
            f"'--trusted-host {host}'."
        )
        return []

    def _warn_nowhere(self, location: str) -> None:
        self._messages.warn(
            f"Location '{redact(location)}' is ignored: "
            "it is either a non-existing path or lacks a specific scheme."
        )

    def _warn_missing(self, location: str) -> None:
        self._messages.warn(
            f"Location '{redact(location)}' is ignored: it is neither a file nor a directory."
        )
