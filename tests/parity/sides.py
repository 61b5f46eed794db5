"""The two sides: the real pip and pipwrap, each with a fresh environment, home and cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pip

from support.environments import VirtualEnvironment, make_environment
from support.runner import Result, clean_environ

_OBSERVER = """\
import os, sys
_at = sys.argv.pop(1)
def _note(event, arguments):
    if event == "os.exec":
        open(_at, "w").close()
sys.addaudithook(_note)
sys.argv[0] = "pip"
from pipwrap._entry import main
sys.exit(main())
"""
"""Runs pipwrap as its console script does, and leaves a file when it becomes another program."""


@dataclass(frozen=True)
class Side:
    """One environment with all that its commands may touch, below one directory."""

    root: Path
    environment: VirtualEnvironment
    environ: Mapping[str, str]

    @property
    def work(self) -> Path:
        """Return the working directory."""
        return self.root / "work"

    @property
    def temporary(self) -> Path:
        """Return TMPDIR."""
        return self.root / "home" / "tmp"

    @property
    def was_handed_over(self) -> bool:
        """Tell whether pipwrap became the real pip."""
        return self._note.exists()

    @property
    def _note(self) -> Path:
        return self.root / "handed-over"

    def pip(self, arguments: Sequence[str], environ: Mapping[str, str], stdin: str) -> Result:
        """Run the real pip under the environment's own python3, as ``--python`` does."""
        runner = os.path.join(os.path.dirname(pip.__file__), "__pip-runner__.py")
        python = str(self.environment.bin / "python3")
        return self._run([python, runner, *arguments], environ, stdin)

    def pipwrap(self, arguments: Sequence[str], environ: Mapping[str, str], stdin: str) -> Result:
        """Run pipwrap as the alias of a user who has activated the environment."""
        command = [sys.executable, "-c", _OBSERVER, str(self._note), *arguments]
        return self._run(command, {"PIPWRAP_CALLED_AS_PIP": "1", **environ}, stdin)

    def _run(self, command: list[str], environ: Mapping[str, str], stdin: str) -> Result:
        done = subprocess.run(
            command,
            env={**self.environ, **environ},
            cwd=self.work,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Result(done.stdout, done.stderr, done.returncode)


def make_side(root: Path, index_url: str, work: Path, *, system_site_packages: bool) -> Side:
    """Return a fresh side with a copy of ``work``."""
    home = root / "home"
    (home / "tmp").mkdir(parents=True)
    shutil.copytree(work, root / "work", symlinks=True)
    environment = make_environment(root / "env", system_site_packages=system_site_packages)
    environ = clean_environ(home, environment, root / "cache" / "pipwrap", index_url)
    further = {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "COLUMNS": "200",
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": os.pathsep.join((str(environment.bin), os.defpath)),
    }
    return Side(root, environment, {**environ, **further})
