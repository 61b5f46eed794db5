"""The Python that wheels are chosen for: ``--platform``, ``--python-version``, ``--abi``, ...

pip's own choice of tags (``--platform`` and its relatives concern wheels and Requires-Python
only; markers are those of the interpreter that runs).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from pipwrap.errors import CommandError
from pipwrap.model.environment import Environment
from pipwrap.model.format_control import ALL, FormatControl
from pipwrap.model.pylock_names import is_lock, split_extras
from pipwrap.options.selection_options import option_error
from pipwrap.options.values import Values

_VERSION_PARTS = 3
_APPLE = re.compile(r"(.+)_(\d+)_(\d+)_(.+)")
_ANDROID = re.compile(r"android_(\d+)_(.+)")
_OLDER_MANYLINUX = {
    "manylinux2014": ("manylinux2010", "manylinux1"),
    "manylinux2010": ("manylinux1",),
}


class TargetPython(Struct, frozen=True):
    """What the user says of it; empty leaves everything to the environment."""

    platforms: tuple[str, ...] = ()
    version: tuple[int, ...] = ()
    implementation: str = ""
    abis: tuple[str, ...] = ()

    @property
    def is_given(self) -> bool:
        """Return whether anything is given."""
        return self != TargetPython()


def target_python(values: Values, command: str) -> TargetPython:
    """Return what the options say; raises pip's errors."""
    if "platforms" not in values:
        return TargetPython()
    return TargetPython(
        values["platforms"],
        _version(values["python_version"], command),
        values["implementation"] or "",
        values["abis"],
    )


def _version(text: str | None, command: str) -> tuple[int, ...]:
    if not text:
        return ()
    parts = text.split(".")
    problem = ""
    if len(parts) > _VERSION_PARTS:
        problem = "at most three version parts are allowed"
    elif len(parts) == 1 and len(text) > 1:
        parts = [text[0], text[1:]]
    try:
        numbers = tuple(map(int, parts))
    except ValueError:
        numbers, problem = (), problem or "each version part must be an integer"
    if problem:
        reason = f"invalid --python-version value: {text!r}: {problem}"
        raise option_error(command, "--python-version", reason)
    return numbers


def check_target_python(target: TargetPython, values: Values, formats: FormatControl) -> None:
    """Raise pip's error where a target cannot be combined with the other options."""
    if not target.is_given:
        return
    if (
        formats != FormatControl(only_binary=frozenset((ALL,)))
        and not values["ignore_dependencies"]
    ):
        raise CommandError(
            "When restricting platform and interpreter constraints using "
            "--python-version, --platform, --abi, or --implementation, "
            "either --no-deps must be set, or --only-binary=:all: must be "
            "set and --no-binary must not be set (or must be set to "
            ":none:)."
        )
    if "target_dir" in values and not values["dry_run"] and not values["target_dir"]:
        raise CommandError(
            "Can not use any platform or abi specific options unless "
            "installing via '--target' or using '--dry-run'"
        )
    groups = [value.rpartition(":")[0] for _, value in values["dependency_groups"]]
    for location, _ in map(split_extras, (*values["requirements"], *groups)):
        if is_lock(location):
            raise CommandError(
                "Platform and interpreter constraints using --python-version, --platform, --abi, "
                f"or --implementation, are not supported when selecting requirements from "
                f"{location!r}"
            )


def targeted(environment: Environment, target: TargetPython) -> Environment:
    """Return the environment with the version and tags of the target; all else stays."""
    if not target.is_given:
        return environment
    major, minor, micro, *_ = (*target.version, 0, 0, 0)
    version = (major, minor, micro) if target.version else environment.version
    compatibility = replace(environment.compatibility, tags=tuple(_tags(environment, target)))
    return replace(environment, version=version, compatibility=compatibility)


def _tags(environment: Environment, target: TargetPython) -> Iterator[str]:
    from packaging import tags  # noqa: PLC0415 - 50 ms, for these options only

    own = environment.compatibility.implementation
    name = tags.INTERPRETER_SHORT_NAMES.get(own, own)
    implementation = target.implementation or name
    nodot = "".join(map(str, target.version[:2] or environment.version[:2]))
    version = [int(part) for part in (nodot[0], nodot[1:]) if part]
    abis = target.abis or None
    platforms = _expanded(target.platforms) if target.platforms else _own_platforms(environment)
    if implementation == "cp":
        found: Iterable[object] = tags.cpython_tags(version, abis, platforms)
    else:
        found = tags.generic_tags(f"{implementation}{nodot}", abis, platforms)
    yield from dict.fromkeys(map(str, found))
    compatible = tags.compatible_tags(version, f"{implementation}{nodot}", platforms)
    yield from dict.fromkeys(map(str, compatible))


def _own_platforms(environment: Environment) -> list[str]:
    """Return the environment's platforms, best first."""
    platforms = (tag.rpartition("-")[2] for tag in environment.tags)
    return [platform for platform in dict.fromkeys(platforms) if platform != "any"]


def _expanded(platforms: tuple[str, ...]) -> list[str]:
    """Return the platforms with everything whose wheels run there."""
    return list(dict.fromkeys(each for platform in platforms for each in _runs_on(platform)))


def _runs_on(platform: str) -> list[str]:
    from packaging import tags  # noqa: PLC0415 - 50 ms, for these options only

    family, _, rest = platform.partition("_")
    apple = _APPLE.match(platform)
    if platform.startswith("macosx") and apple:
        version = (int(apple[2]), int(apple[3]))
        # The user's own prefix stays, as pip keeps it for "macosxcustom_10_9_x86_64".
        found = tags.mac_platforms(version, apple[4])
        return [f"{apple[1]}_{each[len('macosx_') :]}" for each in found]
    if platform.startswith("ios") and apple:
        version = (int(apple[2]), int(apple[3]))
        return [
            f"{apple[1]}_{each[len('ios_') :]}" for each in tags.ios_platforms(version, apple[4])
        ]
    if android := _ANDROID.fullmatch(platform):
        return list(tags.android_platforms(int(android[1]), android[2]))
    older = _OLDER_MANYLINUX.get(family, ())
    if family == "manylinux2014" and rest not in {"i686", "x86_64"}:
        older = ()
    return [platform, *(f"{each}_{rest}" for each in older)]
