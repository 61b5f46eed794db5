"""The tail stays short: the longest modules and functions are what makes code hard to change."""

from __future__ import annotations

import ast
import statistics

import pytest

from support.sources import PROJECT, Source, sources

MODULE_LINES = 400
FUNCTION_LINES = 60
CLASS_METHODS = 15
CLASS_ATTRIBUTES = 10
ARGUMENTS = 6
MEDIAN_MODULE_LINES = 150
README_LINES = 120


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_modules_and_functions_are_short(source: Source):
    lines = source.text.count("\n")
    assert lines <= MODULE_LINES, f"{source.path} has {lines} lines: which noun can leave it?"
    functions = (
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    lengths = {source.at(one.lineno): (one.end_lineno or 0) - one.lineno + 1 for one in functions}
    long = {place: length for place, length in lengths.items() if length > FUNCTION_LINES}
    assert long == {}, "a long function is a list of stages with names"


def attributes(node: ast.ClassDef) -> set[str]:
    """Return what a class's methods set on ``self``, and the fields that it declares."""
    declared = {
        statement.target.id
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
    return declared | {
        one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute)
        and isinstance(one.ctx, ast.Store)
        and isinstance(one.value, ast.Name)
        and one.value.id == "self"
    }


def is_value(node: ast.ClassDef) -> bool:
    """Tell a frozen value: its fields are a record, which may be long."""
    return any(keyword.arg == "frozen" for keyword in node.keywords)


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_classes_are_about_one_thing(source: Source):
    wrong = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
            if len(methods) > CLASS_METHODS:
                wrong.append(f"{source.at(node.lineno)}: {node.name} has {len(methods)} methods")
            held = attributes(node)
            if len(held) > CLASS_ATTRIBUTES and not is_value(node):
                wrong.append(f"{source.at(node.lineno)}: {node.name} has {len(held)} attributes")
    assert wrong == [], "which noun can leave it?"


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_callables_take_few_arguments(source: Source):
    wrong = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            count = len([one for one in given if one.arg not in {"self", "cls"}])
            if count > ARGUMENTS:
                wrong.append(f"{source.at(node.lineno)}: {node.name} takes {count}")
    assert wrong == [], "what belongs together is a value"


def test_the_median_module_is_a_few_screens():
    lengths = [source.text.count("\n") for source in sources() if source.text.count("\n") > 10]
    assert statistics.median(lengths) <= MEDIAN_MODULE_LINES


def test_the_readme_is_short_and_starts_with_the_two_commands():
    lines = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < README_LINES
    commands = [line.split()[0] for line in lines if line.startswith("    ")]
    assert commands[:2] == ["scripts/try", "scripts/test"]
    assert all((PROJECT / command).is_file() for command in commands[:2])
