"""Run by a target interpreter (3.8 and newer, standard library only): prints its facts as JSON.

``python probe.py [DIRECTORY]``: the directory holds a ``packaging`` whose tags are used where this
Python can run it.
"""

from __future__ import annotations

import json
import os
import platform
import site
import sys
import sysconfig
from importlib._bootstrap_external import MAGIC_NUMBER

_OWN_FINDERS = ("_frozen_importlib", "_frozen_importlib_external", "importlib.metadata")
"""Modules of the finders of Python itself."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def gather(packaging_directory: str | None = None) -> dict[str, Any]:
    """Return the facts of the running interpreter as plain values."""
    user_site = _user_site()
    return {
        "executable": sys.executable,
        "version": list(sys.version_info[:3]),
        "implementation": sys.implementation.name,
        "cache_tag": sys.implementation.cache_tag,
        "magic_number": _magic_number(),
        "soabi": sysconfig.get_config_var("SOABI") or sysconfig.get_config_var("EXT_SUFFIX"),
        "platform": sysconfig.get_platform(),
        "libc": platform.libc_ver()[0] or "musl",
        "prefix": sys.prefix,
        "base_prefix": getattr(sys, "base_prefix", sys.prefix),
        "scheme": _scheme(_preferred("prefix"), sys.prefix),
        "user_scheme": _scheme(_preferred("user"), sysconfig.get_config_var("userbase")),
        "prefix_scheme": _relative_scheme(_preferred("prefix")),
        "home_scheme": _relative_scheme(_preferred("home")),
        "user_site": user_site,
        "sys_path": _search_path(),
        "stdlib": sysconfig.get_path("stdlib"),
        "markers": _markers(),
        "abis": _abis(),
        "tags": _tags(packaging_directory),
        "isolated_site": _isolated_site(),
        "finders": _has_finders(),
    }


def _has_finders() -> bool:
    """Return whether others than Python's own finder may yield distributions."""
    return any(
        hasattr(finder, "find_distributions")
        for finder in sys.meta_path
        if getattr(finder, "__module__", "") not in _OWN_FINDERS
    )


def _magic_number() -> str:
    return MAGIC_NUMBER.hex()


def _user_site() -> bool:
    return bool(site.ENABLE_USER_SITE)


def _preferred(kind: str) -> str:
    """Return the scheme that installers are to use (3.10), or its predecessor on older Pythons."""
    if kind == "home":
        # The preferred one ("posix_home") has no counterpart on Windows before 3.10.
        return "nt" if os.name == "nt" else "posix_home"
    if hasattr(sysconfig, "get_preferred_scheme"):
        return sysconfig.get_preferred_scheme("user" if kind == "user" else "prefix")
    if kind == "user":
        return "nt_user" if os.name == "nt" else "posix_user"
    default: str = getattr(sysconfig, "_get_default_scheme")()  # noqa: B009 - 3.8 and 3.9 only
    return default


def _scheme(name: str, base: str | None) -> dict[str, str]:
    paths = sysconfig.get_paths(scheme=name)
    headers = paths["include"]
    if sys.prefix != getattr(sys, "base_prefix", sys.prefix):
        version = "python{}.{}".format(*sys.version_info[:2])
        headers = os.path.join(base or sys.prefix, "include", "site", version)
    keys = ("purelib", "platlib", "scripts", "data")
    return dict({key: paths[key] for key in keys}, headers=headers)


def _relative_scheme(name: str) -> dict[str, str]:
    """Return a scheme's directories below whatever base is given (--prefix, --target)."""
    # posix_local and the framework's scheme are for the Python's own prefix only.
    # https://discuss.python.org/t/18240
    if name in {"posix_local", "osx_framework_library"}:
        name = "posix_prefix"
    base = os.path.abspath(os.sep + "base")
    names = ("installed_base", "base", "installed_platbase", "platbase", "prefix", "exec_prefix")
    paths = sysconfig.get_paths(scheme=name, vars=dict.fromkeys(names, base))
    headers = paths["include"]
    if sys.prefix != getattr(sys, "base_prefix", sys.prefix):
        version = "python{}.{}".format(*sys.version_info[:2])
        headers = os.path.join(base, "include", "site", version)
    keys = ("purelib", "platlib", "scripts", "data")
    found = dict({key: paths[key] for key in keys}, headers=headers)
    return {key: os.path.relpath(path, base) for key, path in found.items()}


def _search_path() -> list[str]:
    """Return sys.path without this script's directory and the standard library."""
    library = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    library.add(os.path.join(sysconfig.get_path("platstdlib"), "lib-dynload"))
    here = os.path.dirname(os.path.abspath(__file__))
    return [
        os.path.abspath(path)
        for path in sys.path
        if path and path not in library and path != here and not path.endswith(".zip")
    ]


def _markers() -> dict[str, str]:
    """Return the marker variables (dependency specifiers, environment markers)."""
    info = sys.implementation.version
    release = f"{info.major}.{info.minor}.{info.micro}"
    if info.releaselevel != "final":
        release += info.releaselevel[0] + str(info.serial)
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": release,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "platform_python_implementation": platform.python_implementation(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def _abis() -> list[str]:
    """Return CPython's ABI tags, best first, for Pythons on which packaging does not run."""
    version = "{}{}".format(*sys.version_info[:2])
    threading = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    debug = "d" if sysconfig.get_config_var("Py_DEBUG") else ""
    found = ["cp" + version + threading + debug]
    if debug:
        found.append("cp" + version + threading)
    return found


def _tags(packaging_directory: str | None) -> list[str] | None:
    """Return the supported tags in order, or None where this Python cannot run packaging."""
    replacements: list[ModuleType] = []
    if packaging_directory is not None:
        sys.path.insert(0, packaging_directory)
        replacements = _replace_modules()
    try:
        from packaging.tags import sys_tags  # noqa: PLC0415 - may not be there
    except (AttributeError, ImportError, SyntaxError, TypeError):
        return None  # what a module meets that was written for a newer Python
    finally:
        for each in replacements:
            _remove_replacement(each)
        if packaging_directory is not None:
            sys.path.remove(packaging_directory)
    return [str(tag) for tag in sys_tags()]


class _Silent:
    """A logger that drops every message."""

    def debug(self, *_: object) -> None:
        """Do nothing."""


class _Late(type(sys)):  # type: ignore[misc]  # the type of modules, without loading types
    """A module that is loaded by the first access to an attribute."""

    def __getattr__(self, name: str) -> Any:
        _remove_replacement(self)
        module = __import__(self.__name__)
        self.__dict__.update(vars(module))
        return getattr(module, name)


def _replace_modules() -> list[ModuleType]:
    """Keep packaging.tags from loading modules that it does not use here: a third of the time.

    Return the modules that replace them.
    """
    logging: ModuleType = type(sys)("logging")
    logging.getLogger = lambda *_: _Silent()  # type: ignore[attr-defined]
    made: list[ModuleType] = [logging, _Late("subprocess")]
    for each in made:
        sys.modules.setdefault(each.__name__, each)
    return made


def _remove_replacement(module: ModuleType) -> None:
    """Let the next import load the real module."""
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]


def _isolated_site() -> bool:
    """Return whether this is a virtual environment that does not see the system's packages."""
    configuration = os.path.join(sys.prefix, "pyvenv.cfg")
    if not os.path.exists(configuration):
        return False
    with open(configuration, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            key, _, value = line.partition("=")
            if key.strip().lower() == "include-system-site-packages":
                return value.strip().lower() != "true"
    return True


if __name__ == "__main__":
    json.dump(gather(*sys.argv[1:2]), sys.stdout)
