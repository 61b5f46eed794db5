"""The process: the console script's and the module's entry."""

import os
import sys


def main(*, as_module: bool = False) -> int:
    """Run pipwrap on this process's command line and end the process with its exit status.

    The process ends at once: a download that nobody waits for any more must not hold it.
    """
    from pipwrap.cli.main import main as run  # noqa: PLC0415 - nothing heavy before it is due

    status = run(sys.argv[1:], os.environ, as_module=as_module)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
