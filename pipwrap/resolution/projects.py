"""The version map of each project, and when a map has to be made anew.

Most projects of a resolution need no index: what is installed will do, or what an earlier
resolution preferred, or a direct reference. Their maps hold that version alone (*partial*,
*direct only*), until something requires another one:

    nothing --version_map--> partial --(another version required)--> restart --> whole
    nothing --direct_map --> direct only --(required by name)------> restart --> whole

Ranks are only comparable within one map (decision record 0001), so every change of a map is a
restart (``resolution.restart``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, NoReturn

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.requirement import Constraint
from pipwrap.model.source import Source
from pipwrap.resolution.choice import DirectChoice
from pipwrap.resolution.constraints import ProjectConstraints
from pipwrap.resolution.ports import CandidateProvider
from pipwrap.resolution.preferences import Preference, PreferredVersions
from pipwrap.resolution.restart import RestartReason, RestartRequired
from pipwrap.resolution.version_map import VersionMap


class InstalledCandidates(Struct, frozen=True):
    """What is installed, and whether it stays."""

    candidates: Mapping[str, InstalledCandidate]
    keeps: Callable[[str], bool]
    """Return whether an installed version that satisfies everything stays, newer ones or not."""


class Projects:
    """One version map for each project that is required."""

    def __init__(
        self,
        offers: CandidateProvider,
        installed: InstalledCandidates,
        constraints: Mapping[str, Constraint],
        preferences: Mapping[str, Preference] | None = None,
    ) -> None:
        """Store the ports; no page is read yet.

        ``preferences`` is of projects that are not installed.
        """
        self.offers = offers
        self.installed = installed
        self.constraints = ProjectConstraints(constraints)
        self._version_maps: dict[str, VersionMap] = {}
        self.preferences = PreferredVersions(preferences or {}, self._version_maps)
        self.bound: set[str] = set()
        """Projects that the user named by a direct reference; an index provides none of them."""
        self._required_whole: set[str] = set()
        self._direct: dict[str, dict[str, DirectChoice]] = {}

    def start_again(self) -> None:
        """Drop the version maps and keep what made them change."""
        self._version_maps.clear()

    def prefetch(self, project: str, specifier: SpecifierSet) -> Future[Any] | None:
        """Begin to get the pages of a project, unless they are not needed (``None``)."""
        known = project in self._version_maps or project in self.bound
        known = known or bool(self.constraints.sources(project))
        if known or self._taken_alone(project, specifier) is not None:
            return None
        return self.offers.prefetch(project)

    def __getitem__(self, project: str) -> VersionMap:
        """Return the version map of a project that was required before."""
        return self._version_maps[project]

    def __contains__(self, project: str) -> bool:
        """Return whether a project was required before."""
        return project in self._version_maps

    def version_map(self, project: str, specifier: SpecifierSet) -> VersionMap:
        """Return the version map in which ``specifier`` is to be read."""
        known = self._version_maps.get(project)
        if known is not None:
            if known.is_partial and not self.constraints.admit(
                project, known.ranked_versions[0].version, specifier
            ):
                self.preferences.reject(project)
                self._require_whole(project)
            if known.direct_only and project not in self.bound:
                self._require_whole(project)
            return known
        alone = self._taken_alone(project, specifier)
        if alone is not None:
            return self._make(project, alone, is_partial=True)
        if project in self.bound:
            return self._make(project, (), direct_only=True)
        return self._make(project, self.offers.candidates(project))

    def direct_map(self, project: str) -> VersionMap:
        """Return a version map for a direct reference: of nothing else, as long as that will do."""
        known = self._version_maps.get(project)
        if known is not None:
            return known
        if project in self._required_whole:
            return self.version_map(project, SpecifierSet())
        return self._make(project, (), direct_only=True)

    def add_direct(self, project: str, version: Version, source: Source) -> None:
        """Add a direct reference; ``RestartRequired`` when the versions are numbered already."""
        known = self._direct.setdefault(project, {})
        if source.identity not in known:
            known[source.identity] = DirectChoice(project, version, source)
            if project in self._version_maps:
                raise RestartRequired(RestartReason.DIRECT_REFERENCE_ADDED, project)

    def widen(self) -> frozenset[str]:
        """Have the index searched for all projects of which one version was taken; return them."""
        taken = frozenset(name for name, each in self._version_maps.items() if each.is_partial)
        self._required_whole |= taken
        return taken

    def _require_whole(self, project: str) -> NoReturn:
        """Have the index searched for a project; the resolution starts again."""
        self._required_whole.add(project)
        raise RestartRequired(RestartReason.VERSIONS_REQUIRED, project)

    def _make(
        self,
        project: str,
        candidates: Sequence[Candidate],
        *,
        is_partial: bool = False,
        direct_only: bool = False,
    ) -> VersionMap:
        self._version_maps[project] = VersionMap(
            candidates,
            self.installed.candidates.get(project),
            tuple(self._direct.get(project, {}).values()),
            is_partial=is_partial,
            direct_only=direct_only,
        )
        return self._version_maps[project]

    def _taken_alone(self, project: str, specifier: SpecifierSet) -> tuple[Candidate, ...] | None:
        """Return the candidates of a partial map: none beside the installed one, or a preference.

        ``None`` where the index has to be searched.
        """
        if project in self._required_whole or project in self._direct:
            return None
        installed = self.installed.candidates.get(project)
        if (
            installed is not None
            and self.installed.keeps(project)
            and self.constraints.admit(project, installed.version, specifier)
        ):
            return ()
        preference = self.preferences.get(project)
        if (
            preference is not None
            and project not in self.bound
            and self.constraints.admit(project, preference.candidate.version, specifier)
        ):
            return (preference.candidate,)
        return None
