"""The files behind distributions: what ``download`` and ``wheel`` save and a report describes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pipwrap import errors
from pipwrap.model.candidate import Candidate
from pipwrap.model.distribution import Distribution
from pipwrap.model.link import checked_file_name
from pipwrap.model.source import Archive, Directory, Repository
from pipwrap.operations.metadata_provider import DistributionMetadataProvider
from pipwrap.operations.on_demand import OnDemand

if TYPE_CHECKING:
    from pipwrap.distribution.preparer import Preparer


class SavableFile(Struct, frozen=True):
    """A file in the cache or in a temporary directory, and the name that the user gets it by."""

    path: str
    name: str


class DistributionFiles(Struct, frozen=True):
    """The files of one session's distributions."""

    preparer: OnDemand[Preparer]
    provider: DistributionMetadataProvider

    def archives(self, distributions: Sequence[Distribution]) -> dict[Distribution, SavableFile]:
        """Return all archives, downloaded side by side: none is saved without all.

        Like pip, what is in a local directory is not saved, but for editables (``packed``).
        """
        archives = [each for each in distributions if isinstance(each, Candidate | Archive)]
        preparer = self.preparer()
        found: dict[Distribution, SavableFile] = {}
        with ThreadPoolExecutor() as pool:
            acquired = pool.map(preparer.files.archive, archives)
            for each, archive in zip(archives, acquired, strict=True):
                found[each] = SavableFile(archive.path, each.link.filename)
                for line in preparer.files.new_lines(each):
                    self.provider.listener(line)
        return found

    def packed(
        self,
        distributions: Mapping[str, Distribution],
        directory: str,
        scratch: Callable[[str], str],
    ) -> dict[Distribution, SavableFile]:
        """Return a zip, below ``scratch``, of each repository and each editable.

        Like pip, which packs no other directory, and names the zip as the user spells the project.
        """
        from pipwrap.build.source_tree import pack  # noqa: PLC0415 - source trees only

        found: dict[Distribution, SavableFile] = {}
        for name, each in distributions.items():
            root = self._root(each)
            if root is None:
                continue
            version = self.provider.metadata(each).metadata.version
            filename = checked_file_name(f"{name}-{version}.zip")
            if os.path.exists(os.path.join(directory, filename)):
                raise errors.HandOver(f"a decision about {filename}, which is there already")
            path = os.path.join(scratch("zip-"), filename)
            pack(os.path.join(root, each.link.subdirectory or ""), name, path)
            found[each] = SavableFile(path, filename)
        return found

    def wheel(self, distribution: Distribution, project: str) -> SavableFile:
        """Return the file of a wheel that was prepared."""
        preparer = self.preparer()
        wheel = preparer.wheel(distribution, project).wheel
        return SavableFile(*preparer.files.file(wheel))

    def metadata_text(self, distribution: Distribution) -> str:
        """Return the metadata as it is written."""
        return self.preparer().reader.text(distribution)

    def download_info(self, distribution: Distribution) -> dict[str, Any]:
        """Return where something comes from (PEP 610), fetched only to learn its digest."""
        if isinstance(distribution, Directory):
            return _parsed(distribution.direct_url(""))
        if isinstance(distribution, Repository):
            identity = (
                distribution.revision
                if self.provider.reuses(distribution)
                else self.preparer().builder.sources.identity(distribution)
            )
            return _parsed(distribution.direct_url(identity or ""))
        source = Archive(distribution.link) if isinstance(distribution, Candidate) else distribution
        algorithm, digest = next(iter(distribution.link.hashes), ("sha256", ""))
        if not digest:
            digest = self.preparer().files.archive(distribution).sha256
        info = _parsed(source.direct_url(digest))
        info["archive_info"] = {"hash": f"{algorithm}={digest}", "hashes": {algorithm: digest}}
        return info

    def _root(self, distribution: Distribution) -> str | None:
        """Return the source tree that is packed for a distribution, if any is."""
        if isinstance(distribution, Directory) and distribution.editable:
            return distribution.path
        if isinstance(distribution, Repository):
            return self.preparer().builder.sources.checkout(distribution).root
        return None


def _parsed(direct_url: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(direct_url)
    return value
