"""What a command will do to an environment, decided before anything is touched; pure."""

from __future__ import annotations

from msgspec import Struct

from pipwrap.install.linking import LinkMode
from pipwrap.model.environment import InstalledDistribution, Scheme
from pipwrap.model.wheel import StoredWheel


class Installation(Struct, frozen=True):
    """One distribution to put into the environment."""

    name: str
    """Canonical."""
    display_name: str
    """As pip prints it: the wheel's own Name."""
    version: str
    wheel: StoredWheel
    requested: bool
    """Named by the user: gets a REQUESTED file (PEP 376)."""
    direct_url: str | None
    """Content of direct_url.json (PEP 610), for direct references."""
    replaces: InstalledDistribution | None
    """What is removed first."""


class Relocation(Struct, frozen=True):
    """``--target``: what would be below a base goes to one flat directory (see ``relocation``)."""

    base: str
    """Absolute, of the plan's scheme; never made."""
    directory: str
    """Absolute, as the user would name it."""
    replaces: bool
    """``--upgrade``: what is there already is replaced; else it stays."""


class Plan(Struct, frozen=True):
    """All changes of one command, in the order in which they are made."""

    scheme: Scheme
    install: tuple[Installation, ...] = ()
    remove: tuple[InstalledDistribution, ...] = ()
    compile_bytecode: bool = True
    warn_script_location: bool = True
    link_mode: LinkMode = LinkMode.AUTO
    announced: bool = False
    """The user has seen what is removed, and agreed; only the outcome is still to be printed."""
    names_paths: bool = False
    """Each path that is removed is printed (``-v``)."""
    relocation: Relocation | None = None
