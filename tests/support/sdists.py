"""Throwaway sdists and source trees that build offline, in tens of milliseconds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from support.archives import Content, StrPath, encoded, tar_gz_bytes, write_file, zip_bytes
from support.contents import (
    default_files,
    entry_points_text,
    escaped,
    metadata_text,
    module_name,
    wheel_text,
)

Backend = Literal["in-tree", "setuptools", "legacy"]
Step = Literal["get_requires_for_build_wheel", "prepare_metadata_for_build_wheel", "build_wheel"]

BUILD_LOG = "PIPWRAP_TEST_BUILD_LOG"
"""The variable that names the file to which every hook appends ``HOOK NAME VERSION``."""

# The wheel's contents lie in wheel/ of the sdist; this zips them and adds RECORD.
_IN_TREE = """\
import base64, hashlib, json, os, shutil, sys, zipfile

SETTINGS = json.loads({settings!r})
HERE = os.path.dirname(os.path.abspath(__file__))
CONTENTS = os.path.join(HERE, "wheel")


def note(hook):
    if os.environ.get({log!r}):
        with open(os.environ[{log!r}], "a") as stream:
            stream.write("{{}} {{name}} {{version}}\\n".format(hook, **SETTINGS))
    for module in SETTINGS["imports"]:
        __import__(module)
    if SETTINGS["fail_in"] == hook:
        print(SETTINGS["output"], flush=True)
        sys.exit(1)


def get_requires_for_build_wheel(config_settings=None):
    note("get_requires_for_build_wheel")
    return SETTINGS["dynamic_requires"]


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    note("prepare_metadata_for_build_wheel")
    info = SETTINGS["dist_info"]
    shutil.copytree(os.path.join(CONTENTS, info), os.path.join(metadata_directory, info))
    return info


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    note("build_wheel")
    rows = []
    with zipfile.ZipFile(os.path.join(wheel_directory, SETTINGS["filename"]), "w") as archive:
        for folder, folders, names in os.walk(CONTENTS):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                member = os.path.relpath(path, CONTENTS).replace(os.sep, "/")
                with open(path, "rb") as stream:
                    content = stream.read()
                archive.writestr(zipfile.ZipInfo(member), content)
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
                rows.append("{{}},sha256={{}},{{}}".format(
                    member, digest.decode().rstrip("="), len(content)))
        record = SETTINGS["dist_info"] + "/RECORD"
        archive.writestr(zipfile.ZipInfo(record), "\\n".join(rows + [record + ",,"]) + "\\n")
    return SETTINGS["filename"]
"""

_SETUP_PY = """\
import json, os, sys
from setuptools import setup

SETTINGS = json.loads({settings!r})
hook = next((word for word in sys.argv if word in ("bdist_wheel", "egg_info", "dist_info")), "")
if os.environ.get({log!r}) and hook == "bdist_wheel":
    with open(os.environ[{log!r}], "a") as stream:
        stream.write("build_wheel {{name}} {{version}}\\n".format(**SETTINGS))
if SETTINGS["fail_in"]:
    print(SETTINGS["output"], flush=True)
    sys.exit(1)
setup(**SETTINGS["setup"])
"""

_PYPROJECT = """\
[build-system]
requires = {requires}
build-backend = "{backend}"
"""


def source_files(
    name: str,
    version: str,
    *,
    backend: Backend = "in-tree",
    files: Mapping[str, Content] | None = None,
    requires: Iterable[str] = (),
    extras: Mapping[str, Iterable[str]] | None = None,
    requires_python: str | None = None,
    entry_points: Mapping[str, Iterable[str]] | None = None,
    tag: str = "py3-none-any",
    build_requires: Iterable[str] | None = None,
    dynamic_requires: Iterable[str] = (),
    imports: Iterable[str] = (),
    fail_in: Step | None = None,
    output: str = "the build says why it failed",
    metadata_version: str = "2.1",
    dynamic: Iterable[str] = (),
    pyproject: str | None = None,
    extra_files: Mapping[str, Content] | None = None,
) -> dict[str, Content]:
    """Return the files of a source tree by path; see ``make_sdist``."""
    packaged = dict(default_files(name, version) if files is None else files)
    requires = tuple(requires)
    settings: dict[str, object] = {"name": name, "version": version}
    settings |= {"fail_in": fail_in, "output": output, "imports": tuple(imports)}
    settings["dynamic_requires"] = tuple(dynamic_requires)
    tree: dict[str, Content] = {
        "PKG-INFO": metadata_text(
            name,
            version,
            requires=requires,
            extras=extras,
            requires_python=requires_python,
            metadata_version=metadata_version,
            dynamic=dynamic,
        )
    }
    if backend == "in-tree":
        info = f"{escaped(name)}-{version}.dist-info"
        settings |= {"dist_info": info, "filename": f"{escaped(name)}-{version}-{tag}.whl"}
        packaged[f"{info}/METADATA"] = metadata_text(
            name, version, requires=requires, extras=extras, requires_python=requires_python
        )
        packaged[f"{info}/WHEEL"] = wheel_text(tag, purelib=tag.endswith("-any"))
        if entry_points:
            packaged[f"{info}/entry_points.txt"] = entry_points_text(entry_points)
        tree |= {f"wheel/{path}": content for path, content in packaged.items()}
        tree["in_tree_backend.py"] = _IN_TREE.format(settings=json.dumps(settings), log=BUILD_LOG)
        requires_toml = json.dumps(list(build_requires or ()))
        tree["pyproject.toml"] = (
            _PYPROJECT.format(requires=requires_toml, backend="in_tree_backend")
            + 'backend-path = ["."]\n'
        )
    else:
        settings["setup"] = {
            "name": name,
            "version": version,
            **_setup_packages(packaged),
            "install_requires": requires,
            "extras_require": extras or {},
            "python_requires": requires_python,
            "entry_points": entry_points or {},
        }
        tree |= packaged
        tree["setup.py"] = _SETUP_PY.format(settings=json.dumps(settings), log=BUILD_LOG)
    if backend == "setuptools":
        wanted = ("setuptools", "wheel") if build_requires is None else build_requires
        tree["pyproject.toml"] = _PYPROJECT.format(
            requires=json.dumps(list(wanted)), backend="setuptools.build_meta"
        )
    if pyproject is not None:
        tree["pyproject.toml"] = pyproject
    return dict(sorted((tree | dict(extra_files or {})).items()))


def _setup_packages(packaged: Mapping[str, Content]) -> dict[str, list[str]]:
    """Return what ``setup()`` is told of packages and modules."""
    folders = {path.rpartition("/")[0].replace("/", ".") for path in packaged if "/" in path}
    modules = [path.removesuffix(".py") for path in packaged if "/" not in path]
    return {"packages": sorted(folders), "py_modules": modules}


def make_source_tree(directory: StrPath, name: str, version: str, **keywords: object) -> Path:
    """Write a source tree to ``directory/NAME`` and return its path; keywords as ``make_sdist``."""
    root = Path(directory, module_name(name))
    for path, content in source_files(name, version, **keywords).items():  # type: ignore[arg-type]
        write_file(root / path, encoded(content))
    return root


def make_sdist(
    directory: StrPath,
    name: str,
    version: str,
    *,
    archive: Literal["tar.gz", "zip"] = "tar.gz",
    filename: str | None = None,
    root: str | None = None,
    **keywords: object,
) -> Path:
    """Write an sdist into ``directory`` and return its path; the same arguments, the same bytes.

    ``backend``:
      - ``in-tree`` (the default): a PEP 517 backend of the standard library inside the sdist,
        ``requires = []``. ``build_requires`` and ``dynamic_requires`` ask for more, ``imports``
        are imported by every hook.
      - ``setuptools``: pyproject.toml with setuptools, a setup.py (see ``wheel_of_installed``).
      - ``legacy``: a setup.py and no pyproject.toml.

    ``files``, ``requires``, ``extras``, ``requires_python``, ``entry_points`` and ``tag`` say what
    the wheel will be, as in ``make_wheel``. ``fail_in`` names the hook that prints ``output`` and
    exits 1. PKG-INFO is static when ``metadata_version`` is 2.2 or more and ``dynamic`` empty.
    Every hook that runs is noted in the file that ``PIPWRAP_TEST_BUILD_LOG`` names (setup.py
    notes ``build_wheel`` only); see ``builds``. ``root`` is the archive's top folder;
    ``extra_files`` and ``pyproject`` have the last word.
    """
    top = root or f"{escaped(name)}-{version}"
    files = source_files(name, version, **keywords)  # type: ignore[arg-type]
    members = {f"{top}/{path}": content for path, content in files.items()}
    content = tar_gz_bytes(members) if archive == "tar.gz" else zip_bytes(members)
    proper = f"{escaped(name)}-{version}.{archive}"
    return write_file(os.path.join(directory, filename or proper), content)


def builds(log: StrPath, hook: Step = "build_wheel") -> list[str]:
    """Return ``NAME VERSION`` of every run of ``hook`` that the log tells, in order."""
    if not os.path.exists(log):
        return []
    lines = Path(log).read_text(encoding="utf-8").splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{hook} ")]
