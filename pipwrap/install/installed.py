"""What is installed in an environment: the distributions on its path, first come first served."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct, field

from pipwrap.errors import EnvironmentRefused
from pipwrap.events import Listener, WarningMessage, ignore
from pipwrap.model.environment import Environment, InstalledDistribution
from pipwrap.model.metadata import Metadata
from pipwrap.model.names import canonicalize_name

_VALID_NAME = re.compile(r"^([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])$", re.IGNORECASE)
"""Dependency specifiers, names."""
_INFO = (".dist-info", ".egg-info")
_NOWHERE = "<memory>"
"""How pip shows the location of a distribution that has none."""
_HEAD = 16 * 1024
"""Name and Version are at the start of every METADATA."""


class _DirectoryInfo(Struct):
    editable: bool = False


class _DirectUrl(Struct):
    """The part of direct_url.json that says whether a distribution is editable (PEP 660)."""

    url: str
    dir_info: _DirectoryInfo = field(default_factory=_DirectoryInfo)


def find_installed(
    environment: Environment, paths: Iterable[str] | None = None, listener: Listener = ignore
) -> tuple[InstalledDistribution, ...]:
    """Return every distribution on the environment's path, or on ``paths``, in path order.

    Of two of one name the first on the path counts. What is not a distribution's name is
    left out with a warning.
    """
    found: dict[str, InstalledDistribution] = {}
    searched = tuple(environment.sys_path if paths is None else paths)
    for directory in dict.fromkeys(searched):
        for distribution in _distributions(directory, listener):
            found.setdefault(canonicalize_name(distribution.name), distribution)
    if environment.site.has_finders and paths is None:
        found.update(_of_finders(environment))
    return tuple(found.values())


def _of_finders(environment: Environment) -> Iterator[tuple[str, InstalledDistribution]]:
    """Yield what the interpreter's finders alone yield; it hides what the path has of that name."""
    import subprocess  # noqa: PLC0415 - environments with such finders only

    from pipwrap.install import finders  # noqa: PLC0415

    command = [environment.executable, finders.__file__]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        message = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise EnvironmentRefused(
            f"What is installed cannot be listed: a finder of {environment.executable} failed",
            context=message or None,
        )
    # Not msgspec's decoder: paths may be no UTF-8 (PEP 383).
    rows = msgspec.convert(json.loads(done.stdout), type=list[tuple[str, str, str | None, str]])
    for name, version, info, text in rows:
        location = "" if info is None else os.path.dirname(info)
        if info is None:
            place = f"sys.meta_path:{name}"
            yield (
                canonicalize_name(name),
                InstalledDistribution(name, version, _NOWHERE, place, metadata=text),
            )
        elif location not in environment.sys_path:
            yield canonicalize_name(name), InstalledDistribution(name, version, location, info)


def read_metadata(distribution: InstalledDistribution) -> Metadata:
    """Return a distribution's metadata; absent fields are empty.

    The dependencies of an .egg-info are in its requires.txt, and returned as Requires-Dist.
    """
    text = read_text(distribution, "METADATA") or read_text(distribution, "PKG-INFO")
    if text is None and os.path.isfile(distribution.info):
        text = _read(distribution.info)
    metadata = Metadata.parse(text or "")
    requires = read_text(distribution, "requires.txt")
    if metadata.requires_dist or requires is None or distribution.is_wheel:
        return metadata
    return Metadata(
        metadata.name,
        metadata.version,
        tuple(_requires(requires)),
        metadata.requires_python,
        metadata.provides_extra,
        metadata.metadata_version,
        metadata.dynamic,
    )


def metadata_files(distribution: InstalledDistribution) -> tuple[str, ...]:
    """Return the paths that ``read_metadata`` reads, or looks for in vain."""
    info = distribution.info
    if not distribution.is_wheel and os.path.isfile(info):
        return (info,)
    names = ["METADATA", "PKG-INFO", *(() if distribution.is_wheel else ("requires.txt",))]
    return tuple(os.path.join(info, name) for name in names)


def read_text(distribution: InstalledDistribution, name: str) -> str | None:
    """Return a text file of a distribution's metadata directory, if it is there."""
    if distribution.metadata is not None:
        return distribution.metadata if name == "METADATA" else None
    return _read(os.path.join(distribution.info, name))


def direct_url(distribution: InstalledDistribution) -> str | None:
    """Return the content of direct_url.json (PEP 610), if there is one."""
    return read_text(distribution, "direct_url.json")


def installer_name(distribution: InstalledDistribution) -> str:
    """Return the name of what installed a distribution (PEP 376); empty when that is not known."""
    lines = (read_text(distribution, "INSTALLER") or "").splitlines()
    return next((line.strip() for line in lines if line.strip()), "")


def is_requested(distribution: InstalledDistribution) -> bool:
    """Return whether the user named the distribution (PEP 376)."""
    return os.path.lexists(os.path.join(distribution.info, "REQUESTED"))


def editable_location(distribution: InstalledDistribution) -> str | None:
    """Return the project's directory of an editable installation, as found when scanning."""
    return distribution.editable_location


def _distributions(directory: str, listener: Listener) -> Iterator[InstalledDistribution]:
    """Yield what one directory on the path holds, by name; eggs and egg-links included."""
    if directory.endswith(".egg") and os.path.isdir(directory):
        yield from _egg(directory)
    try:
        names = sorted(os.listdir(directory or "."))
    except OSError:
        return
    for name in names:
        if name.startswith("~") and name.endswith(_INFO):
            _warn_leftover(name, directory, listener)
        elif name.endswith(_INFO):
            distribution = _distribution(directory, name)
            known = canonicalize_name(_stem(name).partition("-")[0] or distribution.name)
            if not known:
                info = os.path.join(directory, name)
                listener(WarningMessage(f"Skipping {info} due to invalid metadata entry 'name'"))
            elif _VALID_NAME.match(known):
                yield distribution
            else:
                listener(WarningMessage(f"Ignoring invalid distribution {known} ({directory})"))
    for name in names:
        if name.endswith(".egg-link"):
            yield from _linked(directory, name)


def _warn_leftover(name: str, directory: str, listener: Listener) -> None:
    listener(
        WarningMessage(
            f"Ignoring incompletely removed distribution {name} ({directory}); '~'-prefixed"
            " leftover directories are the result of a previous incomplete installation, and can"
            " be deleted"
        )
    )


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _distribution(directory: str, name: str) -> InstalledDistribution:
    """Return the distribution that a .dist-info or .egg-info describes."""
    info = os.path.join(directory, name)
    named, _, version = _stem(name).partition("-")
    if name.endswith(".egg-info"):
        version = ""
    fields = _head(info)
    displayed, version = fields.get("name") or named, fields.get("version") or version
    return InstalledDistribution(displayed, version, directory, info, _editable(info))


def _egg(directory: str) -> Iterator[InstalledDistribution]:
    """Yield the distribution that an egg directory on the path is."""
    fields = _head(os.path.join(directory, "EGG-INFO"))
    name, version = fields.get("name"), fields.get("version", "")
    if name:
        info = os.path.join(directory, "EGG-INFO")
        yield InstalledDistribution(name, version, directory, info)


def _linked(directory: str, name: str) -> Iterator[InstalledDistribution]:
    """Yield what an .egg-link of ``setup.py develop`` points to."""
    lines = (_read(os.path.join(directory, name)) or "").splitlines()
    target = next((line.strip() for line in lines if line.strip()), "")
    if not target:
        return
    location = os.path.join(directory, target)
    if not os.path.isdir(location):
        return
    project = canonicalize_name(name.removesuffix(".egg-link"))
    for entry in sorted(os.listdir(location)):
        if entry.endswith(".egg-info"):
            found = _distribution(location, entry)
            if canonicalize_name(found.name) == project:
                yield InstalledDistribution(
                    found.name, found.version, location, found.info, location
                )


def _head(info: str) -> dict[str, str]:
    """Return Name and Version from the first file that a metadata directory has."""
    for path in (f"{info}/METADATA", f"{info}/PKG-INFO", info):
        try:
            with open(path, encoding="utf-8", errors="surrogateescape") as stream:
                text = stream.read(_HEAD)
        except OSError:
            continue
        fields: dict[str, str] = {}
        for line in text.split("\n\n", 1)[0].splitlines():
            key, colon, value = line.partition(":")
            if colon and key.lower() in {"name", "version"}:
                fields.setdefault(key.lower(), value.strip())
        return fields
    return {}


def _editable(info: str) -> str | None:
    """Return the directory that an editable installation's direct_url.json names (PEP 660)."""
    text = _read(f"{info}/direct_url.json")
    if text is None:
        return None
    try:
        content = msgspec.json.decode(text, type=_DirectUrl)
        parts = urlsplit(content.url)
    except ValueError:
        return None
    if not content.dir_info.editable or parts.scheme != "file":
        return None
    from urllib.request import url2pathname  # noqa: PLC0415 - 5 ms, for editables only

    return url2pathname(unquote(parts.path) if os.name != "nt" else parts.path)


def _requires(text: str) -> Iterator[str]:
    """Yield requirements from requires.txt: sections are ``[extra:marker]``."""
    condition = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            parts = [f"({marker})"] if marker else []
            parts += [f'extra == "{canonicalize_name(extra)}"'] if extra else []
            condition = " and ".join(parts)
        elif line and not line.startswith("#"):
            separator = " ; " if " @ " in line else "; "
            yield f"{line}{separator}{condition}" if condition else line


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None
