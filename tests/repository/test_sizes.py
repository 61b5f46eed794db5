"""The tail stays short: the longest modules and functions are what makes code hard to change."""

from __future__ import annotations

import ast
import statistics

import pytest

from support.sources import PROJECT, Source, sources

MODULE_LINES = 400
FUNCTION_LINES = 60
MEDIAN_MODULE_LINES = 200
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


def test_the_median_module_is_a_few_screens():
    lengths = [source.text.count("\n") for source in sources() if source.text.count("\n") > 10]
    assert statistics.median(lengths) <= MEDIAN_MODULE_LINES


def test_the_readme_is_short_and_starts_with_the_two_commands():
    lines = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < README_LINES
    commands = [line.split()[0] for line in lines if line.startswith("    ")]
    assert commands[:2] == ["scripts/try", "scripts/test"]
    assert all((PROJECT / command).is_file() for command in commands[:2])
