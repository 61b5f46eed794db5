"""Which package of the system has what a build looked for in vain, or how to ask for it; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from pipwrap.build.sought import Missing, Sought
from pipwrap.build.system_packages import SYSTEMS, packages_of

_MOST = 3
"""Lines of one build."""
_FAMILIES = {
    **dict.fromkeys(("debian", "ubuntu"), "debian"),
    **dict.fromkeys(("fedora", "rhel", "centos", "amzn", "mageia"), "fedora"),
    **dict.fromkeys(("alpine", "postmarketos"), "alpine"),
    **dict.fromkeys(("arch", "archarm"), "arch"),
}
"""What os-release(5) calls a system, or what it says that a system is like, to its packages."""
_INSTALL = {
    "debian": "apt-get install",
    "fedora": "dnf install",
    "alpine": "apk add",
    "arch": "pacman -S",
    "homebrew": "brew install",
}
_WORDS = {
    "header": "{}",
    "library": "The library {}",
    "module": "The pkg-config module {}",
    "package": "The CMake package {}",
    "program": "The program {}",
    "name": "{}",
}
_OF_PYTHON = ("numpy/", "pybind11/", "pythran/", "nanobind/")
"""Headers of build requirements: the system's packages of them are for another Python."""
_PREFIX = re.compile(r"^.*-linux-(?:gnu|musl)\w*-")
_SUFFIX = re.compile(r"-\d[\d.]*$")
_HEADER_ENDINGS = (".h", ".hpp", ".hh", ".hxx")


class System(Struct, frozen=True):
    """The operating system at hand, as far as its packages go."""

    family: str | None
    """One of ``SYSTEMS``; ``None`` for any other one, whose commands are not known."""
    python: str
    """The target's version with two numbers."""


def system_of(platform: str, os_release: Mapping[str, str], python: str) -> System:
    """Return the system of a ``sys.platform`` and of the fields of os-release(5)."""
    if platform == "darwin":
        return System("homebrew", python)
    names = (os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split())
    return System(next((_FAMILIES[each] for each in names if each in _FAMILIES), None), python)


def advice(sought: Sought, system: System) -> tuple[str, ...]:
    """Return at most three lines: what was not found, and its package or how to ask for that.

    What the log says comes first, the end of it before what was said earlier: a compiler stops at
    what it does not find. Among that, what was observed to be absent comes first. Where the log
    names nothing, what was observed counts as far as a row of the table has it.
    """
    lines: dict[str, str] = {}
    for missing, words in _candidates(sought):
        holders = _packages(missing, system)
        if holders is not None:
            line = _known(missing, words, holders, system)
        elif not lines and missing in sought.stopped:
            line = _unknown(missing, words, system)
        else:
            line = None
        if line is not None:
            lines.setdefault(line.partition(". ")[2], line)
    return tuple(lines.values())[:_MOST]


def _candidates(sought: Sought) -> Iterator[tuple[Missing, str]]:
    """Yield what to advise about, with what happened to it."""
    logged = sought.stopped or sought.tried
    confirmed = [each for each in logged if _is_absent(each, sought.absent)]
    rest = [each for each in logged if each not in confirmed]
    for missing in (*confirmed, *rest):
        if not missing.name.startswith(_OF_PYTHON):
            yield missing, "was not found"
    if not logged:
        for missing in (*(Missing("program", each) for each in sought.programs), *_of(sought)):
            yield missing, "was looked for in vain"


def _of(sought: Sought) -> Iterator[Missing]:
    """Yield what the absent paths are the files of."""
    for path in sought.absent:
        directory, _, name = path.rpartition("/")
        if name.endswith(".pc"):
            yield Missing("module", name.removesuffix(".pc"))
        elif name.endswith(("Config.cmake", "-config.cmake")):
            yield Missing("package", re.sub(r"-?[Cc]onfig\.cmake$", "", name))
        elif name.endswith((".so", ".a", ".dylib")) and name.startswith("lib"):
            yield Missing("library", name.removeprefix("lib").rpartition(".")[0])
        elif name.endswith(_HEADER_ENDINGS):
            yield Missing("header", path.rpartition("/include/")[2])
        elif directory.endswith("bin"):
            yield Missing("program", name)


def _is_absent(missing: Missing, absent: tuple[str, ...]) -> bool:
    """Tell whether a file of it is among the paths."""
    names = {
        "library": (f"lib{missing.name}.so", f"lib{missing.name}.a"),
        "module": (f"{missing.name}.pc",),
        "package": _cmake_files(missing.name),
    }.get(missing.kind, (missing.name,))
    return any(path.endswith(tuple(f"/{name}" for name in names)) for path in absent)


def _packages(missing: Missing, system: System) -> Mapping[str, str] | None:
    return packages_of(_things(missing), system.python)


def _things(missing: Missing) -> tuple[str, ...]:
    """Return what it may be called in the table, the most exact name first."""
    name = missing.name
    if missing.kind == "header":
        parts = name.split("/")
        above = ("/".join(parts[:count]) + "/" for count in range(len(parts) - 1, 0, -1))
        return (name, *above, parts[-1])
    if missing.kind == "program":
        plain = _SUFFIX.sub("", _PREFIX.sub("", name.removesuffix(".exe")))
        return (f"bin/{name}", f"bin/{plain}")
    stem = name.removeprefix("lib")
    library, module, package = f"-l{stem}", f"{name}.pc", f"{name}.cmake"
    if missing.kind == "library":
        return (f"-l{name}", library)
    first = (module, package) if missing.kind == "module" else (package, module)
    others = (library, f"lib{stem}.pc", f"{stem}.pc", name)
    return (*first, *others, *((f"bin/{name}",) if missing.kind == "name" else ()))


def _known(missing: Missing, words: str, holders: Mapping[str, str], system: System) -> str | None:
    subject = _WORDS[missing.kind].format(missing.name)
    if system.family is None:
        named = [f"{holders[each]} ({each.title()})" for each in SYSTEMS if each in holders]
        return f"{subject} {words}. Its package: {', '.join(named)}"
    package = holders.get(system.family)
    if package is None:
        return _unknown(missing, words, system)
    is_command = package.startswith("xcode-select")
    command = package if is_command else f"{_INSTALL[system.family]} {package}"
    return f"{subject} {words}. To install its package: {command}"


def _unknown(missing: Missing, words: str, system: System) -> str | None:
    """Return how to ask the system's index; ``None`` where that cannot answer."""
    if system.family is None or missing.kind == "name":
        return None
    subject = _WORDS[missing.kind].format(missing.name)
    return f"{subject} {words}. To find its package: {_question(missing, system.family)}"


def _question(missing: Missing, family: str) -> str:
    file = _file(missing)
    name = missing.name
    if family == "debian":
        return f"apt-file search {file}"
    if family == "fedora":
        of_kind = {"module": f"pkgconfig({name})", "package": f"cmake({name})"}
        return f"dnf provides '{of_kind.get(missing.kind, f'*/{file}')}'"
    if family == "alpine":
        of_kind = {"module": f"pc:{name}", "program": f"cmd:{name}"}
        if missing.kind in of_kind:
            return f"apk search {of_kind[missing.kind]}"
        return f"https://pkgs.alpinelinux.org/contents?file={file.rpartition('/')[2]}"
    if family == "arch":
        if missing.kind == "header" and "/" in file:
            return "pacman -Fx '{}$'".format(file.replace(".", "[.]"))
        return f"pacman -F {file.rpartition('/')[2]}"
    return f"brew search {name.partition('/')[0].removesuffix('.h')}"


def _file(missing: Missing) -> str:
    """Return the end of the path of a file that it is in."""
    name = missing.name
    return {
        "library": f"lib{name}.so",
        "module": f"{name}.pc",
        "package": _cmake_files(name)[0],
        "program": f"bin/{name}",
    }.get(missing.kind, name)


def _cmake_files(name: str) -> tuple[str, str]:
    """Return the names of a package's file (cmake-packages(7))."""
    return f"{name}Config.cmake", f"{name.lower()}-config.cmake"
