"""A small world in memory to resolve in: it refuses what nobody set up, and notes what is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name
from packaging.version import Version

from pipwrap import errors
from pipwrap.events import Event
from pipwrap.index.selection import Selector
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.environment import InstalledDistribution
from pipwrap.model.link import Link
from pipwrap.model.metadata import Metadata, MetadataResult
from pipwrap.model.requirement import Constraint, Requirement, UserRequirement
from pipwrap.model.source import Archive, Source
from pipwrap.resolution import engine
from pipwrap.resolution.choice import Choice, DirectChoice
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.preferences import Preference
from pipwrap.resolution.projects import InstalledCandidates, Projects
from pipwrap.resolution.state import ResolutionRules

PYTHON = "3.11.7"
MARKERS = {
    "python_version": "3.11",
    "python_full_version": PYTHON,
    "sys_platform": "linux",
    "platform_system": "Linux",
    "implementation_name": "cpython",
    "os_name": "posix",
}


@dataclass(frozen=True)
class File:
    """One version: what its page says of it, and what its metadata says."""

    version: str
    requires: Sequence[str] = ()
    extras: Sequence[str] = ()
    requires_python: str | None = None
    """In the metadata only."""
    yanked: str | None = None
    broken: str | None = None
    """Why the metadata is unusable."""
    is_alone: bool = False
    """Its index has no metadata apart from it."""
    metadata_name: str | None = None
    """When it is not that of the project."""


def f(version: str, *requires: str, **keywords: object) -> File:
    return File(version, requires, **keywords)  # type: ignore[arg-type]


@dataclass
class World:
    """Offers, artifacts and installed distributions by project name."""

    index: Mapping[str, Sequence[File]]
    installed: Mapping[str, File] = field(default_factory=dict)
    urls: Mapping[str, tuple[str, File]] = field(default_factory=dict)
    """URL to project and file."""
    unasked: frozenset[str] = frozenset()
    """Projects that exist but may not be asked for."""
    asked: list[str] = field(default_factory=list)
    """Projects whose page was read, in order, repetitions too."""
    visited: list[str] = field(default_factory=list)
    """``name==version`` (or URL) of everything whose metadata was read."""
    foreseen: list[str] = field(default_factory=list)
    """The same of everything whose metadata was read before it was chosen."""
    events: list[Event] = field(default_factory=list)

    # Offers

    def prefetch(
        self, wanted: str | Candidate, then: Callable[[Metadata], None] | None = None
    ) -> Future[None]:
        """Note nothing: to begin is not to ask."""
        del then
        assert isinstance(wanted, Candidate) or wanted not in self.unasked, wanted
        return Future()

    def candidates(self, project: str) -> Sequence[Candidate]:
        assert project == canonicalize_name(project), project
        assert project not in self.unasked, f"the index was asked for {project}"
        assert project in self.index, f"nobody set up {project}"
        self.asked.append(project)
        found = [_candidate(project, file) for file in self.index[project]]
        return Selector({}, PYTHON).ordered(found)

    def ahead(self, project: str) -> Sequence[Candidate]:
        raise AssertionError(f"{project} is looked at ahead of its turn")

    # Artifacts

    def metadata(self, choice: Candidate | Source) -> MetadataResult:
        if isinstance(choice, Candidate):
            file = self._file(choice)
            self.visited.append(f"{choice.project}=={choice.version}")
            return MetadataResult(_metadata(choice.project, file))
        name, file = self.urls[choice.link.url]
        self.visited.append(choice.link.url)
        return MetadataResult(_metadata(name, file))

    def metadata_ahead(self, candidates: Sequence[Candidate]) -> list[Metadata | None]:
        files = [self._file(each) for each in candidates]
        self.foreseen += [f"{each.project}=={each.version}" for each in candidates]
        return [
            None if file.broken or file.is_alone else _metadata(each.project, file)
            for each, file in zip(candidates, files, strict=True)
        ]

    def _file(self, choice: Candidate) -> File:
        files = self.index[choice.project]
        return next(each for each in files if Version(each.version) == choice.version)

    def reuses(self, choice: Candidate | Source) -> bool:
        return False

    def installed_metadata(self, candidate: InstalledCandidate) -> Metadata:
        self.visited.append(f"{candidate.project}=={candidate.version} installed")
        return _metadata(candidate.project, self.installed[candidate.project])

    def source(self, url: str, subdirectory: str | None = None) -> Source:
        assert url in self.urls, f"nobody set up {url}"
        return Archive(Link.from_url(url))


class _Artifacts:
    """The same world; here ``installed`` is a method."""

    def __init__(self, world: World) -> None:
        self.prefetch = self.prebuild = world.prefetch
        self.metadata = world.metadata
        self.reuses = world.reuses
        self.metadata_ahead = world.metadata_ahead
        self.source = world.source
        self.installed = world.installed_metadata


def _candidate(project: str, file: File) -> Candidate:
    version = Version(file.version)
    filename = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
    return Candidate(project, version, Link(f"https://index/{filename}", yanked=file.yanked))


def _metadata(project: str, file: File) -> Metadata:
    if file.broken is not None:
        raise errors.UnusableMetadata(file.broken)
    return Metadata(
        file.metadata_name or project,
        file.version,
        tuple(file.requires),
        file.requires_python,
        tuple(file.extras),
        "2.1",
    )


def resolve(
    world: World,
    *root_requirements: str,
    constraints: Sequence[str] = (),
    keeps: Callable[[str], bool] = lambda project: True,
    **rules: object,
) -> dict[str, str]:
    """Return ``{project: version}``, with `` (installed)`` or `` (URL)`` behind the version."""
    return shown(
        resolution(world, *root_requirements, constraints=constraints, keeps=keeps, **rules)
    )


def resolution(
    world: World,
    *root_requirements: str,
    constraints: Sequence[str] = (),
    keeps: Callable[[str], bool] = lambda project: True,
    preferences: Mapping[str, Preference] | None = None,
    **rules: object,
) -> engine.Resolution:
    """Return what the engine returns, having checked that every path leads from a root requirement."""
    users = [_user_requirement(world, text) for text in root_requirements]
    limits = _constraints(constraints)
    there = InstalledCandidates(candidates_of(world.installed), keeps)
    projects = Projects(world, there, limits, preferences)
    known: dict[Choice, Dependencies] = {}
    for user in users:
        if user.source is not None and user.requirement is not None:
            _, file = world.urls[user.source.link.url]
            direct = DirectChoice(user.requirement.name, Version(file.version), user.source)
            projects.add_direct(direct.project, direct.version, direct.source)
            known[direct] = Dependencies.of(_metadata(direct.project, file))
    ports = engine.Ports(projects, _Artifacts(world), world.events.append)
    asked = ResolutionRules(MARKERS, PYTHON, **rules)  # type: ignore[arg-type]
    return engine.resolve(users, asked, ports, known)


def candidates_of(installed: Mapping[str, File]) -> dict[str, InstalledCandidate]:
    """Return what is installed as the engine takes it."""
    return {
        name: InstalledCandidate(name, Version(file.version), _distribution(name, file.version))
        for name, file in installed.items()
    }


def shown(found: engine.Resolution) -> dict[str, str]:
    return {project: _shown(choice) for project, choice in found.choices.items()}


def _shown(choice: Choice) -> str:
    if isinstance(choice, InstalledCandidate):
        return f"{choice.version} (installed)"
    if isinstance(choice, DirectChoice):
        return f"{choice.version} ({choice.source.link.url})"
    return str(choice.version)


def _user_requirement(world: World, text: str) -> UserRequirement:
    requirement = Requirement.parse(text)
    source = world.source(requirement.url) if requirement.url else None
    return UserRequirement(requirement.text, requirement, source, requirement.extras)


def _constraints(texts: Iterable[str]) -> dict[str, Constraint]:
    found: dict[str, Constraint] = {}
    for text in texts:
        parsed = Requirement.parse(text)
        new = Constraint(parsed.name, parsed.specifier, texts=(text,))
        found[parsed.name] = found[parsed.name].merged(new) if parsed.name in found else new
    return found


def _distribution(name: str, version: str) -> InstalledDistribution:
    return InstalledDistribution(name, version, "/site", f"/site/{name}-{version}.dist-info")
