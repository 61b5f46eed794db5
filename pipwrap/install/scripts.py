"""Entry points, the scripts that call them, and whether a shell will find those (pure)."""

from __future__ import annotations

import functools
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipwrap.errors import InvalidDistribution
from pipwrap.values import frozen

_REFERENCE = re.compile(r"(?P<module>[\w.]+)\s*:\s*(?P<attribute>[\w.]+)\s*(\[.*\])?\s*$")
"""Entry points specification, use for scripts."""
_VERSIONED = {
    "pip": (re.compile(r"pip(\d+(\.\d+)?)?$"), ("pip", "pip{major}", "pip{major}.{minor}")),
    "easy_install": (
        re.compile(r"easy_install(-\d+\.\d+)?$"),
        ("easy_install", "easy_install-{major}.{minor}"),
    ),
}
"""pip names its own and setuptools' scripts after the Python that they are installed for."""
_TEMPLATE = """\
import sys
from {module} import {name}
if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.exe')
    sys.exit({attribute}())
"""
"""As pip's; ``re`` would cost every start of every script."""
_TEMPLATE_3_8 = """\
import re
import sys
from {module} import {name}
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit({attribute}())
"""
"""As of the last pip for a Python whose texts have no ``removesuffix``."""


@frozen
class EntryPoints:
    """The scripts that a distribution asks for: (name, ``module:attribute``)."""

    console: tuple[tuple[str, str], ...] = ()
    gui: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all scripts."""
        return frozenset(name for name, _ in self.console + self.gui)

    def as_text(self) -> str:
        """Return them as entry_points.txt, without what only confuses a parser."""
        lines = ["[console_scripts]", *(f"{name} = {value}" for name, value in self.console)]
        lines += ["[gui_scripts]", *(f"{name} = {value}" for name, value in self.gui)]
        return "\n".join(lines) + "\n"


def parse_entry_points(text: str) -> EntryPoints:
    """Return the scripts in entry_points.txt, not judged; of two of one name the last counts."""
    groups: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = groups.setdefault(line.strip("[]").strip(), {})
        elif line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            section[name.strip()] = value.strip()
    return EntryPoints(
        tuple(groups.get("console_scripts", {}).items()),
        tuple(groups.get("gui_scripts", {}).items()),
    )


def versioned(entry_points: EntryPoints, python_version: tuple[int, ...]) -> EntryPoints:
    """Return the same with pip's and setuptools' own scripts named after this Python."""
    console = dict(entry_points.console)
    named: dict[str, str] = {}
    for name, (pattern, templates) in _VERSIONED.items():
        value = console.pop(name, None)
        if value is None:
            continue
        console = {key: held for key, held in console.items() if not pattern.match(key)}
        for template in templates:
            named[template.format(major=python_version[0], minor=python_version[1])] = value
    return EntryPoints(tuple((named | console).items()), entry_points.gui)


def check_entry_points(entry_points: EntryPoints, directory: str) -> None:
    """Refuse scripts without a callable, and names that leave the scripts directory."""
    for name, value in entry_points.console + entry_points.gui:
        if not _REFERENCE.match(value):
            raise InvalidDistribution(
                f"Invalid script entry point: {name} = {value} - A callable suffix is required."
                " See https://packaging.python.org/specifications/entry-points/#use-for-scripts"
                " for more information."
            )
        path = os.path.abspath(os.path.join(directory, name))
        if not path.startswith(os.path.abspath(directory).rstrip(os.sep) + os.sep):
            raise InvalidDistribution(
                f"Invalid script entry point name {name!r}: the script would be installed"
                f" outside the scripts directory ({directory})."
            )


def script_text(
    shebang: bytes, module: str, attribute: str, python_version: Sequence[int]
) -> bytes:
    """Return a script that calls ``module:attribute``, byte for byte as the target's pip's."""
    template = _TEMPLATE if tuple(python_version[:2]) >= (3, 9) else _TEMPLATE_3_8
    name = attribute.partition(".")[0]
    return shebang + template.format(module=module, name=name, attribute=attribute).encode()


def shebang(executable: str, *, is_script: bool = False, limit: int = 127) -> bytes:
    """Return the first line, or lines, of a script for an interpreter.

    An interpreter that is itself a script, or whose path has a space or is too long for the
    kernel, is run through ``/bin/sh`` by lines that Python reads as a string.
    """
    if not is_script and " " not in executable and len(os.fsencode(executable)) + 3 <= limit:
        return b"#!" + os.fsencode(executable) + b"\n"
    quoted = executable
    if any(mark in executable for mark in "\"'`$\\"):
        quoted = shlex.quote(executable)
    elif " " in executable:
        quoted = f'"{executable}"'
    return b"#!/bin/sh\n'''exec' " + os.fsencode(quoted) + b" \"$0\" \"$@\"\n' '''\n"


def location_warnings(
    installed: Iterable[Iterable[str]], executable: str, search_path: str
) -> Iterator[str]:
    """Yield pip's warnings about scripts that ``PATH`` does not reach, by distribution."""
    entries = search_path.split(os.pathsep)
    real = functools.cache(os.path.realpath)
    reached = {real(entry) for entry in (*entries, os.path.dirname(executable))}
    for scripts in installed:
        missed: dict[str, set[str]] = {}
        for script in scripts:
            directory = real(os.path.dirname(script))
            if directory not in reached:
                missed.setdefault(directory, set()).add(os.path.basename(script))
        if missed:
            yield _location_warning(missed, entries)


def _location_warning(missed: Mapping[str, set[str]], entries: list[str]) -> str:
    lines = [
        f"The {_listed(sorted(names))} installed in {directory!r} which is not on PATH."
        for directory, names in missed.items()
    ]
    places = "this directory" if len(missed) == 1 else "these directories"
    lines.append(
        f"Consider adding {places} to PATH or, if you prefer to suppress this warning,"
        " use --no-warn-script-location."
    )
    if any(entry.startswith("~") for entry in entries):
        lines.append(
            "NOTE: The current PATH contains path(s) starting with `~`,"
            " which may not be expanded by all applications."
        )
    return "\n".join(lines)


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"script {names[0]} is"
    return f"scripts {', '.join(names[:-1])} and {names[-1]} are"
