"""The project's source as syntax trees, for the tests of the repository."""

from __future__ import annotations

import ast
import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Import:
    """One imported module, wherever the statement stands (functions, TYPE_CHECKING)."""

    module: str
    line: int
    at_start: bool
    """It runs when the module is imported: neither in a function nor under TYPE_CHECKING."""


@dataclass(frozen=True)
class Source:
    """One module."""

    name: str
    path: str
    """Relative to the project."""
    text: str
    tree: ast.Module

    def at(self, line: int) -> str:
        """Return ``path:line``."""
        return f"{self.path}:{line}"

    def is_below(self, *prefixes: str) -> bool:
        """Tell whether this is one of the modules or packages, or inside one."""
        return any(self.name == one or self.name.startswith(f"{one}.") for one in prefixes)

    def imports(self) -> list[Import]:
        """Return every import; ``from package import module`` names the module."""
        return list(_imports(self.tree.body, at_start=True))


@functools.cache
def sources(directory: str = "pipwrap") -> tuple[Source, ...]:
    """Return all modules of pipwrap, or of another directory of the project, by name."""
    found = []
    for path in sorted((PROJECT / directory).rglob("*.py")):
        relative = path.relative_to(PROJECT)
        text = path.read_text(encoding="utf-8")
        found.append(Source(_dotted(relative), relative.as_posix(), text, ast.parse(text)))
    return tuple(found)


def _dotted(relative: Path) -> str:
    """Return the module name of a file."""
    parts = relative.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_module(name: str) -> bool:
    """Tell whether a dotted name below pipwrap is a module or a package."""
    path = PROJECT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or os.path.isfile(path / "__init__.py")


def _imports(statements: list[ast.stmt], *, at_start: bool) -> Iterator[Import]:
    """Yield the imports of a block and of all blocks inside."""
    for statement in statements:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield Import(alias.name, statement.lineno, at_start)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, "pipwrap imports by absolute names"
            for alias in statement.names:
                inside = f"{statement.module}.{alias.name}"
                ours = inside.startswith("pipwrap.") and _is_module(inside)
                yield Import(inside if ours else str(statement.module), statement.lineno, at_start)
        else:
            yield from _nested_imports(statement, at_start=at_start)


def _nested_imports(statement: ast.stmt, *, at_start: bool) -> Iterator[Import]:
    """Yield the imports inside one statement, those by a call with a literal name too."""
    runs = at_start and not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
    if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
        runs = False
    for _, value in ast.iter_fields(statement):
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.stmt):
                yield from _imports([node], at_start=runs)
            elif isinstance(node, ast.ExceptHandler | ast.match_case):
                yield from _imports(node.body, at_start=runs)
            elif isinstance(node, ast.AST):
                yield from (Import(name, node.lineno, runs) for name, node in _called(node))


def _called(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield what ``import_module("x")`` and ``__import__("x")`` name."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
            function = call.func
            name = function.attr if isinstance(function, ast.Attribute) else None
            name = function.id if isinstance(function, ast.Name) else name
            if name in {"import_module", "__import__"}:
                yield str(call.args[0].value), call
