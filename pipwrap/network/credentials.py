"""Which credentials go with a request: those of its URL, its index, netrc, or earlier ones."""

from __future__ import annotations

import os
import posixpath
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from pipwrap.events import Listener, PromptShown
from pipwrap.network.keyring import Keyring
from pipwrap.network.origins import Credentials, origin, split_credentials
from pipwrap.network.settings import NetworkSettings

if TYPE_CHECKING:
    from netrc import netrc


class LoginPrompt(Struct, frozen=True):
    """Asks the user at the terminal; ``EOFError`` where there is no answer."""

    listener: Listener

    def username(self, question: str) -> str:
        """Return what is typed."""
        self.listener(PromptShown(question))
        return input(question)

    @staticmethod
    def password(question: str) -> str:
        """Return what is typed without an echo."""
        from getpass import getpass  # noqa: PLC0415 - after a 401 only

        return getpass(question)


class Login(Struct, frozen=True):
    """What is tried after a 401, in pip's order: the keyring, then the user at the terminal."""

    keyring: Keyring
    prompt: LoginPrompt | None
    """``None`` with ``--no-input``: a keyring is then used only if the user names its kind."""

    def credentials(
        self, index_url: str | None, host: str, username: str | None
    ) -> Credentials | None:
        """Return what to try; the URL of the index is more specific than its host."""
        found = self._stored(index_url, username) or self._stored(host, username)
        if found is not None or self.prompt is None:
            return found
        try:
            typed = self.prompt.username(f"User for {host}: ")
            if not typed:
                return None
            return self._stored(host, typed) or Credentials(
                typed, self.prompt.password("Password: ")
            )
        except EOFError:
            return None

    def _stored(self, service: str | None, username: str | None) -> Credentials | None:
        uses_keyring = self.prompt is not None or self.keyring.provider not in {"auto", "disabled"}
        if not uses_keyring or not service:
            return None
        return self.keyring.credentials(service, username)


class CredentialStore:
    """Finds credentials in pip's order, and stores for each origin what was found."""

    def __init__(self, settings: NetworkSettings, login: Login | None = None) -> None:
        """Take the index URLs apart; nothing is read yet."""
        self._indexes = tuple(split_credentials(url) for url in settings.index_urls)
        self._settings = settings
        self._login = login
        self._lock = threading.Lock()
        self._login_lock = threading.Lock()
        self._netrc: netrc | None = None
        self._netrc_read = False
        self._remembered: dict[tuple[str, str, int | None], Credentials] = {}

    def find(self, url: str, embedded: Credentials | None) -> Credentials | None:
        """Return what goes with the first request; ``embedded`` was in the URL itself."""
        found = self._written(url, embedded)
        if found is None or found.password is None:
            found = self._from_netrc(url) or found
        place = origin(url)
        with self._lock:
            if found is None or found.password is None:
                remembered = self._remembered.get(place)
                if remembered and (found is None or found.username == remembered.username):
                    found = remembered
            if found is not None:
                found = Credentials(found.username, found.password or "")
                self._remembered[place] = found
        return found

    def renew(
        self, url: str, embedded: Credentials | None, refused: Credentials | None
    ) -> Credentials | None:
        """Return other credentials after a 401 answered ``refused``; ``None`` without any."""
        if self._login is None:
            return None
        with self._login_lock:  # one prompt at a time
            place = origin(url)
            with self._lock:
                remembered = self._remembered.get(place)
            if remembered is not None and remembered != refused:
                return remembered
            written = self._written(url, embedded)
            if written is not None and written.password is not None:
                return None
            username = written.username if written else None
            index = self._index_of(url)
            place_of_index = index[0].rstrip("/") + "/" if index else None
            found = self._login.credentials(place_of_index, urlsplit(url).netloc, username)
            if found is not None and found != refused:
                with self._lock:
                    self._remembered[place] = found
                return found
        return None

    def _written(self, url: str, embedded: Credentials | None) -> Credentials | None:
        """Return the credentials of the URL, else of the index that it belongs to."""
        if embedded is not None and embedded.password is not None:
            return embedded
        index = self._index_of(url)
        return (index[1] if index else None) or embedded

    def _index_of(self, url: str) -> tuple[str, Credentials | None] | None:
        """Return the index of the same origin whose path has most in common with the URL's."""
        place, path = origin(url), urlsplit(url).path or "/"
        same_origin = [index for index in self._indexes if _origin_or_none(index[0]) == place]

        def shared(index: tuple[str, Credentials | None]) -> int:
            index_path = urlsplit(index[0]).path or "/"
            return len(posixpath.commonpath((path.rstrip("/") or "/", index_path)))

        return max(same_origin, key=shared, default=None)

    def _from_netrc(self, url: str) -> Credentials | None:
        """Return the host's entry of the netrc file."""
        host = urlsplit(url).hostname
        with self._lock:
            if not self._netrc_read:
                self._netrc, self._netrc_read = _read_netrc(_netrc_path(self._settings)), True
        entry = self._netrc.authenticators(host) if self._netrc and host else None
        if entry is None or not any(entry):
            return None
        username, account, password = entry
        return Credentials(username or account or "", password or "")


def _read_netrc(path: str | None) -> netrc | None:
    """Return the file's entries; one that cannot be read is no file."""
    if path is None:
        return None
    from netrc import NetrcParseError, netrc  # noqa: PLC0415 - most machines have no such file

    try:
        return netrc(path)
    except (NetrcParseError, OSError, UnicodeDecodeError):
        return None


def _netrc_path(settings: NetworkSettings) -> str | None:
    """Return the file that NETRC names, else ~/.netrc or ~/_netrc, if it is there."""
    named = settings.environ.get("NETRC")
    home = settings.environ.get("HOME") or os.path.expanduser("~")
    places = [os.path.join(home, name) for name in (".netrc", "_netrc")]
    if named is not None:
        places = [os.path.join(home, named[2:]) if named.startswith("~/") else named]
    return next((path for path in places if os.path.exists(path)), None)


def _origin_or_none(url: str) -> tuple[str, str, int | None] | None:
    """Return the origin of an index, ``None`` where its URL is invalid."""
    try:
        return origin(url)
    except ValueError:
        return None
