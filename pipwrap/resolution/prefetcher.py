"""Pages and metadata that are requested before the core needs them.

As soon as a requirement is known, the page of its project is requested; as soon as the page is
known, the metadata of the file that will probably be chosen; as soon as that is known, the pages of
what it requires. So the requests of a resolution run side by side, although the core decides one
package after the other. Nothing depends on the answers: what fails here is done again, and
reported, when the core needs it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from functools import partial

from msgspec import Struct

from pipwrap.model.candidate import Candidate
from pipwrap.model.metadata import Metadata
from pipwrap.model.requirement import Requirement
from pipwrap.resolution.dependencies import Dependencies
from pipwrap.resolution.ports import MetadataProvider
from pipwrap.resolution.projects import Projects
from pipwrap.resolution.ranges import Ranks
from pipwrap.resolution.requirement_record import RequirementRecord
from pipwrap.resolution.state import ResolutionRules, ResolverState


@contextlib.contextmanager
def _without_errors() -> Iterator[None]:
    """Drop every error: the same work is done again, and its error reported, when it is needed."""
    try:
        yield
    except Exception:  # noqa: BLE001 - in a thread without a caller; nothing depends on this answer
        return


class Prefetcher(Struct, frozen=True):
    """Requests ahead for one attempt."""

    rules: ResolutionRules
    projects: Projects
    artifacts: MetadataProvider
    state: ResolverState
    record: RequirementRecord

    def prefetch(self, requirements: Iterable[Requirement]) -> None:
        """Begin to get the pages of all projects at once."""
        for each in requirements:
            if each.url is None:
                self.projects.prefetch(each.name, each.specifier)

    def prefetch_best(self, project: str, allowed: Ranks) -> None:
        """Begin to get the metadata of the version that will probably be chosen."""
        version_map = self.projects[project]
        possible = self.record.within_roots(project, allowed)
        rank = next(version_map.best_first(possible), None)
        if rank is not None and version_map.ranked_versions[rank].is_plain:
            choice = version_map.ranked_versions[rank].choice
            if isinstance(choice, Candidate) and choice not in self.state.dependencies:
                self.artifacts.prefetch(choice, self._prefetch_dependencies)

    def prebuild_only(self, project: str, allowed: Ranks) -> None:
        """Begin to build for the metadata of a version that is the only one the user leaves."""
        only = self.projects[project].only(allowed)
        if only is not None and only not in self.state.dependencies:
            self.artifacts.prebuild(only)

    # From any thread

    def _prefetch_dependencies(self, metadata: Metadata) -> None:
        """Begin to get the pages of what a version requires whose metadata has arrived."""
        if self.rules.ignore_dependencies:
            return
        with _without_errors():
            known = Dependencies.of(metadata)
            for each in known.needed(dict(self.rules.markers), None):
                page = self.projects.prefetch(each.name, each.specifier) if not each.url else None
                if page is not None:
                    page.add_done_callback(partial(self._prefetch_candidate, each))

    def _prefetch_candidate(self, requirement: Requirement, page: Future[object]) -> None:
        """Begin to get the metadata of what a page that has arrived offers for a requirement."""
        if page.cancelled() or page.exception() is not None:
            return
        with _without_errors():
            best = self._best(requirement)
            if best is not None and best not in self.state.dependencies:
                self.artifacts.prefetch(best, self._prefetch_dependencies)

    def _best(self, requirement: Requirement) -> Candidate | None:
        """Return the file that will probably be chosen."""
        specifier, project = requirement.specifier, requirement.name
        return next(
            (
                each
                for each in self.projects.offers.ahead(project)
                if not each.is_yanked
                and (specifier.prereleases or not each.version.is_prerelease)
                and self.projects.constraints.admit(project, each.version, specifier)
            ),
            None,
        )
