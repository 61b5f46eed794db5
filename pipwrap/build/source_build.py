"""One source tree from its build requirements to its wheel; each stage runs once, when needed."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from msgspec import Struct, field
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.build import environment as build_env
from pipwrap.build import observe
from pipwrap.build.backend import Backend, Kind
from pipwrap.build.environment import BuildEnvironment
from pipwrap.build.environment_pool import Contents, EnvironmentPool
from pipwrap.build.hook_process import HookProcess
from pipwrap.build.hooks import HookProcessPool
from pipwrap.build.requirements import BuildRequirements, RequirementsCheck, ResolvedRequirements
from pipwrap.build.settings import BuildSettings
from pipwrap.cache import disk
from pipwrap.cache.evidence import Evidence, HostInputs, no_tags
from pipwrap.events import BuildFinished, BuildStarted, Listener, WarningMessage, ignore
from pipwrap.model.environment import Environment
from pipwrap.model.metadata import Metadata
from pipwrap.vcs.repositories import Repositories


class BuildContext(Struct, frozen=True):
    """What every build of a run needs."""

    target: Environment
    scratch: Callable[[str], str]
    """Make a directory for the run whose name begins with the argument, and return it."""
    keep_log: Callable[[str, str], str]
    """Copy the log of a failed build (path, name) to where it stays; return that path, or ''."""
    requirements: BuildRequirements
    listener: Listener
    repositories: Repositories
    remove: Callable[[str], None]
    """Have a tree that nobody needs any more removed, meanwhile or at the end of the run."""
    rules: BuildSettings = field(default_factory=BuildSettings)
    processes: HookProcessPool = field(default_factory=HookProcessPool)
    """Of all builds of the run."""
    pool: EnvironmentPool = field(default_factory=EnvironmentPool)
    """Of all builds of the run."""
    allows_editables: bool = True
    """Otherwise an editable is built like any other source (``wheel``)."""
    building: tuple[str, ...] = ()
    """Names of the projects whose build needs this one."""


class SourceBuild:
    """The build of one source tree."""

    def __init__(
        self,
        source_tree: str,
        name: str,
        build_context: BuildContext,
        *,
        project: str | None,
        link: str,
        key: str = "",
        editable: bool = False,
        tags: Callable[[], str | None] = no_tags,
    ) -> None:
        """Remember the tree; nothing runs yet.

        ``name`` is what the user knows it by: the ``project``, where that is known. ``link`` is
        where it is from, ``key`` what its settings are filed under, ``tags`` digests those of a
        repository.
        """
        self._project, self._link = project, link
        self._origin = f"{project} from {link}" if project else link
        self._settings = build_context.rules.settings.get(key, {})
        self._editable = editable
        self._tags = tags
        self._kind: Kind = "editable" if editable and build_context.allows_editables else "wheel"
        self._source_tree = source_tree
        self._name = name
        self._build_context = build_context
        self._directory = build_context.scratch("build-")
        self.log = os.path.join(self._directory, "build.log")
        """Everything that the backend printed; elsewhere once the build has failed."""
        self._backend: Backend | None = None
        self._environment: BuildEnvironment | None = None
        """The isolated one that it is in."""
        self._contents: Contents | None = None
        """What is there; nothing where no other build may go on in it."""
        self._installed: tuple[str, ...] = ()
        self._seconds = 0.0
        self._metadata: Metadata | None = None
        self._metadata_directory: str | None = None
        self._wheel: str | None = None

    @property
    def _observed(self) -> str:
        return os.path.join(self._directory, "observed")

    @property
    def seconds(self) -> float:
        """Return how long the backend took to build the wheel."""
        return self._seconds

    @property
    def python_version(self) -> str:
        """Return the version of the Python that it is built for."""
        return self._build_context.target.python_version

    def evidence(self, world: HostInputs) -> Evidence:
        """Return what the wheel rests on, or that there is none."""
        if self._environment is not None:
            self._installed = _requirements(self._environment)
        observation = observe.read_observation(self._observed)
        evidence = observe.evidence_of(observation, self.log, self._installed, world)
        return replace(evidence, tags=self._tags()) if observation.may_ask_git else evidence

    def clear(self) -> None:
        """Give the build environment up: the wheel is there. What was seen in it is kept."""
        if self._environment is not None:
            self._installed = _requirements(self._environment)
            self._build_context.remove(self._environment.path)
            self._environment = None

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
                if error.step in {"build_wheel", "build_editable"}:
                    error.source = project
                raise self._reported(error) from error
        return self._wheel

    def _prepare_metadata(self) -> Metadata:
        output = os.path.join(self._directory, "metadata")
        found = None
        if self._wheel is None:
            backend = self._ready()
            found = backend.prepare_metadata(self._kind, output, self._settings)
            self._hand_over(backend)
        if found is None:
            from pipwrap.build.wheel_file import read_metadata  # noqa: PLC0415 - rare

            wheel = self.wheel(self._name)
            return read_metadata(wheel, os.path.basename(wheel))
        self._metadata_directory = found
        path = os.path.join(found, "METADATA")
        try:
            if not os.path.isfile(path):  # to open a pipe would wait for ever
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            with open(path, encoding="utf-8") as stream:
                return Metadata.parse(stream.read())
        except (OSError, UnicodeDecodeError) as error:
            raise errors.InvalidDistribution(
                f"The build backend of {self._name} made no readable METADATA: {error}"
            ) from error

    def _build(self, project: str) -> str:
        backend = self._ready()
        output = os.path.join(self._directory, "wheel")
        begun = time.monotonic()
        try:
            metadata = self._metadata_directory
            wheel = backend.build(self._kind, output, self._settings, project, metadata)
        finally:
            self._hand_over(backend)
            backend.rest()
        self._seconds = time.monotonic() - begun
        if not os.path.isfile(wheel):
            raise errors.InvalidBuiltWheel(
                f"The build backend of {project} named a wheel that it did not make: "
                f"{os.path.basename(wheel)}"
            )
        return wheel

    def _ready(self) -> Backend:
        """Return the backend with everything that it requires in place (PEP 517, PEP 518)."""
        with disk.filling(f"prepare the build of {self._name}", self._directory):
            if self._backend is None:
                self._backend = self._new_backend()
            elif self._build_context.rules.isolated and self._environment is None:
                self._enter(self._backend, ignore)
        return self._backend

    def _new_backend(self) -> Backend:
        build_context = self._build_context
        backend = Backend(
            self._source_tree,
            self.log,
            self._observed,
            self._origin,
            build_context.listener,
            build_context.processes,
        )
        if not build_context.rules.isolated:
            # The target environment has all that it needs, or the build fails.
            environment = build_env.shared(build_context.target)
            backend.enter(environment)
            self._check_editable(backend)
        else:
            environment = self._isolated(backend)
        if build_context.rules.checks_requirements:
            checked = self._check(backend.requires, environment.environment)
            if checked.missing:
                missing = ", ".join(map(repr, checked.missing))
                raise errors.EnvironmentRefused(
                    f"Some build dependencies for {self._origin} are missing: {missing}."
                )
        return backend

    def _isolated(self, backend: Backend) -> BuildEnvironment:
        """Return the environment that the backend is in then, with all that it asks for."""
        environment = self._enter(backend, self._build_context.listener)
        self._check_fallback(backend, environment)
        self._check_editable(backend)
        more = backend.requires_for_build(self._kind, self._settings)
        missing = self._check(more, environment.environment).missing if more else ()
        if missing:
            self._contents = None
            description = "Installing backend dependencies"
            with (
                self._step(description, self._build_context.listener),
                self._resolved(missing, environment, description) as resolved,
            ):
                resolved.install()
            backend.rest()
        return environment

    def _enter(self, backend: Backend, listener: Listener) -> BuildEnvironment:
        """Have the backend run where what it requires is installed: where others ran, or anew."""
        build_context = self._build_context
        host = build_context.pool.borrow(self._contents) if self._contents else None
        if host is not None:
            environment = host.environment
        else:
            environment = build_env.create(
                build_context.scratch("build-env-"), build_context.target
            )
            host = self._furnish(environment, backend, listener)
            environment = environment if host is None else host.environment
        backend.enter(environment, host)
        self._environment = environment
        return environment

    def _furnish(
        self, environment: BuildEnvironment, backend: Backend, listener: Listener
    ) -> HookProcess | None:
        """Install what is required, unless it is found to be where a host waits: return that."""
        if not backend.requires:
            return None
        description = "Installing build dependencies"
        with (
            self._step(description, listener),
            self._resolved(backend.requires, environment, description) as resolved,
        ):
            host = None
            if backend.hosted is not None and resolved.chosen:
                self._contents = (backend.hosted, resolved.chosen)
                host = self._build_context.pool.borrow(self._contents)
            if host is None:
                resolved.install()
            else:
                self._build_context.remove(environment.path)
            return host

    def _resolved(
        self, requirements: Sequence[str], environment: BuildEnvironment, description: str
    ) -> AbstractContextManager[ResolvedRequirements]:
        building = (*self._build_context.building, self._name)
        activity = description.lower() + (f" for {self._project}" if self._project else "")
        return self._build_context.requirements.resolved(
            requirements, environment, building, activity
        )

    def _hand_over(self, backend: Backend) -> None:
        """Leave the environment to others, where nothing tells it from a new one."""
        environment = self._environment
        if environment is None or self._contents is None:
            return
        host = backend.leave()
        if host is not None and self._build_context.pool.give(self._contents, host):
            self._installed = _requirements(environment)
            self._environment = None
        else:
            self._contents = None
            backend.enter(environment, host)

    def _check(
        self,
        requirements: Sequence[str],
        environment: Environment,
        wanted_by: str = "the backend dependencies",
    ) -> RequirementsCheck:
        """Return what is missing; raises pip's error when something else is installed."""
        checked = self._build_context.requirements.check(requirements, environment)
        if checked.conflicting:
            described = ", ".join(
                f"{installed} is incompatible with {distribution}"
                for installed, distribution in checked.conflicting
            )
            raise errors.EnvironmentRefused(
                f"Some build dependencies for {self._origin} conflict with "
                f"{wanted_by}: {described}."
            )
        return checked

    def _check_fallback(self, backend: Backend, environment: BuildEnvironment) -> None:
        """Warn as pip does where neither a backend is named nor setuptools is there to be it."""
        wanted_by = "PEP 517/518 supported requirements"
        missing = self._check(backend.fallback, environment.environment, wanted_by).missing
        if missing:
            listener = self._build_context.listener
            where = f"in pyproject.toml for {self._origin}"
            listener(WarningMessage(f"Missing build requirements {where}.", indent=1))
            listener(
                WarningMessage(
                    "The project does not specify a build backend, and pip cannot fall back to "
                    f"setuptools without {' and '.join(map(repr, missing))}.",
                    indent=1,
                )
            )

    def _check_editable(self, backend: Backend) -> None:
        """Raise pip's error where PEP 660 is needed and not there; ``wheel`` asks for it too."""
        if self._editable and not backend.supports_editable():
            raise errors.EditableRefused(self._name)

    @contextmanager
    def _step(self, description: str, listener: Listener) -> Iterator[None]:
        """Tell when the body, which installs something, begins and how it ends."""
        listener(BuildStarted(description))
        status = "error"
        try:
            yield
            status = "done"
        except KeyboardInterrupt:
            status = "canceled"
            raise
        finally:
            listener(BuildFinished(description, status))

    def _reported(self, error: errors.BuildFailed) -> errors.BuildFailed:
        """Return the error with its source, and its log where that outlives the run."""
        error.source = error.source or self._project or self._link
        if error.log_path == self.log and os.path.exists(self.log):
            error.log_path = self.log = self._build_context.keep_log(self.log, self._name)
        return error


def _requirements(environment: BuildEnvironment) -> tuple[str, ...]:
    """Return what is installed in a build environment, as ``name==version``."""
    return tuple(
        name.removesuffix(".dist-info").replace("-", "==", 1)
        for name in sorted(os.listdir(environment.environment.scheme.purelib))
        if name.endswith(".dist-info")
    )
