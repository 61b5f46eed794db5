"""The key of a resolution: the digest of the whole request."""

from __future__ import annotations

from msgspec import Struct

from pipwrap import __version__
from pipwrap.cache.keys import digest_of
from pipwrap.index.candidates import Offers
from pipwrap.operations.context import CommandContext
from pipwrap.operations.resolve_request import ResolveRequest


class ResolutionInputs(Struct, frozen=True):
    """What of a command, besides the request, decides about its resolution and lines."""

    settings: object
    """Everything that decides about the answer, and that the offers are not judged by."""
    reports: bool
    """The lines of the resolution are printed, as for all but build requirements."""
    saves: bool
    """The command saves files, and prints more than the lines that are stored."""


def resolution_key(
    context: CommandContext, offers: Offers, inputs: ResolutionInputs, request: ResolveRequest
) -> str | None:
    """Return the key of a request; ``None`` for a resolution that is not stored.

    That is one of paths, URLs and lock files; one that refreshes pages or by the clock; and one
    that prints more than its plain lines.
    """
    options, search = context.options, context.options.search
    if (
        inputs.saves
        or options.verbosity > 0
        or options.log is not None
        or not context.place.is_permanent
        or context.environment.site.has_finders
        or offers.locked
        or search.refreshed
        or offers.selector.uploaded_prior_to is not None
        or any(each.source is not None for each in request.root_requirements)
        or any(each.sources for each in request.constraints.values())
    ):
        return None
    installed = [
        (
            project,
            each.version,
            request.keeps(project),
            request.show_path(each.distribution.location),
        )
        for project, each in sorted(request.installed.items())
    ]
    requested = (
        request.root_requirements,
        request.constraints,
        request.releases,
        request.ignore_dependencies,
        request.ignore_requires_python,
    )
    return digest_of(
        (__version__, requested, installed, offers.selector, inputs.settings, inputs.reports)
    )
