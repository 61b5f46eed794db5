"""Why a resolution starts again, as a value; pure."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class RestartReason(Enum):
    """What makes the ranges of an attempt void; ``engine.resolve`` draws the states."""

    VERSIONS_REQUIRED = "one version of a project was taken alone, and others are required"
    DIRECT_REFERENCE_ADDED = "a URL leads to a project whose versions are numbered already"
    NOT_REQUESTED = "the solution has special versions that nothing in it requests"
    NO_SOLUTION = "there is none with the versions that were taken alone"
    PREFERENCE_REJECTED = "a version of an earlier resolution may not be the best any more"


class Restart(Struct, frozen=True):
    """One reason, and the projects that it is about."""

    reason: RestartReason
    projects: frozenset[str]


class RestartRequired(Exception):
    """Ends an attempt from inside the core, which calls the provider."""

    def __init__(self, reason: RestartReason, *projects: str) -> None:
        """Carry the value that the attempt returns."""
        super().__init__(reason.value)
        self.restart = Restart(reason, frozenset(projects))
