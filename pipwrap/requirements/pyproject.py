"""Requirements that other files list: dependency groups (PEP 735) and scripts (PEP 723)."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from pipwrap import errors

_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
"""PEP 723's own expression."""


def group_requirements(groups: Iterable[str]) -> Iterator[str]:
    """Yield what ``[PATH:]GROUP`` names list; raises ``errors.InvalidRequirement`` as pip does."""
    from packaging.dependency_groups import DependencyGroupResolver  # noqa: PLC0415 - groups only
    from packaging.errors import ExceptionGroup  # noqa: PLC0415

    for value in groups:
        path, colon, group = value.rpartition(":")
        path = path if colon else "pyproject.toml"
        table = _groups_table(path)
        try:
            resolver = DependencyGroupResolver(table)
        except ExceptionGroup as error:
            reasons = "; ".join(map(str, error.exceptions))
            raise errors.InvalidRequirement(
                f"[dependency-groups] data was invalid in {path}: {reasons}"
            ) from error
        try:
            yield from map(str, resolver.resolve(group))
        except RecursionError:
            raise errors.InvalidRequirement(
                f"[dependency-groups] of {path} are nested too deeply"
            ) from None
        except ExceptionGroup as error:
            reasons = "; ".join(map(str, error.exceptions))
            raise errors.InvalidRequirement(
                f"[dependency-groups] resolution failed for '{group}' from '{path}': {reasons}"
            ) from error


def _groups_table(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            project = read_toml(stream.read())
    except FileNotFoundError as error:
        raise errors.InvalidRequirement(
            f"{path} not found. Cannot resolve '--group' option."
        ) from error
    except ValueError as error:
        raise errors.InvalidRequirement(f"Error parsing {path}: {error}") from error
    except OSError as error:
        raise errors.InvalidRequirement(f"Error reading {path}: {error}") from error
    if "dependency-groups" not in project:
        raise errors.InvalidRequirement(
            f"[dependency-groups] table was missing from '{path}'. Cannot resolve '--group' option."
        )
    table = project["dependency-groups"]
    if not isinstance(table, dict):
        raise errors.InvalidRequirement(
            f"[dependency-groups] table was malformed in {path}. Cannot resolve '--group' option."
        )
    return table


def script_requirements(script: str, python_version: str | None) -> list[str]:
    """Return what a script's metadata lists; raises pip's errors.

    ``python_version`` is checked against requires-python, ``None`` is not.
    """
    from pipwrap.index.selection import supports_python  # noqa: PLC0415 - scripts only

    metadata = _script_metadata(script)
    requires = metadata.get("requires-python", "")
    if requires and python_version and not supports_python(requires, python_version):
        shown = ".".join(python_version.split(".")[:2])
        raise errors.EnvironmentRefused(
            f"Script {script!r} requires a different Python: {shown} not in {requires!r}"
        )
    return list(metadata.get("dependencies", ()))


def _script_metadata(script: str) -> dict[str, Any]:
    try:
        with open(script, encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise errors.HandOver(f"the script {script}: {error}") from error
    blocks = [match for match in _BLOCK.finditer(text) if match["type"] == "script"]
    if len(blocks) > 1:
        raise errors.CommandError(f"Multiple 'script' blocks found in {script!r}")
    if not blocks:
        raise errors.CommandError(f"File does not contain 'script' metadata: {script!r}")
    lines = blocks[0]["content"].splitlines(keepends=True)
    content = "".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    try:
        return read_toml(content)
    except ValueError as error:
        raise errors.CommandError(f"Failed to parse TOML in {script!r}") from error


def read_toml(text: str) -> dict[str, Any]:
    """Return what TOML says; raises ``ValueError``."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - groups and scripts only

        try:
            return tomllib.loads(text)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
    raise errors.HandOver("TOML, which this Python does not read")
