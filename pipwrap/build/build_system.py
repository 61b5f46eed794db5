"""The [build-system] table of a pyproject.toml, refused where pip refuses it; pure.

As ``pip._internal.pyproject.load_pyproject_toml`` reads it (PEP 517, PEP 518).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipwrap import errors
from pipwrap.model.requirement import Requirement

_KNOWN_KEYS = frozenset({"requires", "build-backend", "backend-path"})
"""pip reads these and ignores all others."""
_FALLBACK = ("setuptools>=40.8.0",)
"""What pip requires where a table has requirements and names no backend."""


def checked(document: Mapping[str, Any], origin: str) -> Mapping[str, Any]:
    """Return a pyproject.toml with the known keys of [build-system] alone.

    ``origin`` is how pip names the source. Raises ``errors.DiagnosticError``, in pip's words, where
    the requirements are none.
    """
    if "build-system" not in document:
        return {}
    table = document["build-system"]
    if not isinstance(table, dict):
        return {"build-system": table}
    if "requires" not in table:
        raise _refusal(
            "missing-pyproject-build-system-requires",
            origin,
            "This package has an invalid pyproject.toml file.\n"
            "The [build-system] table is missing the mandatory `requires` key.",
        )
    requires = table["requires"]
    if not isinstance(requires, list) or not all(isinstance(each, str) for each in requires):
        raise _invalid(origin, "It is not a list of strings.")
    for text in requires:
        try:
            Requirement.parse(text)
        except errors.InvalidRequirement as error:
            raise _invalid(origin, f"It contains an invalid requirement: {text!r}") from error
    return {"build-system": {key: value for key, value in table.items() if key in _KNOWN_KEYS}}


def requirements_of_the_fallback(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the requirements of setuptools, the backend of a table that names none."""
    names_none = "build-system" in document and "build-backend" not in document["build-system"]
    return _FALLBACK if names_none else ()


def _invalid(origin: str, reason: str) -> errors.DiagnosticError:
    context = (
        f"This package has an invalid `build-system.requires` key in pyproject.toml.\n{reason}"
    )
    return _refusal("invalid-pyproject-build-system-requires", origin, context)


def _refusal(reference: str, origin: str, context: str) -> errors.DiagnosticError:
    return errors.DiagnosticError(
        reference,
        f"Can not process {origin}",
        context=context,
        note="This is an issue with the package mentioned above, not pip.",
        hint="See PEP 518 for the detailed specification.",
    )
