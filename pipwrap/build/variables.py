"""Which variables of the environment are inputs of a build; pure.

Three kinds: what is read and may change a wheel; what says how a process runs, and is an input only
where the project's own code reads it by name; what differs from one call to the next, and is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_SESSION_NAMES = """
    _ COLORFGBG COLORTERM COLUMNS DISPLAY FORCE_COLOR LD_PRELOAD LINES NO_COLOR OLDPWD PAGER
    PIPWRAP_OBSERVE PWD PY_COLORS SHLVL SSH_AUTH_SOCK TEMP TERM TMP TMPDIR VIRTUAL_ENV
    _PYTHON_PROJECT_BASE __PYVENV_LAUNCHER__
"""
SESSION = frozenset(_SESSION_NAMES.split())
"""Variables that say where and how one build runs: never inputs."""
SESSION_PREFIXES = ("PIP_", "PIPWRAP_", "_PYPROJECT_HOOKS_", "PEP517_", "COLLECT_", "PYTHON")

_AMBIENT_NAMES = """
    APPDATA CI COMSPEC EDITOR ENSUREPIP_OPTIONS GITHUB_ACTIONS HOME HOSTNAME LANG LANGUAGE
    LOCALAPPDATA LOGNAME MAIL OPENSSL_CONF OPENSSL_ia32cap PY_SAX_PARSER
    PATH PATHEXT SETUPTOOLS_USE_DISTUTILS SHELL SYSTEMROOT TZ USER USERNAME USERPROFILE WINDIR
    XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR LC_ALL LC_CTYPE LC_MESSAGES
"""
AMBIENT = frozenset(_AMBIENT_NAMES.split())
"""Variables that every program reads at its start: inputs where the project's code reads them."""

_COMPILED = "CC CXX CPP AR AS LD NM RANLIB STRIP CFLAGS CXXFLAGS CPPFLAGS LDFLAGS LIBS"
_FORTRAN = "FC F77 FFLAGS FCFLAGS"
_GCC = (
    "CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH OBJC_INCLUDE_PATH LIBRARY_PATH COMPILER_PATH "
    "GCC_EXEC_PREFIX SOURCE_DATE_EPOCH LD_RUN_PATH LD_LIBRARY_PATH GNUTARGET LDEMULATION SDKROOT "
    "MACOSX_DEPLOYMENT_TARGET CCC_OVERRIDE_OPTIONS"
)
_PKG_CONFIG = (
    "PKG_CONFIG PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR "
    "PKG_CONFIG_SYSTEM_INCLUDE_PATH PKG_CONFIG_SYSTEM_LIBRARY_PATH PKG_CONFIG_ALLOW_SYSTEM_CFLAGS "
    "PKG_CONFIG_ALLOW_SYSTEM_LIBS PKG_CONFIG_DISABLE_UNINSTALLED"
)
_CMAKE = (
    "ASM CUDACXX CUDAFLAGS RC CMAKE_PREFIX_PATH CMAKE_INCLUDE_PATH CMAKE_LIBRARY_PATH "
    "CMAKE_PROGRAM_PATH CMAKE_FRAMEWORK_PATH CMAKE_APPBUNDLE_PATH CMAKE_GENERATOR "
    "CMAKE_GENERATOR_PLATFORM CMAKE_GENERATOR_TOOLSET CMAKE_BUILD_TYPE CMAKE_TOOLCHAIN_FILE "
    "CMAKE_C_COMPILER_LAUNCHER CMAKE_CXX_COMPILER_LAUNCHER CMAKE_OSX_ARCHITECTURES CMAKE_ARGS "
    "SKBUILD_CMAKE_ARGS"
)
_CARGO = (
    "RUSTC RUSTC_WRAPPER RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET "
    "CARGO_BUILD_RUSTFLAGS CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN RUSTC_BOOTSTRAP"
)
_MESON = "CC_LD CXX_LD CMAKE BOOST_ROOT LLVM_CONFIG CMAKE_PREFIX_PATH"
_MAKE = "ARFLAGS ASFLAGS LDLIBS LEX YACC MAKEFLAGS GNUMAKEFLAGS MAKEFILES"
_GO = (
    "CGO_ENABLED CGO_CFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_LDFLAGS GOFLAGS GOOS GOARCH GOAMD64 "
    "GOARM GOROOT GOPATH GOTOOLCHAIN GOEXPERIMENT CC CXX"
)
_TOOLS: tuple[tuple[str, str], ...] = (
    # GCC manual, "Environment Variables Affecting GCC"; ld(1), ENVIRONMENT; clang(1), ENVIRONMENT.
    (
        r"(.*-)?(cc|gcc|g\+\+|c\+\+|cpp|clang|clang\+\+|icc|icx|icpx|gfortran|flang|ld(\.\w+)?)",
        _GCC,
    ),
    # cl and link: "MSVC environment variables".
    (r"cl|link", "CL _CL_ INCLUDE LIB LIBPATH LINK _LINK_"),
    # pkg-config(1), ENVIRONMENT VARIABLES.
    (r"(.*-)?(pkg-config|pkgconf)", _PKG_CONFIG),
    # cmake-env-variables(7).
    (r"cmake\d?", f"{_COMPILED} {_FORTRAN} {_CMAKE} {_PKG_CONFIG} {_GCC}"),
    # Meson, "Reference tables: compiler and linker selection variables".
    (
        r"meson|muon",
        f"{_COMPILED} {_FORTRAN} {_PKG_CONFIG} {_GCC} {_MESON}",
    ),
    # GNU make manual, "Variables Used by Implicit Rules", "Communicating Options".
    (
        r"make|gmake|gnumake|nmake|scons|bazel|ninja|samu",
        f"{_COMPILED} {_FORTRAN} {_GCC} {_PKG_CONFIG} {_MAKE}",
    ),
    # Autoconf manual, "Preset Output Variables", "Site Defaults".
    (r"configure", f"{_COMPILED} {_FORTRAN} {_GCC} {_PKG_CONFIG} CONFIG_SITE CONFIG_SHELL"),
    # The Cargo Book, "Environment Variables"; rustup, "Environment variables".
    (r"cargo|rustc|maturin", f"{_CARGO} {_COMPILED} {_GCC} {_PKG_CONFIG} SDKROOT"),
    # ``go help environment``.
    (
        r"go|cgo",
        _GO,
    ),
    # bash(1), Shell Variables; dash(1), ENVIRONMENT.
    (r"sh|bash|dash|ash|ksh|mksh|zsh", "BASH_ENV ENV CDPATH"),
    # perlrun(1), ENVIRONMENT.
    (r"perl\d*", "PERL5LIB PERL5OPT PERLLIB"),
    # SWIG manual, "Input format"; nvcc documentation, "Environment Variables".
    (r"swig[\d.]*", "SWIG_LIB"),
    (r"nvcc", "NVCC_PREPEND_FLAGS NVCC_APPEND_FLAGS CUDA_HOME CUDA_PATH"),
)
"""Programs by name, and the variables that their manuals say they read."""
_BY_TOOL = tuple(
    (re.compile(rf"({name})(-[\d.]+)?"), frozenset(names.split())) for name, names in _TOOLS
)
TOOL_VARIABLES = frozenset(name for _, names in _BY_TOOL for name in names)

_EXPANDED = re.compile(r"\$[{(]?(?:ENV\{)?([A-Za-z_][A-Za-z0-9_]*)|\bENV\{[\"']?([A-Za-z_]\w*)")
"""What shells, make, cmake and perl expand."""
_WRITTEN = re.compile(r"(?<![A-Za-z0-9_./$-])([A-Z][A-Z0-9_]+)(?![A-Za-z0-9_./({-])")
"""A word that is spelled as variables are."""


ANY = "*"
"""At the end of a name: all variables that begin with it, as one."""


_OF_CARGO = frozenset(
    {"RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"}
) | {f"CARGO_{table}_{ANY}" for table in ("BUILD", "PROFILE", "TARGET", "UNSTABLE")}
"""The Cargo Book, "Environment variables Cargo reads" and "Configuration"."""


def of_copies(programs: Iterable[str]) -> frozenset[str]:
    """Return what programs read of a copy of the environment, where no observer sees it.

    cargo copies it when it starts, and looks its configuration up there.
    """
    return _OF_CARGO if "cargo" in programs else frozenset()


def is_relevant(variable: str) -> bool:
    """Return whether a variable may change a wheel, whatever reads it."""
    return is_own_input(variable) and variable not in AMBIENT and not variable.startswith("LC_")


def is_own_input(variable: str) -> bool:
    """Return whether a variable is an input where the project's own code reads it by name."""
    return variable not in SESSION and not variable.startswith(SESSION_PREFIXES)


def of_tools(programs: Iterable[str]) -> frozenset[str]:
    """Return what the programs with these names read by themselves, by their manuals."""
    return frozenset(
        name
        for program in programs
        for pattern, names in _BY_TOOL
        if pattern.fullmatch(program)
        for name in names
    )


def in_command(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the names in a command whose program takes variables from its environment block."""
    for argument in arguments:
        yield from in_script(argument)
        yield from _WRITTEN.findall(argument)


def in_script(text: str) -> Iterator[str]:
    """Yield the names that a script or makefile expands."""
    for match in _EXPANDED.finditer(text):
        yield match[1] or match[2]
