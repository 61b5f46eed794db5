"""Requirements and constraints as ranges over the version maps of their projects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nab_resolver.types import RangeProtocol

from pipwrap import errors
from pipwrap.model.requirement import Requirement
from pipwrap.model.source import Source
from pipwrap.resolution.choice import DirectChoice
from pipwrap.resolution.dependencies import Dependencies, check_name, version_of
from pipwrap.resolution.messages import ResolutionMessages
from pipwrap.resolution.packages import split_package
from pipwrap.resolution.ports import MetadataProvider
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.ranges import RankRange, Ranks
from pipwrap.resolution.state import ResolutionRules, ResolverState, Template


class RequirementRanges:
    """Translates requirements, reading the metadata behind the direct references on the way."""

    def __init__(
        self,
        rules: ResolutionRules,
        projects: Projects,
        artifacts: MetadataProvider,
        messages: ResolutionMessages,
        state: ResolverState,
    ) -> None:
        """Store the ports; nothing is read yet."""
        self._rules = rules
        self._projects = projects
        self._artifacts = artifacts
        self._messages = messages
        self._state = state

    def range_of(self, requirement: Requirement, template: Template) -> Ranks:
        """Return the versions that satisfy a requirement; ``template`` names it in messages."""
        if requirement.url is not None:
            return self._range_of_url(requirement, template)
        self._add_constraint_sources(requirement.name)
        version_map = self._projects.version_map(requirement.name, requirement.specifier)
        return version_map.range_of(requirement.specifier)

    def _range_of_url(self, requirement: Requirement, template: Template) -> Ranks:
        """Return the one version behind a dependency's URL, which only its metadata names.

        Nothing satisfies it when that metadata cannot be used, or is of another project.
        """
        project, url = requirement.name, requirement.url or ""
        key = (project, url)
        if key not in self._state.sources:
            source = self._artifacts.source(url)
            self._state.sources[key] = self._read(project, source, template)
        direct = self._state.sources[key]
        if direct is None:
            self._projects.direct_map(project)
            return RankRange.of(())
        self._projects.add_direct(project, direct.version, direct.source)
        return self._projects.direct_map(project).range_of_source(direct.source)

    def _read(self, project: str, source: Source, template: Template) -> DirectChoice | None:
        """Return the version of a project that a direct reference leads to, if it can be used."""
        self._messages.reading(template, source)
        try:
            result = self._artifacts.metadata(source)
            self._messages.lines(result.lines)
            check_name(project, source, result.metadata)
            direct = DirectChoice(project, version_of(result.metadata), source)
            self._state.dependencies[direct] = Dependencies.of(result.metadata)
        except errors.UnusableMetadata as error:
            self._messages.discarded(template, source, error)
            return None
        return direct

    def _add_constraint_sources(self, project: str) -> None:
        """Make the source that the user's constraint names the only candidate of its project.

        Like pip, only once the project is required by name, and nothing where it is unusable.
        """
        for source in self._projects.constraints.sources(project):
            key = (project, source.identity)
            if key not in self._state.sources:
                template = self._state.template(project)
                supported = self._rules.supports(source)
                direct = self._read(project, source, template) if supported else None
                self._state.sources[key] = direct
            direct = self._state.sources[key]
            self._projects.bound.add(project)
            if direct is not None:
                self._projects.add_direct(project, direct.version, direct.source)


class ConstraintRanges(Mapping[str, RangeProtocol[int]]):
    """Constraints as ranges, made when the core needs them: most of a file is never needed."""

    def __init__(self, projects: Projects) -> None:
        """Translate nothing yet."""
        self._projects = projects
        self._constraints = projects.constraints.by_project

    def __getitem__(self, package: str) -> RangeProtocol[int]:
        """Return what the constraint of a package's project leaves.

        A URL says where a project comes from, not how it is installed: an editable of it will do.
        """
        project, _ = split_package(package)
        constraint = self._constraints[project]
        allowed = self._projects[project].range_of(constraint.specifier)
        for source in constraint.sources:
            allowed &= self._projects.direct_map(project).range_of_link(source.link)
        return allowed

    def __iter__(self) -> Iterator[str]:
        """Yield the constrained projects."""
        return iter(self._constraints)

    def __len__(self) -> int:
        """Return the number of constrained projects."""
        return len(self._constraints)
