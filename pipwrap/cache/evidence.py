"""What a built wheel depends on, and whether that still holds; pure.

To look up is to check the evidence. What was *seen* at the build is stored; what is there now
comes in through ``HostInputs`` and ``SourceInputs``. A difference is a reason to build again;
everything else is not: a tool that is gone or has another version says nothing, because nothing
better can be built for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from pipwrap.cache.native_needs import MachineInputs, NativeNeeds, compared, misfits


class InputFile(Struct, frozen=True, array_like=True):
    """A file outside the source tree that went into a wheel.

    It is the same while its stat is: size in bytes, times in nanoseconds, inode. Otherwise its
    content decides, so that an entry holds on another machine, too.
    """

    path: str
    size: int
    mtime: int
    ctime: int
    inode: int
    sha256: str


class InputDirectory(Struct, frozen=True, array_like=True):
    """A directory of which the build read more than is listed file by file."""

    path: str
    names: str
    """Digest of the names in it; nothing where they were not listed."""
    files: str = ""
    """Digest of the contents of its files; nothing where they count one by one."""
    beginnings: tuple[str, ...] = ()
    """In lower case: names that begin otherwise do not count; without any, all do."""


class Evidence(Struct, frozen=True):
    """What an entry depends on."""

    variables: tuple[tuple[str, str | None], ...]
    """Name and keyed digest of the value; ``None`` when it was not set.

    A name that ends in ``*`` is all variables that begin with it.
    """
    key: str
    """What identifies the key of the digests; nothing where there is no digest."""
    missing: tuple[str, ...] = ()
    """Programs that were looked for and not found."""
    failed: tuple[str, ...] = ()
    """Programs that ended with an error."""
    absent_files: tuple[str, ...] = ()
    """Headers (``x/y.h``) and libraries (``-lz``) that a failing compiler named."""
    ran: tuple[str, ...] = ()
    """Programs that were started; for ``explain`` only."""
    requirements: tuple[str, ...] = ()
    """The build requirements as they were resolved; for ``explain`` only."""
    tags: str | None = None
    """Digest of a repository's tags that its commit follows, where the build may have run git."""
    files: tuple[InputFile, ...] = ()
    """Outside the source tree and the toolchain, by content."""
    directories: tuple[InputDirectory, ...] = ()
    absent: tuple[str, ...] = ()
    """Paths that were looked for and not found: of each the first part that was not there."""
    compilers: tuple[tuple[str, str], ...] = ()
    """Compilers by the name that ``PATH`` was searched for, and what each one was."""
    consumed: tuple[tuple[str, str], ...] = ()
    """(canonical name, version) of the build requirements whose files went into the wheel."""
    required: tuple[str, ...] = ()
    """What the build required, where any of it was consumed: what is resolved to look it up."""
    toolchain: tuple[str, ...] = ()
    """Files of compilers, C libraries and Python, by directory and number; for ``explain`` only."""
    partial: str | None = None
    """Why not every input was seen; ``None`` when every process of the build was."""

    @property
    def compiled_from(self) -> tuple[str, ...]:
        """Return the build requirements that may be in compiled code, as ``name==version``."""
        if self.partial is not None:
            return self.requirements
        return tuple(f"{name}=={version}" for name, version in self.consumed)


NO_EVIDENCE = Evidence(variables=(), key="")
"""Of what depends on nothing but its key."""


class HostInputs(Protocol):
    """What is there now."""

    @property
    def machine(self) -> MachineInputs:
        """Return what compiled code would run on."""

    def variable(self, name: str) -> str | None:
        """Return the keyed digest of a variable's value, ``None`` when it is not set."""

    def key(self) -> str:
        """Return what identifies the key of these digests."""

    def has_program(self, name: str) -> bool:
        """Return whether a program is on PATH (or at its path)."""

    def has_file(self, name: str) -> bool:
        """Return whether a header or a library (``-lNAME``) is where compilers look."""

    def is_there(self, path: str) -> bool:
        """Return whether there is a file or directory at a path."""

    def is_same_file(self, file: InputFile) -> bool:
        """Return whether the file has the content that was read."""

    def is_same_directory(self, directory: InputDirectory) -> bool:
        """Return whether the directory has the names, and the files, that were read."""

    def compiler(self, name: str) -> str | None:
        """Return which compiler a name leads to, ``None`` where there is none."""


def no_tags() -> str | None:
    """Return what the tags of a source that is no repository are, or that cannot be seen now."""
    return None


def no_versions(required: tuple[str, ...]) -> Mapping[str, str] | None:
    """Return what build requirements come to now, where they cannot be resolved."""
    del required
    return None


class SourceInputs(Struct, frozen=True):
    """What is there now of the source, which may be some work to know."""

    tags: Callable[[], str | None] = no_tags
    """Returns the digest of the repository's tags."""
    versions: Callable[[tuple[str, ...]], Mapping[str, str] | None] = no_versions
    """Returns the versions that build requirements come to, by canonical name."""


NO_SOURCE = SourceInputs()
"""Of an entry that is looked at without its source."""


class Confirmed(Struct, frozen=True):
    """A piece of evidence that holds."""

    kind: str
    name: str


MISFIT = "misfit"


class Difference(Struct, frozen=True):
    """Why an entry's evidence does not hold."""

    kind: str
    name: str
    """Of what is different; for a misfit the whole reason."""

    @property
    def reason(self) -> str:
        """Return the words for the user; values are never printed."""
        if self.kind == MISFIT:
            return self.name
        if self.kind in _REASONS:
            return _REASONS[self.kind].format(self.name)
        return f"{self.name} was missing when the cached wheel was built"


_REASONS = {
    "variable": "{} was different when the cached wheel was built",
    "tags": "{} had other tags when the cached wheel was built",
    "key": "{} cannot be compared, because the key of the cache was lost",
    "content": "{} has changed since the cached wheel was built",
    "compiler": "{} when the cached wheel was built",
    "requirement": "the cached wheel was built with {}",
}
"""By kind; of all other kinds, something was missing."""


class Quality(Struct, frozen=True):
    """What a wheel turned out to be."""

    native: bool = False
    """It holds compiled code."""
    degraded: str | None = None
    """Why it is less than it could be; ``None`` when it is not."""


class Assessment(Struct, frozen=True):
    """Whether an entry holds, and what else was looked at."""

    differences: tuple[Difference, ...] = ()
    confirmed: tuple[Confirmed, ...] = ()
    """What was checked and is as it was."""

    @property
    def holds(self) -> bool:
        """Return whether the entry may be used as it is."""
        return not self.differences

    @property
    def fits(self) -> bool:
        """Return whether the wheel can be used here at all."""
        return all(each.kind != MISFIT for each in self.differences)

    def with_needs(self, needs: NativeNeeds | None, host: HostInputs) -> Assessment:
        """Return the assessment with what compiled files need (``None``: it is not known)."""
        if needs is None:
            return self
        found = misfits(needs, host.machine)
        if found:
            return self.without_fit(found)
        named = ", ".join(compared(needs))
        here = (Confirmed("needs", named),) if named else ()
        return Assessment(self.differences, (*self.confirmed, *here))

    def without_fit(self, reasons: Iterable[str]) -> Assessment:
        """Return the assessment with reasons for which the wheel cannot be used here."""
        found = tuple(Difference(MISFIT, reason) for reason in reasons)
        return Assessment((*self.differences, *found), self.confirmed)


def assess(evidence: Evidence, host: HostInputs, source: SourceInputs = NO_SOURCE) -> Assessment:
    """Return what of the evidence holds; what is some work to know is looked at last."""
    judged = [
        *_variables(evidence, host),
        *_absences(evidence, host),
        *_compilers(evidence, host),
        *(("content", each.path, host.is_same_directory(each)) for each in evidence.directories),
        *(("content", each.path, host.is_same_file(each)) for each in evidence.files),
    ]
    if all(holds for _, _, holds in judged):
        judged += [*_tags(evidence, source), *_consumed(evidence, source)]
    return Assessment(
        tuple(Difference(kind, name) for kind, name, holds in judged if not holds),
        tuple(Confirmed(kind, name) for kind, name, holds in judged if holds),
    )


_Judged = Iterator[tuple[str, str, bool]]
"""The kind of some evidence, what it is called, and whether it holds."""


def _variables(evidence: Evidence, host: HostInputs) -> _Judged:
    unknown: list[str] = []
    for name, digest in evidence.variables:
        now = host.variable(name)
        if now is not None and digest is not None and host.key() != evidence.key:
            unknown.append(name)
        else:
            yield "variable", name, now == digest
    if unknown:
        yield "key", ", ".join(unknown), False


def _absences(evidence: Evidence, host: HostInputs) -> _Judged:
    yield from (("missing", each, not host.has_program(each)) for each in evidence.missing)
    yield from (("missing", each, not host.has_file(each)) for each in evidence.absent_files)
    yield from (("missing", each, not host.is_there(each)) for each in evidence.absent)


def _compilers(evidence: Evidence, host: HostInputs) -> _Judged:
    for name, before in evidence.compilers:
        now = host.compiler(name)
        if now is None or now == before:
            yield "compiler", f"{name} is {now or 'gone'}", True
        else:
            yield "compiler", f"{name} was {before}, not {now},", False


def _tags(evidence: Evidence, source: SourceInputs) -> _Judged:
    now = source.tags() if evidence.tags is not None else None
    if now is not None:
        yield "tags", "the repository", now == evidence.tags


def _consumed(evidence: Evidence, source: SourceInputs) -> _Judged:
    now = source.versions(evidence.required) if evidence.consumed else None
    for name, version in evidence.consumed if now is not None else ():
        current = now.get(name, version) if now is not None else version
        is_same = current == version
        text = f"{name} {version}"
        yield "requirement", text if is_same else f"{text}, which is {current} now", is_same


def base_name(program: str) -> str:
    """Return a program's name without its directory and ``.exe``."""
    name = program.replace("\\", "/").rpartition("/")[2].lower()
    return name.removesuffix(".exe")
