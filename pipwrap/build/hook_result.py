"""The result of a hook, checked before anything uses it (PEP 517)."""

from __future__ import annotations

import json
import os
from typing import Any

from pipwrap import errors
from pipwrap.model.requirement import Requirement

_SHOWN = 80
"""The number of characters of an invalid result in a message."""


class InvalidHookResult(Exception):
    """A hook ended with status 0, but without a result that PEP 517 allows."""


def accept(hook: str, directory: str, log: str) -> None:
    """Check the result of a hook, and move the warnings of the backend to its log.

    ``directory`` is where pyproject_hooks looks for the result. It would repeat the warnings
    in this process, whose warning filters are global to all threads. Raises ``InvalidHookResult``.
    """
    path = os.path.join(directory, "output.json")
    try:
        with open(path, encoding="utf-8") as stream:
            result: dict[str, Any] = json.load(stream)
        warned = [str(each["message"]) for each in result.pop("warnings")]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidHookResult(
            f"The build backend ended the process in its hook {hook}."
        ) from error
    if warned:
        append_lines(log, warned)
    if not (result.get("no_backend") or result.get("hook_missing")):
        result["return_val"] = _checked(hook, result.get("return_val"))
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(result, stream)


def append_lines(log: str, lines: list[str]) -> None:
    """Add lines to a log that the process itself did not print."""
    with open(log, "a", encoding="utf-8", errors="backslashreplace") as stream:
        stream.writelines(f"{each}\n" for each in lines)


def _checked(hook: str, value: object) -> object:
    if hook.startswith("get_requires_for_build_"):
        # Like pip: nothing at all is an empty list, and of a mapping the keys count.
        names = [] if value is None else value
        if not isinstance(names, list | dict) or not all(isinstance(each, str) for each in names):
            raise _wrong(hook, value, "a list of strings")
        for text in names:
            try:
                Requirement.parse(text)
            except errors.InvalidRequirement as error:
                raise _wrong(hook, text, "a valid requirement") from error
        return list(names)
    if hook.startswith(("prepare_metadata_for_", "build_")) and not isinstance(value, str):
        raise _wrong(hook, value, "the name of what it made")
    return value


def _wrong(hook: str, value: object, expected: str) -> InvalidHookResult:
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
    return InvalidHookResult(
        f"The build backend's hook {hook} returned {shown} instead of {expected}."
    )
