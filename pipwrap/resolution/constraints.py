"""What the user's constraints say of each project; pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pipwrap.model.requirement import Constraint
from pipwrap.model.source import Source


class ProjectConstraints(Struct, frozen=True):
    """Constraints by project; a project without one is free."""

    by_project: Mapping[str, Constraint]

    def specifier(self, project: str) -> SpecifierSet:
        """Return the versions of a project that are allowed."""
        constraint = self.by_project.get(project)
        return constraint.specifier if constraint else SpecifierSet()

    def sources(self, project: str) -> tuple[Source, ...]:
        """Return where a project must come from."""
        constraint = self.by_project.get(project)
        return constraint.sources if constraint else ()

    def has_hashes(self, project: str) -> bool:
        """Return whether only some files of a project are allowed."""
        constraint = self.by_project.get(project)
        return bool(constraint and constraint.hashes)

    def admit(self, project: str, version: Version, specifier: SpecifierSet) -> bool:
        """Return whether a version satisfies a specifier and the constraints."""
        return specifier.contains(version, prereleases=True) and self.specifier(project).contains(
            version, prereleases=True
        )
