"""The environment that a command works on, as facts read from its interpreter; pure."""

from __future__ import annotations

import os

from msgspec import Struct


class Scheme(Struct, frozen=True):
    """Where the parts of a wheel go: absolute directories (sysconfig's names)."""

    purelib: str
    platlib: str
    headers: str
    scripts: str
    data: str

    def below(self, base: str) -> Scheme:
        """Return this scheme, whose directories are relative, below ``base``."""
        return Scheme(
            *(os.path.normpath(os.path.join(base, directory)) for directory in self._directories)
        )

    def inside(self, root: str) -> Scheme:
        """Return the same directories as they are called below another root directory."""
        inner = [os.path.splitdrive(directory)[1] for directory in self._directories]
        return Scheme(*(os.path.join(root, directory.lstrip(os.sep)) for directory in inner))

    @property
    def _directories(self) -> tuple[str, ...]:
        return self.purelib, self.platlib, self.headers, self.scripts, self.data


_POSIX = Scheme("lib/python", "lib/python", "include/python", "bin", ".")


class InstallSchemes(Struct, frozen=True):
    """Where wheels go, by what the user asks for; the probe's names."""

    scheme: Scheme
    """Of the environment itself."""
    user_scheme: Scheme
    """Of ``--user``."""
    prefix_scheme: Scheme = _POSIX
    """Relative to the base that ``--prefix`` names."""
    home_scheme: Scheme = _POSIX
    """Relative to a base that holds nothing else, as ``--target`` requires it."""


class BytecodeFormat(Struct, frozen=True):
    """What distinguishes the bytecode files of one kind of interpreter."""

    cache_tag: str
    """In their names, such as ``cpython-311``."""
    magic_number: str
    """At their beginning, in hex."""


_PROBE_NAMES = {
    "user_enabled": "user_site",
    "isolated": "isolated_site",
    "has_finders": "finders",
}


class SitePackages(Struct, frozen=True, rename=_PROBE_NAMES):
    """What an environment searches besides its standard library."""

    sys_path: tuple[str, ...]
    """In order, without the standard library and the script's directory."""
    user_enabled: bool
    """False with -s, PYTHONNOUSERSITE, or a virtual environment without system packages."""
    isolated: bool
    """A virtual environment that does not see the system's packages."""
    has_finders: bool = False
    """A finder on its ``sys.meta_path`` may yield distributions that no directory holds."""


class Compatibility(Struct, frozen=True):
    """What decides which distributions an environment takes, and which builds are for it."""

    implementation: str
    """``cpython``, ``pypy``, ... (sys.implementation.name)."""
    abi: str
    """Implementation, SOABI, platform and libc family in one word: part of a build's key."""
    markers: tuple[tuple[str, str], ...]
    """The marker environment (dependency specifiers), without ``extra``."""
    tags: tuple[str, ...]
    """Supported wheel tags, best first."""


class Environment(Struct, frozen=True):
    """One Python environment; nothing in it changes while a command runs."""

    executable: str
    """As the user would call it, never resolved: scripts get it as their interpreter."""
    version: tuple[int, int, int]
    prefix: str
    base_prefix: str
    stdlib: str
    externally_managed: str | None
    """Path of its EXTERNALLY-MANAGED file (PEP 668) when it has one and is not virtual."""
    schemes: InstallSchemes
    site: SitePackages
    bytecode: BytecodeFormat
    compatibility: Compatibility

    @property
    def scheme(self) -> Scheme:
        """Return where wheels go without further options."""
        return self.schemes.scheme

    @property
    def user_scheme(self) -> Scheme:
        """Return where wheels go with ``--user``."""
        return self.schemes.user_scheme

    @property
    def sys_path(self) -> tuple[str, ...]:
        """Return the directories in which distributions are looked for."""
        return self.site.sys_path

    @property
    def tags(self) -> tuple[str, ...]:
        """Return the supported wheel tags, best first."""
        return self.compatibility.tags

    @property
    def is_virtual(self) -> bool:
        """Return whether it is a virtual environment (PEP 405), and no system Python."""
        return self.prefix != self.base_prefix

    @property
    def python_version(self) -> str:
        """Return the full version, such as ``3.11.7``."""
        return ".".join(map(str, self.version))

    @property
    def marker_environment(self) -> dict[str, str]:
        """Return the marker variables as packaging takes them."""
        return dict(self.compatibility.markers)


class InstalledDistribution(Struct, frozen=True):
    """A distribution found in an environment."""

    name: str
    """As its metadata spells it."""
    version: str
    location: str
    """The directory on the path that holds it (site-packages)."""
    info: str
    """Its .dist-info or .egg-info, absolute."""
    editable_location: str | None = None
    metadata: str | None = None
    """Its METADATA, of one that a finder yields and that has no directory; ``info`` is no path."""

    @property
    def is_wheel(self) -> bool:
        """Return whether it has a .dist-info, and none of the older formats."""
        return self.info.endswith(".dist-info")
