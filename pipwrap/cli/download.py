"""``download``: the files themselves, into a directory; project code runs only when it must."""

from __future__ import annotations

from pipwrap.distribution.results import SaveOptions
from pipwrap.events import Info
from pipwrap.operations import only_dependencies
from pipwrap.operations.command_session import command_session, resolve_all
from pipwrap.operations.context import CommandContext
from pipwrap.operations.saving import save_archive


def run(context: CommandContext) -> int:
    """Download what is requested and return the exit status."""
    only_dependencies.check(context.options)
    directory = context.options.destination_dir or context.working_directory
    with command_session(context, SaveOptions(directory, archives=True)) as (request, session):
        resolution, distributions = resolve_all(context, request, session)
        names = [resolution.names[project] for project in distributions]
        available = session.files()
        files = available.archives(list(distributions.values()))
        by_name = dict(zip(names, distributions.values(), strict=True))
        files |= available.packed(by_name, directory, context.place.scratch)
        for each in distributions.values():
            if each in files:
                save_archive(context, files[each], directory)
    if names:
        context.events(Info(f"Successfully downloaded {' '.join(names)}"))
    return 0
