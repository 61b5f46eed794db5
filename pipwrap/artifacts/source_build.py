"""One source tree from its build requirements to its wheel; each stage runs once, when needed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipwrap import errors
from pipwrap.artifacts import build_env, observe
from pipwrap.artifacts.build import Backend, ConfigSettings
from pipwrap.artifacts.build_env import BuildEnvironment
from pipwrap.cache.evidence import Evidence, World
from pipwrap.events import BuildFinished, BuildStarted, Listener
from pipwrap.model.environment import Environment
from pipwrap.model.metadata import Metadata


class BuildRequirements(Protocol):
    """Resolves build requirements and installs them; the recursion closes in the wiring."""

    def install(
        self, requirements: Sequence[str], into: BuildEnvironment, building: tuple[str, ...]
    ) -> None:
        """Install ``requirements``; ``building`` names the projects whose builds are under way.

        Raises what any installation raises.
        """


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every build of a run needs."""

    target: Environment
    scratch: Callable[[str], str]
    """Make a directory for the run whose name begins with the argument, and return it."""
    keep_log: Callable[[str, str], str]
    """Move the log of a failed build (path, name) to where the user finds it; return that path."""
    requirements: BuildRequirements
    listener: Listener
    settings: ConfigSettings = field(default_factory=dict)
    building: tuple[str, ...] = ()
    """Names of the projects whose build needs this one."""


class SourceBuild:
    """The build of one source tree."""

    def __init__(self, source_tree: str, name: str, workshop: Workshop) -> None:
        """Remember the tree; ``name`` is what the user knows it by. Nothing runs yet."""
        self._source_tree = source_tree
        self._name = name
        self._workshop = workshop
        self._directory = workshop.scratch("build-")
        self._backend: Backend | None = None
        self._environment: BuildEnvironment | None = None
        self._seconds = 0.0
        self._metadata: Metadata | None = None
        self._metadata_directory: str | None = None
        self._wheel: str | None = None

    @property
    def log(self) -> str:
        """Return the path of everything that the backend printed."""
        return os.path.join(self._directory, "build.log")

    @property
    def seconds(self) -> float:
        """Return how long the backend took to build the wheel."""
        return self._seconds

    @property
    def python_version(self) -> str:
        """Return the version of the Python that it is built for."""
        return self._workshop.target.python_version

    def evidence(self, world: World) -> Evidence:
        """Return what the finished wheel rests on."""
        environment = os.path.join(self._directory, "env")
        observation = observe.read_observation(os.path.join(environment, "observed"))
        installed = self._environment.environment.scheme.purelib if self._environment else ""
        return observe.evidence_of(observation, self.log, _requirements(installed), world)

    def metadata(self) -> Metadata:
        """Return the metadata from the backend's hook, or from the wheel where it has none.

        Raises ``errors.BuildFailed``, or ``errors.InvalidDistribution`` for a bad pyproject.toml.
        """
        if self._metadata is None:
            try:
                self._metadata = self._prepare_metadata()
            except errors.BuildFailed as error:
                raise self._reported(error) from error
        return self._metadata

    def wheel(self, project: str) -> str:
        """Return the path of the wheel; ``project`` is its name in messages."""
        if self._wheel is None:
            try:
                self._wheel = self._build(project)
            except errors.BuildFailed as error:
                raise self._reported(error) from error
        return self._wheel

    def _prepare_metadata(self) -> Metadata:
        output = os.path.join(self._directory, "metadata")
        backend = self._ready()
        found = backend.prepare_metadata(output, self._workshop.settings)
        if found is None:
            from pipwrap.artifacts.wheel_file import read_metadata  # noqa: PLC0415 - rare

            wheel = self.wheel(self._name)
            return read_metadata(wheel, os.path.basename(wheel))
        self._metadata_directory = found
        try:
            with open(os.path.join(found, "METADATA"), encoding="utf-8") as stream:
                return Metadata.parse(stream.read())
        except (OSError, UnicodeDecodeError) as error:
            raise errors.InvalidDistribution(
                f"The build backend of {self._name} made no readable METADATA: {error}"
            ) from error

    def _build(self, project: str) -> str:
        backend = self._ready()
        output = os.path.join(self._directory, "wheel")
        begun = time.monotonic()
        wheel = backend.build_wheel(
            output, self._workshop.settings, project, self._metadata_directory
        )
        self._seconds = time.monotonic() - begun
        if not os.path.isfile(wheel):
            raise errors.InvalidDistribution(
                f"The build backend of {project} named a wheel that it did not make: "
                f"{os.path.basename(wheel)}"
            )
        return wheel

    def _ready(self) -> Backend:
        """Return the backend with everything that it requires in place (PEP 517, PEP 518)."""
        if self._backend is None:
            workshop = self._workshop
            environment = build_env.create(os.path.join(self._directory, "env"), workshop.target)
            self._environment = environment
            backend = Backend(
                self._source_tree, environment, self.log, self._name, workshop.listener
            )
            self._install("Installing build dependencies", backend.requires, environment)
            more = backend.requires_for_wheel(workshop.settings)
            new = [each for each in more if each not in backend.requires]
            if new:
                self._install("Installing backend dependencies", new, environment)
            self._backend = backend
        return self._backend

    def _install(
        self, description: str, requirements: Sequence[str], environment: BuildEnvironment
    ) -> None:
        if not requirements:
            return
        listener = self._workshop.listener
        listener(BuildStarted(description))
        status = "error"
        try:
            self._workshop.requirements.install(
                requirements, environment, (*self._workshop.building, self._name)
            )
            status = "done"
        except errors.BuildFailed:
            raise
        except errors.PipwrapError as error:
            raise errors.BuildFailed(
                f"{description} for {self._name} did not run successfully.",
                context="exit code: 1",
                output=f"ERROR: {error.message}",
                step="build requirements",
            ) from error
        finally:
            listener(BuildFinished(description, status))

    def _reported(self, error: errors.BuildFailed) -> errors.BuildFailed:
        """Return the error with its source, and its log where that outlives the run."""
        error.source = error.source or self._name
        if error.log_path == self.log and os.path.exists(self.log):
            error.log_path = self._workshop.keep_log(self.log, self._name)
        return error


def _requirements(site_packages: str) -> tuple[str, ...]:
    """Return what is installed in a build environment, as ``name==version``."""
    if not site_packages:
        return ()
    return tuple(
        name.removesuffix(".dist-info").replace("-", "==", 1)
        for name in sorted(os.listdir(site_packages))
        if name.endswith(".dist-info")
    )
