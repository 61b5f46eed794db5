"""The process: the console script's and the module's entry."""

import os
import sys


def main(*, as_module: bool = False) -> int:
    """Run pipwrap on this process's command line and return the exit status."""
    from pipwrap.cli.main import main as run  # noqa: PLC0415 - nothing heavy before it is due

    return run(sys.argv[1:], os.environ, as_module=as_module)
