"""The modules that think open nothing, print nothing, and read no clock and no environ."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from support.sources import Source, sources

PURE = (
    "pipwrap.build.advice",
    "pipwrap.build.build_system",
    "pipwrap.build.inputs",
    "pipwrap.build.observation",
    "pipwrap.build.toolchain",
    "pipwrap.build.variables",
    "pipwrap.build.sought",
    "pipwrap.build.system_packages",
    "pipwrap.model",
    "pipwrap.cache.http.cache_control",
    "pipwrap.cache.elf",
    "pipwrap.cache.evidence",
    "pipwrap.cache.instruction_sets",
    "pipwrap.cache.keys",
    "pipwrap.cache.layout",
    "pipwrap.cache.native_needs",
    "pipwrap.cache.records",
    "pipwrap.cache.http.policy",
    "pipwrap.operations.plan",
    "pipwrap.options.option",
    "pipwrap.options.parser",
    "pipwrap.options.table",
    "pipwrap.options.values",
    "pipwrap.index.anchors",
    "pipwrap.index.selection",
    "pipwrap.index.page_types",
    "pipwrap.index.simple",
    "pipwrap.install.conflicts",
    "pipwrap.install.plan",
    "pipwrap.report.installation_report",
    "pipwrap.report.summary",
    "pipwrap.requirements.file_grammar",
    "pipwrap.resolution.active_specifiers",
    "pipwrap.resolution.admission",
    "pipwrap.resolution.causes",
    "pipwrap.resolution.choice",
    "pipwrap.resolution.conflicts",
    "pipwrap.resolution.constraints",
    "pipwrap.resolution.dependencies",
    "pipwrap.resolution.explain",
    "pipwrap.resolution.outcome",
    "pipwrap.resolution.package_priority",
    "pipwrap.resolution.packages",
    "pipwrap.resolution.preferences",
    "pipwrap.resolution.provider",
    "pipwrap.resolution.ranges",
    "pipwrap.resolution.requirement_record",
    "pipwrap.resolution.restart",
    "pipwrap.resolution.version_map",
)

IMPURE_MODULES = frozenset(
    [
        "asyncio",
        "concurrent",
        "ctypes",
        "fcntl",
        "getpass",
        "glob",
        "http",
        "importlib",
        "io",
        "locale",
        "logging",
        "msvcrt",
        "multiprocessing",
        "pathlib",
        "platform",
        "random",
        "secrets",
        "select",
        "shutil",
        "signal",
        "site",
        "socket",
        "ssl",
        "subprocess",
        "sys",
        "sysconfig",
        "tarfile",
        "tempfile",
        "threading",
        "time",
        "uuid",
        "zipfile",
    ]
)
IMPURE_CALLS = frozenset({"open", "print", "input", "eval", "exec", "compile", "breakpoint"})
CLOCKS = frozenset({"now", "utcnow", "today", "fromtimestamp"})

PURE_OF_OS = frozenset(
    [
        "os.path",
        "os.sep",
        "os.altsep",
        "os.pathsep",
        "os.fsdecode",
        "os.fsencode",
        "os.fspath",
        "os.PathLike",
        "os.path.basename",
        "os.path.commonpath",
        "os.path.dirname",
        "os.path.isabs",
        "os.path.join",
        "os.path.normcase",
        "os.path.normpath",
        "os.path.sep",
        "os.path.splitdrive",
        "os.path.split",
        "os.path.splitext",
    ]
)
"""Of ``os`` only what computes on strings."""


def impurities(source: Source) -> Iterator[str]:
    """Yield what a pure module must not do, with its place."""
    for one in source.imports():
        first = one.module.split(".")[0]
        if first in IMPURE_MODULES or one.module == "urllib.request":
            yield f"{source.at(one.line)}: imports {one.module}"
        if one.module == "os.path":
            yield f"{source.at(one.line)}: say os.path.NAME, so that this test sees the name"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in IMPURE_CALLS:
            yield f"{source.at(node.lineno)}: calls {ast.unparse(node.func)}()"
        elif isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            if text.startswith("os.") and text not in PURE_OF_OS:
                yield f"{source.at(node.lineno)}: uses {text}"
            if node.attr in CLOCKS and ast.unparse(node.value).endswith(("datetime", "date")):
                yield f"{source.at(node.lineno)}: reads the clock with {text}"


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)
def test_a_module_says_that_it_is_pure_if_and_only_if_it_is_listed(source: Source):
    first = (ast.get_docstring(source.tree) or "").partition("\n")[0]
    says = re.search(r"\bpure\b", first, re.IGNORECASE) is not None
    assert says == source.is_below(*PURE), "PURE and the first line of the docstring differ"


@pytest.mark.parametrize(
    "source",
    [source for source in sources() if source.is_below(*PURE)],
    ids=lambda source: source.name,
)
def test_pure_modules_touch_nothing(source: Source):
    advice = "take the bytes, the value or `now` as an argument; let an edge get it"
    assert [f"{text}: {advice}" for text in impurities(source)] == []


@pytest.mark.parametrize(
    "code",
    [
        "import time",
        "def f():\n    import socket",
        "open('x')",
        "import os\nos.environ['x']",
        "import os\nos.path.exists('x')",
        "from os.path import exists",
        "import datetime\ndatetime.datetime.now()",
    ],
)
def test_an_impurity_is_seen(code: str):
    assert list(impurities(Source("pipwrap.model.x", "x.py", code, ast.parse(code)))) != []
