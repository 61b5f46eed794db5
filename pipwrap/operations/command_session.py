"""What ``install``, ``download`` and ``wheel`` share: a request, and a session that resolves it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipwrap.distribution.results import SaveOptions
from pipwrap.model.distribution import Distribution
from pipwrap.operations import network, only_dependencies, plan, wiring
from pipwrap.operations.context import CommandContext
from pipwrap.operations.request import UserRequest, announce_places, read_request
from pipwrap.operations.resolve_request import resolve_request_of
from pipwrap.operations.session import InstallSession
from pipwrap.resolution.outcome import Resolution


@contextmanager
def command_session(
    context: CommandContext, saving: SaveOptions | None = None
) -> Iterator[tuple[UserRequest, InstallSession]]:
    """Read the request, print the places that are searched, and yield a session that resolves it.

    At the end the session's threads end, connections are closed and the usage of the cache is
    written, also after an error. Raises what ``read_request`` raises.
    """
    request = read_request(context, lambda url: network.fetch_text(context, url))
    announce_places(context, request.search)
    with wiring.opened(context, request.search) as shared:
        session = wiring.open_session(shared, request, saving)
        try:
            yield request, session
        finally:
            session.close()


def resolve_all(
    context: CommandContext, request: UserRequest, session: InstallSession
) -> tuple[Resolution, dict[str, Distribution]]:
    """Resolve without regard to what is installed, and return what of it is to be saved."""
    resolution = session.resolve(resolve_request_of(context, request))
    distributions = plan.distributions_in_order(resolution, context.events)
    return resolution, only_dependencies.without_requested(
        distributions, resolution, request.root_requirements, context.options
    )
