"""One command line: configuration, target, command; errors to text and exit status.

Arrows are what a line takes, unless an error ends it::

    argv --> shell-init, shim: printed
      |
    configuration --> target --> --version: printed
                        |
                        +--> a command of ours --> dispatch --> exit status
                        |        | HandOver
                        v        v
                     everything else --> passthrough --> the real pip
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from pipwrap import __version__, errors
from pipwrap.cli import passthrough
from pipwrap.events import WarningMessage
from pipwrap.install import recovery
from pipwrap.interpreter import discovery, query
from pipwrap.model.environment import Environment
from pipwrap.operations import cache_session, real_pip
from pipwrap.operations.noop_recorder import NoopRecorder
from pipwrap.options.configuration import (
    Configuration,
    configuration_files,
    read_configuration,
)
from pipwrap.options.parser import Parsed, parse
from pipwrap.options.usage import usage
from pipwrap.options.values import requested_python
from pipwrap.report.console import Console, OutputStreams

_ERROR = 1
_BROKEN_PIPE = 120


def main(argv: list[str], environ: Mapping[str, str], *, as_module: bool) -> int:
    """Carry out a command line and return the exit status."""
    noop_recorder = NoopRecorder(argv, environ, as_module=as_module)
    console = Console(streams=OutputStreams(transcript=noop_recorder.printed))
    try:
        status = _run(argv, environ, console, noop_recorder, as_module=as_module)
        noop_recorder.store(status)
        return status  # noqa: TRY300 - every error ends below
    except errors.UsageError as error:
        console.error_text(f"{usage(error.command)}{error.message}\n")
        return error.exit_status
    except errors.PipwrapError as error:
        console.error(error)
        return error.exit_status
    except KeyboardInterrupt:
        console.error(errors.PipwrapError("Operation cancelled by user"))
        return _ERROR
    except BrokenPipeError:
        console.abandon("Pipe to stdout was broken")
        return _BROKEN_PIPE
    except OSError as error:
        console.abandon(f"Could not carry out the command: {errors.cause_of(error)}")
        return _ERROR
    finally:
        console.close()


def _run(
    argv: list[str],
    environ: Mapping[str, str],
    console: Console,
    noop_recorder: NoopRecorder,
    *,
    as_module: bool,
) -> int:
    parsed = parse(argv)
    text = _own_command(parsed, environ)
    if text is not None:
        console.line(text.rstrip("\n"))
        return 0
    configuration = _configuration(environ, sys.prefix, noop_recorder)
    python = requested_python(parsed, configuration)
    chosen = discovery.choose(python, environ, as_module=as_module, prefix=sys.prefix)
    layout = cache_session.usable_layout(discovery.facts_root(parsed, configuration, environ))
    environment = query.describe(
        chosen.executable, layout, environ, meanwhile=lambda: _load(parsed)
    )
    _recover(environment)
    if environment.prefix != sys.prefix:
        configuration = _configuration(environ, environment.prefix, noop_recorder)
    noop_recorder.depends_on_target(environment, chosen.executable)
    if parsed.version:
        return _print_version(environment, console, noop_recorder)
    reason = passthrough.reason_of(parsed, configuration, environ)
    if reason is None:
        from pipwrap.cli import dispatch  # noqa: PLC0415 - loaded by now
        from pipwrap.options.options import build_options  # noqa: PLC0415 - loaded by now

        options = build_options(
            parsed, configuration, default_index_url=real_pip.default_index_url()
        )
        console.streams.plain = options.no_color
        if chosen.warning:
            console(WarningMessage(chosen.warning))
        try:
            return dispatch.carry_out(options, environment, environ, noop_recorder)
        except errors.HandOver as handed:
            reason = handed.reason
            if options.extensions:
                raise errors.CommandError(
                    f"{reason} is left to pip, which has no {options.extensions[0]}"
                ) from handed
    return passthrough.hand_over(parsed, reason, environment, environ, console, noop_recorder)


def _print_version(environment: Environment, console: Console, noop_recorder: NoopRecorder) -> int:
    """Print pip's line for the target, and one of our own."""
    noop_recorder.depends_on([real_pip.initial_file()])
    noop_recorder.complete()
    console.line(real_pip.version_line(environment.version))
    console.line(f"pipwrap {__version__} on {environment.executable}")
    return 0


def _load(parsed: Parsed) -> None:
    """Load what the command needs, for a moment in which there is nothing else to do."""
    if parsed.is_ours and not parsed.version and parsed.command != "cache":
        from pipwrap.cli import dispatch  # noqa: PLC0415 - meanwhile

        dispatch.load(parsed.command)
        is_dry = any(option.destination == "dry_run" for option, _ in parsed.given)
        if parsed.command == "install" and not is_dry:
            from pipwrap.install import transaction  # noqa: F401, PLC0415 - needed at the end


def _own_command(parsed: Parsed, environ: Mapping[str, str]) -> str | None:
    """Return what a command prints that pip does not have; ``None`` for pip's commands."""
    if parsed.help or parsed.version or parsed.command not in {"shell-init", "shim"}:
        return None
    arguments = parsed.argv[parsed.argv.index(parsed.command) + 1 :]
    if parsed.command == "shim":
        from pipwrap.cli import shim  # noqa: PLC0415 - this command only

        return shim.run(arguments, environ.get("PATH", os.defpath))
    from pipwrap.cli import shell_init  # noqa: PLC0415 - this command only

    return shell_init.run(arguments)


def _configuration(
    environ: Mapping[str, str], prefix: str, noop_recorder: NoopRecorder
) -> Configuration:
    home = os.path.expanduser("~")
    noop_recorder.depends_on(path for _, path in configuration_files(environ, home, prefix))
    return read_configuration(environ, home, prefix)


def _recover(environment: Environment) -> None:
    """Settle what an interrupted command has left; one stat each when there is nothing.

    It is reported on stderr: stdout belongs to the command, and may be JSON.
    """
    schemes = (environment.scheme, environment.user_scheme)
    recovery.recover([scheme.purelib for scheme in schemes], Console.on_stderr())
