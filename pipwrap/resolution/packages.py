"""Names of the packages that the core decides: projects, extras and the target's Python; pure."""

from __future__ import annotations

PYTHON = "<Python from Requires-Python>"
"""The package of the target's Python; it has the one version 0."""


def split_package(package: str) -> tuple[str, str | None]:
    """Return the project and the extra of a package's name."""
    project, bracket, rest = package.partition("[")
    return project, rest[:-1] if bracket else None


def packages_of(project: str, extras: tuple[str, ...]) -> list[str]:
    """Return the packages that a requirement of a project with extras is about."""
    return [project, *(f"{project}[{extra}]" for extra in extras)]
