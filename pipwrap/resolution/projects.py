"""The universes of a resolution, and when they have to be made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import Any, Protocol

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.requirement import Constraint
from pipwrap.model.source import Source
from pipwrap.resolution.choice import DirectChoice
from pipwrap.resolution.ranges import RankRange, Ranks
from pipwrap.resolution.version_map import VersionMap


class Restart(Exception):
    """A universe has to change, so every range over it is void."""


class PreferenceRejected(Restart):
    """Something was presumed that may be wrong; nothing was done because of it yet."""


class CandidateProvider(Protocol):
    """What indexes and find-links offer, judged for the target environment."""

    def prefetch(self, project: str) -> Future[Any]:
        """Begin to ask for a project, without waiting."""

    def candidates(self, project: str) -> Sequence[Candidate]:
        """Return the installable files of a project in pip's order, best first."""

    def ahead(self, project: str) -> Sequence[Candidate]:
        """Return the same from any thread, for what may not be wanted in the end."""


class InstalledCandidates(Struct, frozen=True):
    """What is there, and whether it is kept."""

    candidates: Mapping[str, InstalledCandidate]
    keeps: Callable[[str], bool]
    """Tell whether an installed version that satisfies everything stays, newer ones or not."""


class Preference(Struct, frozen=True):
    """What was chosen before, from pages that are the same now (``active_specifiers``)."""

    candidate: Candidate
    active_specifiers: str

    def is_first(self, active_specifiers: str) -> bool:
        """Tell whether it is the best one again: all that was asked before is asked again.

        More clauses admit less, but for one that names a pre-release where none did (PEP 440).
        """
        if not set(self.active_specifiers.split(",")) <= {*active_specifiers.split(","), ""}:
            return False
        return (
            SpecifierSet(active_specifiers).prereleases
            == SpecifierSet(self.active_specifiers).prereleases
        )


class Projects:
    """One universe for each project; the index is asked only when what is installed won't do."""

    def __init__(
        self,
        offers: CandidateProvider,
        installed: InstalledCandidates,
        constraints: Mapping[str, Constraint],
        preferences: Mapping[str, Preference] | None = None,
    ) -> None:
        """Keep the ports; nothing is asked yet.

        ``preferences`` is what of projects that are not installed is taken without asking, as
        long as it does.
        """
        self._offers = offers
        self._installed = installed
        self._constraints = constraints
        self._preferences = dict(preferences or {})
        self._version_maps: dict[str, VersionMap] = {}
        self._wanted_whole: set[str] = set()
        self._direct: dict[str, dict[str, DirectChoice]] = {}
        self._bound: set[str] = set()

    def start_again(self) -> None:
        """Forget the universes and keep what made them change."""
        self._version_maps.clear()

    def constraint(self, project: str) -> SpecifierSet:
        """Return what the user's constraints say of a project."""
        constraint = self._constraints.get(project)
        return constraint.specifier if constraint else SpecifierSet()

    def has_hashes(self, project: str) -> bool:
        """Tell whether the user's constraints allow some files of a project only."""
        constraint = self._constraints.get(project)
        return bool(constraint and constraint.hashes)

    def required_sources(self, project: str) -> tuple[Source, ...]:
        """Return where the user's constraints say that a project must come from."""
        constraint = self._constraints.get(project)
        return constraint.sources if constraint else ()

    def prefetch(self, project: str, specifier: SpecifierSet) -> Future[Any] | None:
        """Begin to ask the index, unless the installed version is going to do (``None``)."""
        known = project in self._version_maps or project in self._bound
        known = known or bool(self.required_sources(project))
        if known or self._stays(project, specifier) or self._presumes(project, specifier):
            return None
        return self._offers.prefetch(project)

    def best_ahead(self, project: str, specifier: SpecifierSet) -> Candidate | None:
        """Return the file that will probably be chosen; called from any thread."""
        constraint = self.constraint(project)
        return next(
            (
                each
                for each in self._offers.ahead(project)
                if each.link.yanked is None
                and (specifier.prereleases or not each.version.is_prerelease)
                and specifier.contains(each.version, prereleases=True)
                and constraint.contains(each.version, prereleases=True)
            ),
            None,
        )

    def __getitem__(self, project: str) -> VersionMap:
        """Return the universe of a project that was asked for before."""
        return self._version_maps[project]

    def __contains__(self, project: str) -> bool:
        """Tell whether a project was asked for before."""
        return project in self._version_maps

    def is_whole(self, project: str) -> bool:
        """Tell whether the versions that an index offers are known and may be chosen."""
        known = self._version_maps.get(project)
        return known is not None and not (known.is_partial or known.direct_only)

    def only(self, project: str, allowed: Ranks) -> Candidate | None:
        """Return the file of an index that is all that a range leaves, if that is so."""
        version_map = self._version_maps[project]
        ranks = tuple(islice(version_map.liked(allowed), 2))
        choice = version_map.ranked_versions[ranks[0]].choice if len(ranks) == 1 else None
        return choice if isinstance(choice, Candidate) else None

    def version_map(self, project: str, specifier: SpecifierSet) -> VersionMap:
        """Return the universe in which ``specifier`` is to be read."""
        known = self._version_maps.get(project)
        if known is not None:
            if known.is_partial and not self._does(
                known.ranked_versions[0].version, project, specifier
            ):
                self._doubt(project)
                self.want_whole(project)
            if known.direct_only and project not in self._bound:
                self.want_whole(project)
            return known
        if self._stays(project, specifier):
            return self._make(project, (), is_partial=True)
        if self._presumes(project, specifier):
            return self._make(project, (self._preferences[project].candidate,), is_partial=True)
        if project in self._bound:
            return self._make(project, (), direct_only=True)
        return self._make(project, self._offers.candidates(project))

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
            self._installed.candidates.get(project),
            tuple(self._direct.get(project, {}).values()),
            is_partial=is_partial,
            direct_only=direct_only,
        )
        return self._version_maps[project]

    def want_whole(self, project: str) -> None:
        """Ask the index for a project although something is installed; always starts again."""
        self._wanted_whole.add(project)
        raise Restart

    def widen(self) -> bool:
        """Ask the index for everything that was taken as known; ``False`` if nothing was."""
        taken = {name for name, each in self._version_maps.items() if each.is_partial}
        self._wanted_whole |= taken
        return bool(taken)

    def check_preference(self, project: str, asked: str) -> None:
        """Start again without what is presumed of a project where it may not be the best.

        ``asked`` is what is in force of it now.
        """
        preferences = self._preferences.get(project)
        if preferences is not None and not preferences.is_first(asked):
            self._doubt(project)

    def drop_preferences(self) -> None:
        """Presume nothing more; starts again if anything that was asked for is presumed."""
        preferences, self._preferences = self._preferences, {}
        if any(map(self._is_partial, preferences)):
            raise PreferenceRejected

    def _doubt(self, project: str) -> None:
        """Presume a project no more; starts again if it is."""
        if self._preferences.pop(project, None) is not None and self._is_partial(project):
            raise PreferenceRejected

    def _is_partial(self, project: str) -> bool:
        known = self._version_maps.get(project)
        return known is not None and known.is_partial

    def add_direct(self, project: str, version: Version, source: Source) -> None:
        """Make a direct reference known; starts again when the numbers are given already."""
        known = self._direct.setdefault(project, {})
        if source.identity not in known:
            known[source.identity] = DirectChoice(project, version, source)
            if project in self._version_maps:
                raise Restart

    def bind(self, project: str) -> None:
        """Take a project from its direct references alone: the user named one outright."""
        self._bound.add(project)

    def is_bound(self, project: str) -> bool:
        """Tell whether the user named a project by a direct reference."""
        return project in self._bound

    def range_of_source(self, project: str, source: Source) -> Ranks:
        """Return the one version that a direct reference names, without asking the index."""
        return self._for_direct(project).range_of_source(source)

    def range_of_constraint(self, project: str, source: Source) -> Ranks:
        """Return what a constraint to a direct reference leaves, without asking the index.

        It says where a project comes from, not how it is installed: an editable of it will do.
        """
        return self._for_direct(project).range_of_link(source.link)

    def nothing_of(self, project: str) -> Ranks:
        """Return the empty range, for a direct reference that turned out to be unusable."""
        self._for_direct(project)
        return RankRange.of(())

    def _for_direct(self, project: str) -> VersionMap:
        """Return a universe for a direct reference: of nothing else, as long as that will do."""
        known = self._version_maps.get(project)
        if known is not None:
            return known
        if project in self._wanted_whole:
            return self.version_map(project, SpecifierSet())
        return self._make(project, (), direct_only=True)

    def keeps_installed(self, project: str) -> bool:
        """Tell whether the installed version is preferred to newer ones."""
        return self._installed.keeps(project)

    def _stays(self, project: str, specifier: SpecifierSet) -> bool:
        return (
            project in self._installed.candidates
            and project not in self._wanted_whole
            and project not in self._direct
            and self._installed.keeps(project)
            and self._does(self._installed.candidates[project].version, project, specifier)
        )

    def _presumes(self, project: str, specifier: SpecifierSet) -> bool:
        preferences = self._preferences.get(project)
        return (
            preferences is not None
            and project not in self._wanted_whole
            and project not in self._direct
            and project not in self._bound
            and self._does(preferences.candidate.version, project, specifier)
        )

    def _does(self, version: Version, project: str, specifier: SpecifierSet) -> bool:
        """Tell whether a version is what is asked for, and what the user's constraints allow."""
        return specifier.contains(version, prereleases=True) and self.constraint(project).contains(
            version, prereleases=True
        )
