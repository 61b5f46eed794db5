"""Imports go down the floors only; imports in functions and for types count as well."""

from __future__ import annotations

import ast

import pytest

from support.sources import Import, Source, sources

FLOORS = (
    ("errors",),
    ("events",),
    ("model",),
    ("network", "concurrency", "report"),
    ("cache",),
    ("index", "install", "vcs"),
    ("resolution", "build"),
    ("distribution", "options"),
    ("requirements", "interpreter"),
    ("operations",),
    ("cli",),
    ("_entry", "__main__"),
)
"""From the ground up; ``pipwrap`` itself, its version, lies below them all."""

HEIGHTS = {package: height for height, floor in enumerate(FLOORS) for package in floor}

FAST_PATH = ("pipwrap", "pipwrap.cache", "pipwrap.cache.noop")
"""Modules that run before anything is imported."""

FREE_AT_START = {"__future__", "sys", "os", "marshal", "posix", "nt", "_stat"}
"""What every interpreter has loaded before the first line of ours."""

FOREIGN = (
    "build",
    "installer",
    "nab_resolver",
    "pip",
    "pyproject_hooks",
    "rich",
    "truststore",
    "urllib3",
)

MODULES = pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)


def package_of(name: str) -> str:
    """Return the second name of a dotted one, nothing for ``pipwrap`` itself."""
    return name.partition(".")[2].partition(".")[0]


def ours(source: Source) -> list[Import]:
    """Return the imports of pipwrap's own modules."""
    return [one for one in source.imports() if one.module.split(".")[0] == "pipwrap"]


def broken(source: Source, target: Import) -> str | None:
    """Return what is wrong with one import and how to mend it."""
    here, there = package_of(source.name), package_of(target.module)
    if not there or here == there or {here, there} == set(FLOORS[-1]):
        return None
    for package in (here, there):
        if package not in HEIGHTS:
            return f"{package} has no floor: give it one in FLOORS (docs/architecture.md)"
    if HEIGHTS[there] < HEIGHTS[here]:
        return None
    how = (
        f"imports {target.module}, whose package is not below its own. "
        "Declare a small Protocol beside the consumer and join the two in operations/wiring.py, or "
        "move the value that both need down into model/. A late import does not help."
    )
    return f"{source.at(target.line)}: {source.name} {how}"


@MODULES
def test_imports_go_down_the_floors_only(source: Source):
    assert [text for one in ours(source) if (text := broken(source, one))] == []


def test_errors_import_nothing_of_ours():
    (errors,) = (source for source in sources() if source.name == "pipwrap.errors")
    assert ours(errors) == []


def test_the_process_starts_with_the_fast_path_alone():
    allowed = {"pipwrap", "pipwrap._entry", "pipwrap.cache.noop"}
    wrong = [
        f"{source.at(one.line)}: import {one.module} inside the function that needs it"
        for source in sources()
        if source.is_below("pipwrap._entry", "pipwrap.__main__")
        for one in source.imports()
        if one.at_start and one.module not in allowed | FREE_AT_START
    ]
    wrong += [
        f"{source.at(one.line)}: {source.name} runs on every start and must not import {one.module}"
        for source in sources()
        if source.name in FAST_PATH
        for one in source.imports()
        if one.at_start and one.module not in FREE_AT_START
    ]
    assert wrong == []


def test_values_need_the_standard_library_and_packaging_only():
    wrong = [
        f"{source.at(one.line)}: {one.module} does not belong on the ground floor"
        for source in sources()
        if HEIGHTS.get(package_of(source.name), 0) <= HEIGHTS["model"]
        for one in source.imports()
        if one.module.split(".")[0] in FOREIGN
    ]
    assert wrong == []


CODE = """
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pipwrap.cli import wiring


def late():
    try:
        from pipwrap.index import simple
    except ImportError:
        __import__("pipwrap.report.console")
"""


def test_the_walk_sees_imports_in_functions_for_types_and_by_name():
    source = Source("pipwrap.model.link", "link.py", CODE, ast.parse(CODE))
    messages = [broken(source, one) for one in source.imports()]
    assert [one.module.split(".")[1] for one in source.imports()] == ["cli", "index", "report"]
    assert not any(one.at_start for one in source.imports())
    assert all(message and "Protocol" in message for message in messages)


def test_every_package_has_a_floor_and_every_floor_its_packages():
    assert {package_of(source.name) for source in sources()} - {""} == set(HEIGHTS)
