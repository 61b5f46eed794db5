"""Build requirements, resolved and installed by what is above this package: a port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from pipwrap.build.environment import BuildEnvironment
from pipwrap.model.environment import Environment


class ResolvedRequirements(Protocol):
    """Resolved build requirements."""

    @property
    def chosen(self) -> frozenset[str]:
        """Return the URLs of the files, empty where one of them is not from an index."""

    def install(self) -> None:
        """Install them."""


class BuildRequirements(Protocol):
    """Resolves and installs build requirements; ``operations.build_dispatch`` does it.

    Resolving them may take builds, whose requirements are resolved in the same way.
    """

    def resolved(
        self,
        requirements: Sequence[str],
        into: BuildEnvironment,
        building: tuple[str, ...],
        activity: str,
    ) -> AbstractContextManager[ResolvedRequirements]:
        """Yield resolved ``requirements``; ``building`` names the builds that are under way.

        Raises ``errors.BuildFailed``, with all lines reported so far, where they cannot be resolved
        or installed; ``activity`` is what failed.
        """

    def versions(
        self, requirements: Sequence[str], target: Environment, building: tuple[str, ...]
    ) -> Mapping[str, str] | None:
        """Return the versions, by canonical name, that requirements resolve to for ``target``.

        ``None`` where they cannot be resolved now, offline for example. Nothing is installed.
        """

    def check(self, requirements: Sequence[str], environment: Environment) -> RequirementsCheck:
        """Return which of ``requirements`` an environment does not satisfy."""


class RequirementsCheck(Struct, frozen=True):
    """Requirements that an environment does not satisfy."""

    conflicting: tuple[tuple[str, str], ...] = ()
    """(what is installed, what is required)."""
    missing: tuple[str, ...] = ()
