"""Each heavy library has one door; output and exit statuses have one place."""

from __future__ import annotations

import ast

import pytest

from pipwrap import errors
from support.sources import sources

DOORS = {
    "build": "pipwrap.build",
    "installer": "pipwrap.install",
    "pip": "pipwrap.operations",
    "pyproject_hooks": "pipwrap.build",
    "truststore": "pipwrap.network",
    "urllib3": "pipwrap.network",
}
"""Library to the package in which exactly one module may import it."""

ROOMS = {
    "nab_resolver": "pipwrap.resolution",  # its types are the resolution's own vocabulary
    "rich": "pipwrap.report",
}
"""Library to the package whose modules may import it."""

NEVER = ("requests", "resolvelib", "argparse", "optparse", "pkg_resources")
"""The command line is a table of ours."""

WRITERS = (
    "pipwrap.report.console",
    "pipwrap._entry",
    "pipwrap.__main__",
    "pipwrap.build.host",
    "pipwrap.interpreter.probe",
    "pipwrap.install.finders",
)
"""Other interpreters run the host of hooks, the probe and the list of finders as programs."""

EXIT_STATUSES = {
    "UsageError": 2,
    "ConfigurationError": 3,
    "VirtualEnvironmentRequired": 3,
}
"""As pip's; every other error ends with 1."""


def importers(library: str) -> dict[str, str]:
    """Return the modules that import a library, each with a place."""
    return {
        source.name: source.at(one.line)
        for source in sources()
        for one in source.imports()
        if one.module.split(".")[0] == library
    }


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str):
    found = importers(library)
    assert len(found) <= 1, f"{library} has more doors than one, pass on its work: {found}"


@pytest.mark.parametrize("library", [*DOORS, *ROOMS])
def test_a_library_stays_in_its_package(library: str):
    home = {**DOORS, **ROOMS}[library]
    strangers = {
        name: place
        for name, place in importers(library).items()
        if not f"{name}.".startswith(f"{home}.")
    }
    assert strangers == {}, f"{library} belongs to {home}"


@pytest.mark.parametrize("library", NEVER)
def test_some_libraries_are_never_imported(library: str):
    assert importers(library) == {}


def test_only_the_console_writes():
    wrong = []
    for source in sources():
        if source.name in WRITERS:
            continue
        for node in ast.walk(source.tree):
            printing = isinstance(node, ast.Call) and ast.unparse(node.func) == "print"
            stream = isinstance(node, ast.Attribute) and ast.unparse(node) in {
                "sys.stdout",
                "sys.stderr",
                "sys.__stdout__",
                "sys.__stderr__",
            }
            if printing or stream:
                wrong.append(
                    f"{source.at(node.lineno)}: {ast.unparse(node)[:60]}: tell the listener an "
                    "event; report/console.py is the only writer"
                )
    assert wrong == []


def all_errors(root: type[Exception] = errors.PipwrapError) -> list[type[Exception]]:
    """Return the error classes, the root included."""
    return [root, *(found for one in root.__subclasses__() for found in all_errors(one))]


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_errors_end_with_the_exit_status_of_pip(error: type[errors.PipwrapError]):
    assert error.exit_status == EXIT_STATUSES.get(error.__name__, 1)


def test_every_error_class_is_defined_in_one_module():
    assert {error.__module__ for error in all_errors()} == {"pipwrap.errors"}
