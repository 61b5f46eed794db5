"""Runs pipwrap and the real pip as a user with an activated environment would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.archives import StrPath
from support.environments import VirtualEnvironment, scripts_directory


@dataclass(frozen=True)
class Result:
    """What a command wrote and how it ended."""

    stdout: str
    stderr: str
    returncode: int

    @property
    def output(self) -> str:
        """Return both streams, for the message of an assertion."""
        return f"exit {self.returncode}\n--- stdout\n{self.stdout}--- stderr\n{self.stderr}"


def clean_environ(
    home: Path, environment: VirtualEnvironment, cache: Path, index_url: str
) -> dict[str, str]:
    """Return an environ that knows nothing of this machine's pip: made new, not cleaned.

    PIP_CONFIG_FILE=os.devnull switches every configuration file off, /etc/pip.conf too. The index
    comes by PIP_INDEX_URL, so that a test which forgets it asks the loopback, never the network.
    """
    environ = {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(cache.parent),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CONFIG_DIRS": str(home / "nowhere"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "TMPDIR": str(home / "tmp"),
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join((str(environment.bin), os.environ["PATH"])),
        "VIRTUAL_ENV": str(environment.path),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index_url,
    }
    if "SYSTEMROOT" in os.environ:
        environ["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    return environ


@dataclass(frozen=True)
class Runner:
    """Runs commands on one environment; call it for pipwrap, ``pip`` for the real one."""

    environment: VirtualEnvironment
    environ: Mapping[str, str]
    directory: Path
    """The working directory."""

    def __call__(
        self,
        *arguments: StrPath,
        python: StrPath | bool | None = True,
        environ: Mapping[str, str | None] | None = None,
        cwd: StrPath | None = None,
        expect: int | None = None,
        stdin: str = "",
        timeout: float = 120,
    ) -> Result:
        """Run ``pipwrap ARGUMENTS`` and return its result; see ``_run`` for the keywords.

        pipwrap lives in the tests' environment, which would be its target: ``--python`` names the
        one under test. ``python`` names another interpreter; ``False`` or ``None`` says nothing.
        """
        chosen = self.environment.python if python is True else python
        target: list[StrPath] = ["--python", chosen] if chosen else []
        command = [_console_script(), *target, *arguments]
        return self._run(command, environ, cwd, expect, stdin, timeout)

    def pip(
        self,
        *arguments: StrPath,
        environ: Mapping[str, str | None] | None = None,
        cwd: StrPath | None = None,
        expect: int | None = None,
        stdin: str = "",
        timeout: float = 120,
    ) -> Result:
        """Run the real pip on the environment under test and return its result."""
        command: list[StrPath] = [sys.executable, "-m", "pip", "--python", self.environment.python]
        command += ["--disable-pip-version-check", *arguments]
        return self._run(command, environ, cwd, expect, stdin, timeout)

    def on(self, environment: VirtualEnvironment) -> Runner:
        """Return a runner for another environment; home, cache and index stay."""
        path = os.pathsep.join((str(environment.bin), os.environ["PATH"]))
        environ = {**self.environ, "PATH": path, "VIRTUAL_ENV": str(environment.path)}
        return Runner(environment, environ, self.directory)

    def _run(
        self,
        command: list[StrPath],
        environ: Mapping[str, str | None] | None,
        cwd: StrPath | None,
        expect: int | None,
        stdin: str,
        timeout: float,
    ) -> Result:
        """Return the result of a command.

        ``environ`` is laid over the clean one, ``None`` takes a variable out; ``expect`` asserts
        the exit status and shows the output otherwise.
        """
        merged = {**self.environ, **(environ or {})}
        done = subprocess.run(
            [os.fspath(part) for part in command],
            env={name: value for name, value in merged.items() if value is not None},
            cwd=cwd or self.directory,
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",  # names of files, as in the streams themselves
            timeout=timeout,
            check=False,
        )
        result = Result(done.stdout, done.stderr, done.returncode)
        assert expect is None or result.returncode == expect, result.output
        return result


def _console_script() -> Path:
    """Return the installed ``pipwrap`` beside the tests' interpreter."""
    script = scripts_directory() / ("pipwrap.exe" if os.name == "nt" else "pipwrap")
    assert script.exists(), f"pipwrap is not installed for {sys.executable}: use scripts/test"
    return script
