"""The programs that are compared: their command lines, and whether one says that it built."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from lie_matrix.world import World

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_LAUNCHER = """\
import sys
sys.path.insert(0, {project!r})
from pipwrap._entry import main
sys.exit(main())
"""
_REASON = re.compile(r"^ *Rebuilding (.*)", re.MULTILINE)
_BUILT = {
    "pip": re.compile(r"Building wheel for"),
    "pipwrap": re.compile(r"Building wheel for"),
    "uv": re.compile(r"^\s*Built ", re.MULTILINE),
}
LIMIT = 900.0


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, and where its cache is in the directory of the work."""

    name: str

    def cache(self, world: World) -> str:
        """Return the directory of the cache."""
        return os.path.join(world.work, "caches", self.name)

    def command(
        self, world: World, target: str, requirement: str, *, cached: bool = True
    ) -> list[str]:
        """Return the command line that installs a requirement for an interpreter."""
        chosen = ["--no-index", "--find-links", world.path("packages"), requirement]
        for name, value in world.settings.items():
            chosen = ["-C", f"{name}={value}", *chosen]
        if self.name == "uv":
            uv = os.path.join(os.path.dirname(sys.executable), "uv")
            return [
                uv,
                "pip",
                "install",
                "--python",
                target,
                *_cache("--no-cache", cached),
                *chosen,
            ]
        chosen = [*_cache("--no-cache-dir", cached), *chosen]
        if self.name == "pip":
            return [sys.executable, "-m", "pip", "--python", target, "install", *chosen]
        launcher = os.path.join(world.work, "launcher.py")
        if not os.path.exists(launcher):
            with open(launcher, "w", encoding="utf-8") as stream:
                stream.write(_LAUNCHER.format(project=world.pipwrap))
        return [sys.executable, launcher, "--python", target, "install", *chosen]

    def environ(self, world: World) -> dict[str, str]:
        """Return the variables of a command: the world's, and the tool's own."""
        return {
            **world.environ,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_CACHE_DIR": self.cache(world),
            "UV_NO_CONFIG": "1",
            "UV_CACHE_DIR": self.cache(world),
            "UV_PYTHON_DOWNLOADS": "never",
        }

    def built(self, output: str) -> bool:
        """Tell whether the output says that a wheel was built."""
        return _BUILT[self.name].search(output) is not None

    def reason(self, output: str) -> str:
        """Return why pipwrap says that it builds again."""
        found = _REASON.search(output)
        return found.group(1) if found else ""


def _cache(option: str, cached: bool) -> list[str]:  # noqa: FBT001 - an option of the line
    return [] if cached else [option]


PIP, UV, PIPWRAP = Tool("pip"), Tool("uv"), Tool("pipwrap")
TOOLS = {tool.name: tool for tool in (PIP, UV, PIPWRAP)}


def run(command: list[str], environ: Mapping[str, str], directory: str) -> tuple[int, str]:
    """Return the exit status of a command and what it printed on both streams."""
    done = subprocess.run(
        command,
        env=dict(environ),
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=LIMIT,
        check=False,
    )
    return done.returncode, done.stdout
