"""The lines that a resolution prints of each choice, in pip's words."""

from __future__ import annotations

from collections.abc import Sequence

from pipwrap import errors
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.location import url_to_path
from pipwrap.model.source import Source
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.ports import MetadataProvider
from pipwrap.resolution.state import ResolutionRules, ResolverState, Template

_BACKTRACKING = {
    2: "pip is looking at multiple versions of {} to determine which version is compatible with "
    "other requirements. This could take a while.",
    8: "pip is still looking at multiple versions of {} to determine which version is compatible "
    "with other requirements. This could take a while.",
    13: "This is taking longer than usual. You might need to provide the dependency resolver with "
    "stricter constraints to reduce runtime. See https://pip.pypa.io/warnings/backtracking for "
    "guidance. If you want to abort this run, press Ctrl + C.",
}
"""By the number of versions that were given up (pip's resolution/resolvelib/reporter.py)."""


class ResolutionMessages:
    """Prints each line once, however often the resolution starts again."""

    def __init__(
        self,
        rules: ResolutionRules,
        artifacts: MetadataProvider,
        listener: Listener,
        state: ResolverState,
    ) -> None:
        """Store the ports; nothing is printed yet."""
        self._rules = rules
        self._artifacts = artifacts
        self._listener = listener
        self._state = state

    def installed(self, project: str, choice: Choice) -> None:
        """Print that what is installed satisfies; like pip, also where it is then upgraded."""
        if project in self._state.satisfied or not isinstance(choice, InstalledCandidate):
            return
        self._state.satisfied.add(project)
        place = self._rules.show_path(choice.distribution.location)
        template = self._state.template(project)
        self._listener(Info(template.satisfied(place, choice.distribution.version)))

    def reading(self, template: Template, distribution: Candidate | Source) -> None:
        """Print whose metadata is read: a local file by its path, everything else by name."""
        if distribution.link.scheme == "file" and not self._artifacts.reuses(distribution):
            heading = f"Processing {self._rules.show_path(url_to_path(distribution.link.url))}"
        else:
            heading = f"Collecting {template.text}"
        line = f"{heading}{template.suffix}"
        if line != self._state.heading:
            self._state.heading = line
            self._listener(Info(line))

    def rejected(self, project: str, count: int) -> None:
        """Print once, like pip, that ``count`` versions of a project have been given up."""
        for least, message in _BACKTRACKING.items():
            text = message.format(project)
            if count >= least and text not in self._state.reported:
                self._state.reported.add(text)
                self._listener(Info(f"INFO: {text}"))

    def odd_requires_python(self, known: Dependencies) -> None:
        """Warn once of a Requires-Python that is no specifier, and so admits every Python."""
        from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - rarely

        try:
            SpecifierSet(known.requires_python or "")
        except InvalidSpecifier as error:
            message = f"Package {known.name!r} has an invalid Requires-Python: {error}"
            if message not in self._state.reported:
                self._state.reported.add(message)
                self._listener(WarningMessage(message))

    def lines(self, lines: Sequence[Info]) -> None:
        """Print how metadata was obtained."""
        for line in lines:
            self._listener(line)

    def discarded(
        self, template: Template, choice: Candidate | Source, error: errors.UnusableMetadata
    ) -> None:
        """Print why a candidate or a direct reference is not used."""
        if isinstance(error, errors.InconsistentMetadata):
            for event in inconsistent(template.text, template.suffix, choice, error):
                self._listener(event)
        elif isinstance(choice, Candidate):
            self._listener(
                WarningMessage(
                    f"Ignoring version {choice.version} of {choice.project} since it has invalid "
                    f"metadata:\n{error.message}\n"
                    "Please use pip<24.1 if you need to use this version."
                )
            )
        else:
            self._listener(Info(f"Discarding {choice.link.shown}: {error.message}"))

    def missing_extra(self, choice: Choice, known: Dependencies, extra: str) -> None:
        """Warn once of an extra that a version does not have."""
        if extra in known.extras:
            return
        message = f"{choice.project} {choice.version} does not provide the extra '{extra}'"
        if message not in self._state.reported:
            self._state.reported.add(message)
            self._listener(WarningMessage(message))


def inconsistent(
    requirement: str,
    suffix: str,
    distribution: Candidate | Source,
    error: errors.InconsistentMetadata,
) -> Sequence[Info | WarningMessage]:
    """Return what pip prints of metadata that contradicts the ``requirement``.

    A source tree whose project has another name is first warned of, and then named by it.
    """
    events: list[Info | WarningMessage] = []
    if error.field.lower() == "name" and not distribution.is_wheel:
        name = Template(requirement).name
        events.append(
            WarningMessage(
                f"Generating metadata for package {name} produced metadata for project name "
                f"{error.found}. Fix your #egg={name} fragments.",
                indent=1,
            )
        )
        requirement = error.found
    link = distribution.link
    place = link.redacted if link.comes_from else link.redacted_whole
    reason = error.of(f"{requirement} from {place}{suffix}")
    return (*events, Info(f"Discarding {link.shown}: {reason}"))


def source_of(choice: Candidate | DirectChoice) -> Candidate | Source:
    """Return what metadata is read from."""
    return choice.source if isinstance(choice, DirectChoice) else choice
