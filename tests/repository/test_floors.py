"""Imports go down the floors only; imports in functions and for types count as well."""

from __future__ import annotations

import ast

import pytest

from support.sources import Import, Source, sources

FLOORS = {
    "pipwrap": 0,
    "pipwrap.errors": 0,
    "pipwrap.events": 0,
    "pipwrap.model": 0,
    "pipwrap.cache.satisfied": 0,
    "pipwrap.network.download": 1,  # works on any Transport, as do those beneath it
    "pipwrap.network.failures": 1,
    "pipwrap.network.origins": 1,
    "pipwrap.network.ranges": 1,
    "pipwrap.network.redirects": 1,
    "pipwrap.network.transport": 1,
    "pipwrap.cache.directives": 1,
    "pipwrap.cache.disk": 1,
    "pipwrap.cache.evidence": 1,
    "pipwrap.cache.keys": 1,
    "pipwrap.cache.layout": 1,
    "pipwrap.cache.policy": 1,
    "pipwrap.network": 2,
    "pipwrap.cache": 2,
    "pipwrap.index": 3,
    "pipwrap.artifacts": 3,
    "pipwrap.resolution": 4,
    "pipwrap.install": 4,
    "pipwrap.report": 5,
    "pipwrap.cli": 6,
    "pipwrap._entry": 7,
    "pipwrap.__main__": 7,
}
"""The longest name that fits decides; ``pipwrap`` stands for its ``__init__`` alone."""

BESIDE = {
    # The header fields of the port are values; RFC 9111 is about little else.
    ("pipwrap.cache.policy", "pipwrap.network.transport"),
}
"""Imports across packages of one floor, each with its reason."""

REPORT_READS = (
    "pipwrap.errors",
    "pipwrap.events",
    "pipwrap.model",
    "pipwrap.install.plan",
)

FAST_PATH = ("pipwrap", "pipwrap.cache", "pipwrap.cache.satisfied")
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


def floor_of(name: str) -> int | None:
    """Return the floor of a module, ``None`` when the table has none."""
    while name not in FLOORS:
        name = name.rpartition(".")[0]
        if name in {"pipwrap", ""}:
            return None
    return FLOORS[name]


def package_of(name: str) -> str:
    """Return the second name of a dotted one: what two modules must share to be neighbours."""
    return ".".join(name.split(".")[:2])


def ours(source: Source) -> list[Import]:
    """Return the imports of pipwrap's own modules."""
    return [one for one in source.imports() if one.module.split(".")[0] == "pipwrap"]


def broken(source: Source, target: Import) -> str | None:
    """Return what is wrong with one import and how to mend it."""
    here, there = floor_of(source.name), floor_of(target.module)
    if here is None or there is None:
        missing = source.name if here is None else target.module
        return f"{missing} has no floor: give it one in FLOORS (DESIGN, section 3)"
    same_package = package_of(source.name) == package_of(target.module)
    if there < here or (same_package and there == here):
        return None
    if (source.name, target.module) in BESIDE or here == 0 == there:
        return None
    if {source.name, target.module} == {"pipwrap.__main__", "pipwrap._entry"}:
        return None
    how = (
        f"imports {target.module} of floor {there}, and is itself on floor {here}. "
        "Declare a small Protocol beside the consumer and join the two in cli/wiring.py, or move "
        "the value that both need down into model/. A late import does not help."
    )
    return f"{source.at(target.line)}: {source.name} {how}"


@MODULES
def test_imports_go_down_the_floors_only(source: Source):
    assert [text for one in ours(source) if (text := broken(source, one))] == []


def test_the_report_reads_values_and_the_plan_only():
    wrong = [
        f"{source.at(one.line)}: report/ reads errors, events, model and install.plan; "
        f"what it needs of {one.module} belongs into an event"
        for source in sources()
        if source.is_below("pipwrap.report")
        for one in ours(source)
        if not any(
            one.module == prefix or one.module.startswith(f"{prefix}.")
            for prefix in (*REPORT_READS, "pipwrap.report")
        )
    ]
    assert wrong == []


def test_errors_import_nothing_of_ours():
    (errors,) = (source for source in sources() if source.name == "pipwrap.errors")
    assert ours(errors) == []


def test_the_process_starts_with_the_fast_path_alone():
    allowed = {"pipwrap", "pipwrap._entry", "pipwrap.cache.satisfied"}
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
        if floor_of(source.name) == 0
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


def test_every_floor_and_exception_is_of_a_module_by_its_right_name():
    named = {name for pair in BESIDE for name in pair}
    assert named <= {source.name for source in sources()}
    assert {name.split(".")[0] for name in FLOORS} == {"pipwrap"}
