"""Why there is no solution, in pip's words; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

HELP = (
    "ResolutionImpossible: for help visit "
    "https://pip.pypa.io/en/latest/topics/dependency-resolution/"
    "#dealing-with-dependency-conflicts"
)


class Cause(Struct, frozen=True):
    """One requirement that takes part in a conflict."""

    project: str
    """The project that is required; empty for the target's Python."""
    requirement: str
    """As pip prints it; a Requires-Python specifier where ``project`` is empty."""
    parent: str | None = None
    """The project that requires it; ``None`` for the user."""
    parent_version: str = ""
    trigger: str = ""
    """By which of the user's requirements the parent is required."""
    satisfiable: bool = True
    """Some version satisfies this requirement by itself."""
    position: int = 1 << 30
    """Of the user's requirement among all of them; those of distributions come after."""


class Conflict(Struct, frozen=True):
    """The lines of a conflict, by where they are printed."""

    headline: str | None
    """For ``ERROR:`` on stderr, before the reasons."""
    reasons: str | None
    """For stdout."""
    error: str
    """Ends the command."""


def essential(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return the causes that contradict each other, without those that only lead to them."""
    distinct = tuple(dict.fromkeys(causes))
    required = Counter(cause.project for cause in distinct)
    parents = {cause.parent for cause in distinct if cause.parent is not None}
    contradicting = tuple(
        cause
        for cause in distinct
        if not cause.satisfiable or required[cause.project] > 1 or cause.project not in parents
    )
    return contradicting or distinct


def python_conflict(causes: Sequence[Cause], python_version: str) -> str | None:
    """Return pip's message when every reason is the target's Python."""
    about_python = [cause for cause in causes if not cause.project]
    if not about_python:
        return None
    if len(about_python) == 1:
        (cause,) = about_python
        return (
            f"Package {cause.parent!r} requires a different Python: "
            f"{python_version} not in {cause.requirement!r}"
        )
    lines = [f"Packages require a different Python. {python_version} not in:"]
    lines += [
        f"{cause.requirement!r} (required by {cause.parent} {cause.parent_version})"
        for cause in about_python
    ]
    return "\n".join(lines)


def describe(
    causes: Sequence[Cause],
    constraints: Mapping[str, str],
    has_candidates: Callable[[str], bool],
) -> Conflict:
    """Return the conflict in pip's frame: what requires what, and what to do."""
    triggers = sorted({cause.trigger or cause.requirement for cause in causes})
    reasons = ["\nThe conflict is caused by:"]
    reasons += [f"    {_dependent(cause)} {_clauses(cause.requirement)}" for cause in causes]
    reasons += [
        f"    The user requested (constraint) {constraints[project]}"
        for project in dict.fromkeys(cause.project for cause in causes)
        if project in constraints
    ]
    missing = sorted({cause.project for cause in causes if not has_candidates(cause.project)})
    if missing:
        reasons.append(
            "\nAdditionally, some packages in these conflicts have no matching distributions "
            "available for your environment:"
        )
        reasons += [f"    {project}" for project in missing]
    reasons.append(
        "\nTo fix this you could try to:\n"
        "1. loosen the range of package versions you've specified\n"
        "2. remove package versions to allow pip to attempt to solve the dependency conflict\n"
    )
    return Conflict(
        f"Cannot install {_join(triggers)} because these package versions "
        "have conflicting dependencies.",
        "\n".join(reasons),
        HELP,
    )


def _dependent(cause: Cause) -> str:
    if cause.parent is None:
        return "The user requested"
    return f"{cause.parent} {cause.parent_version} depends on"


def _clauses(requirement: str) -> str:
    """Return a requirement with its clauses as pip prints them: ``a<2 and >=1``."""
    return _join([part.strip() for part in requirement.split(",")])


def _join(parts: Sequence[str]) -> str:
    if not parts:
        return "the requested packages"
    if len(parts) == 1:
        return parts[0]
    return ", ".join(parts[:-1]) + " and " + parts[-1]
