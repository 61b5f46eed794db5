"""Entry points, the scripts that call them, and whether a shell will find those."""

from __future__ import annotations

import functools
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from pipwrap.errors import InvalidDistribution

_SPECIFICATION = re.compile(
    r"(?P<name>[^\[]\S*)\s*=\s*(?P<object>\w+(?:[:.]\w+)*)"
    r"\s*(?P<extras>\[\s*[\w-]+(?:=\w+)?(?:,\s*\w+(?:=\w+)?)*\s*\])?"
)
"""What pip (distlib) finds in ``name = value``: the last word of the name, and no tail."""
_SPECIFICATION_AT_SPACE = re.compile(rf"(?:(?<!\s)(?=\s)|(?=\s\S)){_SPECIFICATION.pattern}")
"""The same where it can only begin after the first word: in linear time."""
_VERSIONED = {
    "pip": (re.compile(r"pip(\d+(\.\d+)?)?$"), ("pip", "pip{major}", "pip{major}.{minor}")),
    "easy_install": (
        re.compile(r"easy_install(-\d+\.\d+)?$"),
        ("easy_install", "easy_install-{major}.{minor}"),
    ),
}
"""pip names its own and setuptools' scripts after the Python that they are installed for."""
_SEE = (
    "See https://packaging.python.org/specifications/entry-points/#use-for-scripts"
    " for more information."
)
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


class EntryPoints(Struct, frozen=True):
    """The scripts that a distribution declares: (name, ``module:attribute``)."""

    console: tuple[tuple[str, str], ...] = ()
    gui: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all scripts."""
        return frozenset(name for name, _ in self.console + self.gui)


class Script(Struct, frozen=True):
    """A script that calls an object of a module."""

    name: str
    """Its path below the directory of scripts."""
    module: str
    attribute: str
    is_console: bool


def parse_entry_points(text: str) -> EntryPoints:
    """Return the scripts in entry_points.txt, not judged; of two of one name the last counts.

    As importlib.metadata reads it: a comment is a line of its own that begins with ``#``.
    """
    groups: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = groups.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, _, value = line.partition("=")
            section[name.strip()] = value.strip()
    return EntryPoints(
        tuple(groups.get("console_scripts", {}).items()),
        tuple(groups.get("gui_scripts", {}).items()),
    )


def find_scripts(
    entry_points: EntryPoints, python_version: tuple[int, ...], directory: str
) -> tuple[Script, ...]:
    """Return the scripts to be made in a directory, in pip's order: of one name the last counts.

    ``InvalidDistribution`` for those that cannot be.
    """
    console = _versioned(dict(entry_points.console), python_version)
    found = [_script(*each, directory, is_console=True) for each in console.items()]
    found += [_script(*each, directory, is_console=False) for each in entry_points.gui]
    return tuple(found)


def _versioned(console: dict[str, str], python_version: tuple[int, ...]) -> dict[str, str]:
    """Return the same with pip's and setuptools' own scripts named after this Python."""
    named: dict[str, str] = {}
    for name, (pattern, templates) in _VERSIONED.items():
        value = console.pop(name, None)
        if not value:
            continue
        console = {key: reference for key, reference in console.items() if not pattern.match(key)}
        for template in templates:
            named[template.format(major=python_version[0], minor=python_version[1])] = value
    return named | console


def _script(name: str, value: str, directory: str, *, is_console: bool) -> Script:
    """Return what pip makes of an entry point; refuse what names no callable, or leaves."""
    specification = f"{name} = {value}"
    start = len(specification) - len(specification.lstrip("["))
    found = _SPECIFICATION.match(specification, start) or _SPECIFICATION_AT_SPACE.search(
        specification, start
    )
    is_bracketed = "[" in specification or "]" in specification
    if (
        found is None
        or (is_bracketed and not found["extras"])
        or found["object"].count(":") > 1
        or "\0" in specification
    ):
        raise InvalidDistribution(
            f"Invalid script entry point: {specification!r} - It should be NAME = MODULE:OBJECT."
            f" {_SEE}"
        )
    module, colon, attribute = found["object"].partition(":")
    if not colon:
        extras = [each.strip() for each in (found["extras"] or "").strip("[]").split(",") if each]
        raise InvalidDistribution(
            f"Invalid script entry point: <ExportEntry {found['name']} = {module}:None {extras}>"
            f" - A callable suffix is required. {_SEE}"
        )
    path = os.path.abspath(os.path.join(directory, found["name"]))
    home = os.path.abspath(directory).rstrip(os.sep) + os.sep
    if not path.startswith(home):
        raise InvalidDistribution(
            f"Invalid script entry point name {found['name']!r}: the script would be installed"
            f" outside the scripts directory ({directory})."
        )
    return Script(path.removeprefix(home), module, attribute, is_console)


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
