"""What the user asks for, from arguments and files: requirement forms by pip's classification."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.markers import InvalidMarker, Marker
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pipwrap import errors
from pipwrap.cli.requirement_file import RequirementLine
from pipwrap.events import Listener, Told, Warned
from pipwrap.model.link import Link
from pipwrap.model.location import is_archive, path_to_url, url_to_path
from pipwrap.model.requirement import Constraint, Requirement, UserRequirement
from pipwrap.model.source import Archive, Directory, Source

_SCHEMES = ("http", "https", "file", "ftp")
_VERSION_CONTROL = ("git", "hg", "svn", "bzr", "ssh")
_EXTRAS = re.compile(r"^(.+)(\[[^\]]+\])$")
_OPERATORS = ("===", "==", "~=", "!=", "<=", ">=", "<", ">")


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement as text, and where it stands."""

    text: str
    comes_from: str | None = None
    line_source: str | None = None
    """For errors: ``line 3 of x.txt``."""
    hashes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, line: RequirementLine) -> Line:
        """Return a line of a requirements file."""
        if line.is_editable:
            raise errors.HandOver("an editable requirement")
        return cls(line.text, line.comes_from, line.line_source, line.hashes)


def parse_requirement(line: Line, listener: Listener) -> UserRequirement:
    """Return what a line asks for.

    Raises ``errors.InvalidRequirement`` in pip's words, and ``errors.HandOver`` for version
    control.
    """
    text, marker = _split_marker(line.text)
    _refuse_version_control(text)
    if _scheme(text) in _SCHEMES:
        return _from_link(_explicit_link(text), marker, line)
    path, extras = _split_extras(os.path.normpath(os.path.abspath(text)))
    if _looks_like_path(text) and os.path.isdir(path):
        return _from_directory(path, extras, marker, line)
    exists = os.path.isfile(path)
    if is_archive(path) and (exists or not _is_direct_reference(text)):
        if not exists:
            odd = f"Requirement {text!r} looks like a filename, but the file does not exist"
            listener(Warned(odd))
        return _from_link(Link(path_to_url(path)), marker, line, extras)
    return _from_specifier(text, marker, line)


def _from_specifier(text: str, marker: Marker | None, line: Line) -> UserRequirement:
    try:
        requirement = Requirement.parse(text)
    except errors.InvalidRequirement as error:
        raise errors.InvalidRequirement(_explained(error.message, text, line)) from error
    source: Source | None = None
    if requirement.url is not None:
        _refuse_version_control(requirement.url)
        source = source_of_url(requirement.url, explicit=True)
    return UserRequirement(
        text=requirement.text,
        requirement=requirement,
        source=source,
        extras=requirement.extras,
        comes_from=line.comes_from,
        hashes=line.hashes or (_link_hashes(source) if source else ()),
        marker=marker,
    )


def _from_directory(
    path: str, extras: tuple[str, ...], marker: Marker | None, line: Line
) -> UserRequirement:
    if not any(os.path.isfile(os.path.join(path, f)) for f in ("pyproject.toml", "setup.py")):
        raise errors.InvalidRequirement(
            f"Directory {line.text!r} is not installable. Neither 'setup.py' "
            "nor 'pyproject.toml' found."
        )
    source = Directory(path, Link(path_to_url(path)))
    return UserRequirement(path, None, source, extras, line.comes_from, line.hashes, marker)


def _from_link(
    link: Link,
    marker: Marker | None,
    line: Line,
    extras: tuple[str, ...] = (),
) -> UserRequirement:
    source = _source(link, explicit=True)
    if isinstance(source, Directory):
        return _from_directory(source.path, extras, marker, line)
    requirement = _wheel_requirement(link, extras) if link.is_wheel else None
    return UserRequirement(
        text=link.redacted if requirement is None else requirement.text,
        requirement=requirement,
        source=source,
        extras=extras,
        comes_from=line.comes_from,
        hashes=line.hashes or link.hashes,
        marker=marker,
    )


def _wheel_requirement(link: Link, extras: tuple[str, ...]) -> Requirement:
    try:
        name, version, _, _ = parse_wheel_filename(link.filename)
    except InvalidWheelFilename as error:
        raise errors.InvalidRequirement(str(error)) from error
    brackets = f"[{','.join(extras)}]" if extras else ""
    return Requirement.parse(f"{name}{brackets}=={version}")


def source_of_url(url: str, *, explicit: bool = False, subdirectory: str | None = None) -> Source:
    """Return the direct reference that a URL names; raises ``errors.HandOver`` for VCS URLs."""
    _refuse_version_control(url)
    link = Link.from_url(url)
    if subdirectory:
        link = Link(link.url, link.hashes, subdirectory=subdirectory)
    return _source(link, explicit=explicit)


def _source(link: Link, *, explicit: bool) -> Source:
    if link.scheme != "file":
        return Archive(link, None, explicit)
    try:
        path = os.path.abspath(url_to_path(link.url))
    except ValueError as error:
        raise errors.InvalidRequirement(str(error)) from error
    if os.path.isdir(path):
        return Directory(path, Link(path_to_url(path)))
    return Archive(link, path, explicit)


def _explicit_link(text: str) -> Link:
    link = Link.from_url(text)
    if link.scheme == "file" and "../" in link.url:
        path = os.path.normpath(os.path.abspath(url_to_path(link.url)))
        return Link(path_to_url(path), link.hashes, subdirectory=link.subdirectory)
    return link


def parse_constraint(line: Line, listener: Listener) -> tuple[UserRequirement, Constraint]:
    """Return a line of a constraints file; raises ``errors.InvalidRequirement`` as pip does."""
    user = parse_requirement(line, listener)
    problem = None
    if user.requirement is None:
        problem = "Unnamed requirements are not allowed as constraints"
    elif user.extras:
        problem = "Constraints cannot have extras"
    if problem or user.requirement is None:
        raise errors.InvalidRequirement(problem or "")
    source = user.source
    if isinstance(source, Archive):
        source = Archive(source.link, source.path)
    constraint = Constraint(
        user.requirement.name,
        user.requirement.specifier,
        user.hashes,
        source,
        (user.requirement.text,),
    )
    return user, constraint


def merged(
    found: Iterable[tuple[UserRequirement, Constraint]], markers: Mapping[str, str]
) -> dict[str, Constraint]:
    """Return one constraint for each project, of the lines whose markers hold."""
    constraints: dict[str, Constraint] = {}
    for user, constraint in found:
        if applies(user, markers):
            known = constraints.get(constraint.name)
            constraints[constraint.name] = known.merged(constraint) if known else constraint
    return constraints


def applies(user: UserRequirement, markers: Mapping[str, str]) -> bool:
    """Tell whether a requirement's markers hold in the target environment."""
    marker = user.marker or (user.requirement.marker if user.requirement else None)
    return marker is None or marker.evaluate({**markers, "extra": ""})


def applicable(
    wishes: Iterable[UserRequirement], markers: Mapping[str, str], listener: Listener
) -> tuple[UserRequirement, ...]:
    """Return the wishes whose markers hold, and tell about the others."""
    kept = []
    for user in wishes:
        if applies(user, markers):
            kept.append(user)
            continue
        name = user.requirement.name if user.requirement else user.text
        marker = user.marker or (user.requirement.marker if user.requirement else None)
        listener(Told(f"Ignoring {name}: markers '{marker}' don't match your environment"))
    return tuple(kept)


def _split_marker(text: str) -> tuple[str, Marker | None]:
    separator = "; " if "://" in text.partition("@")[0] or _scheme(text) in _SCHEMES else ";"
    if separator not in text:
        return text.strip(), None
    text, _, marker = text.partition(separator)
    if not marker.strip():
        return text.strip(), None
    try:
        return text.strip(), Marker(marker.strip())
    except InvalidMarker as error:
        raise errors.InvalidRequirement(
            f"Invalid requirement: {text.strip()!r}: {error}"
        ) from error


def _split_extras(path: str) -> tuple[str, tuple[str, ...]]:
    match = _EXTRAS.match(path)
    if match is None:
        return path, ()
    names = match[2][1:-1].split(",")
    return os.path.normpath(match[1]), tuple(
        sorted({canonicalize_name(name.strip()) for name in names})
    )


def _refuse_version_control(text: str) -> None:
    scheme = _scheme(text)
    if scheme.partition("+")[0] in _VERSION_CONTROL:
        raise errors.HandOver(f"the version control requirement {text.partition('@')[0]}")


def _scheme(text: str) -> str:
    return text.partition(":")[0].lower() if ":" in text else ""


def _looks_like_path(text: str) -> bool:
    return os.sep in text or bool(os.altsep and os.altsep in text) or text.startswith(".")


def _is_direct_reference(text: str) -> bool:
    name, at, _ = text.partition("@")
    return bool(at) and not _looks_like_path(name)


def _link_hashes(source: Source) -> tuple[tuple[str, str], ...]:
    return source.link.hashes


def _explained(message: str, text: str, line: Line) -> str:
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
    """Tell whether the first line that says something is a requirement."""
    try:
        with open(path, encoding="utf-8", errors="ignore") as stream:
            lines = (line.strip() for line in stream)
            first = next(line for line in lines if line and not line.startswith("#"))
        Requirement.parse(first.partition(" #")[0].rstrip("\\").strip())
    except (OSError, StopIteration, errors.InvalidRequirement):
        return False
    return True
