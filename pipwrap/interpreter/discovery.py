"""Which environment a command works on: the one that the pip being replaced would use."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache.noop import default_root
from pipwrap.options.configuration import Configuration
from pipwrap.options.parser import Parsed
from pipwrap.options.values import values_of

CALLED_AS_PIP = "PIPWRAP_CALLED_AS_PIP"
"""Set by our shim and shell function, so that the first Python on PATH is the target."""
TOOL_MARKERS = ("pipx_metadata.json", "uv-receipt.toml")
"""What is in an environment that was made for one application."""


class DiscoveredInterpreter(Struct, frozen=True):
    """An interpreter, and a warning about it."""

    executable: str
    warning: str | None = None


def facts_root(
    parsed: Parsed, configuration: Configuration, environ: Mapping[str, str]
) -> str | None:
    """Return the cache in which facts about interpreters are stored; ``None`` without one.

    It is needed before the interpreter is known, and so are the configuration files beside it.
    """
    configured = [
        (key, value)
        for key, value in configuration.items(parsed.command)
        if key in {"cache-dir", "no-cache-dir"}
    ]
    given = (*parsed.general, *parsed.given)
    given = tuple(each for each in given if each[0].destination == "cache_dir")
    cache = values_of("", configured, given)["cache_dir"] if configured or given else None
    if cache is None:
        return default_root(environ)
    return os.path.abspath(os.path.expanduser(cache)) if cache else None


def choose(
    python: str | None, environ: Mapping[str, str], *, as_module: bool, prefix: str
) -> DiscoveredInterpreter:
    """Return the interpreter to work on.

    In this order: ``--python``; for ``python -m pipwrap`` that interpreter; the environment that
    pipwrap is installed in (``prefix``) unless it is a tool's own; the first python3 or python on
    PATH; our own. Raises ``errors.CommandError`` for a ``--python`` that is not there.
    """
    if python is not None:
        return DiscoveredInterpreter(_named(python))
    if as_module:
        return DiscoveredInterpreter(sys.executable)
    executable = sys.executable
    if looks_on_path(prefix, environ):
        search = environ.get("PATH")
        import shutil  # noqa: PLC0415 - where no environment is named

        found = shutil.which("python3", path=search) or shutil.which("python", path=search)
        executable = found or sys.executable
    return DiscoveredInterpreter(executable, _warning(executable, environ))


def _named(python: str) -> str:
    """Return the interpreter that --python means: a file, or one inside an environment."""
    if os.path.isdir(python):
        for candidate in ("bin/python", "Scripts/python.exe"):
            path = os.path.join(python, candidate)
            if os.path.exists(path):
                return os.path.abspath(path)
    elif os.path.exists(python):
        return os.path.abspath(python)
    raise errors.CommandError(f"Could not locate Python interpreter {python}")


def looks_on_path(prefix: str, environ: Mapping[str, str]) -> bool:
    """Return whether the first Python on PATH is meant, and not the one that pipwrap runs on.

    So it is when we were called as pip, or are installed where pipx or uv put applications.
    """
    if environ.get(CALLED_AS_PIP):
        return True
    return sys.prefix != sys.base_prefix and any(
        os.path.exists(os.path.join(prefix, marker)) for marker in TOOL_MARKERS
    )


def is_what_runs(executable: str, described: str) -> bool:
    """Return whether to run ``executable`` is always to run the interpreter that was ``described``.

    A shim or wrapper (pyenv, asdf, mise) decides anew each time, by variables and files that are
    not known here. What it runs has another ``sys.executable``; one that passes its own name on
    (``exec -a``) is recognised as a script.
    """
    if os.path.abspath(executable) != os.path.abspath(described):
        return False
    try:
        with open(executable, "rb") as program:
            return program.read(2) != b"#!"
    except OSError:
        return False


def _warning(executable: str, environ: Mapping[str, str]) -> str | None:
    active = environ.get("VIRTUAL_ENV")
    if not active:
        return None
    chosen = os.path.dirname(os.path.dirname(os.path.abspath(executable)))
    if os.path.realpath(active) == os.path.realpath(chosen):
        return None
    return (
        f"VIRTUAL_ENV is {active}, but the environment of {executable} is used; "
        "name the one you mean with --python."
    )
