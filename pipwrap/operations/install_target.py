"""Whether this environment may be changed: PEP 668 and the warning for root."""

from __future__ import annotations

import os
import sys

from pipwrap import errors
from pipwrap.events import WarningMessage
from pipwrap.model.environment import Environment
from pipwrap.operations.context import CommandContext


def check_externally_managed(environment: Environment) -> None:
    """Raise pip's error when the distributor manages this environment (PEP 668)."""
    if environment.externally_managed is None or environment.is_virtual:
        return
    import configparser  # noqa: PLC0415 - where this is so

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


def warn_if_root(context: CommandContext) -> None:
    """Warn as pip does when root changes a system Python."""
    if context.options.root_user_action == "ignore" or context.environment.is_virtual:
        return
    if not hasattr(os, "getuid") or sys.platform in {"win32", "cygwin"} or os.getuid() != 0:
        return
    context.events(
        WarningMessage(
            "Running pip as the 'root' user can result in broken permissions and conflicting "
            "behaviour with the system package manager, possibly rendering your system unusable. "
            "It is recommended to use a virtual environment instead: "
            "https://pip.pypa.io/warnings/venv. Use the --root-user-action option if you know "
            "what you are doing and want to suppress this warning."
        )
    )
