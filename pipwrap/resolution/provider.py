"""pip's rules as the answers to the questions of the PubGrub core; pure.

A package of the core is a project (``flask``), a project with one extra (``flask[async]``, which
requires the same version of ``flask``), or the target's Python. What the core requests is answered
here; what the answers are made of is beside:

    projects, version_map       which versions there are, numbered
    admission                   which of them may be chosen
    package_ranges              what a version requires, as ranges
    package_priority, conflicts which package is decided next, and which decision is taken back
    lookahead, prefetcher       what is read before its turn
    messages                    the lines of all this
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from nab_resolver.resolver import BaseProvider
from nab_resolver.types import Incompatibility, IncompatibilityCause, RangeProtocol, Term

from pipwrap.events import Listener
from pipwrap.resolution.admission import Admission
from pipwrap.resolution.conflicts import ConflictTracker
from pipwrap.resolution.dependency_reader import DependencyReader
from pipwrap.resolution.lookahead import Lookahead
from pipwrap.resolution.messages import ResolutionMessages
from pipwrap.resolution.package_ranges import PackageRanges
from pipwrap.resolution.packages import PYTHON, split_package
from pipwrap.resolution.ports import MetadataProvider
from pipwrap.resolution.prefetcher import Prefetcher
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.ranges import RankRange, Ranks
from pipwrap.resolution.requirement_ranges import RequirementRanges
from pipwrap.resolution.requirement_record import RequirementRecord
from pipwrap.resolution.state import ResolutionRules, ResolverState
from pipwrap.resolution.version_map import VersionMap


class Provider(BaseProvider[str, int]):
    """Answers the core's questions about packages and ranks, for one attempt."""

    def __init__(
        self,
        rules: ResolutionRules,
        projects: Projects,
        artifacts: MetadataProvider,
        listener: Listener,
        state: ResolverState,
    ) -> None:
        """Join what belongs to one attempt; nothing is read yet."""
        self.projects = projects
        self.record = record = RequirementRecord()
        self.conflicts = ConflictTracker()
        self.admission = Admission(projects, rules.releases, state.strict, record)
        self.prefetcher = Prefetcher(rules, projects, artifacts, state, record)
        self._lookahead = Lookahead(rules, projects, artifacts, state, record)
        self._messages = messages = ResolutionMessages(rules, artifacts, listener, state)
        self.ranges = PackageRanges(
            projects,
            state,
            record,
            DependencyReader(rules, artifacts, messages, state, self._lookahead),
            RequirementRanges(rules, projects, artifacts, messages, state),
            self.prefetcher,
        )
        self._clauses: list[Incompatibility[str, int]] = []

    def receive_partial_solution_hint(
        self,
        positive_ranges: Mapping[str, RangeProtocol[int]],
        decisions: Mapping[str, int],
    ) -> None:
        """Record what is decided: it says which special versions are requested."""
        self.admission.update(positive_ranges, decisions)

    def choose_version(self, package: str, version_range: RangeProtocol[int]) -> int | None:
        """Return the rank that pip would try first."""
        allowed = cast("Ranks", version_range)
        if package == PYTHON:
            return 0 if 0 in allowed else None
        project, extra = split_package(package)
        if extra is not None:
            base = self.admission.range_left(project)
            both = allowed & base if base is not None else allowed
            allowed = allowed if both.is_empty else both
        version_map, active = self.projects[project], self.record.active_specifiers
        specifiers = active.of(project, self.projects.constraints.specifier(project))
        self.projects.preferences.check(project, specifiers)
        installed = version_map.installed_rank
        if installed is not None and installed in allowed:
            self._messages.installed(project, version_map.ranked_versions[installed].choice)
        chosen = self._first(project, version_map, allowed)
        if chosen is None:
            self.projects.preferences.reject_all()
            if not allowed.is_empty:
                self._refuse(package, project, allowed)
            return None
        active.decide(project, specifiers)
        if not self.ranges.is_known(package, chosen):
            self._clauses.extend(self._lookahead.clauses(package, chosen))
            self.record.priorities.mark_changed(package)
        return chosen

    def has_satisfying_version(self, package: str, version_range: RangeProtocol[int]) -> bool:
        """Return whether ``choose_version`` would find one."""
        if package == PYTHON:
            return 0 in version_range
        project, _ = split_package(package)
        allowed = cast("Ranks", version_range)
        return self._first(project, self.projects[project], allowed) is not None

    def get_dependencies(self, package: str, version: int) -> Mapping[str, RangeProtocol[int]]:
        """Return the ranges that a decided version requires."""
        return {} if package == PYTHON else self.ranges.of_version(package, version)

    def prioritize(
        self,
        package: str,
        version_range: RangeProtocol[int],
        conflict_counts: Mapping[str, int],
        culprit_counts: Mapping[str, int] | None = None,
    ) -> tuple[object, ...]:
        """Return the order of culprits, then pip's: conflicts, direct, pinned, bounded, roots."""
        del version_range, culprit_counts
        if any(conflict_counts.values()):
            self.projects.preferences.reject_all()
        conflicts = conflict_counts.get(package, 0) + self._lookahead.refused(package)
        return (
            package != PYTHON,
            self.conflicts.order(package),
            *self.record.priorities.order(package, conflicts),
        )

    def consume_force_backtrack_targets(self) -> list[str]:
        """Return the packages before whose decisions the core is to go back."""
        return self.conflicts.take_culprits()

    def begin_decision_scan(self) -> Callable[[str], bool]:
        """Return the test for packages of which ``prioritize`` has to be called again."""
        return self.record.priorities.take_changed()

    def is_ready(self, package: str) -> bool:
        """Have the core call again: what is learned of a package may leave its range as it was."""
        del package
        return False

    def widen_decision(self, package: str, version: int) -> RangeProtocol[int] | None:
        """Keep exact versions: each has metadata of its own."""
        del package, version
        return None

    def consume_pending_clauses(self) -> list[Incompatibility[str, int]]:
        """Return why versions were refused under the present decisions."""
        clauses, self._clauses = self._clauses, []
        return clauses

    def _first(self, project: str, version_map: VersionMap, allowed: Ranks) -> int | None:
        """Return the best rank that may be chosen; the installed one where it stays."""
        rank = version_map.installed_rank
        if rank is not None and rank in allowed and self.projects.installed.keeps(project):
            return rank
        return self.admission.first(project, allowed)

    def _refuse(self, package: str, project: str, allowed: Ranks) -> None:
        """Exclude these versions as long as the same parents require them."""
        parents = self.admission.parents(project)
        if parents:
            terms = [Term[str, int](package, allowed)]
            terms += [Term[str, int](name, RankRange.singleton(rank)) for name, rank in parents]
            clause = Incompatibility[str, int](terms, IncompatibilityCause.NO_VERSIONS)
            self._clauses.append(clause)
