"""Digests of the values of variables, under a key of the cache's own: no value is stored."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import threading

from pipwrap.cache import disk
from pipwrap.cache.layout import Layout

_KEY_BYTES = 32


class VariableDigests:
    """Digests values; the key is read, or made, at the first use."""

    def __init__(self, layout: Layout) -> None:
        """Read nothing yet."""
        self._layout = layout
        self._secret: bytes | None = None
        self._lock = threading.Lock()

    def of(self, value: str) -> str:
        """Return the digest of a value."""
        return hmac.new(self._key(), os.fsencode(value), "sha256").hexdigest()[:32]

    def key(self) -> str:
        """Return what identifies the key, from which it cannot be computed."""
        return hmac.new(self._key(), b"the key of the variables", "sha256").hexdigest()[:32]

    def _key(self) -> bytes:
        """Return the cache's key, made at the first use; readable by the user only."""
        with self._lock:
            if self._secret is None:
                self._secret = _read(self._layout.secret) or self._new_key()
            return self._secret

    def _new_key(self) -> bytes:
        """Return the key that is there from now on: ours, or that of another process."""
        path, own = self._layout.secret, secrets.token_bytes(_KEY_BYTES)
        if os.path.lexists(path):
            _remove_damaged(path)
        try:
            disk.write_first(path, own, self._layout.temporary)
        except OSError:
            # Nothing can be stored here, so that nothing will ever be compared with it.
            return own
        return _read(path) or own


def _remove_damaged(path: str) -> None:
    with contextlib.suppress(OSError):
        if os.path.isdir(path) and not os.path.islink(path):
            disk.remove_tree(path)
        else:
            disk.unlink(path)


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError:
        return None
    return content if len(content) == _KEY_BYTES else None
