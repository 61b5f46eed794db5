"""The projects behind direct references, which only their metadata names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pipwrap import errors
from pipwrap.events import Info
from pipwrap.model.environment import Environment
from pipwrap.model.location import url_to_path
from pipwrap.model.metadata import Metadata
from pipwrap.model.names import canonicalize_name
from pipwrap.model.requirement import Requirement, UserRequirement
from pipwrap.model.source import Source
from pipwrap.operations.resolution_errors import no_matching
from pipwrap.operations.resolve_request import ResolveRequest
from pipwrap.resolution import explain, messages
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.dependencies import Dependencies

if TYPE_CHECKING:
    from pipwrap.operations.metadata_provider import DistributionMetadataProvider


def named_requirements(
    provider: DistributionMetadataProvider, request: ResolveRequest
) -> tuple[list[UserRequirement], dict[Choice, Dependencies]]:
    """Return the requirements with the projects of direct references, and what those require."""
    root_requirements: list[UserRequirement] = []
    known: dict[Choice, Dependencies] = {}
    for root_requirement in request.root_requirements:
        if root_requirement.source is None:
            root_requirements.append(root_requirement)
            continue
        metadata = _metadata(provider, root_requirement, root_requirement.source, request)
        requirement = _requirement(provider, request, root_requirement, metadata)
        try:
            version = Version(metadata.version)
        except InvalidVersion as error:
            raise errors.InvalidDistribution(f"{root_requirement.text}: {error}") from error
        direct = DirectChoice(requirement.name, version, root_requirement.source)
        known[direct] = Dependencies.of(metadata)
        if root_requirement.extras:
            # pip asks for the project without them first, on behalf of what the user wrote.
            requirement = replace(requirement, text=requirement.without_extras)
            origin = root_requirement.origin if root_requirement.requirement else None
            root_requirements.append(
                replace(root_requirement.named(requirement), comes_from=origin)
            )
        else:
            root_requirements.append(root_requirement.named(requirement))
    return root_requirements, known


def _metadata(
    provider: DistributionMetadataProvider,
    root_requirement: UserRequirement,
    source: Source,
    request: ResolveRequest,
) -> Metadata:
    _check_wheel(source, provider.environment)
    if source.editable:
        heading = f"Obtaining {root_requirement.text}"
    elif source.link.scheme == "file":
        path = url_to_path(source.link.url)
        # pip's name for the working directory itself.
        here = request.show_path(f"{path}/.") == "./."
        heading = f"Processing {'./.' if here else request.show_path(path)}"
    else:
        shown = (
            root_requirement.requirement.without_extras
            if root_requirement.requirement
            else root_requirement.text
        )
        heading = f"Collecting {shown}"
    names_origin = root_requirement.requirement is not None or source.editable
    origin = root_requirement.origin if root_requirement.extras else root_requirement.comes_from
    suffix = f" (from {origin})" if origin and names_origin else ""
    provider.listener(Info(heading + suffix))
    try:
        result = provider.metadata(source)
    except errors.EditableRefused as error:
        raise errors.EditableRefused(f"{root_requirement.text}{suffix}") from error
    except errors.ProgramFailed as error:
        name = (
            root_requirement.requirement.name_as_written
            if root_requirement.requirement
            else root_requirement.text
        )
        raise errors.ProgramFailed(error.command, error.status, name, error.unseen) from error
    for line in result.lines:
        provider.listener(line)
    return result.metadata


def _requirement(
    provider: DistributionMetadataProvider,
    request: ResolveRequest,
    root_requirement: UserRequirement,
    metadata: Metadata,
) -> Requirement:
    """Return the project behind a direct reference; pip's error when it has another name."""
    name = canonicalize_name(metadata.name)
    known = root_requirement.requirement
    if known is None:
        named = Requirement.parse(f"{metadata.name}=={metadata.version}")
        return replace(named, extras=tuple(sorted(map(canonicalize_name, root_requirement.extras))))
    if known.name != name:
        raise _misnamed(provider, request, root_requirement, metadata)
    return known


def _misnamed(
    provider: DistributionMetadataProvider,
    request: ResolveRequest,
    root_requirement: UserRequirement,
    metadata: Metadata,
) -> errors.NoMatchingDistribution:
    """Return pip's error for a direct reference to another project, after its message."""
    known = root_requirement.requirement
    assert root_requirement.source is not None  # noqa: S101 - only direct references have metadata here
    assert known is not None  # noqa: S101 - only a name can be another one
    suffix = f" (from {root_requirement.comes_from})" if root_requirement.comes_from else ""
    found = canonicalize_name(metadata.name)
    error = errors.InconsistentMetadata(root_requirement.text, "name", known.name, found)
    for event in messages.inconsistent(known.text, suffix, root_requirement.source, error):
        provider.listener(event)
    cause = explain.Cause(known.name, f"{known.name} (unavailable)")
    return no_matching(provider, cause, request.releases)


def _check_wheel(source: Source, environment: Environment) -> None:
    if not is_supported(source, environment):
        raise errors.InvalidDistribution(
            f"{source.link.filename} is not a supported wheel on this platform."
        )


def is_supported(source: Source, environment: Environment) -> bool:
    """Return whether a direct reference can be installed here, as far as its name says."""
    if not source.is_wheel:
        return True
    try:
        _, _, _, tags = parse_wheel_filename(source.link.filename)
    except InvalidWheelFilename as error:
        raise errors.InvalidRequirement(str(error)) from error
    return not {str(tag) for tag in tags}.isdisjoint(environment.tags)
