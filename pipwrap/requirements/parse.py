"""What the user asks for, from arguments and files: requirement forms by pip's classification."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.events import Listener, WarningMessage
from pipwrap.model.link import Link
from pipwrap.model.location import is_archive, path_to_url
from pipwrap.model.names import canonicalize_name
from pipwrap.model.requirement import Requirement, UserRequirement
from pipwrap.model.source import Archive, Directory, Repository, Source
from pipwrap.requirements.direct_references import (
    egg_name,
    explicit_link,
    is_url,
    shown_url,
    source_of,
    source_of_url,
    split_extras,
)
from pipwrap.requirements.editables import parse_editable

if TYPE_CHECKING:
    from packaging.markers import Marker

    from pipwrap.requirements.file_grammar import RequirementLine

_OPERATORS = ("===", "==", "~=", "!=", "<=", ">=", "<", ">")


class RequirementText(Struct, frozen=True):
    """One requirement as text, and its place."""

    text: str
    comes_from: str | None = None
    line_source: str | None = None
    """For errors: ``line 3 of x.txt``."""
    hashes: tuple[tuple[str, str], ...] = ()
    is_editable: bool = False

    @classmethod
    def of(cls, line: RequirementLine) -> RequirementText:
        """Return a line of a requirements file."""
        return cls(line.text, line.comes_from, line.line_source, line.hashes, line.is_editable)


def parse_requirement(line: RequirementText, listener: Listener) -> UserRequirement:
    """Return what a line asks for.

    Raises ``errors.InvalidRequirement`` in pip's words, and ``errors.HandOver`` for version
    control other than git.
    """
    if line.is_editable:
        return _from_editable(line)
    text, marker = _split_marker(line.text)
    if is_url(text):
        return _from_url(text, marker, line)
    path, extras = split_extras(os.path.normpath(os.path.abspath(text)))
    path = os.path.normpath(path)  # ".[extra]" leaves "/." behind
    if _looks_like_path(text) and os.path.isdir(path):
        return _from_directory(path, extras, marker, line)
    exists = os.path.isfile(path)
    if is_archive(path) and (exists or not _is_direct_reference(text)):
        if not exists:
            odd = f"Requirement {text!r} looks like a filename, but the file does not exist"
            listener(WarningMessage(odd))
        return _from_link(source_of(Link(path_to_url(path)), explicit=True), marker, line, extras)
    return _from_specifier(text, marker, line)


def parse_specifier(text: str) -> UserRequirement:
    """Return what a dependency specifier asks for: no path, no URL without a name."""
    requirement = Requirement.parse(text)
    source = source_of_url(requirement.url, explicit=True) if requirement.url else None
    return UserRequirement(
        requirement.text,
        requirement,
        source,
        requirement.extras,
        marker=requirement.marker,
    )


def _from_specifier(text: str, marker: Marker | None, line: RequirementText) -> UserRequirement:
    try:
        requirement = Requirement.parse(text)
    except errors.InvalidRequirement as error:
        raise errors.InvalidRequirement(_explained(error.message, text, line)) from error
    source: Source | None = None
    if requirement.url is not None:
        source = source_of_url(requirement.url, explicit=True)
    return UserRequirement(
        text=requirement.text,
        requirement=requirement,
        source=source,
        extras=requirement.extras,
        comes_from=line.comes_from,
        hashes=line.hashes,
        marker=marker,
    )


def _from_editable(line: RequirementText) -> UserRequirement:
    editable = parse_editable(line.text)
    return UserRequirement(
        editable.text,
        editable.requirement,
        editable.source,
        editable.extras,
        line.comes_from,
        line.hashes,
        editable.requirement.marker if editable.requirement else None,
    )


def _from_directory(
    path: str, extras: tuple[str, ...], marker: Marker | None, line: RequirementText
) -> UserRequirement:
    if not any(os.path.isfile(os.path.join(path, f)) for f in ("pyproject.toml", "setup.py")):
        raise errors.InvalidRequirement(
            f"Directory {line.text!r} is not installable. Neither 'setup.py' "
            "nor 'pyproject.toml' found."
        )
    source = Directory(path, Link(path_to_url(path)))
    return UserRequirement(path, None, source, extras, line.comes_from, line.hashes, marker)


def _from_url(text: str, marker: Marker | None, line: RequirementText) -> UserRequirement:
    link = explicit_link(text)
    source = source_of(link, explicit=True)
    if isinstance(source, Archive) and link.is_wheel:
        return _from_link(source, marker, line)
    name = egg_name(text)
    requirement = Requirement.parse(name) if name else None
    shown = shown_url(text) if isinstance(source, Repository) else link.redacted
    return UserRequirement(
        text=requirement.text if requirement else shown,
        requirement=requirement,
        source=source,
        comes_from=line.comes_from,
        hashes=line.hashes,
        marker=marker,
    )


def _from_link(
    source: Source, marker: Marker | None, line: RequirementText, extras: tuple[str, ...] = ()
) -> UserRequirement:
    link = source.link
    requirement = _wheel_requirement(link, extras) if source.is_wheel else None
    return UserRequirement(
        text=link.redacted if requirement is None else requirement.text,
        requirement=requirement,
        source=source,
        extras=extras,
        comes_from=line.comes_from,
        hashes=line.hashes,
        marker=marker,
    )


def _wheel_requirement(link: Link, extras: tuple[str, ...]) -> Requirement:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename  # noqa: PLC0415

    try:
        name, version, _, _ = parse_wheel_filename(link.filename)
    except InvalidWheelFilename as error:
        raise errors.InvalidRequirement(str(error)) from error
    # Like pip, which keeps the extras beside the requirement that a file's name gives.
    named = Requirement.parse(f"{name}=={version}")
    return replace(named, extras=tuple(sorted({canonicalize_name(extra) for extra in extras})))


def _split_marker(text: str) -> tuple[str, Marker | None]:
    separator = "; " if is_url(text) else ";"
    if separator not in text:
        return text.strip(), None
    text, _, marker = text.partition(separator)
    if not marker.strip():
        return text.strip(), None
    from packaging.markers import InvalidMarker, Marker  # noqa: PLC0415 - where there is one

    try:
        return text.strip(), Marker(marker.strip())
    except InvalidMarker as error:
        raise errors.InvalidRequirement(
            f"Invalid requirement: {text.strip()!r}: {error}"
        ) from error


def _looks_like_path(text: str) -> bool:
    return os.sep in text or bool(os.altsep and os.altsep in text) or text.startswith(".")


def _is_direct_reference(text: str) -> bool:
    name, at, _ = text.partition("@")
    return bool(at) and not _looks_like_path(name)


def _explained(message: str, text: str, line: RequirementText) -> str:
    """Return an invalid requirement's message with pip's source and hint."""
    head, _, rest = message.partition("\n")
    where = f" (from {line.line_source})" if line.line_source else ""
    message = f"{message}{where}" if not rest else f"{head}\n{rest}{where}"
    hint = ""
    if os.sep in text:
        hint = f"It looks like a path.{_file_hint(text)}"
    elif "=" in text and not any(operator in text for operator in _OPERATORS):
        hint = "= is not a valid operator. Did you mean == ?"
    return f"{message}\nHint: {hint}" if hint else message


def _file_hint(path: str) -> str:
    if not os.path.exists(path):
        return f" File '{path}' does not exist."
    if _is_requirements_file(path):
        return (
            f" The path does exist. The argument you provided ({path}) appears to be a "
            "requirements file. If that is the case, use the '-r' flag to install the packages "
            "specified within it."
        )
    return " The path does exist. "


def _is_requirements_file(path: str) -> bool:
    """Return whether the first line that is no comment is a requirement."""
    try:
        with open(path, encoding="utf-8", errors="ignore") as stream:
            lines = (line.strip() for line in stream)
            first = next(line for line in lines if line and not line.startswith("#"))
        Requirement.parse(first.partition(" #")[0].rstrip("\\").strip())
    except (OSError, StopIteration, errors.InvalidRequirement):
        return False
    return True
