"""May this environment be changed, and where do things go: PEP 668 and the user scheme."""

from __future__ import annotations

import configparser
import os
import sys

from pipwrap import errors
from pipwrap.cli.context import Context
from pipwrap.events import Told, Warned
from pipwrap.model.environment import Environment, InstalledDistribution, Scheme


def check_externally_managed(environment: Environment) -> None:
    """Raise pip's error when the distributor manages this environment (PEP 668)."""
    if environment.externally_managed is None or environment.is_virtual:
        return
    parser = configparser.ConfigParser(interpolation=None)
    text = None
    try:
        parser.read(environment.externally_managed, encoding="utf-8")
        text = parser.get("externally-managed", "Error", fallback=None)
    except (OSError, UnicodeDecodeError, configparser.Error):
        text = None
    raise errors.DiagnosticError(
        "externally-managed-environment",
        "This environment is externally managed",
        context=text
        or f"The Python environment under {environment.prefix} is managed externally, "
        "and may not be\nmanipulated by the user. Please "
        "use specific tooling from the distributor of\nthe Python installation to interact "
        "with this environment instead.",
        note="If you believe this is a mistake, please contact your Python installation or OS "
        "distribution provider. You can override this, at the risk of breaking your Python "
        "installation or OS, by passing --break-system-packages.",
        hint="See PEP 668 for the detailed specification.",
    )


def install_scheme(context: Context) -> Scheme:
    """Return where to install, by pip's rules for --user and its fallback."""
    environment, wanted = context.environment, context.options.user
    if wanted is False:
        return environment.scheme
    if wanted:
        if environment.is_virtual and environment.site_packages_isolated:
            raise errors.CommandError(
                "Can not perform a '--user' install. User site-packages are not visible in "
                "this virtualenv."
            )
        if not environment.user_site_enabled:
            raise errors.CommandError(
                "Can not perform a '--user' install. User site-packages are disabled for this "
                "Python."
            )
        return environment.user_scheme
    if not environment.user_site_enabled or _is_writable(environment.scheme):
        return environment.scheme
    context.console(
        Told("Defaulting to user installation because normal site-packages is not writeable")
    )
    return environment.user_scheme


def replaceable(
    installed: dict[str, InstalledDistribution], environment: Environment, scheme: Scheme
) -> dict[str, InstalledDistribution]:
    """Return what an installation into ``scheme`` replaces.

    What lies in the system's site-packages stays when the user scheme shadows it; in a virtual
    environment that sees the system's packages, those are not its own to remove.
    """
    if scheme == environment.user_scheme:
        home = (scheme.purelib, scheme.platlib)
        return {name: each for name, each in installed.items() if each.location in home}
    return installed


def _is_writable(scheme: Scheme) -> bool:
    return all(_directory_is_writable(path) for path in {scheme.purelib, scheme.platlib})


def _directory_is_writable(path: str) -> bool:
    while not os.path.isdir(path):
        parent = os.path.dirname(path)
        if parent == path:
            return False
        path = parent
    return os.access(path, os.W_OK)


def warn_if_root(context: Context) -> None:
    """Warn as pip does when root changes a system Python."""
    if context.options.root_user_action == "ignore" or context.environment.is_virtual:
        return
    if not hasattr(os, "getuid") or sys.platform in {"win32", "cygwin"} or os.getuid() != 0:
        return
    context.console(
        Warned(
            "Running pip as the 'root' user can result in broken permissions and conflicting "
            "behaviour with the system package manager, possibly rendering your system unusable. "
            "It is recommended to use a virtual environment instead: "
            "https://pip.pypa.io/warnings/venv. Use the --root-user-action option if you know "
            "what you are doing and want to suppress this warning."
        )
    )
