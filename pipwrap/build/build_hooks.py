"""The hooks of one source tree, called in the order of PEP 517 and PEP 660.

    read pyproject.toml                          Backend
    acquire an environment                       EnvironmentLease: the [build-system] requirements
    get_requires_for_build_wheel                 and what it returns, installed there too
    prepare_metadata_for_build_wheel             where the metadata is needed; optional hook
    (the environment is in the pool)           while the resolution goes on
    build_wheel                                  where the wheel is needed

An editable has the hooks ``..._editable`` instead. Without isolation (``--no-build-isolation``) the
environment is the target itself, and nothing is installed. How a hook becomes a process is drawn in
``hooks``.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Sequence

from pipwrap import errors
from pipwrap.build import environment as build_env
from pipwrap.build.backend import Backend, Kind
from pipwrap.build.build_context import BuildContext, SourceTree
from pipwrap.build.environment import BuildEnvironment
from pipwrap.build.environment_lease import EnvironmentLease
from pipwrap.build.requirements import RequirementsCheck
from pipwrap.build.settings import ConfigSettings
from pipwrap.cache import disk
from pipwrap.events import WarningMessage, ignore
from pipwrap.model.environment import Environment
from pipwrap.model.metadata import Metadata


class BuildHooks:
    """Calls the hooks of one source tree, and checks what they made."""

    def __init__(self, tree: SourceTree, context: BuildContext) -> None:
        """Make a directory for the build; nothing runs yet."""
        self._tree = tree
        self._context = context
        self._kind: Kind = "editable" if tree.editable and context.allows_editables else "wheel"
        self._directory = context.directories.scratch("build-")
        self.log = os.path.join(self._directory, "build.log")
        """Everything that the backend prints."""
        self.observed = os.path.join(self._directory, "observed")
        """What the recorder sees of it (``recorder``)."""
        self._metadata_directory: str | None = None
        self.seconds = 0.0
        """How long the backend took to build the wheel."""
        self._backend: Backend | None = None
        """Once its requirements are in place."""
        self.lease: EnvironmentLease | None = None
        """Of the environments that it runs in, where they are isolated."""

    @property
    def _settings(self) -> ConfigSettings:
        return self._context.rules.settings.get(self._tree.settings_name, {})

    @property
    def installed(self) -> tuple[str, ...]:
        """Return what is, or was, installed in its isolated environment."""
        return self.lease.installed if self.lease is not None else ()

    def prepare_metadata(self) -> Metadata | None:
        """Return the metadata that the hook makes, ``None`` for a backend without that hook."""
        backend = self._ready()
        output = os.path.join(self._directory, "metadata")
        found = backend.prepare_metadata(self._kind, output, self._settings)
        self._release()
        if found is None:
            return None
        self._metadata_directory = found
        path = os.path.join(found, "METADATA")
        try:
            if not os.path.isfile(path):  # to open a pipe would wait for ever
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            with open(path, encoding="utf-8") as stream:
                return Metadata.parse(stream.read())
        except (OSError, UnicodeDecodeError) as error:
            raise errors.InvalidDistribution(
                f"The build backend of {self._tree.name} made no readable METADATA: {error}"
            ) from error

    def build_wheel(self, project: str) -> str:
        """Return the path of the wheel that the hook makes; ``project`` names it in messages."""
        backend = self._ready()
        output = os.path.join(self._directory, "wheel")
        begun = time.monotonic()
        try:
            metadata = self._metadata_directory
            wheel = backend.build(self._kind, output, self._settings, project, metadata)
        finally:
            self._release()
            backend.end_host()
        self.seconds = time.monotonic() - begun
        if not os.path.isfile(wheel):
            raise errors.InvalidBuiltWheel(
                f"The build backend of {project} named a wheel that it did not make: "
                f"{os.path.basename(wheel)}"
            )
        return wheel

    def clear(self) -> None:
        """Remove the build environment, if one is held."""
        if self.lease is not None:
            self.lease.remove()

    def _release(self) -> None:
        if self.lease is not None:
            self.lease.release()

    def _ready(self) -> Backend:
        """Return the backend with everything that it requires in place (PEP 517, PEP 518)."""
        with disk.filling(f"prepare the build of {self._tree.name}", self._directory):
            if self.lease is not None and self.lease.is_held and self.lease.is_outdated:
                self._forget_backend(self.lease)
            if self._backend is None:
                self._backend = self._new_backend()
            elif self.lease is not None and not self.lease.is_held:
                self.lease.acquire(ignore)
        return self._backend

    def _forget_backend(self, lease: EnvironmentLease) -> None:
        """Remove an environment that is not the right one any more; the next one is new."""
        if self._backend is not None:
            self._backend.end_host()
        lease.remove()
        self._backend = None

    def _new_backend(self) -> Backend:
        tree, context = self._tree, self._context
        backend = Backend(
            tree.root, self.log, self.observed, tree.origin, context.listener, context.processes
        )
        if context.rules.isolated:
            self.lease = EnvironmentLease(tree, context, backend)
            environment = self._isolated(backend, self.lease)
        else:
            # The target environment has all that it needs, or the build fails.
            environment = build_env.shared(context.target)
            backend.enter(environment)
            self._check_editable(backend)
        if context.rules.checks_requirements:
            missing = self._check(backend.requires, environment.environment).missing
            if missing:
                named = ", ".join(map(repr, missing))
                raise errors.EnvironmentRefused(
                    f"Some build dependencies for {tree.origin} are missing: {named}."
                )
        return backend

    def _isolated(self, backend: Backend, lease: EnvironmentLease) -> BuildEnvironment:
        """Return the environment that the backend is in then, with all that it requires."""
        environment = lease.acquire(self._context.listener)
        self._check_fallback(backend, environment)
        self._check_editable(backend)
        more = backend.requires_for_build(self._kind, self._settings)
        lease.required += [*backend.requires, *more]
        missing = self._check(more, environment.environment).missing if more else ()
        if missing:
            lease.add(missing, environment)
        return environment

    def _check(
        self,
        requirements: Sequence[str],
        environment: Environment,
        required_by: str = "the backend dependencies",
    ) -> RequirementsCheck:
        """Return what is missing; raises pip's error when another version is installed."""
        checked = self._context.requirements.check(requirements, environment)
        if checked.conflicting:
            named = ", ".join(
                f"{installed} is incompatible with {required}"
                for installed, required in checked.conflicting
            )
            raise errors.EnvironmentRefused(
                f"Some build dependencies for {self._tree.origin} conflict with "
                f"{required_by}: {named}."
            )
        return checked

    def _check_fallback(self, backend: Backend, environment: BuildEnvironment) -> None:
        """Warn as pip does where no backend is named and setuptools, the default, is missing."""
        required_by = "PEP 517/518 supported requirements"
        missing = self._check(backend.fallback, environment.environment, required_by).missing
        if missing:
            listener = self._context.listener
            where = f"in pyproject.toml for {self._tree.origin}"
            listener(WarningMessage(f"Missing build requirements {where}.", indent=1))
            listener(
                WarningMessage(
                    "The project does not specify a build backend, and pip cannot fall back to "
                    f"setuptools without {' and '.join(map(repr, missing))}.",
                    indent=1,
                )
            )

    def _check_editable(self, backend: Backend) -> None:
        """Raise pip's error where PEP 660 is needed and not supported, in ``wheel`` as well."""
        if self._tree.editable and not backend.supports_editable():
            raise errors.EditableRefused(self._tree.name)
