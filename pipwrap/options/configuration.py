"""pip's configuration: pip.conf at every level and the ``PIP_*`` variables, as settings in order.

``read_configuration`` is the edge; which settings count for a command is decided by the pure
``Configuration.items``. https://pip.pypa.io/en/stable/topics/configuration/
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping

from msgspec import Struct

from pipwrap.errors import ConfigurationError

GLOBAL = "global"
USER = "user"
SITE = "site"
FILE = "env"
"""The file that PIP_CONFIG_FILE names."""
VARIABLE = "env-var"

VARIABLE_SECTION = ":env:"

OWN_SECTION = "pipwrap"
"""The section of pip.conf that is for pipwrap alone."""
CACHE_MAX_SIZE = "cache-max-size"
OWN_KEYS = (CACHE_MAX_SIZE,)

_IGNORED_VARIABLES = ("version", "help")


class Setting(Struct, frozen=True):
    """One key with its value, as it was configured."""

    level: str
    section: str
    """Of the file, or ``:env:``."""
    key: str
    """Normalised: lower case, with hyphens."""
    value: str
    source: str = ""
    """The variable or the file that it stands in, for messages."""


class Configuration(Struct, frozen=True):
    """Everything that is configured, weakest first."""

    settings: tuple[Setting, ...] = ()

    def items(self, command: str, *, isolated: bool = False) -> tuple[tuple[str, str], ...]:
        """Return (key, value) for a command in the order in which they apply: later ones win.

        Within a section a stronger file replaces a weaker one's value, and an empty value unsets
        it; then ``[global]`` < ``[command]`` < environment. ``isolated`` leaves out the user's
        files and the environment.
        """
        sections: dict[str, dict[str, str]] = {GLOBAL: {}, command: {}, VARIABLE_SECTION: {}}
        for setting in self.settings:
            if isolated and setting.level in (USER, VARIABLE):
                continue
            if setting.section in sections:
                sections[setting.section][setting.key] = setting.value
        return tuple(
            (key, value) for section in sections.values() for key, value in section.items() if value
        )

    def own(self, key: str, *, isolated: bool = False) -> Setting | None:
        """Return pipwrap's own setting of a name, by the order of ``items``; pip ignores these."""
        found = None
        for setting in self.settings:
            if isolated and setting.level in (USER, VARIABLE):
                continue
            if setting.section == OWN_SECTION and setting.key == key:
                found = setting
        return found if found and found.value else None


def read_configuration(
    environ: Mapping[str, str],
    home: str,
    prefix: str,
    platform: str = sys.platform,
    *,
    etc: str = "/etc",
) -> Configuration:
    """Return what is configured for the environment at ``prefix``.

    Everything is read, ``--isolated`` or not: pip reads it all before that option. A file that
    cannot be understood raises ``ConfigurationError``; one that does not exist or cannot be opened
    is passed over, as in pip.
    """
    settings = [
        setting
        for level, path in configuration_files(environ, home, prefix, platform, etc=etc)
        for setting in _read_file(level, path)
    ]
    settings.extend(_read_variables(environ))
    return Configuration(tuple(settings))


def configuration_files(
    environ: Mapping[str, str],
    home: str,
    prefix: str,
    platform: str = sys.platform,
    *,
    etc: str = "/etc",
) -> tuple[tuple[str, str], ...]:
    """Return (level, path) of every file that pip would look for, weakest first."""
    basename = "pip.ini" if platform == "win32" else "pip.conf"
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return ()
    files = [(GLOBAL, directory) for directory in _global_directories(environ, platform, etc)]
    # A file that is named and exists replaces the user's own.
    if not (named and os.path.exists(named)):
        legacy = "pip" if platform == "win32" else ".pip"
        files.append((USER, os.path.join(home, legacy)))
        files.append((USER, _user_directory(environ, home, platform)))
    files.append((SITE, prefix))
    paths = [(level, os.path.join(directory, basename)) for level, directory in files]
    if named is not None:
        paths.append((FILE, named))
    return tuple(paths)


def normalise_key(key: str) -> str:
    """Return a key as option names are written, without the leading hyphens."""
    return key.lower().replace("_", "-").removeprefix("--")


def _global_directories(environ: Mapping[str, str], platform: str, etc: str) -> list[str]:
    if platform == "win32":
        common = environ.get("PROGRAMDATA") or environ.get("ALLUSERSPROFILE") or r"C:\ProgramData"
        return [os.path.join(common, "pip")]
    if platform == "darwin":
        configured = _directories(environ, "XDG_DATA_DIRS")
        return [os.path.join(base, "pip") for base in configured] or [
            "/Library/Application Support/pip"
        ]
    configured = _directories(environ, "XDG_CONFIG_DIRS") or [os.path.join(etc, "xdg")]
    return [*(os.path.join(base, "pip") for base in configured), etc]


def _user_directory(environ: Mapping[str, str], home: str, platform: str) -> str:
    if platform == "win32":
        return os.path.join(environ.get("APPDATA") or home, "pip")
    if platform == "darwin":
        support = os.path.join(home, "Library", "Application Support")
        data = os.path.join(_directory(environ, "XDG_DATA_HOME") or support, "pip")
        return data if os.path.isdir(data) else os.path.join(home, ".config", "pip")
    base = _directory(environ, "XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return os.path.join(base, "pip")


# The XDG base directory specification: relative paths are invalid and ignored.


def _directory(environ: Mapping[str, str], variable: str) -> str | None:
    value = environ.get(variable, "").strip()
    return value if os.path.isabs(value) else None


def _directories(environ: Mapping[str, str], variable: str) -> list[str]:
    value = environ.get(variable, "")
    return [base for part in value.split(os.pathsep) if os.path.isabs(base := part.strip())]


def _read_variables(environ: Mapping[str, str]) -> Iterator[Setting]:
    for name, value in environ.items():
        key = name.removeprefix("PIP_").lower()
        if name.startswith("PIP_") and key not in _IGNORED_VARIABLES:
            yield Setting(VARIABLE, VARIABLE_SECTION, normalise_key(key), value, name)
    for key in OWN_KEYS:
        name = f"PIPWRAP_{key.replace('-', '_').upper()}"
        if name in environ:
            yield Setting(VARIABLE, OWN_SECTION, key, environ[name], name)


def _read_file(level: str, path: str) -> Iterator[Setting]:
    if not os.path.exists(path):
        return
    # 10 ms, only where there is a file.
    import configparser  # noqa: PLC0415

    class Parser(configparser.RawConfigParser):
        def optionxform(self, optionstr: str) -> str:
            return normalise_key(optionstr)

    parser = Parser()
    encoding = _locale_encoding()
    try:
        parser.read(path, encoding=encoding)
    except UnicodeDecodeError:
        raise _unreadable(f"contains invalid {encoding} characters in {path}.") from None
    except configparser.Error as error:
        raise _unreadable(f"could not be loaded.\n{error}\n") from error
    for section in parser.sections():
        for key, value in parser.items(section):
            yield Setting(level, section, key, value, path)


def _unreadable(what: str) -> ConfigurationError:
    error = ConfigurationError(f"Configuration file {what}")
    # A bad value ends with 3, a bad file with 2.
    error.exit_status = 2
    return error


def _locale_encoding() -> str:
    import locale  # noqa: PLC0415

    if sys.flags.utf8_mode:
        return "utf-8"
    if sys.version_info >= (3, 11):
        return locale.getencoding()
    return locale.getpreferredencoding(do_setlocale=False)
