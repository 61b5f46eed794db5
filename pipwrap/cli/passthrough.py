"""All other commands: the real pip on the target environment, byte for byte, with its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache import noop
from pipwrap.events import Info
from pipwrap.model.environment import Environment
from pipwrap.operations.noop_recorder import NoopRecorder
from pipwrap.options.configuration import Configuration
from pipwrap.options.parser import Parsed
from pipwrap.report.console import Console

HANDED_OVER = "PIPWRAP_HANDED_OVER"
"""Set for the real pip, so that a ``pip`` which it calls by name is never our shim's pipwrap."""
_OLDEST = (3, 10)
"""The oldest target that our own pip runs on."""
_RUN = (
    "import sys; sys.argv[0] = 'pip'; sys.path[:] = [p for p in sys.path if p]; "
    "from pip._internal.cli.main import main; sys.exit(main())"
)
"""As pip's console script does: called ``pip``, and without the working directory on its path."""


def reason_of(
    parsed: Parsed, configuration: Configuration, environ: Mapping[str, str]
) -> str | None:
    """Return why the command is the real pip's from the start, ``None`` when it is ours."""
    if environ.get("PIP_AUTO_COMPLETE"):
        return "completion"
    if not parsed.is_ours:
        return parsed.pips_command
    from pipwrap.options.options import handed_over  # noqa: PLC0415 - not for what is pip's anyway

    return handed_over(parsed, configuration)


def hand_over(
    parsed: Parsed,
    reason: str,
    environment: Environment,
    environ: Mapping[str, str],
    console: Console,
    noop_recorder: NoopRecorder,
) -> int:
    """Have the real pip carry out the line and return its status; its help may be recorded.

    ``reason`` is shown at -v for a command that is usually ours.
    """
    if parsed.is_ours and _is_verbose(parsed):
        console(Info(f"Handing the command over to pip: {reason}"))
    line = command(parsed.argv, environment, names_python=_names_python(parsed))
    if parsed.help and has_fixed_output(environment):
        noop_recorder.depends_on(initial_files(environment))
        output = output_of(line, environ)
        if output.is_repeatable:
            noop_recorder.complete()
        console.text(output.stdout)
        console.error_text(output.stderr)
        return output.status
    _check_handed_over(parsed, environment)
    console.close()
    return run(line, environ)


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


def has_fixed_output(environment: Environment) -> bool:
    """Return whether the help of the real pip depends on files alone, which can be compared."""
    return environment.version >= _OLDEST


def initial_files(environment: Environment) -> list[str]:
    """Return where the real pip was looked for, in the target and beside us."""
    places = (*environment.sys_path, *sys.path)
    return [os.path.join(path, "pip", "__init__.py") for path in places if path]


class PipOutput(Struct, frozen=True):
    """What the real pip printed, and how it ended."""

    stdout: str
    stderr: str
    status: int

    @property
    def is_repeatable(self) -> bool:
        """Return whether it will print the same again: it did not fail, and wrote no warning."""
        return self.status == 0 and not self.stderr


def output_of(line: Sequence[str], environ: Mapping[str, str]) -> PipOutput:
    """Return what the real pip prints, as wide as our stdout is, and its status."""
    import subprocess  # noqa: PLC0415 - once for each help text

    environ = {**environ, HANDED_OVER: "1", "COLUMNS": str(noop.columns(environ))}
    done = subprocess.run(
        list(line), env=environ, capture_output=True, text=True, errors="replace", check=False
    )
    return PipOutput(done.stdout, done.stderr, done.returncode)


def run(line: Sequence[str], environ: Mapping[str, str]) -> int:
    """Become the real pip, or run it where a process cannot be replaced; return its status.

    The caller has flushed what it wrote.
    """
    environ = {**environ, HANDED_OVER: "1"}
    if os.name == "posix":
        os.execve(line[0], list(line), environ)  # noqa: S606 - no shell
    import subprocess  # noqa: PLC0415 - not on POSIX

    return subprocess.run(list(line), env=environ, check=False).returncode


def _check_handed_over(parsed: Parsed, environment: Environment) -> None:
    """Raise where the real pip would replace this program by another project of its name."""
    if parsed.is_ours and parsed.command == "install":
        from pipwrap.operations import install_scheme, own_distribution  # noqa: PLC0415 - hand-overs only

        own_distribution.check_line(
            parsed.arguments, install_scheme.InstallScheme(environment.scheme)
        )


def _names_python(parsed: Parsed) -> bool:
    """Return whether the line itself has a --python, which the real pip then reads again."""
    return any(option.destination == "python" for option, _ in parsed.general)


def _is_verbose(parsed: Parsed) -> bool:
    """Return whether the line asks for verbose output."""
    given = [option.destination for option, _ in parsed.given]
    return given.count("verbose") > given.count("quiet")


def _is_ours(environment: Environment) -> bool:
    return os.path.abspath(environment.executable) == os.path.abspath(sys.executable)


def _has_pip(environment: Environment) -> bool:
    return any(
        os.path.isfile(os.path.join(path, "pip", "__init__.py")) for path in environment.sys_path
    )
