"""From what a build was observed to read to the evidence of its wheel."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from pipwrap.build import observe, variables
from pipwrap.build.inputs import Inputs, Places, Sighting, inputs_of
from pipwrap.build.observation import Observation
from pipwrap.build.toolchain import is_toolchain
from pipwrap.cache import input_files
from pipwrap.cache.build_host import BuildHost
from pipwrap.cache.evidence import Evidence, InputDirectory, InputFile, base_name
from pipwrap.model.names import canonicalize_name

MOST_FILES = 1000
"""Files that count one by one; of more, those of the fullest directories count together."""
_LONGEST_SCRIPT = 1024 * 1024
_FOUND = re.compile(r"\b(?:find_package|find_dependency)\s*\(\s*\"?(\$|[\w.+-]+)", re.IGNORECASE)
_PRINTS_ALL = frozenset({"printenv", "env"})
_DRIVERS_NAMES = """
    setuptools wheel pip build packaging pyproject-hooks cmake ninja meson meson-python
    scikit-build scikit-build-core flit-core hatchling pdm-backend poetry-core maturin
    setuptools-rust setuptools-scm hatch-vcs versioneer pathspec pluggy trove-classifiers
"""
DRIVERS = frozenset(_DRIVERS_NAMES.split())
"""Build requirements that drive a build: none of what they read of their own is in the wheel."""


class ObservedBuild(Struct, frozen=True):
    """What is known of a build when its hooks have run."""

    observation: Observation
    log: str
    """Path of everything that it printed."""
    places: Places
    site_packages: tuple[str, ...]
    """Of the environments that it ran in."""
    installed: tuple[str, ...]
    """The build requirements as ``name==version``."""
    required: tuple[str, ...]
    """The build requirements as the project and its backend state them."""


def evidence_of(build: ObservedBuild, host: BuildHost) -> Evidence:
    """Return what a wheel depends on, as it is on this host now.

    What was missing in the build although this host has it (in another directory, for another
    compiler) would be missing again: it is left out.
    """
    seen = build.observation
    found = _inputs(seen, build.places)
    variables_seen = tuple((name, host.variable(name)) for name in sorted(_variables(seen, host)))
    has_digest = any(digest is not None for _, digest in variables_seen)
    owners = _owners(build.site_packages) if found.consumed else {}
    consumed = {owners[path] for path in found.consumed if path in owners}
    consumed = {each for each in consumed if each[0] not in DRIVERS}
    files, directories = _capped(found.files)
    packages = _packages(seen)
    searched = {*map(os.path.normpath, seen.of("searched"))} - _normal(seen, "listed")
    listed = (
        input_files.read_directory(path, beginnings=packages if path in searched else ())
        for path in found.listed
        if packages or path not in searched
    )
    missing = {*seen.of("missing"), *found.missing}
    return Evidence(
        variables=variables_seen,
        key=host.key() if has_digest else "",
        missing=observe.missing_programs(missing, host),
        failed=tuple(sorted(seen.of("failed"))),
        absent_files=tuple(
            each for each in observe.absent_files(build.log) if not host.has_file(each)
        ),
        ran=tuple(sorted(seen.of("run"))),
        requirements=tuple(sorted(build.installed)),
        files=files,
        directories=(*directories, *(each for each in listed if each is not None)),
        absent=found.absent,
        compilers=_compilers(seen, host),
        consumed=tuple(sorted(consumed)),
        required=build.required if consumed else (),
        toolchain=_grouped(found.toolchain),
        partial=_partial(seen),
    )


def _inputs(seen: Observation, places: Places) -> Inputs:
    scripts = frozenset(path for path in seen.of("run") if os.path.isabs(path) and _is_script(path))
    sighting = Sighting(
        _normal(seen, "file") | _normal(seen, "text") | scripts,
        _normal(seen, "absent"),
        _normal(seen, "made"),
        _normal(seen, "listed") | _normal(seen, "searched"),
    )
    return inputs_of(sighting, places, os.path.lexists)


def _normal(seen: Observation, kind: str) -> frozenset[str]:
    return frozenset(map(os.path.normpath, seen.of(kind)))


def _packages(seen: Observation) -> tuple[str, ...]:
    """Return the names that cmake was told to find, in lower case (``find_package``).

    A name that is computed may be any: all names begin with the empty one.
    """
    names: set[str] = set()
    for path in seen.of("file"):
        if path.endswith((".cmake", "CMakeLists.txt")) and not is_toolchain(path, ()):
            names.update(name.lower() for name in _FOUND.findall(_script(path)))
    return ("",) if any(name.startswith("$") for name in names) else tuple(sorted(names))


def _variables(seen: Observation, host: BuildHost) -> frozenset[str]:
    names = set(seen.relevant_variables(_unobserved(seen)))
    for path in seen.of("text"):
        names.update(filter(variables.is_relevant, _expanded(path)))
    for command in seen.commands:
        operands = [each for each in command[1:] if not each.startswith("-") and "=" not in each]
        if base_name(command[0]) in _PRINTS_ALL and not operands:
            names.update(filter(variables.is_relevant, host.names()))
    return frozenset(names)


def _expanded(path: str) -> Iterator[str]:
    """Yield the variables that a script or makefile expands; names of its own are in lower case."""
    yield from (name for name in variables.in_script(_script(path)) if name.isupper())


def _script(path: str) -> str:
    """Return the text of a script, empty for one that cannot be read."""
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > _LONGEST_SCRIPT:
            return ""
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _is_script(path: str) -> bool:
    """Return whether a program is a text that another one reads (execve(2))."""
    return _first_bytes(path).startswith(b"#!")


def _first_bytes(path: str) -> bytes:
    if not os.path.isfile(path):
        return b""  # opening a pipe waits for its other end
    try:
        with open(path, "rb") as stream:
            return stream.read(4096)
    except OSError:
        return b""


def _is_static(path: str) -> bool:
    """Return whether a program has no loader: ELF without PT_INTERP (System V ABI, chapter 5)."""
    content = _first_bytes(path)
    if not content.startswith(b"\x7fELF") or len(content) < 64:  # noqa: PLR2004 - ELF's header
        return False
    order = "little" if content[5] == 1 else "big"
    wide = content[4] == 2  # noqa: PLR2004 - ELFCLASS64

    def number(offset: int, size: int) -> int:
        return int.from_bytes(content[offset : offset + size], order)  # type: ignore[arg-type]

    begin, size, count = (
        (number(32, 8), number(54, 2), number(56, 2))
        if wide
        else (number(28, 4), number(42, 2), number(44, 2))
    )
    return 3 not in (number(begin + each * size, 4) for each in range(count))  # noqa: PLR2004


def _unobserved(seen: Observation) -> frozenset[str]:
    """Return the names of the programs whose reads of variables could not be seen.

    Of a script its interpreter runs, which may take them from its environment block.
    """
    if not seen.is_preloaded:
        return seen.programs
    paths = {path for path in seen.of("run") if os.path.isabs(path)}
    unseen = seen.of("blind") | {path for path in paths if _is_static(path) or _is_script(path)}
    return seen.reads_block | {base_name(path) for path in unseen}


def _partial(seen: Observation) -> str | None:
    """Return why not every input was seen."""
    if not seen.is_preloaded:
        return "nothing could be preloaded into its processes"
    unseen = {path for path in seen.of("run") if os.path.isabs(path) and _is_static(path)}
    unseen |= seen.of("blind")
    if unseen:
        return f"nothing could be preloaded into {', '.join(sorted(map(base_name, unseen)))}"
    return None


def _compilers(seen: Observation, host: BuildHost) -> tuple[tuple[str, str], ...]:
    """Return the compilers that were searched for on ``PATH``, and what each of them is."""
    names = {
        os.path.basename(program)
        for program in seen.of("run")
        if observe.is_compiler(program) and host.is_searched(program)
    }
    found = ((name, host.compiler(name)) for name in sorted(names))
    return tuple((name, compiler) for name, compiler in found if compiler is not None)


def _capped(
    paths: Iterable[str],
) -> tuple[tuple[InputFile, ...], tuple[InputDirectory, ...]]:
    """Return files one by one, and whole directories in place of the files that are too many."""
    left = [path for path in paths if os.path.isfile(path)]
    counts = Counter(map(os.path.dirname, left))
    whole: set[str] = set()
    for directory, _ in counts.most_common():
        if len(left) <= MOST_FILES:
            break
        whole.add(directory)
        left = [path for path in left if os.path.dirname(path) != directory]
    directories = (input_files.read_directory(path, by_content=True) for path in sorted(whole))
    files = (input_files.read_file(path) for path in left)
    return (
        tuple(each for each in files if each is not None),
        tuple(each for each in directories if each is not None),
    )


def _owners(site_packages: Iterable[str]) -> Mapping[str, tuple[str, str]]:
    """Return the distribution (name, version) of each installed file, by its absolute path."""
    owners: dict[str, tuple[str, str]] = {}
    for directory in site_packages:
        for name in _listed(directory):
            if name.endswith(".dist-info"):
                project, _, version = name.removesuffix(".dist-info").partition("-")
                owner = (canonicalize_name(project), version)
                for path in _recorded(os.path.join(directory, name, "RECORD")):
                    owners[os.path.normpath(os.path.join(directory, path))] = owner
    return owners


def _listed(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _recorded(path: str) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            yield from (row[0] for row in csv.reader(stream) if row)
    except (OSError, ValueError, csv.Error):
        return


def _grouped(paths: Iterable[str]) -> tuple[str, ...]:
    """Return how many files were read of each directory."""
    counts = Counter(map(os.path.dirname, paths))
    return tuple(f"{directory} ({count})" for directory, count in sorted(counts.items()))
