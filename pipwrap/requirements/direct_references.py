"""URLs and paths that name a distribution outright: to sources, by pip's classification."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

from msgspec.structs import replace

from pipwrap import errors
from pipwrap.model.link import Link, joined_url, redact
from pipwrap.model.location import absolute_url, path_to_url, url_to_path
from pipwrap.model.names import canonicalize_name
from pipwrap.model.source import GIT_SCHEMES, Archive, Directory, Repository, Source

OTHER_VERSION_CONTROL = (
    *("bzr+http", "bzr+https", "bzr+ssh", "bzr+sftp", "bzr+ftp", "bzr+lp", "bzr+file"),
    *("hg+file", "hg+http", "hg+https", "hg+ssh", "hg+static-http"),
    *("svn+ssh", "svn+http", "svn+https", "svn+svn", "svn+file"),
)
"""Version control that only the real pip can fetch."""
_SCHEMES = ("http", "https", "file", "ftp", *GIT_SCHEMES, *OTHER_VERSION_CONTROL)
_EXTRAS = re.compile(r"^(.+)(\[[^\]]+\])$")
_EGG = re.compile(r"[#&]egg=([^&]*)")
_PROJECT_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)


def scheme_of(text: str) -> str:
    """Return a URL's scheme in lower case; nothing for what is no URL."""
    return text.partition(":")[0].lower() if ":" in text else ""


def is_url(text: str) -> bool:
    """Return whether pip takes a requirement for a URL."""
    return scheme_of(text) in _SCHEMES


def shown_url(url: str) -> str:
    """Return a URL as pip prints it: without credentials, and with ``git+file:/path``."""
    return redact(joined_url(urlsplit(url)))


def egg_name(url: str) -> str | None:
    """Return the project that ``#egg=`` names; raises pip's error when it is no bare name."""
    match = _EGG.search(url)
    if match is None:
        return None
    if not _PROJECT_NAME.fullmatch(match[1]):
        raise errors.DiagnosticError(
            "invalid-egg-fragment",
            f"The {match[1]!r} egg fragment is invalid",
            context=f"from {shown_url(url)!r}",
            hint=_egg_hint(match[1]),
        )
    return match[1]


def _egg_hint(fragment: str) -> str:
    """Return pip's advice on an ``#egg=`` that is no project's name."""
    hint = ""
    if any(mark in fragment for mark in "<=>"):
        hint = "Version specifiers are silently ignored for URL references. Remove them. "
    if "[" in fragment and "]" in fragment:
        hint += "Try using the Direct URL requirement syntax: 'name[extra] @ URL'"
    return hint or "Egg fragments can only be a valid project name."


def split_extras(path: str) -> tuple[str, tuple[str, ...]]:
    """Return ``path[extra,...]`` in its two parts."""
    match = _EXTRAS.match(path)
    if match is None:
        return path, ()
    names = match[2][1:-1].split(",")
    return match[1].rstrip(), tuple(sorted({canonicalize_name(name.strip()) for name in names}))


def source_of_url(url: str, *, explicit: bool = False, subdirectory: str | None = None) -> Source:
    """Return the direct reference that a URL names.

    Raises ``errors.HandOver`` for version control other than git.
    """
    link = Link.from_url(url)
    if subdirectory:
        link = Link(link.url, link.hashes, subdirectory=subdirectory)
    return source_of(link, explicit=explicit)


def source_of(link: Link, *, explicit: bool) -> Source:
    """Return what is behind a link; ``explicit`` says that the user named it.

    Raises ``errors.InvalidRequirement`` where no file and no directory can have the name.
    """
    refuse_null(link)
    if link.scheme in GIT_SCHEMES:
        return Repository(link)
    if link.scheme in OTHER_VERSION_CONTROL:
        system = link.scheme.partition("+")[0]
        raise errors.HandOver(f"the {system} requirement {link.redacted}")
    path = path_of(link) if link.scheme == "file" else None
    if path is not None and os.path.isdir(path):
        return Directory(path, Link(path_to_url(path), subdirectory=link.subdirectory))
    if not link.names_a_file:
        raise errors.InvalidRequirement(
            f"Invalid URL {link.redacted!r}: it does not end in the name of a file"
        )
    if path is None:
        return Archive(link, None, explicit)
    return Archive(replace(link, url=absolute_url(link.url, os.getcwd())), path, explicit)


def refuse_null(link: Link) -> None:
    """Raise ``errors.InvalidRequirement`` for a URL with a null character, which no path has."""
    if "\0" in unquote(link.url) or "\0" in (link.subdirectory or ""):
        raise errors.InvalidRequirement(f"Invalid URL {link.redacted!r}: it has a null character")


def path_of(link: Link) -> str:
    """Return the absolute path of a file URL; raises ``errors.InvalidRequirement``."""
    try:
        return os.path.abspath(url_to_path(link.url))
    except ValueError as error:
        raise errors.InvalidRequirement(str(error)) from error


def explicit_link(text: str) -> Link:
    """Return the link of a URL that the user wrote, a relative ``file:`` made absolute."""
    link = Link.from_url(text)
    if link.scheme == "file" and "../" in link.url:
        path = os.path.normpath(os.path.abspath(url_to_path(link.url)))
        return Link(path_to_url(path), link.hashes, subdirectory=link.subdirectory)
    return link
