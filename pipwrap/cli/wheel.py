"""``wheel``: wheels for everything that is asked for, built where there are none."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pipwrap import errors
from pipwrap.cli.download import save_file
from pipwrap.distribution.results import SaveOptions
from pipwrap.events import Info
from pipwrap.model.distribution import Distribution
from pipwrap.operations import network, only_dependencies, plan, wiring
from pipwrap.operations.context import CommandContext
from pipwrap.operations.request import announce_places, read_request
from pipwrap.operations.resolution_cache import cached_or_resolved
from pipwrap.operations.resolve_request import resolve_request_of
from pipwrap.operations.session import InstallSession


def run(context: CommandContext) -> int:
    """Make the wheels and return the exit status."""
    options = context.options
    only_dependencies.check(options)
    request = read_request(context, lambda url: network.fetch_text(context, url))
    announce_places(context, request.search)
    directory = options.destination_dir or context.working_directory
    with wiring.opened(context, request.search) as shared:
        session = wiring.open_session(shared, request, SaveOptions(directory))
        try:
            resolution = cached_or_resolved(session, resolve_request_of(context, request))
            distribution = plan.distributions_in_order(resolution, context.console)
            distribution = only_dependencies.kept(
                distribution, resolution, request.root_requirements, options
            )
            failed: frozenset[str] = frozenset()
            try:
                session.wheels(distribution, resolution.names)
            except errors.WheelsNotBuilt as error:
                failed = error.projects
            made = {
                project: each for project, each in distribution.items() if project not in failed
            }
            _save(context, session, made, directory)
        finally:
            session.close()
    if failed:
        raise errors.CommandError("Failed to build one or more wheels")
    return 0


def _save(
    context: CommandContext,
    session: InstallSession,
    made: Mapping[str, Distribution],
    directory: str,
) -> None:
    """Copy the wheels to where the user wants them; what is there already stays."""
    for project, each in made.items():
        path, filename = session.preparer.files.file(session.preparer.wheel(each, project).wheel)
        if path == os.path.join(directory, filename):
            continue
        target = save_file(path, directory, filename)
        if each.is_wheel:
            context.console(Info(f"Saved {context.show_path(target)}"))
