"""What is to be resolved, and by which rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from pipwrap.model.candidate import InstalledCandidate
from pipwrap.model.release_control import ReleaseControl
from pipwrap.model.requirement import Constraint, UserRequirement
from pipwrap.operations.context import CommandContext
from pipwrap.operations.request import UserRequest


def _keep_nothing(project: str) -> bool:
    del project
    return False


class ResolveRequest(Struct, frozen=True):
    """What is to be resolved, and by which rules."""

    root_requirements: tuple[UserRequirement, ...]
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    installed: Mapping[str, InstalledCandidate] = field(default_factory=dict)
    keeps: Callable[[str], bool] = _keep_nothing
    """Return whether what is installed of a project stays when it satisfies everything."""
    releases: ReleaseControl = field(default_factory=ReleaseControl)
    ignore_dependencies: bool = False
    ignore_requires_python: bool = False
    show_path: Callable[[str], str] = str
    requires_hashes: bool = False


def resolve_request_of(context: CommandContext, request: UserRequest) -> ResolveRequest:
    """Return the request of a command that does not look at installed distributions."""
    return ResolveRequest(
        request.root_requirements,
        request.constraints,
        releases=request.search.releases,
        ignore_dependencies=context.options.no_deps,
        ignore_requires_python=context.options.ignore_requires_python,
        show_path=context.show_path,
        requires_hashes=request.requires_hashes,
    )
