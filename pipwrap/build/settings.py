"""The user's options for builds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

ConfigSettings = Mapping[str, str | Sequence[str]]
"""The argument ``config_settings`` of a backend's hooks (PEP 517)."""


class BuildSettings(Struct, frozen=True):
    """Options for builds; each is part of a build's key, or forbids the cache."""

    settings: Mapping[str, ConfigSettings] = field(default_factory=dict)
    """By project, or by URL for direct references."""
    constraints: tuple[str, ...] = ()
    """What constrains build requirements, as text."""
    isolated: bool = True
    """``False`` runs the backend in the target environment as it is; nothing is then cached."""
    checks_requirements: bool = False
    verifies: bool = True
    """Compare the wheel's name and version with what was requested."""
