"""Lock files (PEP 751) as a source of requirements: which are given, what is chosen of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import urljoin, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from pipwrap import errors
from pipwrap.events import Listener, WarningMessage
from pipwrap.model.environment import Environment
from pipwrap.model.format_control import FormatControl
from pipwrap.model.link import Link
from pipwrap.model.location import absolute_url, path_to_url, url_to_path
from pipwrap.model.names import canonicalize_name
from pipwrap.model.pylock_names import is_lock, is_url, split_extras
from pipwrap.model.requirement import UserRequirement
from pipwrap.requirements.parse import RequirementText, parse_requirement, parse_specifier
from pipwrap.requirements.pyproject import read_toml

if TYPE_CHECKING:
    from packaging import markers, pylock

_EXPERIMENTAL = (
    "Using pylock.toml as a requirements source is an experimental feature. It may be "
    "removed/changed in a future release without prior warning."
)


class LockRequest(Struct):
    """The extras and groups of one lock file, by all options that name it."""

    location: str
    extras: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    includes_default_groups: bool = False


class LockContext(Struct, frozen=True):
    """What decides about a lock's packages, the reader of remote locks, and the listener."""

    environment: Environment
    formats: FormatControl
    fetch: Callable[[str], bytes]
    listener: Listener


Locked = tuple[UserRequirement, Link | None]
"""A requirement, and the only file that may satisfy it where the lock names one."""


def sources(
    requirements: Iterable[str], groups: Iterable[str]
) -> tuple[list[str | LockRequest], list[str]]:
    """Return requirements files and locks in their order, and the groups of projects.

    All extras and groups of one lock count together, where it is named first.
    """
    locks: dict[tuple[str, ...], LockRequest] = {}
    files: list[str | LockRequest] = []
    projects: list[str] = []
    given: list[tuple[str, str | None]] = [(each, None) for each in requirements]
    given += [(path, group) for path, _, group in (each.rpartition(":") for each in groups)]
    for source, group in given:
        location, extras = split_extras(source)
        if not is_lock(location):
            if group is None:
                files.append(source)
            else:
                projects.append(f"{source}:{group}" if source else group)
            continue
        request = locks.get(_identity(location))
        if request is None:
            request = locks[_identity(location)] = LockRequest(location)
            files.append(request)
        request.extras.update(extras)
        if group is None:
            request.includes_default_groups = True
        else:
            request.groups.add(group)
    return files, projects


def _identity(location: str) -> tuple[str, ...]:
    """Return what identifies a lock: the file, and what its relative paths begin at."""
    if is_url(location):
        return (location,)
    here = os.getcwd()
    return os.path.join(here, location), os.path.join(here, os.path.dirname(location))


def locked(request: LockRequest, context: LockContext) -> Iterator[Locked]:
    """Yield what a lock asks for here; raises ``errors.InvalidRequirement`` in pip's words."""
    context.listener(WarningMessage(_EXPERIMENTAL))
    for package, distribution in _selected(request, context):
        yield _requirement(package, distribution, request.location, context.listener)


def _selected(
    request: LockRequest, context: LockContext
) -> Iterator[tuple[pylock.Package, object]]:
    from packaging.errors import ExceptionGroup  # noqa: PLC0415 - lock files only
    from packaging.pylock import (  # noqa: PLC0415
        Pylock,
        PylockSelectError,
        PylockValidationError,
    )
    from packaging.tags import Tag  # noqa: PLC0415

    shown = repr(request.location)
    text = _text(request.location, context.fetch)
    try:
        lock = Pylock.from_dict(read_toml(text))
    except (ValueError, ExceptionGroup, PylockValidationError) as error:
        raise errors.InvalidRequirement(f"Invalid pylock file {shown}: {error}") from error
    groups = {str(canonicalize_name(name)) for name in request.groups}
    if request.includes_default_groups:
        groups.update(lock.default_groups or ())
    formats = context.formats

    def prefers_sdist(name: str) -> bool:
        return formats.allows_source(name) and not formats.allows_binary(name)

    markers_of_target = context.environment.marker_environment
    try:
        yield from lock.select(
            environment=cast("markers.Environment", dict(markers_of_target)),
            tags=[Tag(*tag.split("-")) for tag in context.environment.tags],
            extras=request.extras,
            dependency_groups=groups,
            prefer_sdist_predicate=prefers_sdist,
        )
    except (PylockSelectError, ValueError) as error:
        what = "Cannot select requirements from pylock file"
        raise errors.InvalidRequirement(f"{what} {shown}: {error}") from error


def _text(location: str, fetch: Callable[[str], bytes]) -> str:
    try:
        if location.lower().startswith("file:"):
            location = url_to_path(location)
        elif is_url(location):
            return fetch(location).decode("utf-8")
        with open(location, encoding="utf-8") as stream:
            return stream.read()
    except (OSError, ValueError, errors.NetworkError) as error:
        raise errors.InvalidRequirement(
            f"Error reading pylock file {location!r}: {error}"
        ) from error


def _requirement(
    package: pylock.Package, distribution: object, lock: str, listener: Listener
) -> Locked:
    from packaging import pylock as kinds  # noqa: PLC0415 - lock files only

    if isinstance(distribution, kinds.PackageDirectory):
        line = RequirementText(
            _directory_url(lock, distribution), lock, is_editable=bool(distribution.editable)
        )
        return parse_requirement(line, listener), None
    if isinstance(distribution, kinds.PackageVcs):
        url = f"{distribution.type}+{_url(lock, distribution.path, distribution.url)}"
        return _direct(
            package, f"{url}@{distribution.commit_id}", distribution.subdirectory, lock
        ), None
    if isinstance(distribution, kinds.PackageArchive):
        url = _url(lock, distribution.path, distribution.url)
        root_requirement = _direct(package, url, distribution.subdirectory, lock)
        return replace(root_requirement, hashes=_hashes(distribution.hashes)), None
    file = cast("pylock.PackageWheel | pylock.PackageSdist", distribution)
    version = package.version
    try:
        if version is None and isinstance(file, kinds.PackageWheel):
            version = parse_wheel_filename(file.filename)[1]
        elif version is None:
            version = parse_sdist_filename(file.filename)[1]
    except ValueError as error:
        raise errors.InvalidRequirement(f"Invalid pylock file {lock!r}: {error}") from error
    root_requirement = parse_specifier(f"{package.name}=={version}")
    link = Link.from_url(_url(lock, file.path, file.url), comes_from=lock)
    uploaded = file.upload_time.isoformat() if file.upload_time else None
    return (
        replace(root_requirement, comes_from=lock, hashes=_hashes(file.hashes)),
        replace(link, upload_time=uploaded),
    )


def _hashes(hashes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(hashes.items())


def _direct(
    package: pylock.Package, url: str, subdirectory: str | None, lock: str
) -> UserRequirement:
    if subdirectory:
        if "#" in url:
            raise errors.InvalidRequirement(
                f"Package URL {url!r} cannot contain fragments in combination with subdirectory "
                f"field (in {lock!r})"
            )
        url = f"{url}#subdirectory={subdirectory}"
    return replace(parse_specifier(f"{package.name} @ {url}"), comes_from=lock)


def _directory_url(lock: str, directory: pylock.PackageDirectory) -> str:
    if is_url(lock) and not lock.lower().startswith("file:"):
        raise errors.InvalidRequirement(
            f"Directory entries are not supported in remote pylock.toml {lock!r}"
        )
    parts = [_url(lock, directory.path, None), directory.subdirectory]
    return "".join(f"{part.rstrip('/')}/" for part in parts if part)


def _url(lock: str, path: str | None, url: str | None) -> str:
    """Return where a lock's file is: a path counts before a URL, and begins at the lock."""
    if path is None:
        return url or ""
    if not is_url(lock):
        return path_to_url(os.path.abspath(os.path.join(os.path.dirname(lock), path)))
    if os.path.isabs(path):
        raise errors.InvalidRequirement(
            f"Absolute paths are not supported in pylock files obtained from a URL: {path!r} in "
            f"{lock!r}"
        )
    base = absolute_url(lock, os.getcwd()) if lock.lower().startswith("file:") else lock
    joined = urljoin(base, path)
    if urlsplit(joined)[:2] != urlsplit(base)[:2]:
        raise errors.InvalidRequirement(
            f"Path {path!r} in pylock file obtained from a URL resolves outside its location: "
            f"{lock!r}"
        )
    return joined
