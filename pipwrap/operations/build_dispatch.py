"""Build requirements: resolved and installed by the same machinery, one level deeper."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from msgspec import Struct
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.build.environment import BuildEnvironment
from pipwrap.build.requirements import RequirementsCheck
from pipwrap.build.settings import BuildSettings
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.events import (
    DownloadFinished,
    DownloadProgressed,
    DownloadStarted,
    Event,
    Info,
    Listener,
    WarningMessage,
)
from pipwrap.install import installed
from pipwrap.install.linking import LinkMode
from pipwrap.model.candidate import Candidate
from pipwrap.model.compiled_interfaces import PROJECTS
from pipwrap.model.environment import Environment
from pipwrap.model.format_control import FormatControl
from pipwrap.model.names import canonicalize_name
from pipwrap.model.requirement import Requirement, UserRequirement
from pipwrap.operations import plan as planning
from pipwrap.operations.compatible_requirements import compatible_resolution
from pipwrap.operations.resolve_request import ResolveRequest
from pipwrap.operations.session import InstallSession
from pipwrap.operations.shared_state import SessionSettings, SharedState
from pipwrap.options.build_options import texts_of
from pipwrap.report.summary import error_lines, lines_of
from pipwrap.requirements.direct_references import source_of_url
from pipwrap.resolution.outcome import Resolution

_NAME = re.compile(r"[^A-Za-z0-9._-]")


SessionFactory = Callable[[Environment, Listener, SessionSettings], InstallSession]
"""Opens a session on an environment in which nothing but the requirements is to be."""


class BuildDispatch:
    """Installs what builds require (the port of ``build.requirements``)."""

    def __init__(self, open_session: SessionFactory, shared: SharedState) -> None:
        """Store the ports; of the user's constraints those for builds count alone."""
        self._open_session = open_session
        self._search = shared.search
        self._constraints = shared.build_constraints
        self._listener = shared.context.events
        self._versions: dict[object, Mapping[str, str] | None] = {}
        self._target_versions = shared.target_versions

    @contextmanager
    def resolved(
        self,
        requirements: Sequence[str],
        into: BuildEnvironment,
        building: tuple[str, ...],
        activity: str,
    ) -> Iterator[ResolvedInSession]:
        """Resolve under the build constraints alone (build.requirements)."""
        events: list[Event] = []
        try:
            with self._resolved(requirements, into.environment, building, events) as resolved:
                yield resolved
        except errors.DiskFull:
            raise
        except errors.PipwrapError as error:
            if isinstance(error, errors.BuildFailed) and error.step == errors.BUILD_CYCLE:
                raise
            raise errors.BuildFailed(
                f"{activity} did not run successfully.",
                context="exit code: 1",
                output="\n".join(_transcript(events, error)),
                step=errors.REQUIREMENTS_STEP,
                activity=activity,
                note="This error originates from a subprocess, and is likely not a problem with "
                "pip.",
            ) from error

    def versions(
        self, requirements: Sequence[str], target: Environment, building: tuple[str, ...]
    ) -> Mapping[str, str] | None:
        """Return what requirements come to in an empty environment (build.requirements)."""
        present = self._target_versions() if len(building) == 1 else {}
        key = (tuple(requirements), building, None if present is None else tuple(present.items()))
        if key not in self._versions:
            found: dict[str, str] | None = None
            try:
                with self._resolved(requirements, target, building, []) as resolved:
                    choices = resolved.resolution.choices.items()
                    # What goes with the target is not known before that is resolved.
                    early = PROJECTS if present is None else frozenset()
                    found = {
                        name: str(choice.version) for name, choice in choices if name not in early
                    }
            except errors.PipwrapError as error:
                self._listener(Info(f"Build requirements could not be resolved: {error}", 1, 1))
            self._versions[key] = found
        return self._versions[key]

    @contextmanager
    def _resolved(
        self,
        requirements: Sequence[str],
        environment: Environment,
        building: tuple[str, ...],
        events: list[Event],
    ) -> Iterator[ResolvedInSession]:
        constraints = self._constraints
        hashes = {name: each.hashes for name, each in constraints.items() if each.hashes}
        root_requirements = tuple(
            root_requirement
            for root_requirement in map(_root_requirement, requirements)
            if root_requirement.requirement
            and root_requirement.requirement.applies(environment.marker_environment)
        )
        settings = SessionSettings(
            HashPolicy(hashes, hashes),
            FormatControl(only_binary=self._search.format_control.only_binary),
            BuildSettings(constraints=texts_of(constraints)),
            building,
        )
        session = self._open_session(environment, _quieter(self._listener, events), settings)
        try:
            request = ResolveRequest(root_requirements, constraints, releases=self._search.releases)
            present = self._target_versions() if len(building) == 1 else None
            resolution = compatible_resolution(session.resolve, request, present or {})
            yield ResolvedInSession(session, environment, root_requirements, resolution)
        finally:
            session.close()

    @staticmethod
    def check(requirements: Sequence[str], environment: Environment) -> RequirementsCheck:
        """Return what has another version and what is missing (build.requirements)."""
        found: dict[str, str] = {
            canonicalize_name(each.name): each.version
            for each in installed.find_installed(environment)
        }
        conflicting, missing = [], []
        for text in sorted(set(requirements)):
            requirement = Requirement.parse(text)
            version = found.get(requirement.name)
            if not requirement.applies(environment.marker_environment):
                continue
            if version is None:
                missing.append(text)
            elif not requirement.specifier.contains(version, prereleases=True):
                conflicting.append((f"{_NAME.split(text, 1)[0]}=={version}", text))
        return RequirementsCheck(tuple(conflicting), tuple(missing))


class ResolvedInSession(Struct, frozen=True):
    """What build requirements came to (the port of ``build.requirements``)."""

    session: InstallSession
    environment: Environment
    root_requirements: tuple[UserRequirement, ...]
    resolution: Resolution

    @property
    def chosen(self) -> frozenset[str]:
        """Return the URLs of the files of an index; none where anything is from elsewhere."""
        choices = self.resolution.choices.values()
        urls = [choice.link.url for choice in choices if isinstance(choice, Candidate)]
        return frozenset(urls) if len(urls) == len(choices) else frozenset()

    def install(self) -> None:
        """Install it (build.requirements)."""
        session, resolution = self.session, self.resolution
        distribution = planning.distribution(resolution, {}, session.resolver.listener)
        wheels = session.wheel_provider.wheels(distribution, resolution.names)
        plan = planning.make_plan(
            resolution, wheels, {}, self.environment.scheme, self.root_requirements
        )
        # In a tree of its own it would outlive the environment that it is for.
        compiles = not os.environ.get("PYTHONPYCACHEPREFIX")
        session.apply(
            replace(
                plan,
                warn_script_location=False,
                link_mode=LinkMode.HARDLINK,
                compile_bytecode=compiles,
            )
        )


def _root_requirement(text: str) -> UserRequirement:
    requirement = Requirement.parse(text)
    source = source_of_url(requirement.url) if requirement.url else None
    return UserRequirement(requirement.text, requirement, source, requirement.extras)


def _transcript(events: Sequence[Event], error: errors.PipwrapError) -> list[str]:
    """Return all that an inner installation would have printed by itself, its error last."""
    lines = [line for event in events for line in lines_of(event, verbosity=0)]
    return [text for line in (*lines, *error_lines(error)) for text in line.text.split("\n")]


def _quieter(listener: Listener, events: list[Event]) -> Listener:
    """Return a listener that reports at -v what an inner installation does, bars excepted.

    ``events`` gets every event, whatever the verbosity.
    """

    def report(event: Event, /) -> None:
        events.append(event)
        if isinstance(event, DownloadStarted | DownloadProgressed | DownloadFinished):
            listener(event)
        elif isinstance(event, Info):
            listener(Info(event.message, event.level + 1, event.indent + 1))
        elif isinstance(event, WarningMessage):
            listener(Info(f"WARNING: {event.message}", 1, 1))

    return report
