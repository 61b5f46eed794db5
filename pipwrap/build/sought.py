"""What a build's log says was looked for in vain: headers, libraries, programs, ...; pure.

Compilers, linkers, shells, pkg-config, meson, cmake, cargo and setuptools each have words of their
own for it. Some of them are said of alternatives, too, and the build goes on: they are ``tried``.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

Kind = Literal["header", "library", "module", "package", "program", "name"]
"""``module`` is pkg-config's, ``package`` cmake's; a ``name`` is what a project calls it itself."""


class Missing(Struct, frozen=True):
    """One thing that was not found."""

    kind: Kind
    name: str
    """A header as it is included, a library without ``lib`` and ending."""


class Sought(Struct, frozen=True):
    """What a build looked for in vain."""

    stopped: tuple[Missing, ...] = ()
    """What the log says ended a step; the last one first."""
    tried: tuple[Missing, ...] = ()
    """What the log says was not found, where that may have been one of several; the first first."""
    programs: tuple[str, ...] = ()
    """Programs that the recorder saw looked for."""
    absent: tuple[str, ...] = ()
    """Paths of files that were looked for, and under no other path found."""


# Bounded, and begun at the begin of a word: a log may be one line of a megabyte.
_NAME = r"(?<![\w.+-])(\w[\w.+/-]{0,200})"
_FILE = r"(\w[\w.+-]{0,100}?)"
_QUOTED = rf"['\"`‘](?:/[\w./+-]*/)?{_NAME}['\"`’]"  # noqa: RUF001 - gcc and cargo quote so
_MAYBE_QUOTED = rf"[\"']?{_NAME}[\"']?"
_NOT_FOUND = r"(?!.{0,200}Invalid version).{0,200}(?:not found|failed)"
_ESCAPES = re.compile(r"\x1b\[[\d;]*[A-Za-z]")

# Sources: the messages of gcc, clang, MSVC; of ld, lld, gold, ld64.
_COMPILERS: tuple[tuple[str, Kind], ...] = (
    (rf"fatal error: {_NAME}: No such file or directory", "header"),
    (rf"fatal error: '{_NAME}' file not found", "header"),
    (rf"Cannot open include file: '{_NAME}'", "header"),
    (rf"cannot find -l{_FILE}:?(?:\s|$)", "library"),
    (rf"library not found for -l{_FILE}(?:\s|$)", "library"),
    (rf"unable to find library -l{_FILE}(?:\s|$)", "library"),
    (rf"ld: library {_QUOTED} not found", "library"),
    (rf"(?<!\w)lib{_FILE}\.so[\w.]{{0,20}}: cannot open shared object file", "library"),
)
# Messages of meson, cmake, rustc and its crates, autoconf, setuptools, scikit-build, the shells.
_TOOLS: tuple[tuple[str, Kind], ...] = (
    (rf"ERROR: Dependency (?:lookup for )?{_MAYBE_QUOTED} {_NOT_FOUND}", "module"),
    (rf"ERROR: .{{0,200}}\bheader {_QUOTED} not found", "header"),
    (rf"ERROR: .{{0,200}}\blibrary {_QUOTED} not found", "library"),
    (rf"ERROR: Program {_QUOTED}.{{0,200}} not found", "program"),
    (rf"ERROR: Unknown compiler\(s\): \[\[{_QUOTED}", "program"),
    (rf"(?m)^ {{1,20}}Could NOT find {_NAME}", "package"),
    (rf"Could not find a package configuration file provided by \"{_NAME}\"", "package"),
    (r"Could NOT find (PkgConfig)", "package"),
    (rf"library `{_NAME}` required by crate `[\w-]+` was not found", "module"),
    (rf"linker {_QUOTED} not found", "program"),
    (rf"failed to find tool {_QUOTED}", "program"),
    (rf"(?i)is {_QUOTED} (?:not )?installed\?", "program"),
    (rf"(?i)could not (?:find|run|execute) {_QUOTED}(?: executable|\. If)", "program"),
    (rf"command {_QUOTED} failed: No such file", "program"),
    (rf"unable to execute {_QUOTED}: No such file", "program"),
    (rf"(?m)sh: (?:(?:line )?\d+: )?{_NAME}: (?:command )?not found", "program"),
    (rf"(?m)^make(?:\[\d+\])?: {_NAME}: (?:No such file|Command not found)", "program"),
    (rf"Command '{_NAME}[^'\n]{{0,2000}}' returned non-zero exit status 127", "program"),
    (rf"{_NAME} executable (?:was )?not found", "program"),
    (r"(?<![\w.+-])(\w[\w.+-]{0,100}[_-]config)\b.{0,40}\bnot found", "program"),
    (rf"Could not run {_NAME}: \[Errno 2\]", "program"),
    (r"(?:Found |Did not find )(pkg-config)(?:: NO| by name)", "program"),
    (rf"unable to find a build program corresponding to \"{_NAME}\"", "program"),
)
# What has no name of its own in the message.
_FIXED: tuple[tuple[str, Missing], ...] = (
    (r"no acceptable C compiler found", Missing("program", "cc")),
    (r"No CMAKE_C_COMPILER could be found", Missing("program", "cc")),
    (r"No CMAKE_CXX_COMPILER could be found", Missing("program", "c++")),
    (r"No CMAKE_Fortran_COMPILER could be found", Missing("program", "gfortran")),
    (r"can't find Rust compiler", Missing("program", "rustc")),
    (r"Cargo, the Rust package manager, is not installed", Missing("program", "cargo")),
    (r"pkg-config command could not be (?:found|run)", Missing("program", "pkg-config")),
    (r"Pkg-config (?:binary )?.{0,200}\bnot found", Missing("program", "pkg-config")),
    (r"(?i)could not find cmake\b", Missing("program", "cmake")),
    (r"(?i)Unable to find libclang", Missing("library", "clang")),
    (r"Could not find directory of OpenSSL installation", Missing("name", "openssl")),
)
# Sentences that projects write themselves.
_SENTENCES: tuple[tuple[str, Kind], ...] = (
    (rf"headers or library files could not be found for {_NAME}\b", "name"),
    (rf"Unable to load dependency {_NAME}\b", "name"),
    (rf"{_NAME} is not installed or not in path", "name"),
    (
        rf"sure (?:that )?(?:the )?(?:\S{{1,100}} and )?{_NAME} development (?:packages|files)",
        "name",
    ),
    (rf"sure (?:that )?(?:the )?{_NAME} and \S{{1,100}} development (?:packages|files)", "name"),
    (rf"{_NAME} (?:headers|header files|library|libraries) (?:was |were )?not found", "name"),
)
_TRIED: tuple[tuple[str, Kind], ...] = (
    (rf"No package '{_NAME}' found", "module"),
    (rf"Package {_NAME} was not found in the pkg-config search path", "module"),
    (rf"Package '{_NAME}'(?:, required by .{{0,200}},)? not found", "module"),
    (rf"'pkg-config [^'\n]{{0,200}}?--exists {_NAME}[^'\n]{{0,2000}}' returned non-zero", "module"),
    (rf"dependency {_NAME} found: NO", "module"),
    (rf"-- Could NOT find {_NAME}", "package"),
    (rf"Program {_NAME} found: NO", "program"),
    (rf"No such file or directory: '{_NAME}'", "program"),
)


def sought_in(log: str, programs: tuple[str, ...] = (), absent: tuple[str, ...] = ()) -> Sought:
    """Return what a log says was not found, with what was observed."""
    text = _ESCAPES.sub("", log)
    found = _found(text, (*_COMPILERS, *_TOOLS, *_SENTENCES))
    found += [
        (match.start(), missing) for words, missing in _FIXED for match in re.finditer(words, text)
    ]
    found.sort(key=lambda each: each[0], reverse=True)
    tried = sorted(_found(text, _TRIED), key=lambda each: each[0])
    return Sought(
        stopped=tuple(dict.fromkeys(missing for _, missing in found)),
        tried=tuple(dict.fromkeys(missing for _, missing in tried)),
        programs=programs,
        absent=absent,
    )


def _found(text: str, table: tuple[tuple[str, Kind], ...]) -> list[tuple[int, Missing]]:
    return [
        (match.start(1), Missing(kind, match[1].rstrip(".")))
        for words, kind in table
        for match in re.finditer(words, text)
    ]
