"""Running a build backend: the one door to ``build`` (PEP 517, PEP 660)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from pipwrap import errors
from pipwrap.artifacts.hooks import HookProcesses, Hooks, hosted_module
from pipwrap.events import BuildFinished, BuildStarted, Listener, ProgramSaid

if TYPE_CHECKING:
    from build import ProjectBuilder

    from pipwrap.artifacts.build_env import BuildEnvironment
    from pipwrap.artifacts.build_rules import ConfigSettings
    from pipwrap.artifacts.host import Host

_LAST_LINES = 40
_KNOWN_KEYS = frozenset({"requires", "build-backend", "backend-path"})
"""Of [build-system] (PEP 518, PEP 517); pip reads these and looks at no others."""
_PARSING = threading.Lock()
Kind = Literal["wheel", "editable"]
"""What is built; either way a wheel comes out."""


class Backend:
    """The build backend of one source tree; its hooks run in the environment that it is in.

    Everything it prints goes to ``log``; what failed is raised as ``errors.BuildFailed`` with the
    last lines of it.
    """

    def __init__(
        self,
        source_tree: str,
        log: str,
        observed: str,
        name: str,
        listener: Listener,
        processes: HookProcesses,
    ) -> None:
        """Read pyproject.toml; raises ``errors.InvalidDistribution`` when it is no good.

        ``observed`` is the file for what the recorder sees; ``name`` is what messages call the
        source; ``processes`` are those of all builds of the run.
        """
        self._log = log
        self._listener = listener
        self._processes = processes
        self._hooks = Hooks(log, observed, processes)
        self._builder = _project_builder(source_tree, self._hooks.run, name)

    def enter(self, environment: BuildEnvironment, host: Host | None = None) -> None:
        """Have hooks run in an environment from now on; ``host`` waits there already."""
        self._hooks.enter(environment, host)

    def leave(self) -> Host | None:
        """Run no more hooks there; return the host that waits, which others may go on with."""
        return self._hooks.leave()

    @property
    def hosted(self) -> str | None:
        """Return the module that a host imports for it; ``None`` where each hook does that."""
        hooks: Any = self._builder._hook  # noqa: SLF001 - ``build`` has no public name for it
        return hosted_module(hooks.build_backend, hooks.backend_path)

    @property
    def requires(self) -> list[str]:
        """Return the static build requirements (PEP 518)."""
        return sorted(self._builder.build_system_requires)

    def supports_editable(self) -> bool:
        """Tell whether the backend can build an editable wheel (PEP 660)."""
        with self._step("Checking if build backend supports build_editable", "_supported_features"):
            # Neither ``build`` nor pyproject_hooks has a public name for this question.
            hooks: Any = self._builder._hook  # noqa: SLF001
            return "build_editable" in hooks._supported_features()  # noqa: SLF001

    def requires_for_build(self, kind: Kind, settings: ConfigSettings) -> list[str]:
        """Return what the backend asks for in addition."""
        with self._step(f"Getting requirements to build {kind}", f"get_requires_for_build_{kind}"):
            return sorted(self._builder.get_requires_for_build(kind, _plain(settings)))

    def prepare_metadata(self, kind: Kind, directory: str, settings: ConfigSettings) -> str | None:
        """Return the .dist-info directory that the backend made, ``None`` if it has no such hook.

        PEP 517 lets a backend leave ``prepare_metadata_for_build_wheel`` out, and PEP 660
        ``prepare_metadata_for_build_editable``.
        """
        what = "editable metadata" if kind == "editable" else "metadata"
        with self._step(f"Preparing {what} (pyproject.toml)", f"prepare_metadata_for_build_{kind}"):
            return self._builder.prepare(kind, directory, _plain(settings))

    def build(
        self,
        kind: Kind,
        directory: str,
        settings: ConfigSettings,
        name: str,
        metadata: str | None = None,
    ) -> str:
        """Return the path of the wheel that the backend made in ``directory``."""
        with self._step(f"Building {kind} for {name} (pyproject.toml)", f"build_{kind}"):
            return self._builder.build(kind, directory, _plain(settings), metadata)

    def rest(self) -> None:
        """End the process that waits for a further hook.

        To be called when the environment has changed, and when nothing more is to be asked.
        """
        self._hooks.close()

    @contextmanager
    def _step(self, description: str, hook: str) -> Iterator[None]:
        from build import BuildBackendException, BuildException  # noqa: PLC0415 - 140 ms

        self._listener(BuildStarted(description))
        self._listener(ProgramSaid(f"Running command {description}", level=1))
        status, begun = "error", _size(self._log)
        try:
            yield
            status = "done"
        except (BuildBackendException, BuildException, OSError) as error:
            if self._processes.closed:
                status = "canceled"
                raise CancelledError from error
            raise self._failed(hook, description, error) from error
        except KeyboardInterrupt:
            status = "canceled"
            raise
        finally:
            for line in _lines_from(self._log, begun):
                self._listener(ProgramSaid(line, level=1))
            self._listener(BuildFinished(description, status))

    def _failed(self, hook: str, description: str, error: Exception) -> errors.BuildFailed:
        code = getattr(getattr(error, "exception", None), "returncode", None)
        output = _last_lines(self._log)
        if code is None:
            output = f"{output}\n{error}".strip()
        return errors.BuildFailed(
            f"{description} did not run successfully.",
            context=f"exit code: {code if code is not None else 1}",
            output=output,
            log_path=self._log,
            step=hook,
            note="This error originates from a subprocess, and is likely not a problem with pip.",
        )


def _project_builder(
    source_tree: str,
    runner: Callable[..., None],
    name: str,
) -> ProjectBuilder:
    import build  # noqa: PLC0415 - 140 ms

    with _unknown_keys_ignored():
        try:
            return build.ProjectBuilder(source_tree, runner=runner)
        except build.BuildSystemTableValidationError as error:
            raise errors.InvalidDistribution(
                f"{name} has a pyproject.toml file that does not comply with PEP 518: {error}"
            ) from error
        except build.BuildException as error:
            raise errors.InvalidDistribution(f"{name} cannot be built: {error}") from error
        except ValueError as error:  # pyproject_hooks' word for a backend-path that leads outside
            raise errors.InvalidDistribution(
                f"{name} has a pyproject.toml file with a wrong backend-path: {error}"
            ) from error


@contextmanager
def _unknown_keys_ignored() -> Iterator[None]:
    """Let ``build`` read a [build-system] table as pip does, while the body runs.

    ``build`` refuses a table with keys of no PEP, before anything can be handed to it but a
    directory; its parser is the one place to be lenient in. A ``build`` without that parser keeps
    its own strictness.
    """
    from build import _builder  # noqa: PLC0415 - 140 ms

    name = "_parse_build_system_table"
    with _PARSING:
        strict = getattr(_builder, name, None)
        if strict is None:
            yield
            return
        setattr(_builder, name, lambda document: strict(_without_unknown_keys(document)))
        try:
            yield
        finally:
            setattr(_builder, name, strict)


def _without_unknown_keys(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the [build-system] of a pyproject.toml with known keys only: what pip looks at.

    So there is nothing else in which ``build`` could see a typing error, and warn of it.
    """
    if "build-system" not in document:
        return {}
    table = document["build-system"]
    if isinstance(table, dict):
        table = {key: value for key, value in table.items() if key in _KNOWN_KEYS}
    return {"build-system": table}


def _plain(settings: ConfigSettings) -> dict[str, str | Sequence[str]] | None:
    """Return the settings as hooks take them: nothing rather than an empty mapping, as pip."""
    return dict(settings) or None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _read(path: str, begin: int) -> bytes:
    """Return a log from a position on; nothing where there is none."""
    try:
        with open(path, "rb") as stream:
            stream.seek(begin)
            return stream.read()
    except OSError:
        return b""


def _lines_from(path: str, begin: int) -> list[str]:
    """Return what was added to a log since it had this size."""
    return _read(path, begin).decode("utf-8", "backslashreplace").splitlines()


def _last_lines(path: str) -> str:
    """Return the end of a log, for a person to read."""
    text = _read(path, max(0, _size(path) - 64 * 1024)).decode("utf-8", "replace")
    return "\n".join(text.rstrip().splitlines()[-_LAST_LINES:])
