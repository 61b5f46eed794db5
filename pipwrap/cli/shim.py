"""``pipwrap shim DIR``: executables called ``pip`` and ``pip3`` that are pipwrap.

A shim sets ``discovery.CALLED_AS_PIP``, so that the first Python on PATH is the target. Called by
the real pip (``passthrough.HANDED_OVER``), or when pipwrap is gone, it becomes the next ``pip`` on
PATH that is no shim: there is no loop, whatever is on PATH.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence

from pipwrap import errors
from pipwrap.operations.own_executable import own_executable
from pipwrap.options.option import Option
from pipwrap.options.parser import BadArgument, read_arguments

COMMAND = "shim"
NAMES = ("pip", "pip3")
_REMOVE = Option("remove", "--remove")
_MARK = "a shim of pipwrap"

_POSIX = f"""\
#!/bin/sh
# {_MARK}; undo with: pipwrap shim --remove DIRECTORY
pipwrap=@PIPWRAP@
if [ -z "${{PIPWRAP_HANDED_OVER-}}" ] && [ -x "$pipwrap" ]; then
    PIPWRAP_CALLED_AS_PIP=1 exec "$pipwrap" "$@"
fi
name=${{0##*/}}
set -f
IFS=:
for directory in $PATH; do
    found=${{directory:-.}}/$name
    if [ -f "$found" ] && [ -x "$found" ] && [ -r "$found" ]; then
        second=
        {{ read -r first; read -r second; }} < "$found"
        case $second in
            *'{_MARK}'*) ;;
            *) unset IFS; set +f; exec "$found" "$@" ;;
        esac
    fi
done
echo "$name: $pipwrap cannot be used, and there is no other $name on PATH" >&2
exit 127
"""

# `python -m pip` reaches the real pip of the first Python on PATH without a search.
_WINDOWS = f"""\
@rem {_MARK}; undo with: pipwrap shim --remove DIRECTORY
@setlocal
@if defined PIPWRAP_HANDED_OVER goto real
@if not exist "@PIPWRAP@" goto real
@set PIPWRAP_CALLED_AS_PIP=1
@"@PIPWRAP@" %*
@exit /b %ERRORLEVEL%
:real
@python -m pip %*
@exit /b %ERRORLEVEL%
"""


def run(arguments: Sequence[str], search_path: str) -> str:
    """Write or remove the shims and return what to print; raise ``UsageError``, ``CommandError``.

    ``search_path`` is PATH, for the advice.
    """
    try:
        given, directories = read_arguments(arguments, (_REMOVE,))
    except BadArgument as error:
        raise errors.UsageError(str(error), command=COMMAND) from None
    if len(directories) != 1:
        raise errors.UsageError("name one directory", command=COMMAND)
    directory = os.path.abspath(os.path.expanduser(directories[0]))
    try:
        if given:
            return _shown("Removed", remove(directory))
        written = write(directory, own_executable())
    except OSError as error:
        raise errors.CommandError(f"{error.strerror}: {error.filename}") from error
    return _shown("Wrote", written) + _advice(directory, search_path)


def write(directory: str, executable: str, *, is_windows: bool = os.name == "nt") -> list[str]:
    """Write the shims and return their paths; raise ``CommandError`` for a pip that is in the way.

    Nothing is written unless all can be.
    """
    paths = _paths(directory, is_windows=is_windows)
    for path in paths:
        if os.path.lexists(path) and not _is_shim(path):
            raise errors.CommandError(
                f"{path} is there already and is no shim of pipwrap.",
                hint="Choose a directory of its own, and put it first on PATH.",
            )
    os.makedirs(directory, exist_ok=True)
    if is_windows:
        text = _WINDOWS.replace("@PIPWRAP@", executable).replace("\n", "\r\n")
    else:
        text = _POSIX.replace("@PIPWRAP@", shlex.quote(executable))
    for path in paths:
        _write(path, text)
    return paths


def remove(directory: str, *, is_windows: bool = os.name == "nt") -> list[str]:
    """Remove the shims, and nothing else, and return their paths."""
    paths = [path for path in _paths(directory, is_windows=is_windows) if _is_shim(path)]
    for path in paths:
        os.remove(path)
    return paths


def _paths(directory: str, *, is_windows: bool) -> list[str]:
    suffix = ".cmd" if is_windows else ""
    return [os.path.join(directory, f"{name}{suffix}") for name in NAMES]


def _is_shim(path: str) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as stream:
        return _MARK.encode() in stream.read(200)


def _write(path: str, text: str) -> None:
    """Write beside and rename: a shim that runs at this moment is never half a file."""
    beside = f"{path}.{os.getpid()}"
    with open(beside, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    os.chmod(beside, 0o755)  # noqa: S103 - a program
    os.replace(beside, path)


def _shown(verb: str, paths: list[str]) -> str:
    return "".join(f"{verb} {path}\n" for path in paths) or "No shim there.\n"


def _advice(directory: str, search_path: str) -> str:
    """Return how to make the shims the first on PATH, unless they are."""
    for entry in search_path.split(os.pathsep):
        if os.path.abspath(entry or ".") == directory:
            return ""
        if any(os.path.isfile(path) for path in _paths(entry or ".", is_windows=os.name == "nt")):
            break
    return f"Put {directory} first on PATH.\n"
