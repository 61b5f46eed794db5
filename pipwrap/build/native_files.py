"""The compiled files of a wheel that was just built, and what they need of a machine.

What can be known of the instructions that they use, each source where it is there: the mark of the
linker (``-z x86-64-v3``), the options that the compiler recorded beside debugging information, the
options in the build's log, and in the variables that the build was seen to read. Where none of
these says it (a CMakeLists.txt that adds ``-march=native``, built by ninja without debugging
information) it is not known. Code that chooses among instruction sets when it runs is compiled by
the same options, and counts as needing them: on a lesser machine that is one build in vain.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pipwrap.cache.elf import MAGIC, ElfFile, read_elf
from pipwrap.cache.evidence import Evidence
from pipwrap.cache.instruction_sets import instructions_of, instructions_of_levels
from pipwrap.cache.machine import Machine
from pipwrap.cache.native_needs import MachineInputs, NativeNeeds, highest_of_each

_LOG_PART = 1 << 24


def needs_of_build(wheel: str, log: str, evidence: Evidence, machine: Machine) -> NativeNeeds:
    """Return what a wheel needs that was built here, and that this machine has."""
    names = [name for name, digest in evidence.variables if digest is not None]
    return needs_of(wheel, [*machine.values(names), _read_log(log)], machine)


def needs_of(wheel: str, options: Sequence[str], machine: MachineInputs) -> NativeNeeds:
    """Return what a wheel's files need; ``options`` are texts with options of their compilers."""
    files, names = [], set[str]()
    for name, file in _elf_files(wheel):
        files.append(file)
        names |= {name, file.soname}
    if not files:
        return NativeNeeds()
    architecture = Counter(file.architecture for file in files).most_common(1)[0][0]
    files = [file for file in files if file.architecture == architecture]
    run_path = dict.fromkeys(
        each for file in files for each in file.run_path if os.path.isabs(each)
    )
    instructions = instructions_of(
        [*options, *(each for file in files for each in file.options)], machine.instructions
    )
    for file in files:
        instructions |= instructions_of_levels(file.instruction_levels)
    return _split(
        NativeNeeds(
            architecture,
            tuple(sorted({each for file in files for each in file.needed} - names)),
            highest_of_each(
                frozenset(each for file in files for each in file.required if each[0] not in names)
            ),
            tuple(sorted(instructions)),
            tuple(run_path),
        ),
        machine,
    )


def _split(needs: NativeNeeds, machine: MachineInputs) -> NativeNeeds:
    """Return the needs with what this machine does not have moved to ``elsewhere``."""
    elsewhere: list[str] = []
    libraries: list[str] = []
    versions: list[tuple[str, str]] = []
    for soname in needs.libraries:
        is_here = machine.library(soname, needs.architecture, needs.run_path) is not None
        (libraries if is_here else elsewhere).append(soname)
    for soname, version in needs.versions:
        library = machine.library(soname, needs.architecture, needs.run_path)
        if library is not None and version in library.versions:
            versions.append((soname, version))
        else:
            elsewhere.append(version)
    unseen = frozenset(needs.instructions) - machine.instructions
    return NativeNeeds(
        needs.architecture,
        tuple(libraries),
        tuple(versions),
        tuple(each for each in needs.instructions if each not in unseen),
        needs.run_path,
        (*elsewhere, *sorted(unseen)),
    )


def _elf_files(wheel: str) -> Iterator[tuple[str, ElfFile]]:
    """Yield base name and contents of each readable ELF file; executables are such, too."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            with archive.open(member) as stream:
                if stream.read(len(MAGIC)) != MAGIC:
                    continue
            try:
                with _mapped(archive, member, os.path.dirname(wheel)) as content:
                    yield os.path.basename(member.filename), read_elf(content)
            except ValueError:
                continue  # it is nothing that a loader would load


@contextmanager
def _mapped(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, directory: str
) -> Iterator[mmap.mmap]:
    """Yield a member's bytes, which may be more than is to be in memory."""
    with tempfile.TemporaryFile(dir=directory) as file:
        with archive.open(member) as stream:
            shutil.copyfileobj(stream, file, 1 << 20)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content


def _read_log(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read(_LOG_PART)
    except OSError:
        return ""
