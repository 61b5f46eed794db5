"""Building many wheels: a failure does not keep the others from being built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from pipwrap import errors
from pipwrap.events import BuildBroke, Listener, Told, Warned

Wheel = TypeVar("Wheel")


def build_all(
    names: Mapping[str, str], build: Callable[[str], Wheel], listener: Listener
) -> dict[str, Wheel]:
    """Return what ``build`` made of each project, telling pip's lines.

    ``names`` are the projects as the user knows them. What was built stays in the cache when
    others fail; then ``errors.WheelsNotBuilt`` names those that did.
    """
    listener(Told(f"Building wheels for collected packages: {', '.join(names.values())}"))
    built: dict[str, Wheel] = {}
    broken: dict[str, str] = {}
    for project, name in names.items():
        try:
            built[project] = build(project)
        except errors.BuildFailed as error:
            listener(BuildBroke(error))
            broken[project] = name
        except errors.InvalidBuiltWheel as error:
            listener(Warned(error.message, indent=1))
            broken[project] = name
    if built:
        done = " ".join(names[project] for project in built)
        listener(Told(f"Successfully built {done}"))
    if broken:
        listener(Told(f"Failed to build {' '.join(broken.values())}"))
        raise errors.WheelsNotBuilt(broken)
    return built
