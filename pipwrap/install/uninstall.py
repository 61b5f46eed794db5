"""Which files make up an installed distribution, decided in pip's order; nothing is touched here.

Ways of installing, in that order: flat .egg-info (setuptools with pip of old), distutils
(refused), .egg directories, .dist-info, ``setup.py develop``.
"""

from __future__ import annotations

import csv
import os
import posixpath
import re
from collections.abc import Iterator

from pipwrap.errors import DiagnosticError
from pipwrap.install import installed, scripts
from pipwrap.install.removal import Folders, Removal, RemovalCollector, is_below
from pipwrap.model.environment import Environment, InstalledDistribution
from pipwrap.model.names import canonicalize_name

_EASY_INSTALL = "easy-install.pth"
_CROOKED = re.compile(r"(^|/)(\.{0,2})(/|$)")
"""What is different in a path that is normalised: empty parts, dots."""


def find_removal(
    distribution: InstalledDistribution, environment: Environment, folders: Folders | None = None
) -> Removal:
    """Return what removing a distribution takes.

    With ``folders`` in common, several calls look at each directory once.
    ``DiagnosticError`` in pip's words when that cannot be known: no RECORD, or distutils.
    """
    if distribution.metadata is not None:
        name = canonicalize_name(distribution.name)
        return Removal(distribution, note=f"Not uninstalling {name} since it is not installed")
    location = os.path.realpath(distribution.location)
    home = _link_home(distribution, environment) or location
    if environment.is_virtual and not is_below(home, os.path.realpath(environment.prefix)):
        return Removal(
            distribution,
            note=f"Not uninstalling {canonicalize_name(distribution.name)} at {location},"
            f" outside environment {environment.prefix}",
        )
    if location == os.path.realpath(environment.stdlib):
        return Removal(
            distribution,
            note=f"Not uninstalling {canonicalize_name(distribution.name)} at {location},"
            " as it is in the standard library.",
        )
    collected = RemovalCollector(folders or Folders(environment))
    for path in _declared(distribution, environment, collected):
        collected.add(path)
    _add_scripts(distribution, environment, collected)
    return collected.removal(distribution)


def missing_record(distribution: InstalledDistribution) -> DiagnosticError:
    """Return pip's error for a distribution whose files are not known."""
    installer = installed.installer_name(distribution)
    if installer in {"", "pip", "pipwrap"}:
        requirement = f"{distribution.name}=={distribution.version}"
        hint = (
            "You might be able to recover from this via: "
            f"pip install --ignore-installed --no-deps {requirement}"
        )
    else:
        hint = (
            f"The package was installed by {installer}. "
            "You should check if it can uninstall the package."
        )
    return DiagnosticError(
        "uninstall-no-record-file",
        f"Cannot uninstall {distribution.name} {distribution.version}",
        context=(
            f"The package's contents are unknown: no RECORD file was found for {distribution.name}."
        ),
        hint=hint,
    )


def _declared(
    distribution: InstalledDistribution, environment: Environment, collected: RemovalCollector
) -> Iterator[str]:
    """Yield the paths that a distribution's metadata names."""
    info, location = distribution.info, distribution.location
    link = _egg_link(distribution, environment)
    # Without a version in its name an .egg-info belongs to a source tree (setup.py develop).
    in_source_tree = info.endswith(f"{distribution.name.replace('-', '_')}.egg-info")
    if info.endswith(".egg-info") and os.path.isdir(info) and not in_source_tree:
        yield info
        yield from _legacy(distribution)
    elif os.path.isfile(info):
        raise DiagnosticError(
            "uninstall-distutils-installed-package",
            f"Cannot uninstall {distribution.name} {distribution.version}",
            context=(
                "It is a distutils installed project and thus we cannot accurately determine"
                " which files belong to it which would lead to only a partial uninstall."
            ),
        )
    elif location.endswith(".egg"):
        yield location
        egg = os.path.basename(location)
        collected.drop_line(os.path.join(os.path.dirname(location), _EASY_INSTALL), "./" + egg)
    elif distribution.is_wheel:
        yield from _recorded(distribution)
    elif link is not None:
        yield link
        collected.drop_line(os.path.join(os.path.dirname(link), _EASY_INSTALL), location)


def _recorded(distribution: InstalledDistribution) -> Iterator[str]:
    """Yield the paths in RECORD."""
    text = installed.read_text(distribution, "RECORD")
    if text is None:
        raise missing_record(distribution)
    location = distribution.location
    for row in csv.reader(text.splitlines()):
        if row and row[0]:
            path = row[0]
            if _CROOKED.search(path) or path.startswith("/"):
                path = posixpath.normpath(path)
            yield os.path.join(location, path)


def _legacy(distribution: InstalledDistribution) -> Iterator[str]:
    """Yield the paths of a flat .egg-info: installed-files.txt, else the top-level names."""
    files = installed.read_text(distribution, "installed-files.txt")
    if files is not None:
        for line in files.splitlines():
            if line:
                yield os.path.normpath(os.path.join(distribution.info, line))
        return
    top_level = installed.read_text(distribution, "top_level.txt") or ""
    shared = (installed.read_text(distribution, "namespace_packages.txt") or "").splitlines()
    for name in top_level.splitlines():
        if name and name not in shared:
            path = os.path.join(distribution.location, name)
            yield from (path, path + ".py", path + ".pyc", path + ".pyo")


def _add_scripts(
    distribution: InstalledDistribution, environment: Environment, collected: RemovalCollector
) -> None:
    """Take the scripts of entry points and of distutils, whatever made them."""
    user_site = os.path.realpath(environment.user_scheme.purelib)
    in_user_site = os.path.realpath(distribution.location) == user_site
    scheme = environment.user_scheme if in_user_site else environment.scheme
    text = installed.read_text(distribution, "entry_points.txt") or ""
    names = set(scripts.parse_entry_points(text).names)
    names |= _listdir(os.path.join(distribution.info, "scripts"))
    for name in names:
        for suffix in ("", ".exe", ".exe.manifest", "-script.py", "-script.pyw", ".bat"):
            if suffix and os.name != "nt":
                continue
            collected.add(os.path.join(scheme.scripts, name + suffix))


def _egg_link(distribution: InstalledDistribution, environment: Environment) -> str | None:
    """Return the .egg-link that made this distribution importable, if that is how it was."""
    names = (
        re.sub("[^A-Za-z0-9.]+", "-", distribution.name) + ".egg-link",
        distribution.name + ".egg-link",
    )
    for site in (environment.scheme.purelib, environment.user_scheme.purelib):
        for name in names:
            path = os.path.join(site, name)
            if os.path.isfile(path) and _points_to(path, distribution.location):
                return path
    return None


def _link_home(distribution: InstalledDistribution, environment: Environment) -> str | None:
    """Return the resolved directory of the .egg-link, which counts as where it is installed."""
    link = _egg_link(distribution, environment)
    return os.path.realpath(os.path.dirname(link)) if link else None


def _points_to(link: str, location: str) -> bool:
    with open(link, encoding="utf-8", errors="surrogateescape") as stream:
        target = stream.readline().strip()
    return os.path.realpath(os.path.join(os.path.dirname(link), target)) == os.path.realpath(
        location
    )


def _listdir(directory: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(directory))
    except OSError:
        return frozenset()
