"""Throwaway wheels, right ones and wrong ones; sdists come from here too."""

from __future__ import annotations

import functools
import importlib.metadata
import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from support.archives import Content, StrPath, write_file, zip_bytes
from support.contents import (
    default_files,
    entry_points_text,
    escaped,
    metadata_text,
    module_name,
    record_text,
    wheel_text,
)
from support.sdists import builds, make_sdist, make_source_tree

__all__ = [
    "builds",
    "make_sdist",
    "make_source_tree",
    "make_wheel",
    "module_name",
    "wheel_of_installed",
]

RIGHT = "(the right RECORD)"
"""The default of ``make_wheel(record=...)``."""


def make_wheel(
    directory: StrPath,
    name: str,
    version: str,
    *,
    files: Mapping[str, Content] | None = None,
    requires: Iterable[str] = (),
    extras: Mapping[str, Iterable[str]] | None = None,
    requires_python: str | None = None,
    entry_points: Mapping[str, Iterable[str]] | None = None,
    tag: str = "py3-none-any",
    build: str | None = None,
    purelib: bool = True,
    executable: Collection[str] = (),
    dist_info: str | None = None,
    metadata: Content | None = None,
    wheel: Content | None = None,
    record: str | None = RIGHT,
    record_rows: Mapping[str, tuple[str, str]] | None = None,
    unrecorded: Mapping[str, Content] | None = None,
    filename: str | None = None,
) -> Path:
    """Write a wheel into ``directory`` and return its path; the same arguments, the same bytes.

    ``files`` are members by path (``NAME-VERSION.data/scripts/x`` too); ``None`` gives one package
    named by ``module_name``, with ``__version__`` and ``main()``. The arguments after
    ``executable`` make wrong wheels: another ``dist_info`` directory, other METADATA or WHEEL
    contents, another RECORD (``None`` leaves it out), false rows (path to (hash, size)), members
    that RECORD does not name, another file name.
    """
    stem = f"{escaped(name)}-{version}"
    info = dist_info or f"{stem}.dist-info"
    members: dict[str, Content] = dict(default_files(name, version) if files is None else files)
    members[f"{info}/METADATA"] = (
        metadata_text(
            name, version, requires=requires, extras=extras, requires_python=requires_python
        )
        if metadata is None
        else metadata
    )
    members[f"{info}/WHEEL"] = (
        wheel_text(tag, purelib=purelib, build=build) if wheel is None else wheel
    )
    if entry_points:
        members[f"{info}/entry_points.txt"] = entry_points_text(entry_points)
    own = f"{info}/RECORD"
    right = record_text(members, own, record_rows)
    members.update(unrecorded or {})
    if record is not None:
        members[own] = right if record == RIGHT else record
    proper = "-".join((stem, build, tag) if build else (stem, tag)) + ".whl"
    return write_file(os.path.join(directory, filename or proper), zip_bytes(members, executable))


def wheel_of_installed(directory: StrPath, name: str) -> Path:
    """Write a wheel of a distribution that the tests' own interpreter has, and return its path.

    This is how builds get setuptools without a network.
    """
    filename, content = _repacked(name)
    return write_file(os.path.join(directory, filename), content)


@functools.cache
def _repacked(name: str) -> tuple[str, bytes]:
    """Return file name and bytes of a wheel made from the files that RECORD names."""
    distribution = importlib.metadata.distribution(name)
    members: dict[str, Content] = {}
    for file in sorted(distribution.files or (), key=str):
        generated = file.name in {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
        if ".." not in file.parts and "__pycache__" not in file.parts and not generated:
            members[file.as_posix()] = file.read_binary()
    info = next(path.partition("/")[0] for path in members if path.endswith(".dist-info/METADATA"))
    own = f"{info}/RECORD"
    members[own] = record_text(members, own)
    return f"{info.removesuffix('.dist-info')}-py3-none-any.whl", zip_bytes(members)
