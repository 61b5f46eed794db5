"""Builds sdists with the hooks of their backends and nothing else; prints the seconds inside them.

    python hooks.py PYTHON SDIST...

PYTHON has every backend installed. The hooks are those that a front end calls (PEP 517):
get_requires_for_build_wheel, prepare_metadata_for_build_wheel, build_wheel.
"""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
import time

import pyproject_hooks

from build import ProjectBuilder


def seconds(python: str, sdist: str) -> float:
    """Return how long the hooks of one sdist take."""
    with tempfile.TemporaryDirectory() as directory:
        with tarfile.open(sdist) as archive:
            archive.extractall(directory, filter="data")
        (source,) = os.listdir(directory)
        builder = ProjectBuilder(
            os.path.join(directory, source),
            python_executable=python,
            runner=pyproject_hooks.quiet_subprocess_runner,
        )
        begun = time.perf_counter()
        builder.get_requires_for_build("wheel")
        metadata = builder.prepare("wheel", os.path.join(directory, "metadata"))
        builder.build("wheel", os.path.join(directory, "wheels"), metadata_directory=metadata)
        return time.perf_counter() - begun


if __name__ == "__main__":
    print(sum(seconds(sys.argv[1], sdist) for sdist in sys.argv[2:]))
