"""The isolated environment of one build: taken from the pool or made anew, and given back.

Making an environment and importing a backend costs more than most hooks. So a build holds an
environment only while it runs hooks, and in between it is in the pool, for any build with equal
build requirements:

    acquire    a waiting environment with the same contents, else a new one in which the build
               requirements are installed
    add        what get_requires_for_build_* returns in addition; such an environment is never
               given back, since its contents are this build's own
    release    back to the pool if no hook has changed a file in it (``EnvironmentPool``)
    remove     after the wheel is built, where it could not be given back
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from pipwrap.build import environment as build_env
from pipwrap.build.backend import Backend
from pipwrap.build.build_context import BuildContext, SourceTree
from pipwrap.build.environment import BuildEnvironment
from pipwrap.build.environment_pool import Contents
from pipwrap.build.hook_process import HookProcess
from pipwrap.build.requirements import ResolvedRequirements
from pipwrap.events import BuildFinished, BuildStarted, Listener
from pipwrap.model.compiled_interfaces import compiled_against, mismatches


class EnvironmentLease:
    """Puts the backend of one build into an environment, and takes it out."""

    def __init__(self, tree: SourceTree, context: BuildContext, backend: Backend) -> None:
        """Hold no environment yet."""
        self._tree = tree
        self._context = context
        self._backend = backend
        self._environment: BuildEnvironment | None = None
        self._contents: Contents | None = None
        """``None`` where no other build may use the environment."""
        self._present: Mapping[str, str] | None = None
        """What extensions were to be used beside when the environment was made."""
        self._installed: tuple[str, ...] = ()
        self.environments: dict[str, str] = {}
        """Prefix and site-packages of each environment that the backend has been in."""
        self.required: list[str] = []
        """What the project and its backend require of them."""

    @property
    def is_held(self) -> bool:
        """Return whether the backend is in an environment."""
        return self._environment is not None

    @property
    def installed(self) -> tuple[str, ...]:
        """Return what is, or was last, installed there, as ``name==version``."""
        if self._environment is not None:
            self._installed = _installed(self._environment)
        return self._installed

    @property
    def is_outdated(self) -> bool:
        """Return whether other versions are needed, now that the target's are resolved."""
        present = self._context.target_versions()
        if present == self._present:
            return False
        return bool(mismatches(compiled_against(self.installed), present or {}))

    def acquire(self, listener: Listener) -> BuildEnvironment:
        """Return the environment that the backend is in from now on."""
        context = self._context
        if self.is_outdated:
            self._contents = None
        self._present = context.target_versions()
        host = context.pool.borrow(self._contents) if self._contents else None
        if host is not None:
            environment = host.environment
        else:
            environment = build_env.create(
                context.directories.scratch("build-env-"), context.target, context.preload()
            )
            host = self._install_required(environment, listener)
            environment = environment if host is None else host.environment
        self._backend.enter(environment, host)
        self._environment = environment
        self.environments[environment.path] = environment.environment.scheme.purelib
        return environment

    def add(self, requirements: Sequence[str], environment: BuildEnvironment) -> None:
        """Install what a hook requires in addition."""
        self._contents = None
        description = "Installing backend dependencies"
        with (
            _reported(description, self._context.listener),
            self._resolved(requirements, environment, description) as resolved,
        ):
            resolved.install()
        self._backend.end_host()

    def release(self) -> None:
        """Give the environment to the pool, where it does not differ from a new one."""
        environment = self._environment
        if environment is None or self._contents is None:
            return
        host = self._backend.leave()
        if host is not None and self._context.pool.give(self._contents, host):
            self._installed = _installed(environment)
            self._environment = None
        else:
            self._contents = None
            self._backend.enter(environment, host)

    def remove(self) -> None:
        """Remove the environment, if it is held: the wheel is built."""
        if self._environment is not None:
            self._installed = _installed(self._environment)
            self._context.directories.remove(self._environment.path)
            self._environment = None

    def _install_required(
        self, environment: BuildEnvironment, listener: Listener
    ) -> HookProcess | None:
        """Install the build requirements; return the waiting host of an equal environment instead.

        Which environment is equal is known only when the requirements are resolved.
        """
        backend = self._backend
        if not backend.requires:
            return None
        description = "Installing build dependencies"
        with (
            _reported(description, listener),
            self._resolved(backend.requires, environment, description) as resolved,
        ):
            host = None
            if backend.hosted is not None and resolved.chosen:
                self._contents = (backend.hosted, resolved.chosen)
                host = self._context.pool.borrow(self._contents)
            if host is None:
                resolved.install()
            else:
                self._context.directories.remove(environment.path)
            return host

    def _resolved(
        self, requirements: Sequence[str], environment: BuildEnvironment, description: str
    ) -> AbstractContextManager[ResolvedRequirements]:
        building = (*self._context.building, self._tree.name)
        project = self._tree.project
        activity = description.lower() + (f" for {project}" if project else "")
        return self._context.requirements.resolved(requirements, environment, building, activity)


@contextmanager
def _reported(description: str, listener: Listener) -> Iterator[None]:
    """Report when the body, which installs something, begins and how it ends."""
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


def _installed(environment: BuildEnvironment) -> tuple[str, ...]:
    return tuple(
        name.removesuffix(".dist-info").replace("-", "==", 1)
        for name in sorted(os.listdir(environment.environment.scheme.purelib))
        if name.endswith(".dist-info")
    )
