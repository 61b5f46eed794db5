"""Concrete tools are made in the composition modules alone, and no command knows another."""

from __future__ import annotations

import ast

import pytest

from support.sources import Source, sources

COMPOSITION = (
    "pipwrap.operations.wiring",
    "pipwrap.operations.builders",
    "pipwrap.operations.network",
    "pipwrap.operations.cache_context",
)

TOOLS = {
    "Archives": "pipwrap.distribution",
    "BuildDispatch": "pipwrap.operations",
    "BuildHost": "pipwrap.cache",
    "BuiltWheelLookup": "pipwrap.distribution",
    "BuiltWheels": "pipwrap.cache",
    "Clones": "pipwrap.cache",
    "CredentialStore": "pipwrap.network",
    "EnvironmentPool": "pipwrap.build",
    "HookProcessPool": "pipwrap.build",
    "InstallSession": "pipwrap.operations",
    "LazyWheels": "pipwrap.distribution",
    "LinkCollector": "pipwrap.index",
    "MetadataCache": "pipwrap.cache",
    "Preparer": "pipwrap.distribution",
    "PreparerFactory": "pipwrap.operations",
    "Ranges": "pipwrap.network",
    "Repositories": "pipwrap.vcs",
    "ResponseCache": "pipwrap.cache",
    "Session": "pipwrap.network",
    "Unpackers": "pipwrap.cache",
    "WheelStore": "pipwrap.cache",
}
"""Class to the package that defines it, in which it may be made as well."""

COMMANDS = ("install", "download", "wheel", "uninstall", "cache", "shim", "shell_init")


def constructed(source: Source) -> list[tuple[str, int]]:
    """Return the tools that a module constructs, with lines."""
    calls = (node for node in ast.walk(source.tree) if isinstance(node, ast.Call))
    named = ((call, call.func) for call in calls)
    found = []
    for call, function in named:
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        if name in TOOLS:
            found.append((name, call.lineno))
    return found


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_tools_are_made_in_the_composition_modules(source: Source):
    wrong = [
        f"{source.at(line)}: {name} is made in {', '.join(COMPOSITION)}; take it as an argument"
        for name, line in constructed(source)
        if source.name not in COMPOSITION
        and (not source.is_below(TOOLS[name]) or TOOLS[name] == "pipwrap.operations")
    ]
    assert wrong == []


def test_every_tool_is_a_class_of_its_package_that_is_made_somewhere():
    defined = {
        node.name: source
        for source in sources()
        for node in source.tree.body
        if isinstance(node, ast.ClassDef)
    }
    made = {name for source in sources() for name, _ in constructed(source)}
    assert {name for name in TOOLS if not defined[name].is_below(TOOLS[name])} == set()
    assert set(TOOLS) == made


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_imports_another(command: str):
    (source,) = (one for one in sources() if one.name == f"pipwrap.cli.{command}")
    others = {f"pipwrap.cli.{other}" for other in COMMANDS if other != command}
    wrong = [
        f"{source.at(one.line)}: what {one.module} shares with it belongs into operations/"
        for one in source.imports()
        if one.module in others
    ]
    assert wrong == []
