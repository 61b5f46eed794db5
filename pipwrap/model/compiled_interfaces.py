"""Distributions that extensions are compiled against, and which versions go together; pure.

An extension that was compiled against one version of such a distribution may fail to load, or
crash, beside another one. Each rule has its source beside it; of a distribution that has none here
nothing is known. Decision record 0023 says how they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from packaging.version import InvalidVersion, Version

from pipwrap.model.names import canonicalize_name


class CompiledAgainst(Struct, frozen=True):
    """A distribution that was there when an extension was compiled, and another one beside it."""

    project: str
    built: str
    present: str

    def message(self, name: str) -> str:
        """Return the warning about the extension of ``name``, with what to do."""
        return (
            f"{name} is compiled against {self.project} {self.built}, as its build requires, but "
            f"{self.project} {self.present} will be beside it, with which it may not work. "
            f"Install another version of {self.project}, or a version of {name} whose build "
            f"admits {self.project} {self.present}."
        )


def _numpy(built: Version, present: Version) -> bool:
    """Compare by numpy's rule (numpyconfig.h, NPY_FEATURE_VERSION; "For downstream authors").

    Until 1.24 headers need the same or a later numpy. Since 1.25 they aim at an older one by
    default; those of 2 work beside 1, those of 1 not beside 2.
    """
    if (built.major, present.major) not in {(1, 1), (2, 2), (2, 1)}:
        return built.major == present.major
    return present.release[:2] >= _oldest_numpy(built.release[:2])


def _oldest_numpy(built: tuple[int, ...]) -> tuple[int, ...]:
    for since, oldest in (((2, 3), (1, 23)), ((2, 1), (1, 21)), ((1, 25), (1, 19))):
        if built >= since:
            return oldest
    return built


def _same_minor(built: Version, present: Version) -> bool:
    return built.release[:2] == present.release[:2]


def _same(built: Version, present: Version) -> bool:
    return built.public == present.public


_RULES: Mapping[str, Callable[[Version, Version], bool]] = {
    "numpy": _numpy,
    "torch": _same_minor,  # PyTorch, "LibTorch Stable ABI": all else goes with one release
    "tensorflow": _same_minor,  # tensorflow/addons issue 1317: no promise to custom operations
    "pyarrow": _same_minor,  # 18.1 has libarrow.so.1801: extensions are linked against that name
    "lxml": _same,  # xmlsec refuses another libxml2 than lxml's, which changes in any release
}

PROJECTS = frozenset(_RULES)
"""Canonical names of those that have a rule."""


def goes_together(project: str, built: str, present: str) -> bool:
    """Return whether what was compiled against one version works beside another."""
    rule = _RULES.get(project)
    try:
        return rule is None or rule(Version(built), Version(present))
    except InvalidVersion:
        return True


def compiled_against(installed: Iterable[str]) -> dict[str, str]:
    """Return the versions of distributions with a rule among ``name==version``."""
    pairs = (each.partition("==") for each in installed)
    found = {canonicalize_name(name): version for name, _, version in pairs}
    return {name: found[name] for name in sorted(PROJECTS & found.keys())}


def mismatches(built: Mapping[str, str], present: Mapping[str, str]) -> tuple[CompiledAgainst, ...]:
    """Return what was compiled against another version than goes with the one that is there."""
    return tuple(
        CompiledAgainst(project, version, present[project])
        for project, version in built.items()
        if project in present and not goes_together(project, version, present[project])
    )
