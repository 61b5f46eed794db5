"""From wishes to a resolution, with a second look at the index before a bad answer is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pipwrap import errors
from pipwrap.events import ErrorMessage, Info
from pipwrap.model.candidate import Candidate
from pipwrap.model.environment import Environment
from pipwrap.model.location import url_to_path
from pipwrap.model.metadata import Metadata
from pipwrap.model.names import canonicalize_name
from pipwrap.model.release_control import ReleaseControl
from pipwrap.model.requirement import Constraint, Requirement, UserRequirement
from pipwrap.model.source import Source
from pipwrap.operations.resolve_request import ResolveRequest, ResolveTools
from pipwrap.resolution import engine, explain, messages
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.outcome import Resolution
from pipwrap.resolution.preferences import Preference
from pipwrap.resolution.projects import InstalledCandidates, Projects
from pipwrap.resolution.state import ResolutionRules


def resolve(
    tools: ResolveTools,
    request: ResolveRequest,
    preferences: Mapping[str, Preference] | None = None,
) -> Resolution:
    """Return the resolution, the same whether something is ``preferences`` or not.

    Raises ``errors.NoMatchingDistribution`` and ``errors.ResolutionImpossible`` after every page
    that came from the cache was asked for again, and is the same.
    """
    root_requirements, known = _named(tools, request)
    while True:
        try:
            return _attempt(tools, request, root_requirements, known, preferences)
        except engine.Unsolvable as unsolvable:
            preferences = None
            if not tools.offers.repository.refresh():
                raise _explained(tools, request, unsolvable.causes) from unsolvable


def _attempt(
    tools: ResolveTools,
    request: ResolveRequest,
    root_requirements: Sequence[UserRequirement],
    known: Mapping[Choice, Dependencies],
    preferences: Mapping[str, Preference] | None,
) -> Resolution:
    environment = tools.environment
    installed = InstalledCandidates(request.installed, request.keeps)
    projects = Projects(tools.offers, installed, request.constraints, preferences)
    for choice in known:
        if isinstance(choice, DirectChoice):
            projects.add_direct(choice.project, choice.version, choice.source)
    rules = ResolutionRules(
        environment.marker_environment,
        environment.python_version,
        releases=request.releases,
        ignore_requires_python=request.ignore_requires_python,
        ignore_dependencies=request.ignore_dependencies,
        supports=lambda source: _is_supported(source, environment),
        show_path=request.show_path,
        requires_hashes=request.requires_hashes,
    )
    ports = engine.Ports(projects, tools, tools.listener)
    return engine.resolve(root_requirements, rules, ports, known)


# Direct references


def _named(
    tools: ResolveTools, request: ResolveRequest
) -> tuple[list[UserRequirement], dict[Choice, Dependencies]]:
    """Return the wishes with the projects of their direct references, and what those need."""
    root_requirements: list[UserRequirement] = []
    known: dict[Choice, Dependencies] = {}
    for root_requirement in request.root_requirements:
        if root_requirement.source is None:
            root_requirements.append(root_requirement)
            continue
        metadata = _metadata(tools, root_requirement, root_requirement.source, request)
        requirement = _requirement(tools, request, root_requirement, metadata)
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
    tools: ResolveTools, root_requirement: UserRequirement, source: Source, request: ResolveRequest
) -> Metadata:
    _check_wheel(source, tools.environment)
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
    tools.listener(Info(heading + suffix))
    try:
        result = tools.metadata(source)
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
        tools.listener(line)
    return result.metadata


def _requirement(
    tools: ResolveTools,
    request: ResolveRequest,
    root_requirement: UserRequirement,
    metadata: Metadata,
) -> Requirement:
    """Return what a direct reference turned out to be; pip's error when it is something else."""
    name = canonicalize_name(metadata.name)
    known = root_requirement.requirement
    if known is None:
        named = Requirement.parse(f"{metadata.name}=={metadata.version}")
        return replace(named, extras=tuple(sorted(map(canonicalize_name, root_requirement.extras))))
    if known.name != name:
        raise _misnamed(tools, request, root_requirement, metadata)
    return known


def _misnamed(
    tools: ResolveTools,
    request: ResolveRequest,
    root_requirement: UserRequirement,
    metadata: Metadata,
) -> errors.NoMatchingDistribution:
    """Return pip's error for a direct reference to another project, after saying so."""
    known = root_requirement.requirement
    assert root_requirement.source is not None  # noqa: S101 - only direct references have metadata here
    assert known is not None  # noqa: S101 - only a name can be another one
    suffix = f" (from {root_requirement.comes_from})" if root_requirement.comes_from else ""
    found = canonicalize_name(metadata.name)
    error = errors.InconsistentMetadata(root_requirement.text, "name", known.name, found)
    for event in messages.inconsistent(known.text, suffix, root_requirement.source, error):
        tools.listener(event)
    cause = explain.Cause(known.name, f"{known.name} (unavailable)")
    return _no_matching(tools, cause, request.releases)


def _check_wheel(source: Source, environment: Environment) -> None:
    if not _is_supported(source, environment):
        raise errors.InvalidDistribution(
            f"{source.link.filename} is not a supported wheel on this platform."
        )


def _is_supported(source: Source, environment: Environment) -> bool:
    if not source.is_wheel:
        return True
    try:
        _, _, _, tags = parse_wheel_filename(source.link.filename)
    except InvalidWheelFilename as error:
        raise errors.InvalidRequirement(str(error)) from error
    return not {str(tag) for tag in tags}.isdisjoint(environment.tags)


# What went wrong


def _explained(
    tools: ResolveTools, request: ResolveRequest, causes: tuple[explain.Cause, ...]
) -> errors.PipwrapError:
    """Say who wants what, and return the error that ends the command."""
    essential = explain.essential(causes)
    about_python = explain.python_conflict(essential, tools.environment.python_version)
    if about_python is not None:
        return errors.NoMatchingDistribution(about_python)
    refused = [each for each in causes if each.project in tools.offers.locked]
    refused = [each for each in refused if not each.satisfiable]
    if refused:
        return _no_matching(tools, refused[0], request.releases)
    alone = _unsatisfiable_alone(tools, request, essential)
    if alone is not None:
        return _no_matching(tools, alone, request.releases)
    if len(essential) == 1 and essential[0].project not in request.constraints:
        return _no_matching(tools, essential[0], request.releases)
    constraints = {
        name: f"{name}{constraint.specifier}{_places(constraint)}"
        for name, constraint in request.constraints.items()
    }
    conflict = explain.describe(
        essential, constraints, lambda project: bool(tools.offers.candidates(project))
    )
    if conflict.headline:
        tools.listener(ErrorMessage(conflict.headline, is_critical=True))
    if conflict.reasons:
        tools.listener(Info(conflict.reasons))
    return errors.ResolutionImpossible(conflict.error)


def _unsatisfiable_alone(
    tools: ResolveTools, request: ResolveRequest, causes: tuple[explain.Cause, ...]
) -> explain.Cause | None:
    """Return what the user asks of a project first, where nothing satisfies that by itself.

    pip meets it before anything else that is asked of the project.
    """
    first = next((each for each in causes if each.parent is None), None)
    if first is None or first.satisfiable or first.project in request.constraints:
        return None
    asked = [
        root_requirement
        for root_requirement in request.root_requirements
        if root_requirement.named_project == first.project
    ]
    root_requirement = asked[0] if asked else None
    if (
        root_requirement is None
        or root_requirement.requirement is None
        or root_requirement.source is not None
    ):
        return None
    specifier = root_requirement.requirement.specifier
    there = [each.version for each in tools.offers.candidates(first.project)]
    there += [each.version for name, each in request.installed.items() if name == first.project]
    is_met = any(specifier.contains(version, prereleases=True) for version in there)
    return None if is_met or first.requirement != root_requirement.requirement.text else first


def _places(constraint: Constraint) -> str:
    shown = ", ".join(source.link.redacted_whole for source in constraint.sources)
    return f" (from {shown})" if shown else ""


def _about_lock(locked: Candidate, shown: str, *, final_only: bool) -> str:
    """Return how pip says that what a lock file names will not do."""
    if locked.version.is_prerelease and final_only:
        return (
            f"A pre-release version {locked.version} is specified in a provided lock file for "
            f"{locked.project} but only final versions are allowed"
        )
    return (
        f"The requirement {shown} is not compatible with version {locked.version} specified in a "
        "provided lock file"
    )


def _no_matching(
    tools: ResolveTools, cause: explain.Cause, releases: ReleaseControl
) -> errors.NoMatchingDistribution:
    """Return pip's error for something that nobody offers, after saying what is offered."""
    judged = tools.offers.judged(cause.project)
    shown = f"{cause.requirement} (from {cause.parent})" if cause.parent else cause.requirement
    if judged.yanked_versions:
        yanked = ", ".join(map(str, judged.yanked_versions))
        tools.listener(
            ErrorMessage(f"Ignored the following yanked versions: {yanked}", is_critical=True)
        )
    if judged.other_pythons:
        others = "; ".join(judged.other_pythons)
        tools.listener(
            ErrorMessage(
                f"Ignored the following versions that require a different python version: {others}",
                is_critical=True,
            )
        )
    versions = ", ".join(map(str, judged.versions)) or "none"
    final_only = releases.allows_prereleases(cause.project) is False
    kind = "final version" if final_only else "version"
    message = f"Could not find a {kind} that satisfies the requirement {shown} "
    message += f"(from versions: {versions})"
    if cause.project in tools.offers.locked:
        message = _about_lock(judged.candidates[0], shown, final_only=final_only)
    tools.listener(ErrorMessage(message, is_critical=True))
    if cause.requirement == "requirements.txt":
        tools.listener(
            Info(
                "HINT: You are attempting to install a package literally named "
                "\"requirements.txt\" (which cannot exist). Consider using the '-r' flag to "
                "install the packages listed in requirements.txt"
            )
        )
    unread = [skip for skip in judged.skipped if not skip.reason.startswith("404 ")]
    note = "\n".join(f"NOTE: {skip.url} could not be read: {skip.reason}" for skip in unread)
    return errors.NoMatchingDistribution(
        f"No matching distribution found for {shown}", note=note or None
    )
