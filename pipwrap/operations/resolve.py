"""From requirements to a resolution; before an error, cached pages are requested again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipwrap.model.requirement import UserRequirement
from pipwrap.operations.named_requirements import is_supported, named_requirements
from pipwrap.operations.resolution_errors import error_of
from pipwrap.operations.resolve_request import ResolveRequest
from pipwrap.resolution import engine
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.outcome import Resolution
from pipwrap.resolution.preferences import Preference
from pipwrap.resolution.projects import InstalledCandidates, Projects
from pipwrap.resolution.state import ResolutionRules

if TYPE_CHECKING:
    from pipwrap.operations.metadata_provider import DistributionMetadataProvider


def resolve(
    provider: DistributionMetadataProvider,
    request: ResolveRequest,
    preferences: Mapping[str, Preference] | None = None,
) -> Resolution:
    """Return the resolution, which is the same with ``preferences`` and without.

    Raises ``errors.NoMatchingDistribution`` and ``errors.ResolutionImpossible``, but not because of
    a page of the cache that the index has changed: those pages are requested again first.
    """
    root_requirements, known = named_requirements(provider, request)
    while True:
        try:
            return _attempt(provider, request, root_requirements, known, preferences)
        except engine.Unsolvable as unsolvable:
            preferences = None
            if not provider.offers.collector.refresh():
                raise error_of(provider, request, unsolvable.causes) from unsolvable


def _attempt(
    provider: DistributionMetadataProvider,
    request: ResolveRequest,
    root_requirements: Sequence[UserRequirement],
    known: Mapping[Choice, Dependencies],
    preferences: Mapping[str, Preference] | None,
) -> Resolution:
    environment = provider.environment
    installed = InstalledCandidates(request.installed, request.keeps)
    projects = Projects(provider.offers, installed, request.constraints, preferences)
    for choice in known:
        if isinstance(choice, DirectChoice):
            projects.add_direct(choice.project, choice.version, choice.source)
    rules = ResolutionRules(
        environment.marker_environment,
        environment.python_version,
        releases=request.releases,
        ignore_requires_python=request.ignore_requires_python,
        ignore_dependencies=request.ignore_dependencies,
        supports=lambda source: is_supported(source, environment),
        show_path=request.show_path,
        requires_hashes=request.requires_hashes,
    )
    ports = engine.Ports(projects, provider, provider.listener)
    return engine.resolve(root_requirements, rules, ports, known)
