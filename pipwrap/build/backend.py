"""A build backend and its hooks, through the library ``build`` (PEP 517, PEP 660)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from pipwrap import errors
from pipwrap.build import build_system
from pipwrap.build.hook_result import InvalidHookResult, append_lines
from pipwrap.build.hooks import HookProcessPool, HookRunner, hosted_module
from pipwrap.events import BuildFinished, BuildStarted, Listener, ProgramOutput
from pipwrap.model.link import is_plain_file_name

if TYPE_CHECKING:
    from pyproject_hooks import BackendUnavailable

    from build import ProjectBuilder
    from pipwrap.build.environment import BuildEnvironment
    from pipwrap.build.hook_process import HookProcess
    from pipwrap.build.settings import ConfigSettings

_LAST_LINES = 40
_LONGEST_LINE = 1024 * 1024
"""Bytes of a log that are shown as one line; a longer one is several."""
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
        processes: HookProcessPool,
    ) -> None:
        """Read pyproject.toml; raises pip's errors, or ``errors.InvalidDistribution``.

        ``observed`` is the file for what the recorder sees; ``name`` is how pip's errors about
        requirements call the source; ``processes`` are those of all builds of the run.
        """
        self._log = log
        self._name = name
        self._listener = listener
        self._processes = processes
        self._hooks = HookRunner(log, observed, processes)
        self._builder, self._fallback = _project_builder(source_tree, self._hooks.run, name)

    def enter(self, environment: BuildEnvironment, host: HookProcess | None = None) -> None:
        """Run hooks in an environment from now on; ``host`` is idle there already."""
        self._hooks.enter(environment, host)

    def leave(self) -> HookProcess | None:
        """Run no more hooks there; return the idle host, which another build may take over."""
        return self._hooks.leave()

    @property
    def hosted(self) -> str | None:
        """Return the module that a host imports for it; ``None`` where it is not hosted."""
        hooks: Any = self._builder._hook  # noqa: SLF001 - ``build`` has no public name for it
        return hosted_module(hooks.build_backend, hooks.backend_path)

    @property
    def requires(self) -> list[str]:
        """Return the static build requirements (PEP 518)."""
        return sorted(self._builder.build_system_requires)

    @property
    def fallback(self) -> tuple[str, ...]:
        """Return the requirements of setuptools, where it is the default for a missing backend."""
        return self._fallback

    def supports_editable(self) -> bool:
        """Return whether the backend can build an editable wheel (PEP 660)."""
        with self._step("Checking if build backend supports build_editable", "supports_feature"):
            # Neither ``build`` nor pyproject_hooks has a public name for it.
            hooks: Any = self._builder._hook  # noqa: SLF001
            return "build_editable" in hooks._supported_features()  # noqa: SLF001

    def requires_for_build(self, kind: Kind, settings: ConfigSettings) -> list[str]:
        """Return the requirements that the backend adds."""
        with self._step(f"Getting requirements to build {kind}", f"get_requires_for_build_{kind}"):
            return sorted(self._builder.get_requires_for_build(kind, _plain(settings)))

    def prepare_metadata(self, kind: Kind, directory: str, settings: ConfigSettings) -> str | None:
        """Return the .dist-info directory that the backend made, ``None`` if it has no such hook.

        PEP 517 lets a backend leave ``prepare_metadata_for_build_wheel`` out, and PEP 660
        ``prepare_metadata_for_build_editable``.
        """
        what = "editable metadata" if kind == "editable" else "metadata"
        with self._step(f"Preparing {what} (pyproject.toml)", f"prepare_metadata_for_build_{kind}"):
            made = self._builder.prepare(kind, directory, _plain(settings))
        return None if made is None else _inside(made, directory, self._name)

    def build(
        self,
        kind: Kind,
        directory: str,
        settings: ConfigSettings,
        name: str,
        metadata: str | None = None,
    ) -> str:
        """Return the path of the wheel that the backend made in ``directory``.

        Raises ``errors.InvalidDistribution`` when it named something else; so does
        ``prepare_metadata``.
        """
        with self._step(f"Building {kind} for {name} (pyproject.toml)", f"build_{kind}"):
            made = self._builder.build(kind, directory, _plain(settings), metadata)
        return _inside(made, directory, name)

    def end_host(self) -> None:
        """End the idle host: the environment has changed, or no further hook will run."""
        self._hooks.close()

    @contextmanager
    def _step(self, description: str, hook: str) -> Iterator[None]:
        from pyproject_hooks import BackendUnavailable  # noqa: PLC0415 - build has loaded it

        from build import BuildBackendException, BuildException  # noqa: PLC0415 - 140 ms

        self._listener(BuildStarted(description))
        self._listener(ProgramOutput(f"Running command {description}", level=1))
        status, begun = "error", _size(self._log)
        try:
            yield
            status = "done"
        except (
            BuildBackendException,  # holds any of the others
            BuildException,
            BackendUnavailable,
            InvalidHookResult,
            subprocess.CalledProcessError,
            OSError,
        ) as error:
            if self._processes.closed:
                status = "canceled"
                raise CancelledError from error
            cause = getattr(error, "exception", error)
            if isinstance(cause, BackendUnavailable):
                status = "done"
                raise self._unavailable(hook, cause) from error
            raise self._failed(hook, description, cause) from error
        except KeyboardInterrupt:
            status = "canceled"
            raise
        finally:
            for line in _lines_from(self._log, begun):
                self._listener(ProgramOutput(line, level=1))
            self._listener(BuildFinished(description, status))

    def _failed(self, hook: str, description: str, cause: Exception) -> errors.BuildFailed:
        code = 0 if isinstance(cause, InvalidHookResult) else 1
        output = _last_lines(self._log)
        if isinstance(cause, subprocess.CalledProcessError):
            code = cause.returncode
        else:
            output = f"{output}\n{cause}".strip()
        return errors.BuildFailed(
            f"{description} did not run successfully.",
            context=f"exit code: {code}",
            output=output,
            log_path=self._log,
            step=hook,
            activity=description.lower(),
            note="This error originates from a subprocess, and is likely not a problem with pip.",
        )

    def _unavailable(self, hook: str, cause: BackendUnavailable) -> errors.BuildFailed:
        """Return pip's error for a backend that cannot be imported; the log gets the traceback."""
        traceback = cause.traceback.strip().splitlines()
        append_lines(self._log, traceback or [str(cause)])
        return errors.BuildFailed(
            f"Cannot import build backend {cause.backend_name!r}.",
            context=traceback[-1] if traceback else str(cause),
            log_path=self._log,
            step=hook,
            activity=f"calling build backend hook {hook}",
            note="This is likely not a problem with pip.",
            reference="backend-unavailable",
        )


def _inside(path: str, directory: str, name: str) -> str:
    """Return what a hook made: PEP 517 has it return a name in the directory that it was given."""
    parent, made = os.path.split(path)
    if parent != os.path.abspath(directory) or not is_plain_file_name(made):
        named = os.path.relpath(path, directory) if "\0" not in path else path
        raise errors.InvalidDistribution(
            f"The build backend of {name} named {named!r}, which is no name in the directory that "
            "it was given"
        )
    return path


def _project_builder(
    source_tree: str, runner: Callable[..., None], name: str
) -> tuple[ProjectBuilder, tuple[str, ...]]:
    """Return the builder, and the requirements of setuptools where it is the default backend."""
    import build  # noqa: PLC0415 - 140 ms

    with _read_as_by_pip(name) as fallback:
        try:
            return build.ProjectBuilder(source_tree, runner=runner), tuple(fallback)
        except build.BuildSystemTableValidationError as error:
            raise errors.InvalidDistribution(
                f"{name} has a pyproject.toml file that does not comply with PEP 518: {error}"
            ) from error
        except RecursionError:
            raise errors.InvalidDistribution(
                f"{name} has a pyproject.toml file that is nested too deeply"
            ) from None
        except build.BuildException as error:
            raise errors.InvalidDistribution(f"{name} cannot be built: {error}") from error
        except UnicodeDecodeError as error:
            raise errors.InvalidDistribution(
                f"{name} has a pyproject.toml file that is not UTF-8: {error}"
            ) from error
        except ValueError as error:  # pyproject_hooks': a backend-path leads outside
            raise errors.InvalidDistribution(
                f"{name} has a pyproject.toml file with a wrong backend-path: {error}"
            ) from error


@contextmanager
def _read_as_by_pip(name: str) -> Iterator[list[str]]:
    """Let ``build`` read a [build-system] table as pip does, while the body runs.

    Yields a list that gets the requirements of setuptools where no backend is named. ``build``
    refuses a table with keys of no PEP, and takes nothing but a directory: its parser is the one
    place to be lenient in. A ``build`` without that parser keeps its own strictness.
    """
    from build import _builder  # noqa: PLC0415 - 140 ms

    parser = "_parse_build_system_table"
    fallback: list[str] = []
    with _PARSING:
        strict = getattr(_builder, parser, None)
        if strict is None:
            yield fallback
            return

        def lenient(document: Mapping[str, Any]) -> object:
            known = build_system.checked(document, name)
            result = strict(known)
            fallback.extend(build_system.requirements_of_the_fallback(known))
            return result

        setattr(_builder, parser, lenient)
        try:
            yield fallback
        finally:
            setattr(_builder, parser, strict)


def _plain(settings: ConfigSettings) -> dict[str, str | Sequence[str]] | None:
    """Return the settings as hooks take them: nothing rather than an empty mapping, as pip."""
    return dict(settings) or None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _lines_from(path: str, begin: int) -> Iterator[str]:
    """Yield the lines of a log from this offset on; nothing without a log."""
    with contextlib.suppress(OSError), open(path, "rb") as stream:
        stream.seek(begin)
        while line := stream.readline(_LONGEST_LINE):
            yield from line.decode("utf-8", "backslashreplace").splitlines()


def _last_lines(path: str) -> str:
    """Return the last lines of a log, for an error message."""
    lines = _lines_from(path, max(0, _size(path) - 64 * 1024))
    return "\n".join("\n".join(lines).rstrip().splitlines()[-_LAST_LINES:])
