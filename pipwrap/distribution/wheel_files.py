"""Archives and wheel files on their way into the store."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from pipwrap import errors
from pipwrap.build.wheel_file import read_metadata
from pipwrap.cache.store import WheelStore
from pipwrap.cache.unpackers import Unpack
from pipwrap.distribution.archives import Archives, LocalArchive
from pipwrap.distribution.metadata import MetadataReader
from pipwrap.distribution.results import PreparedWheel
from pipwrap.events import Info
from pipwrap.model.candidate import Candidate
from pipwrap.model.link import Link
from pipwrap.model.source import Archive
from pipwrap.model.wheel import StoredWheel


class WheelStores(Struct, frozen=True):
    """Where wheels are unpacked."""

    shared: WheelStore
    """In the cache."""
    private: WheelStore
    """Of one run, for wheels that must not get into the cache."""
    unpack: Unpack


class WheelFiles:
    """Fetches archives, unpacks wheels, and records which file each stored wheel is from."""

    def __init__(self, archives: Archives, stores: WheelStores, metadata: MetadataReader) -> None:
        """Store the ports; nothing is fetched yet."""
        self.archives = archives
        self._stores = stores
        self._metadata = metadata
        self._files: dict[str, tuple[str, str]] = {}
        """By the wheel's sha256: path and file name."""
        self._links: dict[str, Link] = {}

    def download(self, distribution: Candidate | Archive) -> PreparedWheel:
        """Return a wheel that is not built, from an index or a URL, in the store."""
        acquired = self.archives.acquire(distribution)
        link = distribution.link
        stored = self.unpack(acquired.path, link.filename, acquired.sha256, link)
        if isinstance(distribution, Candidate) and self._metadata.is_apart(distribution):
            self._metadata.check_file(distribution)
        return PreparedWheel(stored, acquired.sha256, self.new_lines(distribution))

    def archive(self, distribution: Candidate | Archive) -> LocalArchive:
        """Return the file itself, as ``download`` saves it."""
        acquired = self.archives.acquire(distribution)
        acquired = self.archives.repaired(distribution.link) or acquired
        if (
            isinstance(distribution, Candidate)
            and distribution.is_wheel
            and self._metadata.is_apart(distribution)
        ):
            self._metadata.check(
                distribution, read_metadata(acquired.path, distribution.link.filename)
            )
        return acquired

    def new_lines(self, distribution: Candidate | Archive) -> tuple[Info, ...]:
        """Return how the archive was acquired, unless reading its metadata has reported it.

        Like pip, without indentation: there is no ``Collecting`` line above them.
        """
        if not self._metadata.is_apart(distribution):
            return ()
        acquired = self.archives.acquire(distribution)
        place = Info(f"Downloading link {distribution.link.shown} to {acquired.path}", level=2)
        return (*(replace(line, indent=0) for line in acquired.lines), place)

    def unpack(
        self, path: str, filename: str, sha256: str, link: Link | None = None
    ) -> StoredWheel:
        """Return a wheel in the store; a damaged one from ``link`` is fetched again."""
        self._files[sha256] = (path, filename)
        if link is not None:
            self._links[sha256] = link
        try:
            return self._stores.shared.add(path, filename, sha256, self._stores.unpack)
        except (errors.HashMismatch, FileNotFoundError):
            again = self.archives.repaired(link) if link is not None else None
            if again is None or again.sha256 != sha256:
                raise
        self._files[sha256] = (again.path, filename)
        return self._stores.shared.add(again.path, filename, sha256)

    def unpack_privately(self, path: str, filename: str, sha256: str) -> StoredWheel:
        """Return a wheel in the store of this run."""
        self._files[sha256] = (path, filename)
        return self._stores.private.add(path, filename, sha256)

    def unverified(self, path: str, filename: str, sha256: str) -> StoredWheel:
        """Return a wheel file that was not verified, and must not be put into a store."""
        self._files[sha256] = (path, filename)
        return StoredWheel(sha256, filename, "", "", True, ())  # noqa: FBT003 - in the order of its fields

    def restore(self, wheel: StoredWheel) -> StoredWheel:
        """Return a stored wheel unpacked again, whose files were removed since."""
        path, filename = self.file(wheel)
        try:
            return self.unpack(path, filename, wheel.sha256, self._links.get(wheel.sha256))
        except (errors.HashMismatch, FileNotFoundError) as error:
            raise errors.CommandError(
                f"{filename} was taken from the cache while it was being installed, and the "
                f"file that it was unpacked from is not there any more: {path}",
                hint="Run the command again.",
            ) from error

    def file(self, wheel: StoredWheel) -> tuple[str, str]:
        """Return the path and the file name of the wheel file that was unpacked."""
        return self._files[wheel.sha256]
