"""``python -m pipwrap``: the environment of this very interpreter is the target."""

import sys

from pipwrap._entry import main

if __name__ == "__main__":
    sys.exit(main(as_module=True))
