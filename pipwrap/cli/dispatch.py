"""Which of our commands it is, with a console and a cache of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pipwrap import errors
from pipwrap.cache import noop
from pipwrap.events import WarningMessage
from pipwrap.model.environment import Environment
from pipwrap.operations import cache_session, real_pip
from pipwrap.operations.noop_recorder import NoopRecorder
from pipwrap.report.console import Console, OutputStreams

if TYPE_CHECKING:
    from pipwrap.operations.context import CommandContext
    from pipwrap.options.options import Options


def carry_out(
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
        OutputStreams(transcript=noop_recorder.printed, plain=options.no_color),
        progress=options.progress_bar,
        log=log,
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
    from pipwrap.concurrency.dispatcher import EventDispatcher  # noqa: PLC0415 - these only
    from pipwrap.operations.context import CommandContext  # noqa: PLC0415 - loaded by now

    try:
        with cache_session.opened(root, console) as place:
            context = CommandContext(
                options,
                environment,
                EventDispatcher(console),
                place,
                environ,
                os.getcwd(),
                real_pip.default_index_url(),
                noop_recorder,
            )
            status = load(options.command)(context)
            if options.cache_limit is not None and place.is_permanent:
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


def load(name: str) -> Callable[[CommandContext], int]:
    """Return what carries out a command; each loads only what it needs."""
    if name == "install":
        from pipwrap.cli.install import run  # noqa: PLC0415
    elif name == "download":
        from pipwrap.cli.download import run  # noqa: PLC0415
    elif name == "wheel":
        from pipwrap.cli.wheel import run  # noqa: PLC0415
    else:
        from pipwrap.cli.uninstall import run  # noqa: PLC0415
    return run
