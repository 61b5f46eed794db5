"""What is read from the pip that is installed beside us, rather than copied."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from functools import lru_cache
from importlib.machinery import PathFinder, SourceFileLoader
from typing import Any

_INDEXES = "pip._internal.models.index"


def default_index_url() -> str:
    """Return the index that pip uses where none is named."""
    return str(_indexes()["PyPI"].simple_url)


def public_file_hosts() -> tuple[str, ...]:
    """Return the hosts that serve the files of pip's default indexes."""
    return tuple(str(_indexes()[name].file_storage_domain) for name in ("PyPI", "TestPyPI"))


@lru_cache(maxsize=1)
def _indexes() -> Mapping[str, Any]:
    """Return the names in pip's module of its indexes.

    It needs none of the packages around it, which load logging and more: it is run by itself where
    it is a file.
    """
    found = PathFinder.find_spec("pip")
    for directory in (found and found.submodule_search_locations) or ():
        path = os.path.join(directory, *_INDEXES.split(".")[1:]) + ".py"
        if os.path.isfile(path):
            code = SourceFileLoader(_INDEXES, path).get_code(_INDEXES)
            names: dict[str, Any] = {"__name__": _INDEXES}
            exec(code or "", names)  # noqa: S102 - as an import would
            return names
    return vars(importlib.import_module(_INDEXES))


def initial_file() -> str:
    """Return the file that says which pip it is."""
    import pip  # noqa: PLC0415

    return os.path.abspath(pip.__file__)


def version() -> str:
    """Return pip's version, which a report names."""
    import pip  # noqa: PLC0415

    return pip.__version__


def version_line(python_version: tuple[int, int, int]) -> str:
    """Return the line of ``pip --version`` for a target Python: scripts read the number in it."""
    import pip  # noqa: PLC0415

    directory = os.path.dirname(os.path.abspath(pip.__file__))
    major, minor, _ = python_version
    return f"pip {pip.__version__} from {directory} (python {major}.{minor})"
