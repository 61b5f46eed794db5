"""``--only-deps``: what the requested projects need, without those projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipwrap import errors
from pipwrap.model.distribution import Distribution
from pipwrap.model.requirement import UserRequirement
from pipwrap.operations import plan
from pipwrap.options.options import Options
from pipwrap.resolution.outcome import Resolution

_GUIDE = "https://pip.pypa.io/en/stable/user_guide/#installing-only-dependencies"


def check(options: Options) -> None:
    """Raise pip's error for options that do not go together with ``--only-deps``."""
    if not options.only_deps:
        return
    given = {
        "'--no-deps'": options.no_deps,
        "'--requirement'": options.requirements,
        "'--requirements-from-script'": options.scripts,
        "'--group'": options.groups,
    }
    conflicts = [name for name, value in given.items() if value]
    if not conflicts:
        return
    if len(conflicts) > 1:
        conflicts[-1] = f"or {conflicts[-1]}"
    raise errors.CommandError(
        f"Cannot use '--only-dependencies' in combination with {', '.join(conflicts)}. "
        f"If this is unexpected, please refer to the user guide:\n\n    {_GUIDE}"
    )


def without_requested(
    distributions: Mapping[str, Distribution],
    resolution: Resolution,
    root_requirements: Sequence[UserRequirement],
    options: Options,
) -> dict[str, Distribution]:
    """Return the distributions, with ``--only-deps`` without the projects that the user named."""
    dropped = plan.requested(resolution, root_requirements) if options.only_deps else ()
    return {project: each for project, each in distributions.items() if project not in dropped}
