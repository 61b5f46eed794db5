"""From the core's derivation that there is no solution to the facts that pip reports; pure.

The leaves of the derivation are clauses: the user requires a range of a package, or a range of
versions of one package requires a range of another. Each becomes a ``Cause`` in pip's words.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from nab_resolver.types import Incompatibility, IncompatibilityCause

from pipwrap.model.location import url_to_path
from pipwrap.model.requirement import Requirement, UserRequirement
from pipwrap.model.source import Source
from pipwrap.resolution.choice import DirectChoice
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.explain import Cause
from pipwrap.resolution.packages import PYTHON, split_package
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.requirement_record import RequirementRecord
from pipwrap.resolution.state import ResolverState
from pipwrap.resolution.version_map import RankedVersion, VersionMap


class DerivationReader(Struct, frozen=True):
    """Reads derivations about one attempt: its version maps, requirements and metadata."""

    projects: Projects
    record: RequirementRecord
    state: ResolverState

    def causes(self, derivation: Incompatibility[str, int] | None) -> tuple[Cause, ...]:
        """Return the facts at the leaves of a derivation.

        Those of the user come first, in the order in which they were written.
        """
        causes: list[Cause] = []
        for clause in derivation.walk() if derivation is not None else ():
            if clause.cause is IncompatibilityCause.ROOT:
                causes.extend(self._of_root(clause))
            elif clause.cause is IncompatibilityCause.DEPENDENCY:
                causes.extend(self._of_dependency(clause))
        return tuple(sorted(causes, key=lambda each: each.position))

    def _of_root(self, clause: Incompatibility[str, int]) -> Iterator[Cause]:
        user = clause.origin
        if not isinstance(user, UserRequirement) or user.requirement is None:
            return
        requirement, term = user.requirement, clause.terms[-1]
        project, version_map = requirement.name, self.projects[requirement.name]
        shown = _shown(project, user.source, version_map) if user.source else requirement.text
        satisfiable = not (term.constraint & version_map.range_of(requirement.specifier)).is_empty
        position = self.record.roots.index(user)
        yield Cause(project, shown, trigger=shown, satisfiable=satisfiable, position=position)

    def _of_dependency(self, clause: Incompatibility[str, int]) -> Iterator[Cause]:
        """Yield what the newest of the parent's versions in the clause requires."""
        parent = clause.terms[0]
        project, extra = split_package(parent.package)
        child = clause.terms[-1].package
        if child == parent.package:
            child = PYTHON if extra is None else child
        ranked_versions = self.projects[project].ranked_versions
        ranks = [rank for rank in range(len(ranked_versions)) if rank in parent.constraint]
        ranks = [rank for rank in ranks if (parent.package, rank) in self.record.by_version]
        if not ranks:
            return
        ranked = ranked_versions[ranks[-1]]
        version, trigger = str(ranked.version), self._trigger(project, ranked)
        if child == PYTHON:
            known = self.state.dependencies.get(ranked.choice)
            requires = known.requires_python if isinstance(known, Dependencies) else None
            if requires is not None:
                yield Cause("", requires, project, version, trigger, satisfiable=False)
            return
        child_project, _ = split_package(child)
        for requirement in self.record.by_version[parent.package, ranks[-1]]:
            if requirement.name == child_project:
                range_alone = self.projects[child_project].range_of(requirement.specifier)
                yield Cause(
                    child_project,
                    self._shown_dependency(requirement),
                    project,
                    version,
                    trigger,
                    satisfiable=not range_alone.is_empty,
                )

    def _shown_dependency(self, requirement: Requirement) -> str:
        """Return a requirement of a version as pip names it; of a URL the version behind it."""
        project, url = requirement.name, requirement.url
        if url is None:
            return requirement.text
        direct = self.state.sources.get((project, url))
        if direct is None:
            return f"{project} (unavailable)"
        return f"{project} {direct.version} (from {_place(direct.source)})"

    def _trigger(self, project: str, ranked: RankedVersion) -> str:
        """Return what the user would recognise: where the parent comes from."""
        template = self.state.template(project)
        if isinstance(ranked.choice, DirectChoice) or template.chain is None:
            return f"{project}=={ranked.version}"
        return template.parent or template.chain


def _shown(project: str, source: Source, version_map: VersionMap) -> str:
    """Return how pip names a direct reference in a conflict: by version and place."""
    versions = [
        str(ranked.version)
        for ranked in version_map.ranked_versions[version_map.first_direct :]
        if isinstance(ranked.choice, DirectChoice)
        and ranked.choice.source.identity == source.identity
    ]
    return f"{' '.join((project, *versions))} (from {_place(source)})"


def _place(source: Source) -> str:
    """Return what pip calls the place of a direct reference: its path or URL."""
    link = source.link
    place = url_to_path(link.url) if link.scheme == "file" else link.redacted_whole
    return f"{'editable ' * source.editable}{place}"
