"""Stored responses on disk: heads by URL and variant, bodies by digest.

    http-v1/AA/<sha256 of the URL>/<sha256 of the selecting fields>.json
    bodies-v1/AA/<sha256 of the body>

Reading never writes. A head or a body that cannot be used is a miss and one warning; the next
response takes its place.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os

from msgspec import Struct

from pipwrap.cache import disk, records
from pipwrap.cache.http.pins import PinnedBodies
from pipwrap.cache.http.policy import StoredResponse
from pipwrap.cache.layout import HTTP, Layout
from pipwrap.concurrency.warn_once import WarnOnce
from pipwrap.events import Listener
from pipwrap.network.origins import canonical
from pipwrap.network.transport import Headers

VERSION = 1
_SHA256_LENGTH = 64
_CHUNK = 1024 * 1024


class StoredHead(Struct, frozen=True):
    """What the file of a head holds, beside the version of its format."""

    url: str
    """Canonical, without credentials."""
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    selecting: tuple[tuple[str, str | None], ...]
    requested_at: float
    received_at: float
    body: str
    size: int

    @property
    def response(self) -> StoredResponse:
        """Return the response that it is the head of."""
        return StoredResponse(
            status=self.status,
            reason=self.reason,
            headers=Headers(self.headers),
            selecting=self.selecting,
            requested_at=self.requested_at,
            received_at=self.received_at,
            body=self.body,
            size=self.size,
        )


class Entries:
    """The stored responses below one cache directory; used from all threads."""

    def __init__(self, layout: Layout, listener: Listener, pins: PinnedBodies) -> None:
        """Touch nothing."""
        self._layout = layout
        self._pins = pins
        self._warn = WarnOnce(listener)

    def read(self, url: str, statuses: frozenset[int] | None = None) -> list[StoredResponse]:
        """Return the variants of ``url`` whose bodies are there, all or those of ``statuses``."""
        return [
            head
            for path, head in self._heads(url)
            if (statuses is None or head.status in statuses) and self._has_body(path, head)
        ]

    def heads(self, url: str) -> list[StoredResponse]:
        """Return the variants of ``url``, whether their bodies are there or not."""
        return [head for _, head in self._heads(url)]

    def _heads(self, url: str) -> list[tuple[str, StoredResponse]]:
        directory = self._directory(url)
        try:
            names = sorted(os.listdir(directory))
        except FileNotFoundError:
            return []
        except OSError as error:
            self._warn(f"Cache entry {directory} cannot be read and is ignored: {error.strerror}")
            return []
        paths = [os.path.join(directory, name) for name in names if name.endswith(".json")]
        return [(path, head) for path in paths if (head := self._read_head(path)) is not None]

    def has(self, url: str) -> bool:
        """Return whether any response of ``url`` is stored, whole or not; nothing is read."""
        return bool(disk.listed(self._directory(url)))

    def write(self, url: str, stored: StoredResponse) -> None:
        """Put a head in the place of its variant's; the body is already there."""
        head = StoredHead(
            url=canonical(url),
            status=stored.status,
            reason=stored.reason,
            headers=stored.headers.fields,
            selecting=stored.selecting,
            requested_at=stored.requested_at,
            received_at=stored.received_at,
            body=stored.body,
            size=stored.size,
        )
        content = records.encode(head, VERSION)
        disk.write(self._head_path(url, stored), content, self._layout.temporary)

    def remove(self, url: str, stored: StoredResponse) -> None:
        """Forget one variant; its body may serve another URL and stays."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._head_path(url, stored))

    def body(self, sha256: str, size: int | None = None) -> str | None:
        """Return the file with this digest, ``None`` when there is none.

        A file as long as ``size`` (of the index) was verified when it was written;
        any other is hashed again, because it may be truncated.
        """
        if not is_sha256(sha256):
            return None
        path = self._layout.body(sha256)
        try:
            path = self._pins.pin(sha256)
            found = os.stat(path).st_size
            if found == size or _digest(path) == sha256:
                return path
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(f"Cache entry {path} cannot be read and is ignored: {error.strerror}")
            return None
        self._warn(f"Cache entry {self._layout.body(sha256)} is damaged and is fetched again.")
        return None

    def content(self, sha256: str) -> bytes | None:
        """Return what the file with this digest holds, verified; ``None`` where it cannot."""
        try:
            with open(self.body_path(sha256), "rb") as stream:
                content = stream.read()
        except OSError:
            return None
        return content if hashlib.sha256(content).hexdigest() == sha256 else None

    def body_path(self, sha256: str) -> str:
        """Return where a body that was read is for this run."""
        return self._pins.path(sha256)

    def forget(self, sha256: str) -> None:
        """Drop a body that proved damaged."""
        if is_sha256(sha256):
            with contextlib.suppress(OSError):
                self._pins.forget(sha256)

    def _directory(self, url: str) -> str:
        # Arguments that are no UTF-8 arrive as surrogates (PEP 383).
        key = canonical(url).encode("utf-8", "surrogatepass")
        return self._layout.sharded(HTTP, hashlib.sha256(key).hexdigest())

    def _head_path(self, url: str, stored: StoredResponse) -> str:
        variant = hashlib.sha256(json.dumps(stored.selecting).encode()).hexdigest()
        return os.path.join(self._directory(url), variant[:32] + ".json")

    def _read_head(self, path: str) -> StoredResponse | None:
        try:
            head = read_head(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(f"Cache entry {path} cannot be read and is ignored: {error.strerror}")
            return None
        except ValueError:
            self._warn(f"Cache entry {path} is damaged and is fetched again.")
            return None
        return head.response if head is not None else None

    def _has_body(self, path: str, head: StoredResponse) -> bool:
        try:
            body = self._pins.pin(head.body)
            if os.stat(body).st_size == head.size and _digest(body) == head.body:
                return True
        except FileNotFoundError:
            return False
        except OSError:
            # Whatever the reason, the body cannot be returned; the warning names the head.
            pass
        self._warn(f"Cache entry {path} has lost its body and is fetched again.")
        return False


def read_head(path: str) -> StoredHead | None:
    """Return the head in a file, ``None`` for one of another version of the format.

    Raises ``OSError`` or ``ValueError`` where it cannot be read.
    """
    with open(path, "rb") as stream:
        head = records.decode_version(stream.read(), StoredHead, VERSION)
    if head is not None and not is_sha256(head.body):
        raise ValueError(head.body)
    return head


def is_sha256(text: str) -> bool:
    """Return whether ``text`` can name a body."""
    return len(text) == _SHA256_LENGTH and text.isascii() and text.isalnum()


def _digest(path: str) -> str:
    """Return the sha256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
