"""What a resolution is told, what it asks, and what it remembers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.metadata import Metadata, MetadataResult
from pipwrap.model.release_control import ReleaseControl
from pipwrap.model.source import Source
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.dependencies import Dependencies

_NAME = re.compile(r"[A-Za-z0-9._-]+")


class MetadataProvider(Protocol):
    """Gets metadata, downloading or building when it must."""

    def prefetch(self, candidate: Candidate, then: Callable[[Metadata], None]) -> None:
        """Begin to get the metadata of what will probably be chosen.

        ``then`` is called with it when it arrives, from any thread, and must not raise; not with
        what was there already.
        """

    def prebuild(self, candidate: Candidate) -> None:
        """Begin to get the metadata of what is certain to be asked for, whatever that takes."""

    def metadata(self, choice: Candidate | Source) -> MetadataResult:
        """Return the metadata.

        Raises ``errors.UnusableMetadata`` when it contradicts the file's name, and
        ``errors.BuildFailed`` when the backend ends with an error.
        """

    def described(self, candidates: Sequence[Candidate]) -> Sequence[Metadata | None]:
        """Return metadata that indexes offer apart from the files, each in its candidate's place.

        ``None`` for a candidate of which that is not so, and where it cannot be had.
        """

    def reuses(self, choice: Candidate | Source) -> bool:
        """Tell whether a wheel that was built before will be used."""

    def installed(self, candidate: InstalledCandidate) -> Metadata:
        """Return the metadata of an installed distribution."""

    def source(self, url: str, subdirectory: str | None = None) -> Source:
        """Return the direct reference that a dependency's URL names."""


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
    """Tell whether what a constraint names can be installed here."""
    show_path: Callable[[str], str] = str
    requires_hashes: bool = False
    """Every file of an index needs a hash of the user's, and so a version of the user's."""


class Template(Struct, frozen=True):
    """The requirement that first asked for a project; pip names the project by it."""

    text: str
    chain: str | None = None
    """Where it came from, as pip prints it: ``a>=1->b->-r FILE (line 1)``."""
    parent: str | None = None
    """The project that asked; ``None`` for the user."""
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
        """Return how it is named as the origin of what it needs."""
        return f"{self.text}->{self.chain}" if self.chain else self.text

    @property
    def suffix(self) -> str:
        """Return `` (from ...)``, or nothing for what the command line asked for."""
        return f" (from {self.chain})" if self.chain else ""

    def satisfied(self, place: str, version: str) -> str:
        """Return pip's line for a version that is installed at ``place``."""
        return f"Requirement already satisfied: {self.text} in {place}{self.suffix} ({version})"


class ResolverState(Struct):
    """What stays true when a resolution starts again."""

    dependencies: dict[Choice, Dependencies | errors.UnusableMetadata] = field(default_factory=dict)
    foreseen: dict[Candidate, Dependencies | None] = field(default_factory=dict)
    """What was read of versions before any of them was chosen; ``None`` where it is no use."""
    sources: dict[tuple[str, str], DirectChoice | None] = field(default_factory=dict)
    """By project and URL; ``None`` for what cannot be used."""
    templates: dict[str, Template] = field(default_factory=dict)
    """By project: the requirement that first asked for it."""
    told: set[str] = field(default_factory=set)
    heading: str = ""
    """The last line that said whose metadata is read; pip does not repeat it."""
    reads: Counter[str] = field(default_factory=Counter)
    """By project, of how many versions metadata was read because they were chosen."""
    satisfied: set[str] = field(default_factory=set)
    """Projects of which it was said that what is installed would do."""
    strict: set[str] = field(default_factory=set)
    """Projects whose special versions nobody asked for in the end (``Admission``)."""
    restarts: int = 0

    def template(self, project: str) -> Template:
        """Return what first asked for ``project``."""
        return self.templates.get(project, Template(project))
