"""What is tried after a 401: the keyring, then the person at the terminal, in pip's order."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from pipwrap.network.keyring import Keyring
from pipwrap.network.origins import Credentials


class LoginPrompt(Struct, frozen=True):
    """The two questions; each raises ``EOFError`` when nobody answers."""

    username: Callable[[str], str]
    password: Callable[[str], str]
    """Asks without an echo."""


class KeyringAndPrompt(Struct, frozen=True):
    """Implements ``credentials.CredentialSource``."""

    keyring: Keyring
    person: LoginPrompt | None
    """``None`` with ``--no-input``: a keyring is then asked only if the user names its kind."""

    def credentials(
        self, index_url: str | None, host: str, username: str | None
    ) -> Credentials | None:
        """Return what the keyring has for the index or its host, or what the user types."""
        found = self._kept(index_url, username) or self._kept(host, username)
        if found is not None or self.person is None:
            return found
        try:
            typed = self.person.username(f"User for {host}: ")
            if not typed:
                return None
            return self._kept(host, typed) or Credentials(typed, self.person.password("Password: "))
        except EOFError:
            return None

    def _kept(self, service: str | None, username: str | None) -> Credentials | None:
        uses_keyring = self.person is not None or self.keyring.provider not in {"auto", "disabled"}
        if not uses_keyring or not service:
            return None
        return self.keyring.credentials(service, username)
