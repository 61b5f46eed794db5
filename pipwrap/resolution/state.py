"""The rules of a resolution, its port to metadata, and what outlives a restart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.release_control import ReleaseControl
from pipwrap.model.source import Source
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.restart import Restart, RestartReason

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def _everything(source: Source) -> bool:
    del source
    return True


class ResolutionRules(Struct, frozen=True):
    """What the user's options say about a resolution."""

    markers: Mapping[str, str]
    python_version: str
    releases: ReleaseControl = field(default_factory=ReleaseControl)
    ignore_requires_python: bool = False
    ignore_dependencies: bool = False
    supports: Callable[[Source], bool] = _everything
    """Return whether what a constraint names can be installed here."""
    show_path: Callable[[str], str] = str
    requires_hashes: bool = False
    """Every file of an index needs a hash of the user's, and so a version of the user's."""


class Template(Struct, frozen=True):
    """The requirement that first named a project; pip's lines name the project by it."""

    text: str
    chain: str | None = None
    """Where it came from, as pip prints it: ``a>=1->b->-r FILE (line 1)``."""
    parent: str | None = None
    """The project that requires it; ``None`` for the user."""
    has_hashes: bool = False
    """The user allows some files only, so that a version is named by its pin."""

    def pinned(self, choice: Choice) -> Template:
        """Return the template as pip names it once ``choice`` is chosen."""
        if not self.has_hashes or not isinstance(choice, Candidate):
            return self
        return replace(self, text=f"{self.name}=={choice.version}")

    @property
    def name(self) -> str:
        """Return the project as the requirement spells it."""
        match = _NAME.match(self.text)
        return match[0] if match else self.text

    @property
    def origin(self) -> str:
        """Return how it is named as the origin of what it requires."""
        return f"{self.text}->{self.chain}" if self.chain else self.text

    @property
    def suffix(self) -> str:
        """Return `` (from ...)``, or nothing for a requirement of the command line."""
        return f" (from {self.chain})" if self.chain else ""

    def satisfied(self, place: str, version: str) -> str:
        """Return pip's line for a version that is installed at ``place``."""
        return f"Requirement already satisfied: {self.text} in {place}{self.suffix} ({version})"


class ResolverState(Struct):
    """What stays true when a resolution starts again (``engine.resolve``)."""

    dependencies: dict[Choice, Dependencies | errors.UnusableMetadata] = field(default_factory=dict)
    read_ahead: dict[Candidate, Dependencies | None] = field(default_factory=dict)
    """What was read of versions before they were chosen (``Lookahead``); ``None`` if unusable."""
    sources: dict[tuple[str, str], DirectChoice | None] = field(default_factory=dict)
    """By project and URL; ``None`` for what cannot be used."""
    templates: dict[str, Template] = field(default_factory=dict)
    """By project: the requirement that first named it."""
    reported: set[str] = field(default_factory=set)
    """Warnings and progress that are printed once."""
    heading: str = ""
    """The last line that said whose metadata is read; pip does not repeat it."""
    reads: Counter[str] = field(default_factory=Counter)
    """By project, of how many versions metadata was read because they were chosen."""
    satisfied: set[str] = field(default_factory=set)
    """Projects of which it was printed that what is installed would do."""
    strict: set[str] = field(default_factory=set)
    """Projects whose special versions nothing requested in the end (``Admission``)."""
    restarts: list[Restart] = field(default_factory=list)

    @property
    def is_straight(self) -> bool:
        """Return whether no restart has changed what the resolution would come to.

        A preference that was rejected has not: nothing was decided because of it.
        """
        reasons = {each.reason for each in self.restarts}
        return reasons <= {RestartReason.PREFERENCE_REJECTED}

    def template(self, project: str) -> Template:
        """Return the requirement that first named ``project``."""
        return self.templates.get(project, Template(project))
