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
from pipwrap.model.format_control import FormatControl
from pipwrap.model.requirement import Constraint
from pipwrap.operations.context import CommandContext
from pipwrap.operations.on_demand import OnDemand
from pipwrap.options.options import SearchOptions

if TYPE_CHECKING:
    from pipwrap.cache.sidecars import Sidecars
    from pipwrap.operations.builders import PreparerFactory


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
