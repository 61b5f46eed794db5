"""``wheel``: wheels for everything that is requested, built where there are none."""

from __future__ import annotations

from pipwrap import errors
from pipwrap.distribution.results import SaveOptions
from pipwrap.operations import only_dependencies
from pipwrap.operations.command_session import command_session, resolve_all
from pipwrap.operations.context import CommandContext
from pipwrap.operations.saving import save_wheel


def run(context: CommandContext) -> int:
    """Make the wheels and return the exit status."""
    only_dependencies.check(context.options)
    directory = context.options.destination_dir or context.working_directory
    with command_session(context, SaveOptions(directory)) as (request, session):
        resolution, distributions = resolve_all(context, request, session)
        failed: frozenset[str] = frozenset()
        try:
            session.wheel_provider.wheels(distributions, resolution.names)
        except errors.WheelsNotBuilt as error:
            failed = error.projects
        files = session.files()
        for project, each in distributions.items():
            if project not in failed:
                file = files.wheel(each, project)
                save_wheel(context, file, directory, is_announced=each.is_wheel)
    if failed:
        raise errors.CommandError("Failed to build one or more wheels")
    return 0
