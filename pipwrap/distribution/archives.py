"""Distribution files: local ones where they are, remote ones through the cache, each once a run."""

from __future__ import annotations

import contextlib
import hashlib
import os

from msgspec import Struct, field

from pipwrap import errors
from pipwrap.cache.http.bodies import DigestMismatch
from pipwrap.cache.http.client import ResponseCache
from pipwrap.cache.http.response import FetchedResponse
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.distribution import hashes
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.distribution.results import line_of
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import key_of
from pipwrap.model.link import Link, checked_file_name, redact
from pipwrap.model.location import url_to_path
from pipwrap.model.source import Archive
from pipwrap.network.transport import Response

_OK = 200


class LocalArchive(Struct, frozen=True):
    """An archive on disk."""

    path: str
    sha256: str
    size: int
    lines: tuple[Info, ...] = ()
    """How it was acquired, in pip's words; empty for local files."""


class AcquiredArchives(Struct):
    """The archives of a command, build requirements included, whatever hashes apply to them."""

    once: OnceMap = field(default_factory=OnceMap)
    by_url: dict[str, LocalArchive] = field(default_factory=dict)


class Archives:
    """Acquires the archives of one resolution and compares them with the hashes that apply.

    Used from many threads. What was acquired for another resolution of the same command is not
    transferred again, but compared with the hashes of this one.
    """

    def __init__(
        self,
        responses: ResponseCache,
        policy: HashPolicy,
        listener: Listener,
        directory: str | None,
        acquired: AcquiredArchives,
    ) -> None:
        """Store the ports; a file in ``directory`` with an expected hash is not fetched again."""
        self._responses = responses
        self._policy = policy
        self._listener = listener
        self._directory = directory
        self._acquired = acquired
        self._once = OnceMap()

    def acquire(
        self, distribution: Candidate | Archive, arriving: Response | None = None
    ) -> LocalArchive:
        """Return the archive of a distribution.

        ``arriving`` is a response whose body is the archive. Raises ``errors.HashMismatch``,
        ``errors.NetworkError`` or ``errors.InvalidDistribution``.
        """
        return self._once(
            ("acquire", key_of(distribution)), lambda: self._acquire(distribution, arriving)
        )

    def sha256(self, distribution: Candidate | Archive) -> str:
        """Return the digest of an archive; fetch it where the index's digest is not checked."""
        named = distribution.link.sha256
        is_certain = ("sha256", named) in self._policy.expected(distribution)
        return named if named and is_certain else self.acquire(distribution).sha256

    def present(self, distribution: Candidate | Archive) -> LocalArchive | None:
        """Return the file that an earlier run left in the directory, if its hash is expected."""
        if self._directory is None:
            return None
        path = os.path.join(self._directory, checked_file_name(distribution.link.filename))
        expected = self._policy.expected(distribution)
        return self._once(
            ("present", key_of(distribution)), lambda: _present(path, expected, self._listener)
        )

    def allows_other_metadata(self, distribution: Candidate | Archive) -> bool:
        """Return whether metadata may be read from something else than the archive.

        It may not where hashes are required, since they cover the archive alone; it need not where
        the archive is present.
        """
        return not self._policy.required and self.present(distribution) is None

    def is_cached(self, link: Link) -> bool:
        """Return whether an archive can be acquired without a transfer."""
        return link.scheme == "file" or self._responses.holds(link.url, link.sha256)

    def pin(self, link: Link) -> None:
        """Have a cached archive stay readable for this run, even if the cache is emptied."""
        if self.is_cached(link):
            with contextlib.suppress(errors.PipwrapError):
                self._transferred(link, _shown(link), link.sha256)

    def repaired(self, link: Link) -> LocalArchive | None:
        """Return an archive fetched again, ``None`` where its bytes are those that were acquired.

        To be called when reading it failed: it may have been damaged in the cache, or purged.
        """
        acquired = self._acquired.by_url.get(link.url)
        if acquired is None or link.scheme == "file" or _is_whole(acquired):
            return None
        self._responses.forget(acquired.sha256)
        named = link.sha256 if link.sha256 == acquired.sha256 else None
        again = self._transfer(link, _shown(link), named)
        return again if again.sha256 == acquired.sha256 else None

    def metadata(self, link: Link) -> tuple[str, int, tuple[Info, ...]]:
        """Return the text of a wheel's sidecar (PEP 658), its size, and how it was acquired."""
        return self._acquired.once(link.metadata_url, lambda: self._sidecar(link))

    def _acquire(
        self, distribution: Candidate | Archive, arriving: Response | None
    ) -> LocalArchive:
        name, digest = self._name(distribution), self._policy.digest(distribution)
        acquired = self.present(distribution)
        if acquired is None:
            acquired = self._transferred(distribution.link, name, digest, arriving)
        expected = self._policy.expected(distribution)
        self._policy.check(expected, name, acquired.path, acquired.sha256)
        return acquired

    def _name(self, distribution: Candidate | Archive) -> str:
        """Return how pip names an archive whose hash differs."""
        if isinstance(distribution, Candidate):
            pin = f"{distribution.project}=={distribution.version}"
            return self._policy.shown(distribution.project, pin, distribution.link.redacted)
        return self._policy.shown(distribution.identity, "", distribution.link.redacted_whole)

    def _transferred(
        self, link: Link, shown: str, sha256: str | None, arriving: Response | None = None
    ) -> LocalArchive:
        """Return an archive, transferred once a command; ``shown`` is how errors name it."""
        return self._acquired.once(
            (link.url, sha256), lambda: self._transfer(link, shown, sha256, arriving)
        )

    def _transfer(
        self, link: Link, shown: str, sha256: str | None, arriving: Response | None = None
    ) -> LocalArchive:
        if link.scheme == "file":
            acquired = _local(link)
        else:
            fetched = self._fetch(link, shown, sha256, arriving=arriving)
            line = line_of(link.filename, fetched.size, from_cache=fetched.from_cache)
            acquired = LocalArchive(fetched.path, fetched.sha256, fetched.size, (line,))
        self._acquired.by_url[link.url] = acquired
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
    ) -> FetchedResponse:
        url = link.metadata_url if is_metadata else link.url
        # A wheel is hashed when it is unpacked; an sdist from the cache must be hashed here.
        size = link.size if link.is_wheel and not is_metadata else None
        try:
            fetched = self._responses.file(
                url, sha256=sha256, size_hint=size, is_metadata=is_metadata, arriving=arriving
            )
        except DigestMismatch as error:
            allowed = (("sha256", error.expected),)
            raise errors.HashMismatch(
                hashes.mismatch(shown, allowed, {"sha256": error.got})
            ) from error
        if fetched.status != _OK:
            raise _refused(link, shown, fetched, is_metadata=is_metadata)
        return fetched


def measure(path: str) -> tuple[int, str]:
    """Return the size and the sha256 of a file."""
    size, digest = 0, hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _refused(
    link: Link, shown: str, fetched: FetchedResponse, *, is_metadata: bool
) -> errors.NetworkError:
    """Return pip's error for a response with another status than 200."""
    place = redact(link.metadata_url) if is_metadata else link.shown
    problem = fetched.problem or f"HTTP status {fetched.status} for {place}"
    if not is_metadata:
        problem = (
            f"Could not install requirement {shown} because of HTTP error "
            f"{fetched.problem or fetched.status} for URL {place}"
        )
    return errors.NetworkError(
        problem, preamble=f"  ERROR: HTTP error {fetched.status} while getting {place}"
    )


def _present(path: str, expected: hashes.Hashes, listener: Listener) -> LocalArchive | None:
    """Return the file at ``path`` if it has one of the expected hashes, ``None`` without any."""
    if not expected or not os.path.isfile(path):
        return None
    size, sha256 = measure(path)
    line = Info(f"File was already downloaded {path}", indent=1)
    try:
        hashes.verify(expected, path, path, sha256)
    except errors.HashMismatch:
        listener(line)
        listener(
            WarningMessage(
                f"Previously-downloaded file {path} has bad hash. Re-downloading.", indent=1
            )
        )
        return None
    return LocalArchive(path, sha256, size, (line,))


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
    try:
        size, sha256 = measure(path)
    except OSError as error:
        raise errors.EnvironmentRefused(
            f"Could not install packages due to an OSError: {error}"
        ) from error
    return LocalArchive(path, sha256, size)
