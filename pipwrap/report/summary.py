"""Events and errors to the lines that pip would print; pure."""

from __future__ import annotations

from msgspec import Struct

from pipwrap import errors
from pipwrap.events import (
    BuildAborted,
    BuildFinished,
    BuildStarted,
    CommandOutput,
    DeprecationMessage,
    ErrorMessage,
    Event,
    Info,
    ProgramOutput,
    WarningMessage,
)

_BUILD_STEPS = {"build_wheel": "wheel", "build_editable": "editable"}
"""Hook to what it makes."""
_METADATA_STEPS = ("prepare_metadata_", *_BUILD_STEPS)
"""Prefixes of the hooks that give metadata; without a hook for it, a wheel is built for that."""


class OutputLine(Struct, frozen=True):
    """Something to print; ``is_error`` sends it to stderr."""

    text: str
    is_error: bool = False


def lines_of(event: Event, verbosity: int) -> tuple[OutputLine, ...]:
    """Return what an event prints at this verbosity (-v minus -q)."""
    if isinstance(event, Info):
        text = _indented(event.message, event.indent)
        return (OutputLine(text),) if verbosity >= event.level else ()
    if isinstance(event, CommandOutput):
        return (OutputLine(event.message),)
    if isinstance(event, BuildStarted | BuildFinished):
        return (OutputLine(f"  {event.description}: {_outcome(event)}"),) if verbosity >= 0 else ()
    return tuple(OutputLine(text, is_error=True) for text in _trouble(event, verbosity))


def _outcome(event: BuildStarted | BuildFinished) -> str:
    return (
        "started" if isinstance(event, BuildStarted) else f"finished with status '{event.status}'"
    )


def _trouble(event: Event, verbosity: int) -> list[str]:
    """Return what goes to stderr: warnings unless -qq, errors unless -qqq, broken builds."""
    if isinstance(event, WarningMessage):
        text = _indented(f"WARNING: {event.message}", event.indent)
        return [text] if verbosity > -2 else []  # noqa: PLR2004
    if isinstance(event, DeprecationMessage):
        return [f"DEPRECATION: {event.message}"] if verbosity > -2 else []  # noqa: PLR2004
    if isinstance(event, ErrorMessage):
        is_shown = verbosity > -3 or event.is_critical  # noqa: PLR2004
        return [f"ERROR: {event.message}"] if is_shown else []
    if isinstance(event, ProgramOutput):
        return [_indented(event.message, 1)] if verbosity >= event.level else []
    return _inner(event.error) if isinstance(event, BuildAborted) else []


def _indented(text: str, indent: int) -> str:
    if not indent:
        return text
    return "\n".join("  " * indent + line for line in text.split("\n"))


def error_lines(error: errors.PipwrapError) -> tuple[OutputLine, ...]:
    """Return what the error that ends a command prints, all of it on stderr."""
    if isinstance(error, errors.BuildFailed):
        text = _build_failed(error)
    elif isinstance(error, errors.ConfigurationError):
        text = [error.message.rstrip()]  # pip's option parser prints these, without ERROR
    elif isinstance(error, errors.ProgramFailed):
        text = _program_failed(error)
    elif error.reference is not None:
        text = frame(error.reference, error)
    else:
        # pip prints this before its logging is configured.
        prefix = "" if isinstance(error, errors.ConfigurationError) else "ERROR: "
        text = [f"{prefix}{error.message}"]
        text += [part for part in (error.context, error.note) if part]
        text += [f"HINT: {error.hint}"] if error.hint else []
    if error.preamble:
        text.insert(0, error.preamble)
    return tuple(OutputLine(line, is_error=True) for line in text)


def frame(reference: str, error: errors.PipwrapError) -> list[str]:
    """Return pip's diagnostic frame: what, why, and what to do."""
    text = [f"error: {reference}", ""]
    text += _bar(error.message, "× ", "│ " if error.context else "  ")
    if error.context:
        text += _bar(error.context, "╰─> ", "    ")
    if error.note or error.hint:
        text.append("")
    text += _bar(error.note, "note: ", "      ") if error.note else []
    text += _bar(error.hint, "hint: ", "      ") if error.hint else []
    return text


def _bar(text: str, first: str, others: str) -> list[str]:
    lines = text.split("\n")
    return [first + lines[0], *(others + line for line in lines[1:])]


def _build_failed(error: errors.BuildFailed) -> list[str]:
    """Return pip's frame of the subprocess, then what that means for the command."""
    if error.step == errors.BUILD_CYCLE:
        hint = "Build one of them elsewhere, and offer its wheel with --find-links."
        return [f"ERROR: {error.message}", f"HINT: {hint}"]
    if not error.step:
        return [f"ERROR: {error.message}"]
    if not error.step.startswith(_METADATA_STEPS):
        return [*_inner(error), f"ERROR: Failed to build '{error.source}' when {error.activity}"]
    failed = errors.PipwrapError(
        "Encountered error while generating package metadata.",
        context=_origin(error.source),
        note="This is an issue with the package mentioned above, not pip.",
        hint="See above for details.",
    )
    return _inner(error) + frame("metadata-generation-failed", failed)


def _inner(error: errors.BuildFailed) -> list[str]:
    """Return the frame of the subprocess: its last lines, and where all of them are."""
    if error.reference is not None:
        inner = frame(error.reference, error)
    else:
        output = error.output.splitlines()
        inner = ["error: subprocess-exited-with-error", "", f"× {error.message}"]
        inner += [f"│ {line}" for line in (error.context or "").splitlines()]
        inner.append(f"╰─> [{len(output)} lines of output]")
        inner += [f"    {line}" for line in (*output, "[end of output]")]
        if error.note:
            inner += ["", f"note: {error.note}"]
    if error.log_path:
        inner += [f"hint: The whole log is in {error.log_path}"]
    text = [f"  {line}".rstrip() for line in inner]
    if error.step in _BUILD_STEPS:
        text.append(f"  ERROR: Failed building {_BUILD_STEPS[error.step]} for {error.source}")
    return text


def _origin(source: str) -> str:
    """Return a project's name as it is, a place as ``from PLACE``."""
    return f"from {source}" if "/" in source or "\\" in source else source


def _program_failed(error: errors.ProgramFailed) -> list[str]:
    """Return pip's frame for a program, with what it printed unless that was shown at once."""
    output = error.unseen.splitlines()
    end = [f"╰─> [{len(output)} lines of output]"] if output else ["╰─> No available output."]
    inner = [
        "error: subprocess-exited-with-error",
        "",
        f"× {error.command} did not run successfully.",
        f"│ exit code: {error.status}",
        *end,
        *(f"    {line}" for line in (*output, "[end of output]") if output),
        "",
        "note: This error originates from a subprocess, and is likely not a problem with pip.",
    ]
    return [*(f"  {line}" for line in inner), f"ERROR: {error.message}"]
