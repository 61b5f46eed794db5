"""What a build asks of those who resolve and install its requirements: a port."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from pipwrap.build.environment import BuildEnvironment
from pipwrap.model.environment import Environment


class ResolvedRequirements(Protocol):
    """What build requirements came to."""

    @property
    def chosen(self) -> frozenset[str]:
        """Return the URLs of the files of an index; none where anything is from elsewhere."""

    def install(self) -> None:
        """Install it."""


class BuildRequirements(Protocol):
    """Resolves build requirements and installs them; the recursion closes in the wiring."""

    def resolved(
        self,
        requirements: Sequence[str],
        into: BuildEnvironment,
        building: tuple[str, ...],
        activity: str,
    ) -> AbstractContextManager[ResolvedRequirements]:
        """Yield what ``requirements`` come to; ``building`` names the builds that are under way.

        Raises ``errors.BuildFailed``, which has all that was told, where they cannot be resolved
        or installed; ``activity`` is then what failed.
        """

    def check(self, requirements: Sequence[str], environment: Environment) -> RequirementsCheck:
        """Return which of ``requirements`` an environment does not satisfy."""


class RequirementsCheck(Struct, frozen=True):
    """What is wrong with some requirements."""

    conflicting: tuple[tuple[str, str], ...] = ()
    """(what is installed, what is required)."""
    missing: tuple[str, ...] = ()
