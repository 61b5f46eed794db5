"""Constraints, and the environment markers by which requirements and constraints apply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipwrap import errors
from pipwrap.events import Info, Listener
from pipwrap.model.requirement import Constraint, UserRequirement
from pipwrap.model.source import Archive
from pipwrap.requirements.parse import RequirementText, parse_requirement


def parse_constraint(
    line: RequirementText, listener: Listener
) -> tuple[UserRequirement, Constraint]:
    """Return a line of a constraints file; raises ``errors.InvalidRequirement`` as pip does."""
    if line.is_editable:
        raise errors.InvalidRequirement("Editable requirements are not allowed as constraints")
    user = parse_requirement(line, listener)
    problem = None
    if user.requirement is None:
        problem = "Unnamed requirements are not allowed as constraints"
    elif user.extras:
        problem = "Constraints cannot have extras"
    if problem or user.requirement is None:
        raise errors.InvalidConstraint(problem or "")
    source = user.source
    if isinstance(source, Archive):
        source = Archive(source.link, source.path)
    constraint = Constraint(
        user.requirement.name,
        user.requirement.specifier,
        (line.hashes,) if line.hashes else (),
        (source,) if source is not None else (),
        (user.requirement.text,),
    )
    return user, constraint


def merged(
    found: Iterable[tuple[UserRequirement, Constraint]], markers: Mapping[str, str]
) -> dict[str, Constraint]:
    """Return one constraint for each project, of the lines whose markers hold."""
    constraints: dict[str, Constraint] = {}
    for user, constraint in found:
        if applies(user, markers):
            known = constraints.get(constraint.name)
            constraints[constraint.name] = known.merged(constraint) if known else constraint
    return constraints


def applies(user: UserRequirement, markers: Mapping[str, str]) -> bool:
    """Return whether a requirement's markers hold in the target environment."""
    marker = user.marker or (user.requirement.marker if user.requirement else None)
    return marker is None or marker.evaluate({**markers, "extra": ""})


def applicable(
    root_requirements: Iterable[UserRequirement], markers: Mapping[str, str], listener: Listener
) -> tuple[UserRequirement, ...]:
    """Return the root requirements whose markers hold, and report the others."""
    found = []
    for user in root_requirements:
        if applies(user, markers):
            found.append(user)
            continue
        name = user.requirement.name_as_written if user.requirement else user.text
        marker = user.marker or (user.requirement.marker if user.requirement else None)
        listener(Info(f"Ignoring {name}: markers '{marker}' don't match your environment"))
    return tuple(found)
