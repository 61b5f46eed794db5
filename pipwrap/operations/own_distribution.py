"""The distribution that this program is installed as: no other one may take its place.

The name ``pipwrap`` on the public index is another project's, with a package and a script of the
same names. What is installed where this program is imported from would replace it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping

import pipwrap
from pipwrap import errors
from pipwrap.install.installed import read_text
from pipwrap.install.plan import Installation, Plan
from pipwrap.model.environment import InstalledDistribution, Scheme
from pipwrap.model.names import canonicalize_name
from pipwrap.operations.install_scheme import InstallScheme

NAME = "pipwrap-installer"
"""Canonical; the command and the package are called ``pipwrap``."""
FORMER_NAME = "pipwrap"
"""Of the distribution up to 0.1.0, and of a project of others."""
_ENTRY_POINT = "pipwrap._entry:main"
_OWN_FILE = re.compile(r"(?:[^/]+\.data/(?:pure|plat)lib/)?pipwrap(?:/|\.[^/]+\Z)")
_OWN_SCRIPT = re.compile(r"[^/]+\.data/scripts/pipwrap(?:\.exe)?\Z")
_SCRIPT_LINE = re.compile(r"^\s*pipwrap\s*=", re.MULTILINE)
_NAMED = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:[\[(<>=!~@;].*)?", re.DOTALL)


def check_names(projects: Iterable[str], place: InstallScheme) -> None:
    """Raise before another project of this program's name is fetched or built to replace it."""
    if FORMER_NAME in projects and _is_here(place):
        raise _refused(f"The project {FORMER_NAME}")


def check_line(arguments: Iterable[str], place: InstallScheme) -> None:
    """Raise for arguments that name it, where another program is to carry them out."""
    found = map(_NAMED.fullmatch, arguments)
    check_names({canonicalize_name(each[1]) for each in found if each}, place)


def check_plan(plan: Plan) -> None:
    """Raise if any other distribution has files that replace this program's; nothing is changed."""
    place = InstallScheme(plan.scheme, relocation=plan.relocation)
    for each in plan.install:
        if each.name == NAME:
            continue
        if _has_files(each) and _is_here(place):
            raise _refused(f"{each.display_name} {each.version}")
        if _has_script(each) and _is_running_script(plan.scheme):
            raise _refused(f"{each.display_name} {each.version}")


def with_former(installed: Mapping[str, InstalledDistribution]) -> dict[str, InstalledDistribution]:
    """Return what an installation replaces: this program also under its former name."""
    found = dict(installed)
    former = found.get(FORMER_NAME)
    if former is not None and _ENTRY_POINT in (read_text(former, "entry_points.txt") or ""):
        found.setdefault(NAME, former)
    return found


def _refused(what: str) -> errors.EnvironmentRefused:
    return errors.EnvironmentRefused(
        f"{what} would replace the program that is running, and is another project: nothing was "
        f"changed. The distribution of this program is called {NAME}.",
        hint=f"Upgrade this program with: pip install -U {NAME}. Install the other project into "
        "another environment.",
    )


def _is_here(place: InstallScheme) -> bool:
    """Return whether what is installed there is imported in the place of this program's package."""
    if place.relocation is not None:
        targets = {os.path.realpath(place.relocation.directory)}
    else:
        targets = {os.path.realpath(place.scheme.purelib), os.path.realpath(place.scheme.platlib)}
    own = os.path.realpath(os.path.dirname(os.path.dirname(pipwrap.__file__)))
    for path in map(os.path.realpath, [*filter(None, sys.path), own]):
        if path in targets:
            return True
        if path == own:
            return False
    return False


def _is_running_script(scheme: Scheme) -> bool:
    name = os.path.basename(sys.argv[0])
    script = os.path.join(scheme.scripts, name)
    return name.startswith("pipwrap") and os.path.realpath(script) == os.path.realpath(sys.argv[0])


def _has_files(installation: Installation) -> bool:
    return any(_OWN_FILE.match(each.path) for each in installation.wheel.files)


def _has_script(installation: Installation) -> bool:
    wheel = installation.wheel
    if any(_OWN_SCRIPT.match(each.path) for each in wheel.files):
        return True
    if wheel.dist_info_file("entry_points.txt") is None:
        return False
    path = os.path.join(wheel.tree, wheel.dist_info, "entry_points.txt")
    with open(path, encoding="utf-8", errors="replace") as stream:
        return _SCRIPT_LINE.search(stream.read()) is not None
