"""pip's errors and messages for a resolution that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipwrap import errors
from pipwrap.events import ErrorMessage, Info
from pipwrap.model.candidate import Candidate
from pipwrap.model.release_control import ReleaseControl
from pipwrap.model.requirement import Constraint
from pipwrap.operations.resolve_request import ResolveRequest
from pipwrap.resolution import explain

if TYPE_CHECKING:
    from pipwrap.operations.metadata_provider import DistributionMetadataProvider


def error_of(
    provider: DistributionMetadataProvider,
    request: ResolveRequest,
    causes: tuple[explain.Cause, ...],
) -> errors.PipwrapError:
    """Report what requires what, and return the error that ends the command."""
    essential = explain.essential(causes)
    about_python = explain.python_conflict(essential, provider.environment.python_version)
    if about_python is not None:
        return errors.NoMatchingDistribution(about_python)
    refused = [each for each in causes if each.project in provider.offers.locked]
    refused = [each for each in refused if not each.satisfiable]
    if refused:
        return no_matching(provider, refused[0], request.releases)
    alone = _unsatisfiable_alone(provider, request, essential)
    if alone is not None:
        return no_matching(provider, alone, request.releases)
    if len(essential) == 1 and essential[0].project not in request.constraints:
        return no_matching(provider, essential[0], request.releases)
    constraints = {
        name: f"{name}{constraint.specifier}{_places(constraint)}"
        for name, constraint in request.constraints.items()
    }
    conflict = explain.describe(
        essential, constraints, lambda project: bool(provider.offers.candidates(project))
    )
    if conflict.headline:
        provider.listener(ErrorMessage(conflict.headline, is_critical=True))
    if conflict.reasons:
        provider.listener(Info(conflict.reasons))
    return errors.ResolutionImpossible(conflict.error)


def _unsatisfiable_alone(
    provider: DistributionMetadataProvider,
    request: ResolveRequest,
    causes: tuple[explain.Cause, ...],
) -> explain.Cause | None:
    """Return the user's first requirement of a project, where no version satisfies that alone.

    pip meets it before any other requirement of the project.
    """
    first = next((each for each in causes if each.parent is None), None)
    if first is None or first.satisfiable or first.project in request.constraints:
        return None
    required = [
        root_requirement
        for root_requirement in request.root_requirements
        if root_requirement.named_project == first.project
    ]
    root_requirement = required[0] if required else None
    if (
        root_requirement is None
        or root_requirement.requirement is None
        or root_requirement.source is not None
    ):
        return None
    specifier = root_requirement.requirement.specifier
    there = [each.version for each in provider.offers.candidates(first.project)]
    there += [each.version for name, each in request.installed.items() if name == first.project]
    is_met = any(specifier.contains(version, prereleases=True) for version in there)
    return None if is_met or first.requirement != root_requirement.requirement.text else first


def _places(constraint: Constraint) -> str:
    shown = ", ".join(source.link.redacted_whole for source in constraint.sources)
    return f" (from {shown})" if shown else ""


def _about_lock(locked: Candidate, shown: str, *, final_only: bool) -> str:
    """Return pip's message for a version of a lock file that does not satisfy a requirement."""
    if locked.version.is_prerelease and final_only:
        return (
            f"A pre-release version {locked.version} is specified in a provided lock file for "
            f"{locked.project} but only final versions are allowed"
        )
    return (
        f"The requirement {shown} is not compatible with version {locked.version} specified in a "
        "provided lock file"
    )


def no_matching(
    provider: DistributionMetadataProvider, cause: explain.Cause, releases: ReleaseControl
) -> errors.NoMatchingDistribution:
    """Return pip's error for what no index offers, after a report of what is offered."""
    judged = provider.offers.judged(cause.project)
    shown = f"{cause.requirement} (from {cause.parent})" if cause.parent else cause.requirement
    if judged.yanked_versions:
        yanked = ", ".join(map(str, judged.yanked_versions))
        provider.listener(
            ErrorMessage(f"Ignored the following yanked versions: {yanked}", is_critical=True)
        )
    if judged.other_pythons:
        others = "; ".join(judged.other_pythons)
        provider.listener(
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
    if cause.project in provider.offers.locked:
        message = _about_lock(judged.candidates[0], shown, final_only=final_only)
    provider.listener(ErrorMessage(message, is_critical=True))
    if cause.requirement == "requirements.txt":
        provider.listener(
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
