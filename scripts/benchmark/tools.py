"""The programs that are compared, and how each is told to do the same work."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass


class Action(enum.Enum):
    """What a scenario asks for."""

    VERSION = "version"
    HELP = "help"
    INSTALL = "install"
    RESOLVE = "resolve"
    UNINSTALL = "uninstall"


@dataclass(frozen=True, slots=True)
class Tool:
    """One column of the table."""

    label: str
    program: str
    """``pip``, ``uv``, ``pipwrap``; budgets are counted from ``python`` and ``backend``."""
    options: tuple[str, ...] = ()
    """What follows every install."""
    instead: tuple[str, ...] = ()
    """What it installs instead of the scenario's requirements, to be counted from."""


PYTHON = Tool("bare python", "python")
BACKEND = Tool("bare hooks", "backend")
SMALL_WHEEL = Tool("a small wheel", "pipwrap", instead=("bench-0000",))
REFERENCES = (PYTHON, BACKEND, SMALL_WHEEL)
"""What budgets are counted from."""
PIP = Tool("pip", "pip")
PIP_WITHOUT_BYTECODE = Tool("pip, no bytecode", "pip", ("--no-compile",))
UV = Tool("uv", "uv")
UV_WITH_BYTECODE = Tool("uv, bytecode", "uv", ("--compile-bytecode",))
PIPWRAP = Tool("pipwrap", "pipwrap")
ALL = (PIP, PIP_WITHOUT_BYTECODE, UV, UV_WITH_BYTECODE, PIPWRAP)

_PIPS = {
    Action.VERSION: ("--version",),
    Action.HELP: ("--help",),
    Action.INSTALL: ("install",),
    Action.RESOLVE: ("install", "--dry-run", "--ignore-installed", "--quiet"),
    Action.UNINSTALL: ("uninstall", "--yes"),
}
_UVS = {
    Action.VERSION: ("--version",),
    Action.HELP: ("--help",),
    Action.INSTALL: ("pip", "install"),
    Action.RESOLVE: ("pip", "install", "--dry-run"),
    Action.UNINSTALL: ("pip", "uninstall"),
}


def command(
    tool: Tool, action: Action, arguments: tuple[str, ...], programs: str, target: str
) -> tuple[str, ...]:
    """Return the command line; ``programs`` is where the tools are, ``target`` an interpreter.

    pip runs in the target itself, through the runner that its own ``--python`` uses: a process
    less than with that option, and what a pip that is installed there would take.
    """
    arguments = tool.instead or arguments
    options = tool.options if action is Action.INSTALL else ()
    binary = os.path.join(programs, tool.program)
    match tool.program:
        case "python":
            return (binary, "-c", "pass")
        case "backend":
            hooks = os.path.join(os.path.dirname(__file__), "hooks.py")
            return (os.path.join(programs, "python"), hooks, target, *arguments)
        case "pip" if target:
            return (target, pip_runner(), *_PIPS[action], *options, *arguments)
        case "uv":
            python = ("--python", target) if target else ()
            return (binary, *_UVS[action], *python, *options, *arguments)
        case _:
            python = ("--python", target) if target else ()
            return (binary, *python, *_PIPS[action], *options, *arguments)


def pip_runner() -> str:
    """Return the file that runs this environment's pip on another interpreter."""
    import pip  # noqa: PLC0415 - where it lies is all that is asked

    return os.path.join(os.path.dirname(pip.__file__), "__pip-runner__.py")


def environ(home: str, cache: str, index_url: str) -> dict[str, str]:
    """Return an environ that knows nothing of this machine's settings: made new, not cleaned.

    It says the same to every tool: one index, one cache directory, no configuration files.
    """
    return {
        "HOME": home,
        "TMPDIR": os.path.join(home, "tmp"),
        "XDG_CONFIG_HOME": os.path.join(home, "config"),
        "XDG_CONFIG_DIRS": os.path.join(home, "config"),
        "XDG_CACHE_HOME": os.path.join(home, "cache"),
        "XDG_DATA_HOME": os.path.join(home, "data"),
        "LC_ALL": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_INDEX_URL": index_url,
        "PIP_CACHE_DIR": cache,
        "UV_NO_CONFIG": "1",
        "UV_DEFAULT_INDEX": index_url,
        "UV_CACHE_DIR": cache,
        "UV_PYTHON_DOWNLOADS": "never",
    }
