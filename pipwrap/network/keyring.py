"""Credentials in the user's keyring, as pip finds them: by import, or by its command."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from msgspec import Struct

from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.network.origins import Credentials

_IMPORT = """\
import sys
sys.path[:] = [path for path in sys.path if path]
import json
try:
    import keyring
except ImportError:
    sys.exit(3)
url, username = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
found = None
try:
    if hasattr(keyring, "get_credential"):
        credential = keyring.get_credential(url, username)
        if credential is not None:
            found = [credential.username, credential.password]
    elif username is not None:
        password = keyring.get_password(url, username)
        found = [username, password] if password else None
except Exception as error:
    sys.exit(str(error))
print("\\n" + json.dumps(found))
"""
_NOT_THERE = 3
_OUTDATED = 2


class KeyringError(Exception):
    """The keyring is there and does not work; the text is for the user."""


class Keyring(Struct):
    """One keyring, chosen by the first query; one that failed is not used again.

    It runs in processes of its own: what the target environment has is not imported here.
    """

    provider: str
    """``auto``, ``import``, ``subprocess`` or ``disabled``."""
    interpreters: tuple[str, ...]
    """Where the package may be installed, the target's first."""
    scripts: str
    """The target's scripts: a command there is no other keyring than the package's."""
    environ: Mapping[str, str]
    listener: Listener
    _command: list[str] | None = None

    def credentials(self, service: str, username: str | None) -> Credentials | None:
        """Return what is stored for a URL or a host."""
        if self.provider == "disabled":
            return None
        try:
            return self._look_up(service, username)
        except (KeyringError, OSError, ValueError, LookupError, TypeError) as error:
            self.listener(WarningMessage(f"Keyring is skipped due to an exception: {error}"))
            self.provider = "disabled"
            return None

    def _look_up(self, service: str, username: str | None) -> Credentials | None:
        query = [service] if username is None else [service, username]
        if self._command is not None:
            return self._run(self._command, query)
        self.listener(Info(f"Keyring provider requested: {self.provider}", 1))
        if self.provider in {"auto", "import"}:
            for interpreter in dict.fromkeys(self.interpreters):
                command = [interpreter, "-c", _IMPORT]
                code, output, text = self._output([*command, *query])
                if code == _NOT_THERE:
                    continue
                self.listener(Info("Keyring provider set: import", 1))
                self._command = command
                return self._read(code, output, text)
        if self.provider in {"auto", "subprocess"}:
            import shutil  # noqa: PLC0415 - where a server requires a login

            executable = shutil.which("keyring", path=self._path())
            if executable:
                message = f"Keyring provider set: subprocess with executable {executable}"
                self.listener(Info(message, 1))
                self._command = [executable, "--mode=creds", "--output=json", "get"]
                return self._run(self._command, query)
        self.listener(Info("Keyring provider set: disabled", 1))
        self.provider = "disabled"
        return None

    def _run(self, command: list[str], query: list[str]) -> Credentials | None:
        return self._read(*self._output([*command, *query]))

    def _read(self, code: int, output: str, errors: str) -> Credentials | None:
        """Return the credentials in the last line of what was printed."""
        by_import = self._command is not None and self._command[-1] == _IMPORT
        if code and by_import:
            raise KeyringError(errors.strip().rpartition("\n")[2])
        if code == _OUTDATED and "unrecognized arguments" in errors:
            raise KeyringError(
                "Keyring util is outdated; must be at least version 25.2.1, please upgrade it"
            )
        if code:
            return None
        found = json.loads(output.strip().rpartition("\n")[2])
        if found is None:
            return None
        pair = found if by_import else (found["username"], found["password"])
        return Credentials(pair[0], pair[1])

    def _output(self, command: list[str]) -> tuple[int, str, str]:
        import subprocess  # noqa: PLC0415 - after a 401 only

        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            env={**self.environ, "PYTHONIOENCODING": "utf-8"},
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def _path(self) -> str:
        """Return PATH without the target's scripts."""
        directories = self.environ.get("PATH", os.defpath).split(os.pathsep)
        scripts = os.path.realpath(self.scripts)
        return os.pathsep.join(each for each in directories if os.path.realpath(each) != scripts)
