"""Build requirements that go with what the environment will have (decision record 0023)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pipwrap import errors
from pipwrap.model.compiled_interfaces import PROJECTS, mismatches
from pipwrap.model.requirement import Constraint
from pipwrap.operations.resolve_request import ResolveRequest
from pipwrap.resolution.outcome import Resolution

Resolve = Callable[[ResolveRequest], Resolution]


def compatible_resolution(
    resolve: Resolve, request: ResolveRequest, present: Mapping[str, str]
) -> Resolution:
    """Return the resolution of build requirements, with versions that go with ``present``.

    Where the best versions go with it already, they stay: the wheel is the one that pip builds.
    A version that the requirements do not admit, or that no index has, is left out.
    """
    resolution = resolve(request)
    for mismatch in mismatches(versions_of(resolution), present):
        same = _exactly(mismatch.project, mismatch.present)
        known = request.constraints.get(mismatch.project)
        constraint = known.merged(same) if known is not None else same
        narrowed = replace(
            request, constraints={**request.constraints, mismatch.project: constraint}
        )
        try:
            resolution = resolve(narrowed)
        except (errors.NoMatchingDistribution, errors.ResolutionImpossible):
            continue
        request = narrowed
    return resolution


def versions_of(resolution: Resolution) -> dict[str, str]:
    """Return the versions of what extensions are compiled against."""
    choices = resolution.choices
    return {name: str(choices[name].version) for name in sorted(PROJECTS & choices.keys())}


def _exactly(project: str, version: str) -> Constraint:
    """Return the constraint to a version, whatever its local part (PEP 440, ``==``)."""
    text = f"=={Version(version).public}"
    return Constraint(project, SpecifierSet(text), texts=(f"{project}{text}",))
