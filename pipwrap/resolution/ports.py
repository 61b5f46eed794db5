"""What a resolution reads from: candidates of indexes, and metadata."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.metadata import Metadata, MetadataResult
from pipwrap.model.source import Source

if TYPE_CHECKING:
    from concurrent.futures import Future


class CandidateProvider(Protocol):
    """What indexes and find-links offer, judged for the target environment."""

    def prefetch(self, project: str) -> Future[Any]:
        """Begin to get the pages of a project, without waiting."""

    def candidates(self, project: str) -> Sequence[Candidate]:
        """Return the installable files of a project in pip's order, best first."""

    def ahead(self, project: str) -> Sequence[Candidate]:
        """Return the same from any thread, for what may not be needed in the end."""


class MetadataProvider(Protocol):
    """Gets metadata, by download or build if necessary."""

    def prefetch(self, candidate: Candidate, then: Callable[[Metadata], None]) -> None:
        """Begin to get the metadata of what will probably be chosen.

        ``then`` is called with it when it arrives, from any thread, and must not raise; not with
        what was there already.
        """

    def prebuild(self, candidate: Candidate) -> None:
        """Begin to get metadata that is certain to be needed, by a build if necessary."""

    def metadata(self, choice: Candidate | Source) -> MetadataResult:
        """Return the metadata.

        Raises ``errors.UnusableMetadata`` when it contradicts the file's name, and
        ``errors.BuildFailed`` when the backend ends with an error.
        """

    def metadata_ahead(self, candidates: Sequence[Candidate]) -> Sequence[Metadata | None]:
        """Return the metadata that indexes offer apart from the files, in the candidates' order.

        ``None`` for a candidate without such metadata, and where it cannot be read.
        """

    def reuses(self, choice: Candidate | Source) -> bool:
        """Return whether a wheel that was built before will be used."""

    def installed(self, candidate: InstalledCandidate) -> Metadata:
        """Return the metadata of an installed distribution."""

    def source(self, url: str, subdirectory: str | None = None) -> Source:
        """Return the direct reference that a dependency's URL names."""
