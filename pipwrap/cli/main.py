"""The process's story: line, configuration, target, command; errors to text and exit status."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipwrap import __version__, errors
from pipwrap.cache import noop
from pipwrap.cli import passthrough
from pipwrap.events import Info, WarningMessage
from pipwrap.install import recovery
from pipwrap.interpreter import discovery, query
from pipwrap.model.environment import Environment
from pipwrap.operations import cache_session, real_pip
from pipwrap.operations.noop_recorder import NoopRecorder
from pipwrap.options.configuration import Configuration, configuration_files, read_configuration
from pipwrap.options.parser import Parsed, parse
from pipwrap.options.usage import usage
from pipwrap.options.values import requested_python
from pipwrap.report.console import Console

if TYPE_CHECKING:
    from pipwrap.operations.context import CommandContext
    from pipwrap.options.options import Options

_ERROR = 1
_BROKEN_PIPE = 120


def main(argv: list[str], environ: Mapping[str, str], *, as_module: bool) -> int:
    """Carry out a command line and return the exit status."""
    noop_recorder = NoopRecorder(argv, environ, as_module=as_module)
    console = Console(transcript=noop_recorder.printed)
    try:
        status = _run(argv, environ, console, noop_recorder, as_module=as_module)
        noop_recorder.keep(status)
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
    told = _own_command(parsed, environ)
    if told is not None:
        console.line(told.rstrip("\n"))
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
        noop_recorder.depends_on([real_pip.initial_file()])
        noop_recorder.complete()
        console.line(real_pip.version_line(environment.version))
        console.line(f"pipwrap {__version__} on {environment.executable}")
        return 0
    reason = _reason(parsed, configuration, environ)
    if reason is None:
        from pipwrap.options.options import build_options  # noqa: PLC0415 - loaded by now

        options = build_options(
            parsed, configuration, default_index_url=real_pip.default_index_url()
        )
        console.plain = options.no_color
        if chosen.warning:
            console(WarningMessage(chosen.warning))
        try:
            return _carry_out(options, environment, environ, noop_recorder)
        except errors.HandOver as handed:
            reason = handed.reason
            if options.extensions:
                raise errors.CommandError(
                    f"{reason} is left to pip, which has no {options.extensions[0]}"
                ) from handed
    if parsed.is_ours and _is_verbose(parsed):
        console(Info(f"Handing the command over to pip: {reason}"))
    line = passthrough.command(argv, environment, names_python=_names_python(parsed))
    if parsed.help and passthrough.can_be_told(environment):
        noop_recorder.depends_on(passthrough.initial_files(environment))
        return _told_by_pip(passthrough.asked(line, environ), console, noop_recorder)
    _check_handed_over(parsed, environment)
    console.close()
    return passthrough.run(line, environ)


def _told_by_pip(
    answer: passthrough.PipAnswer, console: Console, noop_recorder: NoopRecorder
) -> int:
    """Print what the real pip says and return its status; what is right once is kept."""
    if answer.may_be_kept:
        noop_recorder.complete()
    console.text(answer.stdout)
    console.error_text(answer.stderr)
    return answer.status


def _check_handed_over(parsed: Parsed, environment: Environment) -> None:
    """Raise where the real pip would replace this program by another project of its name."""
    if parsed.is_ours and parsed.command == "install":
        from pipwrap.operations import install_scheme, own_distribution  # noqa: PLC0415 - hand-overs only

        own_distribution.check_line(
            parsed.arguments, install_scheme.InstallScheme(environment.scheme)
        )


def _load(parsed: Parsed) -> None:
    """Load what the command needs, for a moment in which there is nothing else to do."""
    if parsed.is_ours and not parsed.version and parsed.command != "cache":
        _command(parsed.command)
        is_dry = any(option.destination == "dry_run" for option, _ in parsed.given)
        if parsed.command == "install" and not is_dry:
            from pipwrap.install import transaction  # noqa: F401, PLC0415 - wanted at the end


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


def _names_python(parsed: Parsed) -> bool:
    """Tell whether the line itself has a --python, which the real pip then reads again."""
    return any(option.destination == "python" for option, _ in parsed.general)


def _is_verbose(parsed: Parsed) -> bool:
    """Tell whether the line asks for more than the usual words."""
    given = [option.destination for option, _ in parsed.given]
    return given.count("verbose") > given.count("quiet")


def _reason(parsed: Parsed, configuration: Configuration, environ: Mapping[str, str]) -> str | None:
    """Return why the command is the real pip's from the start, ``None`` when it is ours."""
    if environ.get("PIP_AUTO_COMPLETE"):
        return "completion"
    if not parsed.is_ours:
        return parsed.pips_command
    from pipwrap.options.options import handed_over  # noqa: PLC0415 - not for what is pip's anyway

    return handed_over(parsed, configuration)


def _carry_out(
    options: Options,
    environment: Environment,
    environ: Mapping[str, str],
    noop_recorder: NoopRecorder,
) -> int:
    """Run one of our commands with its own console and cache."""
    log = None
    if options.log is not None:
        from pipwrap.report.log import Log  # noqa: PLC0415 - for one option

        log = Log(options.log, time.time)
    console = Console(
        options.verbosity,
        progress=options.progress_bar,
        plain=options.no_color,
        log=log,
        transcript=noop_recorder.printed,
    )
    try:
        for warning in options.warnings:
            console(WarningMessage(warning))
        if options.require_virtualenv and not environment.is_virtual:
            raise errors.VirtualEnvironmentRequired(
                "Could not find an activated virtualenv (required)."
            )
        root = None
        if options.cache_enabled:
            root = options.cache_dir or noop.default_root(environ)
        if options.command == "cache":
            from pipwrap.cli import cache  # noqa: PLC0415 - this command only

            return cache.run(options, console, root, environment, environ)
        return _with_cache(root, options, environment, console, environ, noop_recorder)
    except errors.PipwrapError as error:
        console.record(error)
        raise
    finally:
        console.close()


def _with_cache(
    root: str | None,
    options: Options,
    environment: Environment,
    console: Console,
    environ: Mapping[str, str],
    noop_recorder: NoopRecorder,
) -> int:
    """Run a command on the cache at ``root``; once more without it where its disk fills up."""
    from pipwrap.operations.context import CommandContext  # noqa: PLC0415 - loaded by now

    try:
        with cache_session.opened(root, console) as place:
            context = CommandContext(
                options,
                environment,
                console,
                place,
                environ,
                os.getcwd(),
                real_pip.default_index_url(),
                noop_recorder,
            )
            status = _command(options.command)(context)
            if options.cache_limit is not None and place.is_kept:
                from pipwrap.operations.cache_limit import apply_limit  # noqa: PLC0415 - where a limit is set

                apply_limit(context, options.cache_limit)
            return status
    except (errors.DiskFull, OSError) as error:
        full = cache_session.full_disk(error, root)
        if full is None:
            raise
        if root is None or not cache_session.has_other_disk(full.directory, root):
            raise full from error
        console(WarningMessage(f"{full.message} The command starts again without the cache."))
    return _with_cache(None, options, environment, console, environ, noop_recorder)


def _command(name: str) -> Callable[[CommandContext], int]:
    """Return the story of a command; each loads only what it needs."""
    if name == "install":
        from pipwrap.cli.install import run  # noqa: PLC0415
    elif name == "download":
        from pipwrap.cli.download import run  # noqa: PLC0415
    elif name == "wheel":
        from pipwrap.cli.wheel import run  # noqa: PLC0415
    else:
        from pipwrap.cli.uninstall import run  # noqa: PLC0415
    return run


def _configuration(
    environ: Mapping[str, str], prefix: str, noop_recorder: NoopRecorder
) -> Configuration:
    home = os.path.expanduser("~")
    noop_recorder.depends_on(path for _, path in configuration_files(environ, home, prefix))
    return read_configuration(environ, home, prefix)


def _recover(environment: Environment) -> None:
    """Settle what a command that died has left; one stat each when there is nothing.

    It is told on stderr: stdout is the command's own, which may be JSON.
    """
    schemes = (environment.scheme, environment.user_scheme)
    recovery.recover([scheme.purelib for scheme in schemes], Console.aside())
