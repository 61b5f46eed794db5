"""One word for one thing (docs/glossary.md): a public class name has one owner, and retired words stay away."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

import pytest

from support.sources import PROJECT, Source, sources

GLOSSARY = PROJECT / "docs" / "glossary.md"
EVERYTHING = (*sources(), *sources("tests"), *sources("scripts"))


def classes(source: Source) -> list[ast.ClassDef]:
    """Return the classes that a module defines at its top level."""
    return [node for node in source.tree.body if isinstance(node, ast.ClassDef)]


def retired() -> frozenset[str]:
    """Return the words of the first column of the glossary's second table."""
    table = GLOSSARY.read_text(encoding="utf-8").partition("## Retired words")[2]
    rows = re.findall(r"^\| (.+?) \|", table, re.MULTILINE)
    return frozenset(word for row in rows[2:] for word in re.findall(r"`([a-z]+)`", row))


def test_a_public_class_name_has_one_owner():
    owners = defaultdict(list)
    for source in sources():
        for one in classes(source):
            if not one.name.startswith("_"):
                owners[one.name].append(source.at(one.lineno))
    assert {name: places for name, places in owners.items() if len(places) > 1} == {}


def test_the_glossary_names_retired_words():
    assert len(retired()) > 20


@pytest.mark.parametrize("source", EVERYTHING, ids=lambda source: source.name)
def test_retired_words_name_nothing(source: Source):
    words = retired()
    wrong = [
        f"{source.at(line)}: {name} has a retired word, see docs/glossary.md"
        for name, line in names(source)
        if words & {part.lower() for part in re.findall(r"[A-Z]?[a-z]+", name)}
    ]
    assert wrong == []


def names(source: Source) -> list[tuple[str, int]]:
    """Return what a module names, with lines: modules, classes, functions, arguments, variables."""
    found = [(source.name.rpartition(".")[2], 1)]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.append((node.name, node.lineno))
        elif isinstance(node, ast.arg):
            found.append((node.arg, node.lineno))
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.append((node.id if isinstance(node, ast.Name) else node.attr, node.lineno))
    return found
