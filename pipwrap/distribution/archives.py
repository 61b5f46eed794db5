"""Getting the bytes: local files as they lie, remote ones through the cache, each once a run."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import Protocol

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache.http.bodies import DigestMismatch
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution import hashes
from pipwrap.distribution.digest import measure
from pipwrap.distribution.results import line_of
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.model.link import Link, redact
from pipwrap.model.location import url_to_path
from pipwrap.network.transport import Response

_OK = 200


class FetchedFile(Protocol):
    """A file that was fetched; its bytes lie on disk."""

    @property
    def status(self) -> int:
        """Return the HTTP status."""

    @property
    def problem(self) -> str | None:
        """Return what pip says of an error status."""

    @property
    def path(self) -> str:
        """Return where the bytes lie; not to be changed."""

    @property
    def sha256(self) -> str:
        """Return their digest."""

    @property
    def size(self) -> int:
        """Return their number."""

    @property
    def from_cache(self) -> bool:
        """Tell whether no body was transferred."""


class FileFetcher(Protocol):
    """Fetches distribution files and metadata; called from many threads."""

    def file(
        self,
        url: str,
        *,
        sha256: str | None = None,
        size_hint: int | None = None,
        is_metadata: bool = False,
        arriving: Response | None = None,
    ) -> FetchedFile:
        """Return the file; ``DigestMismatch`` when it is another one than asked for.

        ``arriving`` is an answer that sends it already.
        """

    def holds(self, url: str, sha256: str | None) -> bool:
        """Tell whether the whole file is there, without asking or reading it."""

    def forget(self, sha256: str) -> None:
        """Drop a file that proved damaged."""


class LocalArchive(Struct, frozen=True):
    """An archive on disk."""

    path: str
    sha256: str
    size: int
    lines: tuple[Info, ...] = ()
    """How it was had, in pip's words; nothing for local files."""


class Archives:
    """Every archive of a run, by URL."""

    def __init__(self, files: FileFetcher) -> None:
        """Keep the port; nothing is fetched yet."""
        self._files = files
        self._once = OnceMap()
        self._acquired: dict[str, LocalArchive] = {}

    def acquire(
        self, link: Link, shown: str, sha256: str | None, arriving: Response | None = None
    ) -> LocalArchive:
        """Return the archive; one that is fetched has the ``sha256``, where that is known.

        ``shown`` is how errors name it; ``arriving`` is an answer that sends it already.
        Raises ``errors.HashMismatch``, ``errors.NetworkError`` or ``errors.InvalidDistribution``.
        """
        return self._once((link.url, sha256), lambda: self._acquire(link, shown, sha256, arriving))

    def holds(self, link: Link) -> bool:
        """Tell whether an archive can be had without being transferred."""
        return link.scheme == "file" or self._files.holds(link.url, link.sha256)

    def keep(self, link: Link) -> None:
        """Have an archive that is in the cache stay for this run, whoever empties the cache."""
        if self.holds(link):
            with contextlib.suppress(errors.PipwrapError):
                self.acquire(link, _shown(link), link.sha256)

    def repaired(self, link: Link) -> LocalArchive | None:
        """Return an archive fetched anew, ``None`` where it is as it was acquired.

        For when reading it failed: it may have been damaged in the cache, or purged since.
        """
        acquired = self._acquired.get(link.url)
        if acquired is None or link.scheme == "file" or _is_whole(acquired):
            return None
        self._files.forget(acquired.sha256)
        named = link.sha256 if link.sha256 == acquired.sha256 else None
        again = self._acquire(link, _shown(link), named)
        return again if again.sha256 == acquired.sha256 else None

    def metadata(self, link: Link) -> tuple[str, int, tuple[Info, ...]]:
        """Return the text of a wheel's sidecar (PEP 658), its size, and how it was had."""
        return self._once(link.metadata_url, lambda: self._sidecar(link))

    def _acquire(
        self, link: Link, shown: str, sha256: str | None, arriving: Response | None = None
    ) -> LocalArchive:
        if link.scheme == "file":
            acquired = _local(link)
        else:
            fetched = self._fetch(link, shown, sha256, arriving=arriving)
            line = line_of(link.filename, fetched.size, from_cache=fetched.from_cache)
            acquired = LocalArchive(fetched.path, fetched.sha256, fetched.size, (line,))
        self._acquired[link.url] = acquired
        return acquired

    def _sidecar(self, link: Link) -> tuple[str, int, tuple[Info, ...]]:
        if link.scheme == "file":
            sidecar = Link(link.metadata_url)
            local = _local(sidecar)
            if link.metadata_hashes:
                hashes.verify(link.metadata_hashes, _shown(sidecar), local.path, local.sha256)
            return _text(local.path), local.size, ()
        sha256 = dict(link.metadata_hashes or ()).get("sha256")
        shown = _shown(link)
        fetched = self._fetch(link, shown, sha256, is_metadata=True)
        try:
            if link.metadata_hashes:
                hashes.verify(link.metadata_hashes, shown, fetched.path, fetched.sha256)
            text = _text(fetched.path)
        except FileNotFoundError:
            # Purged since; what is fetched anew is as good.
            fetched = self._fetch(link, shown, sha256, is_metadata=True)
            text = _text(fetched.path)
        line = line_of(link.filename + ".metadata", fetched.size, from_cache=fetched.from_cache)
        return text, fetched.size, (line,)

    def _fetch(
        self,
        link: Link,
        shown: str,
        sha256: str | None,
        *,
        is_metadata: bool = False,
        arriving: Response | None = None,
    ) -> FetchedFile:
        url = link.metadata_url if is_metadata else link.url
        # A wheel is hashed when it is unpacked; an sdist from the cache must be hashed here.
        size = link.size if link.is_wheel and not is_metadata else None
        try:
            fetched = self._files.file(
                url, sha256=sha256, size_hint=size, is_metadata=is_metadata, arriving=arriving
            )
        except DigestMismatch as error:
            allowed = (("sha256", error.expected),)
            raise errors.HashMismatch(
                hashes.mismatch(shown, allowed, {"sha256": error.got})
            ) from error
        if fetched.status != _OK:
            place = link.shown
            if is_metadata:
                place = redact(link.metadata_url)
                raise errors.NetworkError(
                    fetched.problem or f"HTTP status {fetched.status} for {place}",
                    preamble=f"  ERROR: HTTP error {fetched.status} while getting {place}",
                )
            raise errors.NetworkError(
                f"Could not install requirement {shown} because of HTTP error "
                f"{fetched.problem or fetched.status} for URL {place}",
                preamble=f"  ERROR: HTTP error {fetched.status} while getting {place}",
            )
        return fetched


def present(path: str, expected: hashes.Hashes, listener: Listener) -> LocalArchive | None:
    """Return the file at ``path`` when it has one of the expected hashes.

    Without any it cannot be told to be the file, and ``None`` is returned.
    """
    if not expected or not os.path.isfile(path):
        return None
    size, sha256 = measure(path)
    told = Info(f"File was already downloaded {path}", indent=1)
    try:
        hashes.verify(expected, path, path, sha256)
    except errors.HashMismatch:
        listener(told)
        listener(
            WarningMessage(
                f"Previously-downloaded file {path} has bad hash. Re-downloading.", indent=1
            )
        )
        return None
    return LocalArchive(path, sha256, size, (told,))


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def _is_whole(acquired: LocalArchive) -> bool:
    try:
        return measure(acquired.path) == (acquired.size, acquired.sha256)
    except OSError:
        return False


def _shown(link: Link) -> str:
    return f"{link.filename} from {link.redacted}"


def _local(link: Link) -> LocalArchive:
    path = url_to_path(link.url)
    digest = hashlib.sha256()
    size = 0
    try:
        with open(path, "rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise errors.EnvironmentRefused(
            f"Could not install packages due to an OSError: {error}"
        ) from error
    return LocalArchive(path, digest.hexdigest(), size)
