"""What a resolution comes to, and the same as the cache stores it; pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from packaging.version import Version

from pipwrap.cache.resolutions import StoredCandidate, StoredResolution
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.resolution.choice import Choice


class Resolution(Struct, frozen=True):
    """One choice for every project that is required, and what requires what."""

    choices: Mapping[str, Choice]
    """By canonical name, in the order in which they were first required."""
    edges: tuple[tuple[str, str], ...]
    """(parent, child) projects, extras folded into their project."""
    extras: Mapping[str, tuple[str, ...]]
    """The extras that were required, by project."""
    names: Mapping[str, str]
    """Each project as the requirement that first named it spells it: pip's lines use that."""
    looked_at: tuple[Choice, ...] = ()
    """Every choice whose metadata was read on the way."""
    active_specifiers: Mapping[str, str] = field(default_factory=dict)
    """``resolution.active_specifiers``."""

    @property
    def depends_on_pages(self) -> bool:
        """Return whether the pages of indexes alone decide it: they name every byte that was read.

        That is so for wheels with a sha256, which fixes their metadata too. The metadata of an
        sdist may come from its build, and no page says what a direct reference leads to.
        """
        return all(
            isinstance(choice, InstalledCandidate)
            or (isinstance(choice, Candidate) and choice.is_wheel and choice.link.sha256)
            for choice in (*self.looked_at, *self.choices.values())
        )


def to_stored(resolution: Resolution) -> StoredResolution:
    """Return a resolution of candidates and installed distributions as the cache stores it."""
    return StoredResolution(
        {project: _stored_choice(each) for project, each in resolution.choices.items()},
        resolution.edges,
        dict(resolution.extras),
        dict(resolution.names),
        dict(resolution.active_specifiers),
    )


def from_stored(
    stored: StoredResolution, installed: Mapping[str, InstalledCandidate]
) -> Resolution:
    """Return the resolution that ``to_stored`` was given.

    Raises ``ValueError`` where a version is none, where something that it refers to is not
    installed, or where it has active specifiers of some projects only.
    """
    active, projects = stored.active_specifiers, stored.choices.keys()
    taken = {project for project, each in stored.choices.items() if each is None}
    if not installed.keys() >= taken or (active and not active.keys() >= projects):
        message = "it refers to projects that it does not describe"
        raise ValueError(message)
    return Resolution(
        {
            project: installed[project] if each is None else _candidate(project, each)
            for project, each in stored.choices.items()
        },
        stored.edges,
        stored.extras,
        stored.names,
        active_specifiers={project: active[project] for project in projects} if active else {},
    )


def _stored_choice(choice: Choice) -> StoredCandidate | None:
    if not isinstance(choice, Candidate):
        return None
    return StoredCandidate(str(choice.version), choice.link, choice.tag_rank, choice.build or None)


def _candidate(project: str, stored: StoredCandidate) -> Candidate:
    version, build = Version(stored.version), stored.build or ()
    return Candidate(project, version, stored.link, stored.tag_rank, build)
