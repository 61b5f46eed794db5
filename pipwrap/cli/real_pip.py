"""What we ask of the real pip that is installed beside us: its word, not a copy of it."""

from __future__ import annotations

import os


def default_index_url() -> str:
    """Return the index that pip asks where none is named."""
    from pip._internal.models.index import PyPI  # noqa: PLC0415 - one light module of pip's

    return str(PyPI.simple_url)


def public_file_hosts() -> tuple[str, ...]:
    """Return the hosts that serve the files of pip's default indexes."""
    from pip._internal.models.index import PyPI, TestPyPI  # noqa: PLC0415 - one light module

    return (str(PyPI.file_storage_domain), str(TestPyPI.file_storage_domain))


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
