"""What the actions of ``cache`` work with, made here; and whether this user may change a cache."""

from __future__ import annotations

import time
from collections.abc import Mapping

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache import ownership
from pipwrap.cache.build_host import BuildHost, include_directories
from pipwrap.cache.layout import Layout
from pipwrap.cache.machine import library_directories
from pipwrap.cache.store import WheelStore
from pipwrap.cache.wheels import BuiltWheels
from pipwrap.events import Listener
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

    def host(self) -> BuildHost:
        """Return what evidence is compared with."""
        environment = self.environment
        includes, libraries = include_directories(environment), library_directories(environment)
        return BuildHost(self.environ, self.layout, includes, libraries)

    def store(self) -> WheelStore:
        """Return the unpacked wheels."""
        return WheelStore(self.layout, self.console, time.time)


def cache_context(
    options: Options,
    console: Console,
    layout: Layout,
    environment: Environment,
    environ: Mapping[str, str],
) -> CacheContext:
    """Return what the actions of ``cache`` work with."""
    return CacheContext(
        options, console, layout, built_wheels(layout, console), environment, environ
    )


def built_wheels(layout: Layout, listener: Listener) -> BuiltWheels:
    """Return the built wheels of a cache."""
    return BuiltWheels(layout, listener, time.time)


def claim(layout: Layout) -> None:
    """Raise ``errors.CommandError`` where buckets belong to another user: nothing may go."""
    try:
        ownership.claim(layout)
    except OSError as error:
        reason = error.strerror or str(error)
        raise errors.CommandError(f"The cache in {layout.root} cannot be used: {reason}") from error
