"""The build of one source tree: its metadata and its wheel, each made once, when needed."""

from __future__ import annotations

import os
import tempfile

from msgspec.structs import replace

from pipwrap import errors
from pipwrap.build import observe
from pipwrap.build.build_context import BuildContext, SourceTree
from pipwrap.build.build_hooks import BuildHooks
from pipwrap.build.inputs import Places
from pipwrap.build.observed_inputs import ObservedBuild, evidence_of
from pipwrap.cache.build_host import BuildHost, include_directories
from pipwrap.cache.evidence import Evidence
from pipwrap.model.metadata import Metadata


class SourceBuild:
    """The results of the hooks of one source tree, and what the build was observed to read."""

    def __init__(self, tree: SourceTree, context: BuildContext) -> None:
        """Store the tree; nothing runs yet."""
        self._tree = tree
        self._context = context
        self._hooks = BuildHooks(tree, context)
        self.log = self._hooks.log
        """Everything that the backend printed; elsewhere once the build has failed."""
        self._metadata: Metadata | None = None
        self._wheel: str | None = None

    @property
    def seconds(self) -> float:
        """Return how long the backend took to build the wheel."""
        return self._hooks.seconds

    @property
    def python_version(self) -> str:
        """Return the version of the Python that it is built for."""
        return self._context.target.python_version

    @property
    def installed(self) -> tuple[str, ...]:
        """Return what is, or was, in its isolated environment, as ``name==version``."""
        return self._hooks.installed

    def evidence(self, host: BuildHost) -> Evidence:
        """Return the inputs that the build was observed to read, as they are on this host."""
        hooks, lease = self._hooks, self._hooks.lease
        seen = observe.read_observation(hooks.observed)
        build = ObservedBuild(
            seen,
            self.log,
            self._places(host),
            tuple(lease.environments.values()) if lease is not None else (),
            hooks.installed,
            tuple(dict.fromkeys(lease.required)) if lease is not None else (),
        )
        evidence = evidence_of(build, host)
        return replace(evidence, tags=self._tree.tags()) if seen.may_run_git else evidence

    def _places(self, host: BuildHost) -> Places:
        target = self._context.target
        lease = self._hooks.lease
        own = (self._tree.root, *self._context.directories.own)
        return Places(
            own=(*own, *map(os.path.realpath, own)),
            environments=tuple(lease.environments) if lease is not None else (),
            python=(target.stdlib, *include_directories(target)),
            temporary=tempfile.gettempdir(),
            programs=host.programs(),
            interpreter=os.path.realpath(target.executable),
        )

    def advice(self) -> tuple[str, ...]:
        """Return lines about what the build looked for in vain, and which package has it."""
        from pipwrap.build.advisor import advice_about  # noqa: PLC0415 - rare

        context = self._context
        return advice_about(
            self.log, self._hooks.observed, context.host, context.target.python_version
        )

    def clear(self) -> None:
        """Remove the build environment: the wheel is built. The observation is kept."""
        self._hooks.clear()

    def metadata(self) -> Metadata:
        """Return the metadata from the backend's hook, or from the wheel where it has none.

        Raises ``errors.BuildFailed``, or ``errors.InvalidDistribution`` for a bad pyproject.toml.
        """
        if self._metadata is None:
            try:
                self._metadata = self._read_metadata()
            except errors.BuildFailed as error:
                raise self._located(error) from error
        return self._metadata

    def wheel(self, project: str) -> str:
        """Return the path of the wheel; ``project`` is its name in messages."""
        if self._wheel is None:
            try:
                self._wheel = self._hooks.build_wheel(project)
            except errors.BuildFailed as error:
                if error.step in {"build_wheel", "build_editable"}:
                    error.source = project
                raise self._located(error) from error
        return self._wheel

    def _read_metadata(self) -> Metadata:
        prepared = self._hooks.prepare_metadata() if self._wheel is None else None
        if prepared is not None:
            return prepared
        from pipwrap.build.wheel_file import read_metadata  # noqa: PLC0415 - rare

        wheel = self.wheel(self._tree.name)
        return read_metadata(wheel, os.path.basename(wheel))

    def _located(self, error: errors.BuildFailed) -> errors.BuildFailed:
        """Return the error with its source, and its log where that outlives the run."""
        error.source = error.source or self._tree.project or self._tree.link
        if error.log_path == self.log and os.path.exists(self.log):
            error.hint = "\n".join(self.advice()) or None
            error.log_path = self.log = self._context.directories.keep_log(
                self.log, self._tree.name
            )
        return error
