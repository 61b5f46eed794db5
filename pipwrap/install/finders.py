"""Run by a target interpreter (3.8 and newer, standard library only): what its finders yield.

Distributions need not be in a directory on ``sys.path``: a finder on ``sys.meta_path`` may yield
them (importlib.metadata, "Extending the search algorithm"). They are printed as JSON, in the order
in which pip meets them: ``[[name, version, metadata directory or null, METADATA], ...]``.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import sys


def gather() -> list[tuple[str, str, str | None, str]]:
    """Return the first distribution of each name, by location as pip asks for them."""
    found = {}
    here = os.path.dirname(os.path.abspath(__file__))
    for location in sys.path:
        if os.path.abspath(location) == here:
            continue
        for distribution in importlib.metadata.distributions(path=[location]):
            name = distribution.metadata["Name"]
            key = re.sub(r"[-_.]+", "-", name or "").lower()
            if not key or key in found:
                continue
            path = getattr(distribution, "_path", None)
            text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
            info = None if path is None else os.path.abspath(str(path))
            found[key] = (name, distribution.version or "", info, text)
    return list(found.values())


if __name__ == "__main__":
    json.dump(gather(), sys.stdout)
