"""What decides which bytecode Python's compiler makes, and where it is.

pip compiles in a process of the target, so what its Python honours has effect:

    PYTHONOPTIMIZE, -O         without asserts or docstrings, in MODULE.TAG.opt-N.pyc (PEP 488)
    SOURCE_DATE_EPOCH          the source's hash instead of its time (py_compile, PEP 552)
    PYTHONNODEBUGRANGES        without columns (PEP 657)
    PYTHONPYCACHEPREFIX        in a tree of its own

All but the last are in the name under which compiled wheels are stored. PYTHONDONTWRITEBYTECODE
and --check-hash-based-pycs only concern imports.
"""

from __future__ import annotations

import _imp
import os
import sys
from collections.abc import Mapping

from msgspec import Struct

from pipwrap.model.environment import Environment

_NO_RANGES = "no_debug_ranges"
_RANGES_SINCE = (3, 11)
_HASH_SINCE = (3, 11)
_MOST = 2
"""Higher levels of optimization have other names, and the same code."""


class BytecodeSettings(Struct, frozen=True):
    """The settings of one command; the default is what Python does without any variable."""

    optimization: int = 0
    is_hashed: bool = False
    has_ranges: bool = True
    prefix: str | None = None
    """The directory below which bytecode is, absolute; ``None`` for beside the modules."""

    @property
    def flags(self) -> tuple[str, ...]:
        """Return what makes an isolated Python compile so."""
        optimized = ("-" + "O" * min(self.optimization, _MOST),) if self.optimization else ()
        return optimized if self.has_ranges else (*optimized, "-X", _NO_RANGES)

    def cached_name(self, name: str, cache_tag: str) -> str:
        """Return the name of the bytecode of a module's file (PEP 3147, PEP 488)."""
        optimized = f".opt-{self.optimization}" if self.optimization else ""
        return f"{name.removesuffix('.py')}.{cache_tag}{optimized}.pyc"

    def cached_path(self, path: str, cache_tag: str) -> str:
        """Return where the bytecode of a module is stored or installed, beside the module."""
        directory, name = os.path.split(path)
        return os.path.join(directory, "__pycache__", self.cached_name(name, cache_tag))

    def directory(self, directory: str) -> str:
        """Return where the bytecode of the modules of a directory is installed."""
        if self.prefix is None:
            return f"{directory}/__pycache__"
        return os.path.join(self.prefix, os.path.splitdrive(directory)[1].lstrip(os.sep))


def bytecode_tag(environment: Environment, settings: BytecodeSettings) -> str:
    """Return the name for bytecode that this interpreter loads and these settings make."""
    words = [environment.bytecode.cache_tag, environment.bytecode.magic_number]
    if settings.optimization:
        words.append(f"opt{settings.optimization}")
    if settings.is_hashed:
        words.append("hash")
    if not settings.has_ranges:
        words.append("noranges")
    return "-".join(words)


def source_stamp(
    settings: BytecodeSettings,
    bytecode: bytes,
    source: bytes,
    now_ns: int,
    version: tuple[int, ...],
) -> bytes:
    """Return the first 16 bytes of bytecode for another source of the same code (PEP 552).

    Empty where they are not known: Python 3.11 changed the hash function, and this process has one.
    """
    if not settings.is_hashed:
        numbers = now_ns // 10**9, len(source)
        return bytecode[:8] + b"".join((n & 0xFFFFFFFF).to_bytes(4, "little") for n in numbers)
    if (version[:2] >= _HASH_SINCE) != (sys.version_info[:2] >= _HASH_SINCE):
        return b""
    return bytecode[:8] + _imp.source_hash(int.from_bytes(bytecode[:4], "little"), source)


def read_settings(environment: Environment, environ: Mapping[str, str]) -> BytecodeSettings:
    """Return the settings that pip's process would have on an environment.

    That process is this one where the environment is our own: then options of Python count too.
    """
    if environment.executable == sys.executable:
        optimization, prefix = sys.flags.optimize, sys.pycache_prefix
        has_ranges = _NO_RANGES not in sys._xoptions  # noqa: SLF001 - documented
        is_isolated = bool(sys.flags.ignore_environment)
    else:
        optimization = _level(environ.get("PYTHONOPTIMIZE", ""))
        prefix = environ.get("PYTHONPYCACHEPREFIX")
        has_ranges, is_isolated = True, False
    if not is_isolated and environ.get("PYTHONNODEBUGRANGES"):
        has_ranges = False
    return BytecodeSettings(
        optimization,
        bool(environ.get("SOURCE_DATE_EPOCH")),
        has_ranges or environment.version[:2] < _RANGES_SINCE,
        os.path.abspath(prefix) if prefix else None,
    )


def _level(text: str) -> int:
    """Return the level that CPython reads in a variable: 1 for what is no number from 0 on."""
    digits = text.lstrip().removeprefix("+")
    if not text:
        return 0
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else 1  # noqa: PLR2004
