"""What a built wheel depends on, and whether that still holds; pure.

To look up is to check the evidence. What was *seen* at the build is stored; what is there now
comes in through ``HostInputs``. A difference is a reason to build again; everything else is not: a
tool that is gone or has another version says nothing, because nothing better can be built for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct, field

from pipwrap.cache.native_needs import MachineInputs, NativeNeeds, compared, misfits

_AMBIENT_NAMES = """
    CI COLORTERM COLUMNS DISPLAY EDITOR FORCE_COLOR GITHUB_ACTIONS HOME HOSTNAME LANG
    LANGUAGE LC_ALL LC_CTYPE LC_MESSAGES LINES LOGNAME MAIL NO_COLOR OLDPWD PAGER PATH PWD
    SHELL SHLVL SOURCE_DATE_EPOCH SSH_AUTH_SOCK SYSTEMROOT TEMP TERM TMP TMPDIR TZ USER
    USERNAME VIRTUAL_ENV
    XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR COLORFGBG PY_COLORS
    PYTHONWARNINGS PYTHONUNBUFFERED PYTHONNOUSERSITE PYTHONDONTWRITEBYTECODE
    PYTHONIOENCODING PYTHONUTF8 PYTHON_COLORS PYTHONHASHSEED PYTHONPATH PYTHONHOME
    PYTHONUSERBASE PEP517_BACKEND_PATH PEP517_BUILD_BACKEND _PYPROJECT_HOOKS_BUILD_BACKEND
    _PYPROJECT_HOOKS_BACKEND_PATH PIPWRAP_OBSERVE USERPROFILE APPDATA LOCALAPPDATA PATHEXT
    COMSPEC WINDIR SETUPTOOLS_USE_DISTUTILS _PYTHON_PROJECT_BASE
"""
AMBIENT = frozenset(_AMBIENT_NAMES.split())
"""Variables that say where and how a build runs, not what it makes: they are never evidence."""

AMBIENT_PREFIXES = ("LC_", "PIP_", "PIPWRAP_", "_PYPROJECT_HOOKS_", "PEP517_")

_BUILD_VARIABLES_NAMES = """
    AR ARFLAGS AS ASFLAGS CC CFLAGS CMAKE_ARGS CMAKE_BUILD_TYPE CMAKE_GENERATOR
    CMAKE_PREFIX_PATH CPATH CPLUS_INCLUDE_PATH CPP CPPFLAGS CXX CXXFLAGS C_INCLUDE_PATH FC
    FFLAGS LD LDFLAGS LDSHARED LIBRARY_PATH LIBS MACOSX_DEPLOYMENT_TARGET NM PKG_CONFIG
    PKG_CONFIG_PATH RANLIB RUSTFLAGS RUSTC CARGO_BUILD_TARGET SDKROOT SKBUILD_CMAKE_ARGS
    STRIP
"""
BUILD_VARIABLES = frozenset(_BUILD_VARIABLES_NAMES.split())
"""What compilers and build tools that cannot be seen into are known to read."""

_OPAQUE_NAMES = """
    bazel cargo cmake configure gmake go make maturin meson ninja nmake rustc scons sh bash
"""
OPAQUE = frozenset(_OPAQUE_NAMES.split())
"""Programs that read variables and start compilers where no recorder sees it."""


class Observation(Struct, frozen=True):
    """What the recorder saw of one build."""

    variables: frozenset[str] = frozenset()
    run: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()

    @property
    def relevant_variables(self) -> frozenset[str]:
        """Return the variables that count: read, not ambient; and those that opaque tools read."""
        read = frozenset(name for name in self.variables if is_relevant(name))
        opaque = any(base_name(program) in OPAQUE for program in self.run)
        return read | BUILD_VARIABLES if opaque else read

    @property
    def may_ask_git(self) -> bool:
        """Tell whether the build ran git, or what may have run it unseen (``git describe``)."""
        return any(base_name(program) in OPAQUE | {"git"} for program in self.run)


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
    """Digest of a repository's tags that its commit follows, where the build may have asked git."""


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
        """Tell whether a program is on PATH (or at its path)."""

    def has_file(self, name: str) -> bool:
        """Tell whether a header or a library (``-lNAME``) is where compilers look."""


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
        if self.kind == "variable":
            return f"{self.name} was different when the cached wheel was built"
        if self.kind == "tags":
            return f"{self.name} had other tags when the cached wheel was built"
        if self.kind == "key":
            return f"{self.name} cannot be compared, because the key of the cache was lost"
        return f"{self.name} was missing when the cached wheel was built"


class Quality(Struct, frozen=True):
    """What a wheel turned out to be."""

    native: bool = False
    """It holds compiled code."""
    degraded: str | None = None
    """Why it is less than it could be; ``None`` when it is not."""


NOTHING_BETTER = Quality(degraded="anything that was missing may have been the reason")
"""The quality of a build that made no wheel: ``assess`` counts everything that it did not find."""


class Assessment(Struct, frozen=True):
    """Whether an entry holds, and what else was looked at."""

    differences: tuple[Difference, ...] = ()
    confirmed: tuple[str, ...] = field(default=())
    """What was checked and is as it was, in words; for ``explain``."""

    @property
    def holds(self) -> bool:
        """Tell whether the entry may be used as it is."""
        return not self.differences

    @property
    def fits(self) -> bool:
        """Tell whether the wheel can be used here at all, even if building gives nothing better."""
        return all(each.kind != MISFIT for each in self.differences)

    def with_needs(self, needs: NativeNeeds | None, host: HostInputs) -> Assessment:
        """Return the assessment with what compiled files need (``None``: it is not known)."""
        if needs is None:
            return self
        found = misfits(needs, host.machine)
        if found:
            return self.without_fit(found)
        named = ", ".join(compared(needs))
        here = (f"what its compiled files need is here: {named}",) if named else ()
        return Assessment(self.differences, (*self.confirmed, *here))

    def without_fit(self, reasons: Iterable[str]) -> Assessment:
        """Return the assessment with reasons for which the wheel cannot be used here."""
        found = tuple(Difference(MISFIT, reason) for reason in reasons)
        return Assessment((*self.differences, *found), self.confirmed)


def no_tags() -> str | None:
    """Return what the tags of a source that is no repository are, or that cannot be seen now."""
    return None


def assess(
    evidence: Evidence,
    quality: Quality,
    host: HostInputs,
    tags: Callable[[], str | None] = no_tags,
) -> Assessment:
    """Return what of the evidence holds.

    ``tags`` returns the digest of the repository's tags now, which may be some work.
    """
    found: list[Difference] = []
    confirmed: list[str] = []
    unknown: list[str] = []
    for name, digest in evidence.variables:
        now = host.variable(name)
        if now is not None and digest is not None and host.key() != evidence.key:
            unknown.append(name)
        elif now == digest:
            confirmed.append(f"{name} is as it was")
        else:
            found.append(Difference("variable", name))
    if unknown:
        found.append(Difference("key", ", ".join(unknown)))
    _judge_tags(found, confirmed, evidence.tags, tags)
    if not quality.native:
        for name in evidence.missing:
            _judge(found, confirmed, "program", name, is_there=host.has_program(name))
        for name in evidence.absent_files:
            _judge(found, confirmed, "file", name, is_there=host.has_file(name))
    return Assessment(tuple(found), tuple(confirmed))


def _judge_tags(
    found: list[Difference],
    confirmed: list[str],
    digest: str | None,
    tags: Callable[[], str | None],
) -> None:
    now = tags() if digest is not None else None
    if now is not None and now == digest:
        confirmed.append("the repository's tags are as they were")
    elif now is not None:
        found.append(Difference("tags", "the repository"))


def _judge(
    found: list[Difference], confirmed: list[str], kind: str, name: str, *, is_there: bool
) -> None:
    if is_there:
        found.append(Difference(kind, name))
    else:
        confirmed.append(f"{name} is still missing")


def is_relevant(variable: str) -> bool:
    """Tell a variable that may change a wheel from the ambient ones."""
    return variable not in AMBIENT and not variable.startswith(AMBIENT_PREFIXES)


def base_name(program: str) -> str:
    """Return a program's name without its directory and ``.exe``."""
    name = program.replace("\\", "/").rpartition("/")[2].lower()
    return name.removesuffix(".exe")


def parse_observation(lines: Iterable[str]) -> Observation:
    """Return what the recorder's lines say; a line that is not whole is left out."""
    seen: dict[str, set[str]] = {"env": set(), "run": set(), "missing": set(), "failed": set()}
    for line in lines:
        kind, tab, name = line.rstrip("\n").partition("\t")
        if tab and kind in seen:
            seen[kind].add(name)
    return Observation(
        frozenset(seen["env"]),
        frozenset(seen["run"]),
        frozenset(seen["missing"]),
        frozenset(seen["failed"]),
    )
