"""What a built wheel depends on, and whether that still holds; pure.

To look up is to check the evidence. What was *seen* at the build is stored; what is there now
comes in through ``HostInputs`` and ``SourceInputs``. A difference is a reason to build again;
everything else is not: a tool that is gone or has another version says nothing, because nothing
better can be built for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from msgspec import Struct, field


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


class Evidence(Struct, frozen=True):
    """What an entry depends on."""

    variables: tuple[tuple[str, str | None], ...]
    """Name and keyed digest of the value; ``None`` when it was not set."""
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


NO_EVIDENCE = Evidence(variables=(), key="")
"""Of what depends on nothing but its key."""


class HostInputs(Protocol):
    """What is there now."""

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


class Difference(Struct, frozen=True):
    """Why an entry's evidence does not hold."""

    kind: str
    name: str

    @property
    def reason(self) -> str:
        """Return the words for the user; values are never printed."""
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
    confirmed: tuple[str, ...] = field(default=())
    """What was checked and is as it was, in words; for ``explain``."""

    @property
    def holds(self) -> bool:
        """Return whether the entry may be used as it is."""
        return not self.differences


def assess(evidence: Evidence, host: HostInputs, source: SourceInputs = NO_SOURCE) -> Assessment:
    """Return what of the evidence holds; what is some work to know is looked at last."""
    found: list[Difference] = []
    confirmed: list[str] = []
    for judge in (_variables, _missing, _compilers, _directories, _files):
        for difference, name in judge(evidence, host):
            if difference is None:
                confirmed.append(name)
            else:
                found.append(Difference(difference, name))
    if not found:
        for difference, name in (*_tags(evidence, source), *_consumed(evidence, source)):
            if difference is None:
                confirmed.append(name)
            else:
                found.append(Difference(difference, name))
    return Assessment(tuple(found), tuple(confirmed))


_Judged = Iterator[tuple[str | None, str]]
"""The kind of a difference and its name; without a kind, what was confirmed, in words."""


def _variables(evidence: Evidence, host: HostInputs) -> _Judged:
    unknown: list[str] = []
    for name, digest in evidence.variables:
        now = host.variable(name)
        if now is not None and digest is not None and host.key() != evidence.key:
            unknown.append(name)
        elif now == digest:
            yield None, f"{name} is as it was"
        else:
            yield "variable", name
    if unknown:
        yield "key", ", ".join(unknown)


def _missing(evidence: Evidence, host: HostInputs) -> _Judged:
    there = (
        *((name, host.has_program(name)) for name in evidence.missing),
        *((name, host.has_file(name)) for name in evidence.absent_files),
        *((path, host.is_there(path)) for path in evidence.absent),
    )
    for name, is_there in there:
        yield ("missing", name) if is_there else (None, f"{name} is still missing")


def _compilers(evidence: Evidence, host: HostInputs) -> _Judged:
    for name, before in evidence.compilers:
        now = host.compiler(name)
        if now is not None and now != before:
            yield "compiler", f"{name} was {before}, not {now},"
        else:
            yield None, f"{name} is {now or 'not there, and nothing better can be built'}"


def _directories(evidence: Evidence, host: HostInputs) -> _Judged:
    for directory in evidence.directories:
        is_same = host.is_same_directory(directory)
        yield (None, f"{directory.path} is as it was") if is_same else ("content", directory.path)


def _files(evidence: Evidence, host: HostInputs) -> _Judged:
    for file in evidence.files:
        is_same = host.is_same_file(file)
        yield (None, f"{file.path} is as it was") if is_same else ("content", file.path)


def _tags(evidence: Evidence, source: SourceInputs) -> _Judged:
    now = source.tags() if evidence.tags is not None else None
    if now is not None:
        same = now == evidence.tags
        yield (
            (None, "the repository's tags are as they were")
            if same
            else (
                "tags",
                "the repository",
            )
        )


def _consumed(evidence: Evidence, source: SourceInputs) -> _Judged:
    now = source.versions(evidence.required) if evidence.consumed else None
    for name, version in evidence.consumed:
        current = now.get(name, version) if now is not None else version
        if current != version:
            yield "requirement", f"{name} {version}, which is {current} now"
        elif now is not None:
            yield None, f"{name} is {version} still"


def base_name(program: str) -> str:
    """Return a program's name without its directory and ``.exe``."""
    name = program.replace("\\", "/").rpartition("/")[2].lower()
    return name.removesuffix(".exe")
