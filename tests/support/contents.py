"""The texts inside distributions: METADATA, WHEEL, RECORD, entry_points.txt."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping

from support.archives import Content, encoded


def module_name(name: str) -> str:
    """Return the import name that a made distribution gets: ``My-Demo.x`` is ``my_demo_x``."""
    return re.sub(r"[-_.]+", "_", name).lower()


def escaped(name: str) -> str:
    """Return a project name as a wheel's or sdist's file name spells it."""
    return re.sub(r"[-_.]+", "_", name)


def metadata_text(
    name: str,
    version: str,
    *,
    requires: Iterable[str] = (),
    extras: Mapping[str, Iterable[str]] | None = None,
    requires_python: str | None = None,
    metadata_version: str = "2.1",
    dynamic: Iterable[str] = (),
) -> str:
    """Return METADATA (or PKG-INFO); ``extras`` maps an extra to its further requirements."""
    lines = [f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}"]
    lines += [f"Summary: {name} for a test"]
    lines += [f"Dynamic: {field}" for field in dynamic]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    for extra, further in (extras or {}).items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {_only_with(extra, requirement)}" for requirement in further]
    return "\n".join(lines) + "\n"


def _only_with(extra: str, requirement: str) -> str:
    """Return the requirement with ``extra == ...`` added to its marker."""
    text, _, marker = requirement.partition(";")
    condition = f"({marker.strip()}) and " if marker else ""
    return f'{text.strip()} ; {condition}extra == "{extra}"'


def wheel_text(tag: str, *, purelib: bool = True, build: str | None = None) -> str:
    """Return WHEEL for a compressed tag such as ``py2.py3-none-any``."""
    python, abi, platform = tag.split("-")
    tags = [
        f"Tag: {one}-{two}-{three}"
        for one in python.split(".")
        for two in abi.split(".")
        for three in platform.split(".")
    ]
    lines = ["Wheel-Version: 1.0", "Generator: pipwrap-tests (1.0)"]
    lines += [f"Root-Is-Purelib: {str(purelib).lower()}", *tags]
    lines += [f"Build: {build}"] if build else []
    return "\n".join(lines) + "\n"


def entry_points_text(entry_points: Mapping[str, Iterable[str]]) -> str:
    """Return entry_points.txt for ``{"console_scripts": ["demo = demo:main"]}``."""
    groups = (f"[{group}]\n" + "\n".join(lines) + "\n" for group, lines in entry_points.items())
    return "\n".join(groups)


def default_files(name: str, version: str) -> dict[str, Content]:
    """Return a package of one module that knows its version and has a ``main``."""
    return {
        f"{module_name(name)}/__init__.py": (
            f'__version__ = "{version}"\n\n\ndef main():\n    print("{name} {version}")\n'
        )
    }


def record_text(
    members: Mapping[str, Content], own: str, rows: Mapping[str, tuple[str, str]] | None = None
) -> str:
    """Return RECORD for ``members``; ``rows`` replaces (hash, size) of some paths by a lie."""
    lines = []
    for path, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(encoded(content)).digest())
        true = f"sha256={digest.decode().rstrip('=')}", str(len(encoded(content)))
        lines.append(",".join((path, *(rows or {}).get(path, true))))
    return "\n".join([*lines, f"{own},,"]) + "\n"
