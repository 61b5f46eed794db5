"""All other commands: the real pip on the target environment, byte for byte, with its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache import noop
from pipwrap.model.environment import Environment

HANDED_OVER = "PIPWRAP_HANDED_OVER"
"""Set for the real pip, so that a ``pip`` which it calls by name is never our shim's pipwrap."""
_OLDEST = (3, 10)
"""The oldest target that our own pip runs on."""
_RUN = (
    "import sys; sys.argv[0] = 'pip'; sys.path[:] = [p for p in sys.path if p]; "
    "from pip._internal.cli.main import main; sys.exit(main())"
)
"""As pip's console script does: called ``pip``, and without the working directory on its path."""


def command(
    argv: Sequence[str], environment: Environment, *, names_python: bool
) -> tuple[str, ...]:
    """Return the command line of the real pip: the target's own, else ours with ``--python``.

    ``names_python`` says that ``argv`` has a --python of its own. Raises ``errors.CommandError``
    for an old target without a pip.
    """
    if names_python or _is_ours(environment):
        return (sys.executable, "-c", _RUN, *argv)
    if _has_pip(environment):
        return (environment.executable, "-c", _RUN, *argv)
    if environment.version < _OLDEST:
        raise errors.CommandError(
            f"{environment.executable} has no pip, and is too old for pipwrap's own.",
            hint=f"Install one with: {environment.executable} -m ensurepip",
        )
    return (sys.executable, "-c", _RUN, "--python", environment.executable, *argv)


def can_be_told(environment: Environment) -> bool:
    """Tell whether what the real pip says of itself depends on nothing but files that we know."""
    return environment.version >= _OLDEST


def initial_files(environment: Environment) -> list[str]:
    """Return where the real pip was looked for, in the target and beside us."""
    places = (*environment.sys_path, *sys.path)
    return [os.path.join(path, "pip", "__init__.py") for path in places if path]


class PipAnswer(Struct, frozen=True):
    """What the real pip printed, and how it ended."""

    stdout: str
    stderr: str
    status: int

    @property
    def may_be_kept(self) -> bool:
        """Tell whether it will say the same again: it did not fail and complained of nothing."""
        return self.status == 0 and not self.stderr


def asked(line: Sequence[str], environ: Mapping[str, str]) -> PipAnswer:
    """Return what the real pip prints, as wide as our stdout is, and its status."""
    import subprocess  # noqa: PLC0415 - once for each help text

    environ = {**environ, HANDED_OVER: "1", "COLUMNS": str(noop.columns(environ))}
    done = subprocess.run(
        list(line), env=environ, capture_output=True, text=True, errors="replace", check=False
    )
    return PipAnswer(done.stdout, done.stderr, done.returncode)


def run(line: Sequence[str], environ: Mapping[str, str]) -> int:
    """Become the real pip, or run it where a process cannot be replaced; return its status.

    The caller has flushed what it wrote.
    """
    environ = {**environ, HANDED_OVER: "1"}
    if os.name == "posix":
        os.execve(line[0], list(line), environ)  # noqa: S606 - no shell
    import subprocess  # noqa: PLC0415 - not on POSIX

    return subprocess.run(list(line), env=environ, check=False).returncode


def _is_ours(environment: Environment) -> bool:
    return os.path.abspath(environment.executable) == os.path.abspath(sys.executable)


def _has_pip(environment: Environment) -> bool:
    return any(
        os.path.isfile(os.path.join(path, "pip", "__init__.py")) for path in environment.sys_path
    )
