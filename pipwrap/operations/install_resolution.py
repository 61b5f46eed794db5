"""The resolution of ``install``, which looks at what is installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from pipwrap.model.candidate import InstalledCandidate
from pipwrap.operations import conflicts, own_distribution
from pipwrap.operations.context import CommandContext
from pipwrap.operations.install_scheme import InstallScheme
from pipwrap.operations.installed_set import InstalledSet
from pipwrap.operations.request import UserRequest
from pipwrap.operations.resolve_request import ResolveRequest, resolve_request_of
from pipwrap.operations.session import InstallSession
from pipwrap.resolution.outcome import Resolution


def resolve_for_install(
    context: CommandContext,
    request: UserRequest,
    session: InstallSession,
    installed: InstalledSet,
    place: InstallScheme,
) -> Resolution:
    """Return the resolution; raises pip's error where a version that it would replace is invalid.

    It is raised also before another project of this program's name is fetched.
    """
    seen = InstalledSet() if place.ignores_installed else installed

    def check(projects: Iterable[str]) -> None:
        if not context.options.force_reinstall:
            for project in seen.invalid & set(projects):
                conflicts.check_version(seen.distributions[project])

    check(root_requirement.named_project or "" for root_requirement in request.root_requirements)
    resolve_request = _resolve_request(context, request, seen.candidates)
    own_distribution.check_names(_to_fetch(resolve_request, request), place)
    resolution = session.resolve(resolve_request)
    check(resolution.choices)
    return resolution


def _to_fetch(resolve_request: ResolveRequest, request: UserRequest) -> set[str]:
    """Return the projects that the user names and that no installed version satisfies."""
    return {
        name
        for name in _named(request)
        if name not in resolve_request.installed or not resolve_request.keeps(name)
    }


def _resolve_request(
    context: CommandContext, request: UserRequest, candidates: Mapping[str, InstalledCandidate]
) -> ResolveRequest:
    """Return what is resolved; --upgrade decides which installed versions stay."""
    options = context.options
    named = _named(request)
    eager = options.upgrade and options.upgrade_strategy == "eager"

    def keeps(project: str) -> bool:
        return not eager and not (options.upgrade and project in named)

    return replace(
        resolve_request_of(context, request),
        installed={} if options.force_reinstall else candidates,
        keeps=keeps,
    )


def _named(request: UserRequest) -> set[str]:
    """Return the projects that the user names, those of ``name @ URL`` included."""
    return {
        root_requirement.requirement.name
        for root_requirement in request.root_requirements
        if root_requirement.requirement is not None
    }
