"""What the sessions of one command share, and what each of them may choose and how it builds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pipwrap.build.settings import BuildSettings
from pipwrap.cache.store import WheelStore
from pipwrap.cache.upkeep.usage import Usage
from pipwrap.distribution.hashes import HashPolicy
from pipwrap.distribution.results import SaveOptions
from pipwrap.index.link_collector import LinkCollector
from pipwrap.index.project_links import ProjectLinks
from pipwrap.model.candidate import InstalledCandidate
from pipwrap.model.format_control import FormatControl
from pipwrap.model.requirement import Constraint
from pipwrap.operations.context import CommandContext
from pipwrap.operations.on_demand import OnDemand
from pipwrap.options.options import SearchOptions
from pipwrap.resolution.outcome import Resolution

if TYPE_CHECKING:
    from pipwrap.cache.sidecars import Sidecars
    from pipwrap.operations.builders import PreparerFactory


class TargetVersions:
    """The versions of what extensions are compiled against, in the environment as it will be.

    They are known once the user's request is resolved; until then nothing is said of them.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._found: tuple[Mapping[str, InstalledCandidate], Resolution] | None = None

    def settle(self, installed: Mapping[str, InstalledCandidate], resolution: Resolution) -> None:
        """Store what is installed, and what takes its place or comes to it."""
        self._found = (installed, resolution)

    def __call__(self) -> Mapping[str, str] | None:
        """Return the versions by project; ``None`` until they are known."""
        if self._found is None:
            return None
        from pipwrap.model.compiled_interfaces import PROJECTS  # noqa: PLC0415 - where it is built

        installed, resolution = self._found
        found = {each: resolution.choices.get(each) or installed.get(each) for each in PROJECTS}
        return {name: str(each.version) for name, each in found.items() if each is not None}


class SharedState(Struct, frozen=True):
    """What all sessions of one command share, those of build requirements included."""

    context: CommandContext
    search: SearchOptions
    collector: LinkCollector
    store: WheelStore
    private: WheelStore
    """The wheels of this run alone, which the cache may not store."""
    sidecars: OnDemand[Sidecars]
    usage: Usage
    preparer_factory: OnDemand[PreparerFactory]
    build_constraints: Mapping[str, Constraint] = field(default_factory=dict)
    locked: Mapping[str, ProjectLinks] = field(default_factory=dict)
    """The files that lock files name; they do not bind build requirements."""
    target_versions: TargetVersions = field(default_factory=TargetVersions)


class SessionSettings(Struct, frozen=True):
    """What distinguishes one session from the others of its command."""

    policy: HashPolicy
    formats: FormatControl
    rules: BuildSettings
    building: tuple[str, ...] = ()
    """The stack of projects whose builds require this session; empty for the user's request."""
    saving: SaveOptions | None = None

    @property
    def is_for_build(self) -> bool:
        """Return whether this session installs build requirements."""
        return bool(self.building)
