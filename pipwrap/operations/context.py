"""What every command starts from: options, target environment, events, cache."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from pipwrap.concurrency.dispatcher import EventDispatcher
from pipwrap.model.environment import Environment
from pipwrap.operations.cache_session import CacheSession
from pipwrap.operations.noop_recorder import NoopRecorder
from pipwrap.options.options import Options


class CommandContext(Struct, frozen=True):
    """The options, target and tools of one command."""

    options: Options
    environment: Environment
    events: EventDispatcher
    """Takes what happens, on any thread, in the order in which it is printed."""
    place: CacheSession
    environ: Mapping[str, str]
    working_directory: str
    default_index_url: str
    """pip's own."""
    noop_recorder: NoopRecorder
    """Records what the command's answer depends on."""

    def show_path(self, path: str) -> str:
        """Return a path as pip shows it: relative when it is below the working directory."""
        if path.startswith(self.working_directory.rstrip("/") + "/"):
            return "." + path[len(self.working_directory.rstrip("/")) :]
        return path
