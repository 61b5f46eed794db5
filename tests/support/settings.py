"""Projects whose wheels tell with which config settings they were built."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from support.archives import StrPath
from support.sdists import make_sdist, make_source_tree

_BACKEND = """\
import in_tree_backend, json, os
from in_tree_backend import get_requires_for_build_wheel, prepare_metadata_for_build_wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    place = os.path.join(in_tree_backend.CONTENTS, "{name}_settings.json")
    with open(place, "w") as stream:
        json.dump(config_settings, stream)
    return in_tree_backend.build_wheel(wheel_directory)
"""
_PYPROJECT = """\
[build-system]
requires = []
build-backend = "telling_backend"
backend-path = ["."]
"""


def telling_sdist(directory: StrPath, name: str, version: str, **keywords: Any) -> Path:
    """Write an sdist whose wheel holds ``NAME_settings.json``, and return its path."""
    return make_sdist(directory, name, version, **_telling(name), **keywords)


def telling_tree(directory: StrPath, name: str, version: str, **keywords: Any) -> Path:
    """Write a source tree whose wheel holds ``NAME_settings.json``, and return its path."""
    return make_source_tree(directory, name, version, **_telling(name), **keywords)


def settings_in(directory: StrPath) -> dict[str, Any]:
    """Return the settings of every wheel in a directory, by project."""
    found = {}
    for path in sorted(Path(directory).glob("*.whl")):
        name = path.name.partition("-")[0]
        with zipfile.ZipFile(path) as archive:
            found[name] = json.loads(archive.read(f"{name}_settings.json"))
    return found


def _telling(name: str) -> dict[str, Any]:
    backend = _BACKEND.format(name=name)
    return {"pyproject": _PYPROJECT, "extra_files": {"telling_backend.py": backend}}
