"""What a transaction reports, in pip's words: what it removed, and why it was refused."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from pipwrap.cache.disk import is_full
from pipwrap.errors import DiskFull, EnvironmentRefused
from pipwrap.events import Info, Listener, WarningMessage
from pipwrap.install import scripts
from pipwrap.install.file_plan import PlannedWheel
from pipwrap.install.plan import Plan
from pipwrap.install.removal import Removal
from pipwrap.model.environment import Environment, InstalledDistribution


def refused(error: OSError, plan: Plan, environment: Environment) -> EnvironmentRefused | DiskFull:
    """Return pip's message about an error of the filesystem; a full disk is named as such."""
    verb = "install" if plan.install else "uninstall"
    if is_full(error):
        named = error.filename if isinstance(error.filename, str) else ""
        place = os.path.dirname(named) or plan.scheme.purelib
        hint = "Free some space there and run the command again; the environment is as it was."
        return DiskFull(f"{verb} packages", place, hint)
    message = f"Could not {verb} packages due to an OSError: {error}\n"
    if error.errno == errno.EACCES:
        if environment.is_virtual or plan.scheme == environment.user_scheme:
            message += "Check the permissions.\n"
        else:
            message += "Consider using the `--user` option or check the permissions.\n"
    return EnvironmentRefused(message)


def shown_paths(removal: Removal, plan: Plan) -> Sequence[str]:
    """Return the paths of a removal that are to be named, while they are there."""
    if not plan.names_paths:
        return ()
    from pipwrap.install.removal_listing import moved  # noqa: PLC0415 - at -v

    return moved(removal)


def report_removals(
    removals: Sequence[tuple[Removal, Sequence[str]]], plan: Plan, listener: Listener
) -> None:
    """Emit what was removed, with the paths of each that are to be named."""
    replaced = {item.replaces.info: item for item in plan.install if item.replaces is not None}
    for removal, paths in removals:
        distribution = removal.distribution
        label = f"{distribution.name}-{distribution.version}"
        indent = 0
        if distribution.info in replaced:
            name = replaced[distribution.info].display_name
            listener(Info(f"Attempting uninstall: {name}", indent=1))
            indent = 2
        if not plan.announced:
            listener(found(distribution, indent))
        if removal.note:
            listener(Info(removal.note, indent=indent))
        if not removal.paths:
            words = f"Can't uninstall '{distribution.name}'. No files were found to uninstall."
            listener(Info(words, indent=indent))
            continue
        if not plan.announced:
            listener(Info(f"Uninstalling {label}:", indent=indent))
        for path in paths:
            listener(Info(f"Removing file or directory {path}", level=1, indent=indent + 1))
        listener(Info(f"Successfully uninstalled {label}", indent=indent + 1))


def found(distribution: InstalledDistribution, indent: int = 0) -> Info:
    """Return the line that names a distribution before it is removed."""
    line = f"Found existing installation: {distribution.name} {distribution.version}"
    return Info(line, indent=indent)


def warn_about_path(
    prepared: list[PlannedWheel], environment: Environment, listener: Listener
) -> None:
    """Warn of scripts in directories that no shell looks into."""
    installed, search_path = (item.scripts for item in prepared), os.environ.get("PATH", "")
    for message in scripts.location_warnings(installed, environment.executable, search_path):
        listener(WarningMessage(message, indent=1))
