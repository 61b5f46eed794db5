"""The resolver's port: the metadata of what it looks at, by the cheapest way that is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from pipwrap.events import Listener
from pipwrap.index.candidates import Offers
from pipwrap.install import installed
from pipwrap.model.candidate import Candidate, InstalledCandidate
from pipwrap.model.environment import Environment
from pipwrap.model.metadata import Metadata, MetadataResult
from pipwrap.model.source import Source
from pipwrap.operations import real_pip
from pipwrap.operations.on_demand import OnDemand
from pipwrap.operations.resolution_cache import ResolutionCache
from pipwrap.operations.wheel_provider import WheelProvider
from pipwrap.requirements.direct_references import source_of_url

if TYPE_CHECKING:
    from pipwrap.distribution.preparer import Preparer
    from pipwrap.distribution.sidecars import SidecarLookup


class DistributionMetadataProvider(Struct, frozen=True):
    """Gets metadata for one resolution (``resolution.ports.MetadataProvider``)."""

    environment: Environment
    """What is resolved for, which --platform and its like change."""
    listener: Listener
    offers: Offers
    resolution_cache: ResolutionCache
    wheels: WheelProvider
    preparer: OnDemand[Preparer]
    read_before: OnDemand[SidecarLookup] | None
    """Metadata of an earlier run; none for a command that saves the files themselves."""
    saves_archives: bool = False
    """Sources themselves are saved: no wheel replaces one."""

    def prefetch(self, candidate: Candidate, then: Callable[[Metadata], None]) -> None:
        """Begin to get metadata, unless it was read before."""
        if self.read_before is None or not self.read_before().has(candidate):
            self.preparer().prefetch(candidate, then)

    def prebuild(self, candidate: Candidate) -> None:
        """Begin to build the metadata of an sdist."""
        if not candidate.is_wheel:
            self.preparer().prebuild(candidate)

    def metadata(self, choice: Candidate | Source) -> MetadataResult:
        """Return metadata, downloading or building if need be."""
        from pipwrap.model.validation import refuse_direct_references  # noqa: PLC0415 - where metadata is read

        result = self._read_before(choice) or self.preparer().metadata(choice)
        refuse_direct_references(result.metadata, choice.link, real_pip.public_file_hosts)
        if isinstance(choice, Candidate):
            self.wheels.prefetch(choice)
        return result

    def _read_before(self, choice: Candidate | Source) -> MetadataResult | None:
        """Return the metadata that an earlier run read, as long as nothing has been fetched.

        After that the preparer answers: it may be reading the same for the first time.
        """
        if self.read_before is None or self.preparer.made or not isinstance(choice, Candidate):
            return None
        return self.read_before().find(choice)

    def metadata_ahead(self, candidates: Sequence[Candidate]) -> Sequence[Metadata | None]:
        """Return the metadata of wheels that need not be transferred whole for it."""
        if self.read_before is None:
            return self.preparer().metadata_of_wheels(candidates)
        return self.read_before().find_all(
            candidates, lambda rest: self.preparer().metadata_of_wheels(rest)
        )

    def reuses(self, choice: Candidate | Source) -> bool:
        """Return whether a wheel that was built before will be used."""
        return not self.saves_archives and self.preparer().builder.reuses(choice)

    @staticmethod
    def installed(candidate: InstalledCandidate) -> Metadata:
        """Return the metadata of an installed distribution."""
        return installed.read_metadata(candidate.distribution)

    @staticmethod
    def source(url: str, subdirectory: str | None = None) -> Source:
        """Return the direct reference that a dependency names."""
        return source_of_url(url, subdirectory=subdirectory)
