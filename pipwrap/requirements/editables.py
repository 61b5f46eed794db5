"""``-e``: projects that are installed in place, from a path or a repository (PEP 660)."""

from __future__ import annotations

import os

from msgspec import Struct

from pipwrap import errors
from pipwrap.model.link import Link
from pipwrap.model.location import path_to_url
from pipwrap.model.requirement import Requirement
from pipwrap.model.source import GIT_SCHEMES, Directory, Repository, Source
from pipwrap.requirements.direct_references import (
    OTHER_VERSION_CONTROL,
    egg_name,
    path_of,
    refuse_null,
    shown_url,
    source_of,
    split_extras,
)

_BAZAAR, _OTHERS = OTHER_VERSION_CONTROL[:7], OTHER_VERSION_CONTROL[7:]
_SYSTEMS = ("bzr", "git", "hg", "svn")


class EditableRequirement(Struct, frozen=True):
    """What one ``-e`` asks for."""

    text: str
    """As pip prints it."""
    requirement: Requirement | None
    """``None`` for a path: its name is in its metadata."""
    source: Source
    extras: tuple[str, ...]


def parse_editable(text: str) -> EditableRequirement:
    """Return what ``-e`` asks for; raises ``errors.InvalidRequirement`` in pip's words.

    ``PATH[extra]``, ``NAME[extra] @ URL ; marker``, ``git+URL#egg=NAME``.
    """
    requirement, url, extras = _direct_reference(text) or _path_or_url(text)
    link = Link.from_url(url)
    is_path = url.startswith("file:")
    if not is_path and link.scheme not in (*GIT_SCHEMES, *OTHER_VERSION_CONTROL):
        schemes = ", ".join((*_BAZAAR, *GIT_SCHEMES, *_OTHERS))
        raise errors.InvalidRequirement(
            f"{text} is not a valid editable requirement. It should either be a path to a local "
            f"project or a VCS URL (beginning with {schemes})."
        )
    if requirement is None and not is_path:
        raise errors.InvalidRequirement(
            f"Could not detect requirement name for '{text}', please specify one with "
            "your_package_name @ URL"
        )
    shown = shown_url(url)
    if requirement is not None:
        shown = f"{requirement.name_as_written} from {shown}"
    return EditableRequirement(shown, requirement, _source(link, requirement), extras)


def _direct_reference(text: str) -> tuple[Requirement, str, tuple[str, ...]] | None:
    """Return the parts of ``NAME @ URL``; ``None`` for everything else."""
    try:
        requirement = Requirement.parse(text)
    except errors.InvalidRequirement:
        return None
    if requirement.url is None:
        return None
    return requirement, requirement.url, requirement.extras


def _path_or_url(text: str) -> tuple[Requirement | None, str, tuple[str, ...]]:
    path, extras = split_extras(text)
    url = path_to_url(os.path.normpath(os.path.abspath(path))) if os.path.isdir(path) else path
    if not url.lower().startswith("file:"):
        url, extras = text, ()
        for system in _SYSTEMS:
            if text.lower().startswith(f"{system}:"):
                url = f"{system}+{text}"
    name = egg_name(url)
    brackets = f"[{','.join(extras)}]" if extras else ""
    return Requirement.parse(f"{name}{brackets}") if name else None, url, extras


def _source(link: Link, requirement: Requirement | None) -> Source:
    refuse_null(link)
    if link.scheme in GIT_SCHEMES:
        return Repository(link, requirement.name if requirement else "")
    if link.scheme != "file":
        return source_of(link, explicit=True)
    path = path_of(link)
    return Directory(path, Link(path_to_url(path), subdirectory=link.subdirectory), editable=True)
