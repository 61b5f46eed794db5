"""What a build is given: the source tree that is built, and the tools that all builds share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from pipwrap.build.environment_pool import EnvironmentPool
from pipwrap.build.hooks import HookProcessPool
from pipwrap.build.requirements import BuildRequirements
from pipwrap.build.settings import BuildSettings
from pipwrap.cache.evidence import HostInputs, no_tags
from pipwrap.events import Listener
from pipwrap.model.environment import Environment
from pipwrap.vcs.repositories import Repositories


class BuildDirectories(Struct, frozen=True):
    """Where builds put files, and what becomes of them."""

    scratch: Callable[[str], str]
    """Make a directory for the run whose name begins with the argument, and return it."""
    keep_log: Callable[[str, str], str]
    """Copy the log of a failed build (path, name) to where it stays; return that path, or ''."""
    remove: Callable[[str], None]
    """Have a tree that is not needed any more removed, meanwhile or at the end of the run."""
    own: tuple[str, ...] = ()
    """Where source trees, results and the cache are: what a build reads there is of its own."""


def no_preload() -> str | None:
    """Return what is preloaded into hooks where nothing can be."""
    return None


def no_versions() -> Mapping[str, str] | None:
    """Return the versions that extensions will be used beside, in an environment for a build."""
    return {}


class BuildContext(Struct, frozen=True):
    """What every build of a resolution needs."""

    target: Environment
    directories: BuildDirectories
    requirements: BuildRequirements
    listener: Listener
    repositories: Repositories
    host: HostInputs
    """What advice about what is missing is compared with."""
    rules: BuildSettings = field(default_factory=BuildSettings)
    processes: HookProcessPool = field(default_factory=HookProcessPool)
    """Of all builds of the run."""
    pool: EnvironmentPool = field(default_factory=EnvironmentPool)
    """Of all builds of the run."""
    allows_editables: bool = True
    """Otherwise an editable is built like any other source (``wheel``)."""
    building: tuple[str, ...] = ()
    """Names of the projects whose build needs this one."""
    preload: Callable[[], str | None] = no_preload
    """Returns the library that observes the processes of hooks, if there is one."""
    target_versions: Callable[[], Mapping[str, str] | None] = no_versions
    """Returns what extensions will be used beside, by project; ``None`` until it is resolved."""

    def versions(self, name: str, required: tuple[str, ...]) -> Mapping[str, str] | None:
        """Return the versions that what a project requires for its build resolves to now."""
        return self.requirements.versions(required, self.target, (*self.building, name))


class SourceTree(Struct, frozen=True):
    """A source tree on disk, and how messages name it."""

    root: str
    name: str
    """The project, or what the user typed where that is not known."""
    link: str
    """Where it is from."""
    project: str | None = None
    """``None`` while it is known only from its metadata."""
    settings_name: str = ""
    """What its config settings are filed under."""
    editable: bool = False
    tags: Callable[[], str | None] = no_tags
    """Returns a digest of the tags of a repository, if it is one."""

    @property
    def origin(self) -> str:
        """Return how pip names the source in errors about build requirements."""
        return f"{self.project} from {self.link}" if self.project else self.link
