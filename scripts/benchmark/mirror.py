"""What was recorded of the real index, on disk, and how more of it is recorded.

pages/PROJECT.json            the page as it came (PEP 691)
files/PROJECT/FILE            a file
files/PROJECT/FILE.metadata   its metadata (PEP 658)
"""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from urllib.parse import urljoin

from benchmark import pages

SIDECAR = ".metadata"
NOT_FOUND = 404
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Mirror:
    """A directory of pages and files; ``upstream`` is asked for what it lacks, once."""

    directory: str
    upstream: str | None = None
    """The URL of a Simple index with a slash at its end; None: what is not here is nowhere."""

    def projects(self) -> list[str]:
        """Return the projects whose page is here."""
        return [
            name.removesuffix(".json") for name in _listed(os.path.join(self.directory, "pages"))
        ]

    def page(self, project: str) -> bytes | None:
        """Return the recorded page, None where there is none; OSError when it cannot be had."""
        path = os.path.join(self.directory, "pages", f"{project}.json")
        if not os.path.exists(path):
            if self.upstream is None:
                return None
            body = _fetched(urljoin(self.upstream, f"{project}/"), pages.CONTENT_TYPE)
            if body is None:
                return None
            write(path, body)
        return _read(path)

    def served_page(self, project: str) -> bytes | None:
        """Return the page as it is served, with what is known of metadata here."""
        page = self.page(project)
        return None if page is None else pages.served(page, project, self._sidecars(project))

    def file(self, project: str, name: str) -> str | None:
        """Return the path of a file or a sidecar, None where there is none; OSError as above."""
        path = os.path.join(self.directory, "files", project, name)
        if os.path.exists(path):
            return path
        page = self.page(project)
        listed = pages.file_url(page, name.removesuffix(SIDECAR)) if page else None
        if self.upstream is None or listed is None:
            return None
        url = urljoin(urljoin(self.upstream, f"{project}/"), listed).partition("#")[0]
        body = _fetched(url + SIDECAR * name.endswith(SIDECAR), "*/*")
        if body is None and name.endswith(SIDECAR):
            body = self._metadata(project, name.removesuffix(SIDECAR))
        if body is None:
            return None
        write(path, body)
        return path

    def _metadata(self, project: str, wheel: str) -> bytes | None:
        """Return METADATA out of a wheel: a mirror may lack the sidecars of its newest files."""
        path = self.file(project, wheel)
        if path is None:
            return None
        with zipfile.ZipFile(path) as archive:
            names = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
            return archive.read(names[0]) if names else None

    def _sidecars(self, project: str) -> dict[str, str]:
        folder = os.path.join(self.directory, "files", project)
        return {
            name.removesuffix(SIDECAR): hashlib.sha256(
                _read(os.path.join(folder, name))
            ).hexdigest()
            for name in _listed(folder)
            if name.endswith(SIDECAR)
        }


def write(path: str, body: bytes) -> None:
    """Write a file beside its place and rename it, so that no half of one is ever recorded."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    beside = f"{path}.{os.getpid()}.part"
    with open(beside, "wb") as stream:
        stream.write(body)
    os.replace(beside, path)


def _fetched(url: str, accept: str) -> bytes | None:
    """Return what the real index answers, None for "not found"; OSError for anything else."""
    request = urllib.request.Request(url, headers={"Accept": accept, "User-Agent": "pipwrap-bench"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            body: bytes = response.read()
            return body
    except urllib.error.HTTPError as error:
        if error.code == NOT_FOUND:
            return None
        raise


def _listed(folder: str) -> list[str]:
    if not os.path.isdir(folder):
        return []
    return [name for name in os.listdir(folder) if not name.endswith(".part")]


def _read(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()
