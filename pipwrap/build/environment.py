"""An isolated build environment: a virtual environment without pip (PEP 405, PEP 517)."""

from __future__ import annotations

import os
import sys

from msgspec import Struct
from msgspec.structs import replace

from pipwrap.build import observe
from pipwrap.model.environment import Environment, Scheme

_HIDDEN = frozenset({"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__"})
"""Variables by which the caller's packages would be imported."""

PRELOAD = "LD_PRELOAD"
"""Libraries that the loader adds to every program (ld.so(8))."""
State = frozenset[tuple[str, int, int, int]]
"""Of each entry: path, inode, size in bytes, time of its last change in nanoseconds."""


class BuildEnvironment(Struct, frozen=True):
    """The environment that a backend and its requirements are installed in."""

    path: str
    environment: Environment
    """As an install target: the build requirements are installed there like anything else."""
    isolated: bool = True
    preload: str | None = None
    """The library that sees what all processes of hooks read (``observer``)."""

    @property
    def python_executable(self) -> str:
        """Return the interpreter that runs the backend."""
        return self.environment.executable

    def hook_environ(self, observed: str = "") -> dict[str, str]:
        """Return the variables of a hook: the caller's, without those that break the isolation.

        ``observed`` is the file to which the recorder writes what an isolated build reads.
        """
        environ = dict(os.environ)
        if sys.flags.utf8_mode:  # so that file names decode as in this process (``_entry``)
            environ["PYTHONUTF8"] = "1"
        if not self.isolated:
            return environ
        ours = {name: value for name, value in environ.items() if name not in _HIDDEN}
        path = self.environment.scheme.scripts + os.pathsep + os.environ.get("PATH", os.defpath)
        if self.preload is not None:  # in front of what is preloaded already
            ours[PRELOAD] = " ".join(filter(None, (self.preload, ours.get(PRELOAD))))
        return {**ours, "PATH": path, "PYTHONNOUSERSITE": "1", observe.OBSERVE: observed}

    def state(self) -> State:
        """Return every file and directory in it, with what changes when it is written."""
        found = []
        directories = [self.path]
        while directories:
            with os.scandir(directories.pop()) as entries:
                for entry in entries:
                    seen = entry.stat(follow_symlinks=False)
                    found.append((entry.path, seen.st_ino, seen.st_size, seen.st_mtime_ns))
                    if entry.is_dir(follow_symlinks=False):
                        directories.append(entry.path)
        return frozenset(found)


def shared(target: Environment) -> BuildEnvironment:
    """Return the target itself, for ``--no-build-isolation``: nothing is hidden from hooks."""
    return BuildEnvironment(target.prefix, target, isolated=False)


def create(path: str, target: Environment, preload: str | None = None) -> BuildEnvironment:
    """Make an empty environment at ``path`` whose interpreter is the target's."""
    windows = sys.platform == "win32"
    scripts = os.path.join(path, "Scripts" if windows else "bin")
    major, minor, _ = target.version
    library = ("Lib",) if windows else ("lib", _library_name(target, major, minor))
    site_packages = os.path.join(path, *library, "site-packages")
    os.makedirs(scripts)
    os.makedirs(site_packages)
    executable = os.path.join(scripts, "python.exe" if windows else "python")
    home = _link_interpreter(executable, target)
    with open(os.path.join(path, "pyvenv.cfg"), "w", encoding="utf-8") as stream:
        stream.write(
            f"home = {home}\ninclude-system-site-packages = false\n"
            f"version = {target.python_version}\n"
        )
    headers = os.path.join(path, "include", "site", f"python{major}.{minor}")
    scheme = Scheme(site_packages, site_packages, headers, scripts, path)
    environment = replace(
        target,
        executable=executable,
        prefix=path,
        externally_managed=None,
        schemes=replace(target.schemes, scheme=scheme, user_scheme=scheme),
        site=replace(target.site, sys_path=(site_packages,), user_enabled=False, isolated=True),
    )
    observe.install_recorder(site_packages)
    return BuildEnvironment(path, environment, preload=preload)


def _library_name(target: Environment, major: int, minor: int) -> str:
    """Return ``python3.11`` (``python3.13t`` without the GIL), as the stdlib's directory says."""
    name = os.path.basename(target.stdlib)
    return name if name.startswith(("python", "pypy")) else f"python{major}.{minor}"


def _link_interpreter(executable: str, target: Environment) -> str:
    """Put the interpreter in place and return the ``home`` for pyvenv.cfg.

    The link goes to the real interpreter: a virtual environment's own link would make Python
    read that environment's pyvenv.cfg.
    """
    real = os.path.realpath(target.executable)
    if sys.platform == "win32":
        import shutil  # noqa: PLC0415 - only where links are not to be had

        shutil.copy2(real, executable)
    else:
        os.symlink(real, executable)
        for name in ("python3", f"python3.{target.version[1]}"):
            os.symlink("python", os.path.join(os.path.dirname(executable), name))
    return os.path.dirname(real)
