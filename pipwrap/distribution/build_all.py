"""Building many wheels: a failure does not keep the others from being built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from pipwrap import errors
from pipwrap.events import BuildAborted, Info, Listener, WarningMessage

Wheel = TypeVar("Wheel")


def build_all(
    names: Mapping[str, str], build: Callable[[str], Wheel], listener: Listener
) -> dict[str, Wheel]:
    """Return what ``build`` made of each project, telling pip's lines.

    ``names`` are the projects as the user knows them. What was built stays in the cache when
    others fail; then ``errors.WheelsNotBuilt`` names those that did.
    """
    listener(Info(f"Building wheels for collected packages: {', '.join(names.values())}"))
    built: dict[str, Wheel] = {}
    broken: dict[str, str] = {}
    for project, name in names.items():
        try:
            built[project] = build(project)
        except errors.BuildFailed as error:
            listener(BuildAborted(error))
            broken[project] = name
        except errors.InvalidBuiltWheel as error:
            listener(WarningMessage(error.message, indent=1))
            broken[project] = name
    if built:
        done = " ".join(names[project] for project in built)
        listener(Info(f"Successfully built {done}"))
    if broken:
        listener(Info(f"Failed to build {' '.join(broken.values())}"))
        raise errors.WheelsNotBuilt(broken)
    return built
