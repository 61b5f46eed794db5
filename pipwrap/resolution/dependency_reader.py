"""What a chosen version requires, read from its metadata once."""

from __future__ import annotations

from pipwrap import errors
from pipwrap.index.selection import supports_python
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.requirement import Requirement
from pipwrap.resolution.choice import Choice
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.lookahead import Lookahead
from pipwrap.resolution.messages import ResolutionMessages, source_of
from pipwrap.resolution.ports import MetadataProvider
from pipwrap.resolution.state import ResolutionRules, ResolverState, Template


class DependencyReader:
    """Reads metadata when a version is chosen, and reports it in pip's lines."""

    def __init__(
        self,
        rules: ResolutionRules,
        artifacts: MetadataProvider,
        messages: ResolutionMessages,
        state: ResolverState,
        lookahead: Lookahead,
    ) -> None:
        """Store the ports; ``lookahead`` counts the versions that were refused untried."""
        self._rules = rules
        self._artifacts = artifacts
        self._messages = messages
        self._state = state
        self._lookahead = lookahead

    def read(self, project: str, choice: Choice) -> Dependencies | errors.UnusableMetadata:
        """Return what the metadata of a version says, or why it cannot be used."""
        known = self._state.dependencies
        if choice not in known:
            known[choice] = self._read(project, choice)
        return known[choice]

    def _read(self, project: str, choice: Choice) -> Dependencies | errors.UnusableMetadata:
        template = self._state.template(project).pinned(choice)
        if isinstance(choice, InstalledCandidate):
            return Dependencies.of(self._artifacts.installed(choice))
        source = source_of(choice)
        rejected = self._state.reads[project] + self._lookahead.refused(project)
        self._messages.rejected(project, rejected)
        self._state.reads[project] += 1
        self._messages.reading(template, source)
        if self._rules.requires_hashes and isinstance(choice, Candidate):
            _check_pinned(template, choice)
        try:
            result = self._artifacts.metadata(source)
            self._messages.lines(result.lines)
            return Dependencies.of(result.metadata)
        except errors.UnusableMetadata as error:
            self._messages.discarded(template, source, error)
            return error

    def supports_python(self, choice: Choice, known: Dependencies) -> bool:
        """Return whether a version can be installed for the target's Python; what is there can."""
        if isinstance(choice, InstalledCandidate):
            return True
        requires = known.requires_python
        if requires is not None:
            self._messages.odd_requires_python(known)
        return (
            self._rules.ignore_requires_python
            or requires is None
            or supports_python(requires, self._rules.python_version)
        )

    def requirements(self, known: Dependencies, extra: str | None) -> tuple[Requirement, ...]:
        """Return the requirements that apply here, or those that an extra adds to them."""
        if self._rules.ignore_dependencies:
            return ()
        return known.needed(dict(self._rules.markers), extra)

    def check_extra(self, choice: Choice, known: Dependencies, extra: str) -> None:
        """Warn of an extra that a version does not have."""
        self._messages.missing_extra(choice, known, extra)


def _check_pinned(template: Template, candidate: Candidate) -> None:
    """Raise pip's error where files have to have hashes and a dependency has no version."""
    if not (template.has_hashes or Requirement.parse(template.text).is_pinned):
        line = f"{template.text} from {candidate.link.redacted}{template.suffix}"
        raise errors.HashMismatch.unpinned([line])
