"""What evidence of a build is compared with: variables, programs, headers and libraries."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping

from pipwrap.cache import input_files
from pipwrap.cache.evidence import InputDirectory, InputFile
from pipwrap.cache.layout import Layout
from pipwrap.cache.machine import Machine
from pipwrap.cache.variable_digests import VariableDigests
from pipwrap.model.environment import Environment

_PLAIN_PROGRAM = re.compile(r"(?:\w+-\w+(?:-\w+)+-)?([a-z+]+)(?:-[\d.]+)?")
"""A compiler's name, with the triple and the version that it is installed under."""
_INCLUDES = ("/usr/local/include", "/usr/include", "/opt/homebrew/include")
_LIBRARIES = ("/usr/local/lib", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/opt/homebrew/lib")
_INCLUDE_VARIABLES = ("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH")
_LIBRARY_VARIABLES = ("LIBRARY_PATH", "LD_LIBRARY_PATH")
_LIBRARY_ENDINGS = (".so", ".a", ".dylib", ".tbd")


class BuildHost:
    """The machine and the process's environment (``cache.evidence.HostInputs``).

    Values of variables leave it only as digests under a key of the cache's own.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        layout: Layout,
        includes: tuple[str, ...] = (),
        libraries: tuple[str, ...] = (),
    ) -> None:
        """Both are further directories, such as the target Python's own."""
        self.machine = Machine(environ, libraries)
        """What compiled code would run on."""
        self._environ = environ
        self._digests = VariableDigests(layout)
        self._includes = includes

    def variable(self, name: str) -> str | None:
        """Return the keyed digest of a variable's value, ``None`` when it is not set."""
        value = self._environ.get(name)
        if name.endswith("*"):  # all that begin with it
            found = sorted(each for each in self._environ.items() if each[0].startswith(name[:-1]))
            value = repr(found) if found else None
        return None if value is None else self._digests.of(value)

    def key(self) -> str:
        """Return what identifies the key of these digests without revealing it."""
        return self._digests.key()

    def has_program(self, name: str) -> bool:
        """Return whether a program is on PATH, or at its path."""
        return shutil.which(name, path=self._environ.get("PATH")) is not None

    def has_file(self, name: str) -> bool:
        """Return whether a header or a library (``-lNAME``) is where compilers look."""
        if name.startswith("-l"):
            directories = [*self._listed(_LIBRARY_VARIABLES), *self._multiarch(_LIBRARIES)]
            names = [f"lib{name[2:]}{ending}" for ending in _LIBRARY_ENDINGS]
        else:
            directories = [*self._listed(_INCLUDE_VARIABLES), *self._includes]
            directories += self._multiarch(_INCLUDES)
            names = [name]
        return any(
            os.path.exists(os.path.join(directory, each))
            for directory in directories
            for each in names
        )

    def programs(self) -> tuple[str, ...]:
        """Return the directories of ``PATH``."""
        directories = self._environ.get("PATH", os.defpath).split(os.pathsep)
        return tuple(dict.fromkeys(filter(None, directories)))

    def names(self) -> tuple[str, ...]:
        """Return the variables that are set."""
        return tuple(self._environ)

    @staticmethod
    def is_there(path: str) -> bool:
        """Return whether there is a file, a directory or a link at a path."""
        return os.path.lexists(path)

    def is_same_file(self, file: InputFile) -> bool:
        """Return whether a file has the content that it had."""
        return input_files.is_same_file(file)

    def is_same_directory(self, directory: InputDirectory) -> bool:
        """Return whether a directory has the names, or the files, that it had."""
        return input_files.is_same_directory(directory)

    def is_searched(self, program: str) -> bool:
        """Return whether it is a program that was found, or would be, by a search of ``PATH``."""
        directory = os.path.dirname(program)
        return not directory or directory in self._environ.get("PATH", "").split(os.pathsep)

    def compiler(self, name: str) -> str | None:
        """Return which compiler a name leads to: its file's name, without triple and version."""
        found = shutil.which(name, path=self._environ.get("PATH"))
        if found is None:
            return None
        program = os.path.basename(os.path.realpath(found))
        match = _PLAIN_PROGRAM.fullmatch(program)
        return match[1] if match else program

    def compilers(self) -> frozenset[str]:
        """Return the programs that CC and similar variables name, by their first word."""
        words = (self._environ.get(name, "").split() for name in ("CC", "CXX", "FC", "RUSTC"))
        return frozenset(word[0] for word in words if word)

    def _listed(self, variables: tuple[str, ...]) -> list[str]:
        return [
            directory
            for name in variables
            for directory in self._environ.get(name, "").split(os.pathsep)
            if directory
        ]

    def _multiarch(self, directories: tuple[str, ...]) -> list[str]:
        """Return directories with Debian's per-architecture ones below them."""
        import sysconfig  # noqa: PLC0415 - only where a file is looked for

        multiarch = sysconfig.get_config_var("MULTIARCH")
        inner = [os.path.join(each, multiarch) for each in directories] if multiarch else []
        return [*directories, *inner]


def include_directories(environment: Environment) -> tuple[str, ...]:
    """Return where the target Python's own headers are."""
    major, minor, _ = environment.version
    base = os.path.join(environment.base_prefix, "include")
    return (os.path.join(base, f"python{major}.{minor}"), environment.scheme.headers)
