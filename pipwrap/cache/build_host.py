"""What evidence of a build is compared with: variables, programs, headers and libraries."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import shutil
import threading
from collections.abc import Mapping

from pipwrap.cache import disk
from pipwrap.cache.layout import Layout
from pipwrap.cache.machine import Machine
from pipwrap.model.environment import Environment

_KEY_BYTES = 32
_INCLUDES = ("/usr/local/include", "/usr/include", "/opt/homebrew/include")
_LIBRARIES = ("/usr/local/lib", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/opt/homebrew/lib")
_INCLUDE_VARIABLES = ("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH")
_LIBRARY_VARIABLES = ("LIBRARY_PATH", "LD_LIBRARY_PATH")
_LIBRARY_ENDINGS = (".so", ".a", ".dylib", ".tbd")


class BuildHost:
    """The machine and the process's environment (``cache.evidence.HostInputs``).

    Values of variables leave it only as digests under a key of the cache's own.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        layout: Layout,
        includes: tuple[str, ...] = (),
        libraries: tuple[str, ...] = (),
    ) -> None:
        """Both are further directories, such as the target Python's own."""
        self.machine = Machine(environ, libraries)
        """What compiled code would run on."""
        self._environ = environ
        self._layout = layout
        self._includes = includes
        self._secret: bytes | None = None
        self._lock = threading.Lock()

    def variable(self, name: str) -> str | None:
        """Return the keyed digest of a variable's value, ``None`` when it is not set."""
        value = self._environ.get(name)
        if value is None:
            return None
        return hmac.new(self._key(), os.fsencode(value), "sha256").hexdigest()[:32]

    def key(self) -> str:
        """Return what identifies the key of these digests, and does not tell it."""
        return hmac.new(self._key(), b"the key of the variables", "sha256").hexdigest()[:32]

    def has_program(self, name: str) -> bool:
        """Tell whether a program is on PATH, or at its path."""
        return shutil.which(name, path=self._environ.get("PATH")) is not None

    def has_file(self, name: str) -> bool:
        """Tell whether a header or a library (``-lNAME``) is where compilers look."""
        if name.startswith("-l"):
            directories = [*self._listed(_LIBRARY_VARIABLES), *self._multiarch(_LIBRARIES)]
            names = [f"lib{name[2:]}{ending}" for ending in _LIBRARY_ENDINGS]
        else:
            directories = [*self._listed(_INCLUDE_VARIABLES), *self._includes]
            directories += self._multiarch(_INCLUDES)
            names = [name]
        return any(
            os.path.exists(os.path.join(directory, each))
            for directory in directories
            for each in names
        )

    def compilers(self) -> frozenset[str]:
        """Return the programs that CC and its like name, by their first word."""
        words = (self._environ.get(name, "").split() for name in ("CC", "CXX", "FC", "RUSTC"))
        return frozenset(word[0] for word in words if word)

    def _listed(self, variables: tuple[str, ...]) -> list[str]:
        return [
            directory
            for name in variables
            for directory in self._environ.get(name, "").split(os.pathsep)
            if directory
        ]

    def _multiarch(self, directories: tuple[str, ...]) -> list[str]:
        """Return directories with Debian's per-architecture ones below them."""
        import sysconfig  # noqa: PLC0415 - only where a file is looked for

        multiarch = sysconfig.get_config_var("MULTIARCH")
        inner = [os.path.join(each, multiarch) for each in directories] if multiarch else []
        return [*directories, *inner]

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


def include_directories(environment: Environment) -> tuple[str, ...]:
    """Return where the target Python's own headers are."""
    major, minor, _ = environment.version
    base = os.path.join(environment.base_prefix, "include")
    return (os.path.join(base, f"python{major}.{minor}"), environment.scheme.headers)
