"""What the recorder and the preloaded observer saw of a build; pure.

Both write lines ``kind<TAB>name`` (``recorder``, ``observer.c``) into one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from pipwrap.build import variables
from pipwrap.cache.evidence import base_name

KINDS = (
    "env",
    "read",
    "copy",
    "prefix",
    "run",
    "missing",
    "failed",
    "file",
    "text",
    "absent",
    "made",
    "listed",
    "searched",
    "args",
    "blind",
)
_SEPARATOR = "\x1f"
_GIT = frozenset({"git"})
_OPAQUE_NAMES = """
    bazel cargo cmake configure gmake go make maturin meson ninja nmake rustc scons sh bash dash
"""
_OPAQUE = frozenset(_OPAQUE_NAMES.split())
"""Programs that start others where no recorder sees it."""


class Observation(Struct, frozen=True):
    """What was seen of one build; names and paths by kind."""

    seen: dict[str, frozenset[str]] = {}

    def of(self, kind: str) -> frozenset[str]:
        """Return what was seen of a kind."""
        return self.seen.get(kind, frozenset())

    @property
    def is_preloaded(self) -> bool:
        """Return whether the observer was loaded: every process looks for some file."""
        return bool(self.of("file") or self.of("absent"))

    @property
    def reads_block(self) -> frozenset[str]:
        """Return the names of programs that take variables from their environment block."""
        return frozenset(base_name(command[0]) for command in self.commands)

    @property
    def programs(self) -> frozenset[str]:
        """Return the names of the programs that ran, without their directories."""
        return frozenset(base_name(program) for program in self.of("run"))

    @property
    def commands(self) -> Iterator[list[str]]:
        """Yield the arguments of programs that take variables from their environment block."""
        for command in self.of("args"):
            yield command.split(_SEPARATOR)

    def relevant_variables(self, unobserved: Iterable[str]) -> frozenset[str]:
        """Return the inputs; of ``unobserved`` programs, what their manuals say they read."""
        named = (name for command in self.commands for name in variables.in_command(command[1:]))
        candidates = {*self.of("env"), *named, *variables.of_tools(unobserved)}
        candidates |= variables.of_copies(self.programs)
        return frozenset(
            {name for name in candidates if variables.is_relevant(name)}
            | {name for name in self.of("own") if variables.is_own_input(name)}
            | {f"{prefix}{variables.ANY}" for prefix in self.of("prefix")}
        )

    @property
    def may_run_git(self) -> bool:
        """Return whether the build ran git, or what may have run it unseen (``git describe``)."""
        return bool(self.programs & (_GIT if self.is_preloaded else _OPAQUE | _GIT))


def parse(lines: Iterable[str]) -> Observation:
    """Return what the lines say; a line that is not whole is left out."""
    seen: dict[str, set[str]] = {}
    for line in lines:
        kind, tab, name = line.rstrip("\n").partition("\t")
        is_whole = kind != "read" or name.count(_SEPARATOR) == 2  # noqa: PLR2004 - its fields
        if tab and kind in KINDS and is_whole:
            seen.setdefault(kind, set()).add(name)
    for site, owner, name in (each.split(_SEPARATOR) for each in seen.pop("read", ())):
        if site not in seen.get("copy", ()):
            for kind in dict.fromkeys(("env", owner)):
                seen.setdefault(kind, set()).add(name)
    seen.pop("copy", None)
    return Observation({kind: frozenset(names) for kind, names in seen.items()})
