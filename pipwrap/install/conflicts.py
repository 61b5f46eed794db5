"""What an installation breaks among the distributions that it leaves alone; pure.

The resolver checks what is installed anew. What was there before and needs one of the changed
projects may get another version than it requires: pip reports that, and goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.version import Version

from pipwrap.model.names import canonicalize_name

if TYPE_CHECKING:
    from packaging.requirements import Requirement

HEADLINE = (
    "pip's dependency resolver does not currently take into account all the packages that are "
    "installed. This behaviour is the source of the following dependency conflicts."
)
_REQUIRES = re.compile(r"^Requires-Dist:[ \t]*([A-Za-z0-9._-]+)", re.IGNORECASE | re.MULTILINE)


class Dependent(Struct, frozen=True):
    """A distribution that stays, and what it requires here."""

    name: str
    """Canonical."""
    version: Version
    requires: tuple[Requirement, ...]


def mentions(metadata: str, projects: Iterable[str]) -> bool:
    """Return whether METADATA names one of these projects as a dependency; quick, and no parser."""
    header = metadata.partition("\n\n")[0]
    return not set(projects).isdisjoint(map(canonicalize_name, _REQUIRES.findall(header)))


def requirements(texts: Iterable[str], markers: Mapping[str, str]) -> tuple[Requirement, ...]:
    """Return the dependencies without extras whose markers hold; ``ValueError`` for a bad one."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - where something stays

    without_extra = {**markers, "extra": ""}
    found = map(Requirement, texts)
    return tuple(
        each for each in found if each.marker is None or each.marker.evaluate(without_extra)
    )


def describe(
    dependents: Iterable[Dependent], versions: Mapping[str, Version], changed: Iterable[str]
) -> str | None:
    """Return pip's report about what needs something that changed; ``None`` when all is well.

    ``versions`` is everything that will be installed, by canonical name.
    """
    names = frozenset(changed)
    concerned = [
        each
        for each in dependents
        if any(canonicalize_name(need.name) in names for need in each.requires)
    ]
    missing = [line for each in concerned for line in _missing(each, versions)]
    conflicting = [line for each in concerned for line in _conflicting(each, versions)]
    return "\n".join((HEADLINE, *missing, *conflicting)) if missing or conflicting else None


def _missing(dependent: Dependent, versions: Mapping[str, Version]) -> Iterator[str]:
    for need in sorted(dependent.requires, key=str):
        if canonicalize_name(need.name) not in versions:
            yield (f"{dependent.name} {dependent.version} requires {need}, which is not installed.")


def _conflicting(dependent: Dependent, versions: Mapping[str, Version]) -> Iterator[str]:
    for need in sorted(dependent.requires, key=str):
        name = canonicalize_name(need.name)
        version = versions.get(name)
        if version is not None and not need.specifier.contains(version, prereleases=True):
            yield (
                f"{dependent.name} {dependent.version} requires {need}, but you have "
                f"{name} {version} which is incompatible."
            )
