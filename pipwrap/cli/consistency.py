"""The conflict report after an installation: who among the installed is left without his need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from packaging.version import InvalidVersion, Version

from pipwrap.events import Listener, Warned
from pipwrap.install import conflicts
from pipwrap.install.installed import read_metadata, read_text
from pipwrap.install.plan import Plan
from pipwrap.model.environment import Environment, InstalledDistribution


def conflict_report(
    plan: Plan,
    installed: Mapping[str, InstalledDistribution],
    environment: Environment,
    listener: Listener,
) -> str | None:
    """Return what to say of a plan about to be carried out; ``None`` when nothing is broken."""
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
        listener(Warned(f"Error parsing dependencies of {name}: {error}"))
        return
    yield conflicts.Dependent(name, version, requires)
