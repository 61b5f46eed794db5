"""Answers of earlier runs: what a command line printed, and the evidence that it would again.

    satisfied-v1/<number of the key>    a checksum, then fields with NUL between them

The fast path: it runs before anything is imported, and opens one file. The key is everything that
a command reads of its process: version, line, user, directory, terminal, variables. Only a number
of it is stored, because it may hold secrets. The evidence is stat of every file and directory that
was read, or that was looked for and is absent. In any doubt the command runs as usual.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BUCKET = "satisfied-v1"
PATH, LINK, VARIABLE = "path", "link", "variable"
"""Kinds of evidence: what a path leads to, what is at the path itself, the value of a variable."""

_FORMAT = "1"
_SUCCESS = "0"
"""The exit status that every answer begins with."""
OUT, ERR = "out", "err"
_PRIME = (1 << 127) - 1
_PREFIXES = ("PIP_", "PIPWRAP_", "PYTHON", "XDG_", "LC_")
_NAMES = frozenset(
    (
        *("PATH", "HOME", "VIRTUAL_ENV", "CONDA_PREFIX", "LANG", "LANGUAGE", "NO_COLOR", "COLUMNS"),
        *("USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "ALLUSERSPROFILE", "PATHEXT"),
        *("FORCE_COLOR", "PAGER", "TERM", "EDITOR", "VISUAL", "__PYVENV_LAUNCHER__"),
    )
)


def default_root(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """Return the user cache directory's ``pipwrap`` (XDG base directories, or the system's)."""
    home = os.path.expanduser("~")
    if platform == "win32":
        local = environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
        return os.path.join(local, "pipwrap", "Cache")
    if environ.get("XDG_CACHE_HOME"):
        return os.path.join(environ["XDG_CACHE_HOME"], "pipwrap")
    if platform == "darwin":
        return os.path.join(home, "Library", "Caches", "pipwrap")
    return os.path.join(home, ".cache", "pipwrap")


def root(environ: Mapping[str, str]) -> str:
    """Return the cache directory that is looked into: that of PIP_CACHE_DIR, or the default."""
    return environ.get("PIP_CACHE_DIR") or default_root(environ)


def columns(environ: Mapping[str, str]) -> int:
    """Return the width that help is wrapped for: COLUMNS, else that of the terminal, else 80."""
    given = environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return 80


def command_key(
    version: str, argv: Sequence[str], environ: Mapping[str, str], *, as_module: bool
) -> bytes:
    """Return everything that an answer may depend on in this process, as bytes."""
    process = [_FORMAT, version, sys.version, sys.executable, sys.prefix, str(as_module)]
    process += [
        str(os.getuid()) if hasattr(os, "getuid") else "",
        os.getcwd(),
        str(columns(environ)),
    ]
    variables = [
        f"{name}={value}"
        for name, value in environ.items()
        if name in _NAMES or name.startswith(_PREFIXES)
    ]
    return os.fsencode("\0".join((*process, "", *argv, "", *sorted(variables))))


def number(content: bytes) -> str:
    """Return a number for bytes that is another one for other bytes, as 32 hex digits.

    A residue, for a digest costs more to import than all the rest takes: chance makes two of
    them equal once in 2**127, and the cache is the user's own.
    """
    return f"{int.from_bytes(b'1' + content, 'big') % _PRIME:032x}"


def path_of(key: bytes, environ: Mapping[str, str]) -> str:
    """Return the file for a key."""
    return os.path.join(root(environ), BUCKET, number(key))


def state(kind: str, name: str, environ: Mapping[str, str]) -> str:
    """Return the state of a piece of evidence, for comparison; empty for its absence."""
    if kind == VARIABLE:
        value = environ.get(name)
        return "" if value is None else number(os.fsencode(value))
    try:
        found = os.stat(name) if kind == PATH else os.lstat(name)
    except (OSError, ValueError):
        return ""
    return f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def encode(evidence: Iterable[tuple[str, str, str]], printed: Iterable[tuple[str, str]]) -> bytes:
    """Return an answer as it is stored: rows of (kind, name, state) and of (stream, text).

    Answers are of commands that succeeded: what failed once may not fail again.
    """
    rows = list(evidence)
    fields = [_SUCCESS, str(len(rows))]
    for row in rows:
        fields += row
    for output in printed:
        fields += output
    content = os.fsencode("\0".join(fields))
    return number(content).encode("ascii") + b"\0" + content


def look_up(key: bytes, environ: Mapping[str, str]) -> list[tuple[str, str]] | None:
    """Return what a command that succeeds prints, as (stream, text); ``None`` if not proven."""
    try:
        with open(path_of(key, environ), "rb") as stream:
            if hasattr(os, "getuid") and os.fstat(stream.fileno()).st_uid != os.getuid():
                return None
            checksum, _, content = stream.read().partition(b"\0")
        if checksum != number(content).encode("ascii"):
            return None
        fields = os.fsdecode(content).split("\0")
        if fields[0] != _SUCCESS:
            return None
        end = 2 + 3 * int(fields[1])
        for at in range(2, end, 3):
            if state(fields[at], fields[at + 1], environ) != fields[at + 2]:
                return None
        return [(fields[at], fields[at + 1]) for at in range(end, len(fields), 2)]
    except (OSError, ValueError, IndexError):
        return None
