"""What the actions of ``cache`` work with, and who may change a cache."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache import ownership
from pipwrap.cache.layout import Layout
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.model.environment import Environment
from pipwrap.options.options import Options
from pipwrap.report.console import Console


class CacheContext(Struct, frozen=True):
    """What an action works with."""

    options: Options
    console: Console
    layout: Layout
    wheels: BuiltWheels
    environment: Environment
    environ: Mapping[str, str]


def claim(layout: Layout) -> None:
    """Raise ``errors.CommandError`` where buckets belong to another user: nothing may go."""
    try:
        ownership.claim(layout)
    except OSError as error:
        reason = error.strerror or str(error)
        raise errors.CommandError(f"The cache in {layout.root} cannot be used: {reason}") from error
