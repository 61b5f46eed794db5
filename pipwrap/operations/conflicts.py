"""The conflict report of an installation: installed distributions that lose a dependency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.version import InvalidVersion, Version

from pipwrap import errors
from pipwrap.events import Listener, WarningMessage
from pipwrap.install import conflicts
from pipwrap.install.installed import read_metadata, read_text
from pipwrap.install.plan import Plan
from pipwrap.model.environment import Environment, InstalledDistribution


def check_version(distribution: InstalledDistribution) -> None:
    """Raise pip's error where the version of something installed cannot be compared."""
    version = distribution.version or None
    try:
        Version(distribution.version)
    except InvalidVersion:
        raise errors.DiagnosticError(
            "invalid-installed-package",
            f"Cannot process installed package {distribution.name} {version} in "
            f"{distribution.location!r} because it has an invalid version:\n"
            f"Invalid version: {version!r}",
            context="Starting with pip 24.1, packages with invalid versions can not be processed.",
            hint="To proceed this package must be uninstalled.",
        ) from None


def conflict_report(
    plan: Plan,
    installed: Mapping[str, InstalledDistribution],
    environment: Environment,
    listener: Listener,
) -> str | None:
    """Return the report on a plan about to be carried out; ``None`` when nothing is broken."""
    changed = {item.name: Version(item.version) for item in plan.install}
    versions = {**dict(_versions(installed)), **changed}
    dependents = [
        dependent
        for name, each in installed.items()
        if name not in changed and _may_depend(each, changed)
        for dependent in _dependent(name, each, environment, listener)
    ]
    return conflicts.describe(dependents, versions, changed)


def _versions(
    installed: Mapping[str, InstalledDistribution],
) -> Iterator[tuple[str, Version]]:
    for name, each in installed.items():
        try:
            yield name, Version(each.version)
        except InvalidVersion:
            continue


def _may_depend(distribution: InstalledDistribution, changed: Mapping[str, Version]) -> bool:
    if not distribution.is_wheel:
        return True
    return conflicts.mentions(read_text(distribution, "METADATA") or "", changed)


def _dependent(
    name: str,
    distribution: InstalledDistribution,
    environment: Environment,
    listener: Listener,
) -> Iterator[conflicts.Dependent]:
    """Yield the distribution with its needs, unless its metadata cannot be read."""
    try:
        version = Version(distribution.version)
        texts = read_metadata(distribution).requires_dist
        requires = conflicts.requirements(texts, environment.marker_environment)
    except ValueError as error:
        listener(WarningMessage(f"Error parsing dependencies of {name}: {error}"))
        return
    yield conflicts.Dependent(name, version, requires)
