"""The command lines of tests/parity/*.toml and the differences that are listed, as values."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib

HERE = Path(__file__).parent
LISTED = HERE / "differences.toml"


@dataclass(frozen=True)
class Scenario:
    """One command line, with its environment and files."""

    id: str
    command: str
    why: str = ""
    prepare: tuple[str, ...] = ()
    """Commands of the real pip that come first, on both sides."""
    environ: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Files below the root of the side: ``work/...``, ``env/...``, ``home/...``."""
    stdin: str = ""
    system_site_packages: bool = False
    contract: bool = False
    """Compare only the lines that scripts rely on."""


@dataclass(frozen=True)
class Difference:
    """A difference that remains: where it occurs, how it shows and why it does."""

    name: str
    reason: str
    lines: tuple[str, ...]
    """The ids of the command lines."""
    shows: tuple[str, ...]
    """Patterns of ``Outcome.differences_from``; each line of it has to match one."""
    is_open: bool = False
    """It is to be mended; others are decided."""

    def covers(self, shown: str) -> bool:
        """Tell whether this is how the difference shows."""
        return any(re.fullmatch(pattern, shown) for pattern in self.shows)


def scenarios() -> list[Scenario]:
    """Return all command lines, in the order of the files.

    A file is a list of groups; the lines of a group share all that stands in front of them.
    """
    found: list[Scenario] = []
    for path in sorted(HERE.glob("*.toml")):
        if path != LISTED:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            for group in content["group"]:
                found += _lines_of(group, path.stem)
    return found


def _lines_of(group: dict[str, Any], stem: str) -> Iterator[Scenario]:
    shared = {key: value for key, value in group.items() if key not in {"lines", "prepare"}}
    prepare = tuple(group.get("prepare", ()))
    for name, command in group["lines"].items():
        yield Scenario(id=f"{stem}-{name}", command=command, prepare=prepare, **shared)


def differences() -> list[Difference]:
    """Return the differences that are listed."""
    content = tomllib.loads(LISTED.read_text(encoding="utf-8"))
    return [
        Difference(
            one["name"],
            one["reason"],
            tuple(one["lines"]),
            tuple(one["shows"]),
            is_open=one.get("open", False),
        )
        for one in content["difference"]
    ]


def words(command: str, placeholders: Mapping[str, str]) -> list[str]:
    """Return a command line's words with the names in braces filled in."""
    return [filled(word, placeholders) for word in shlex.split(command)]


def filled(text: str, placeholders: Mapping[str, str]) -> str:
    """Return the text with ``{name}`` replaced; other braces stay."""
    return re.sub(r"\{(\w+)\}", lambda found: placeholders.get(found[1], found[0]), text)
