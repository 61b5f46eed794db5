"""METADATA of wheels that lie on a server, read in parts instead of whole.

A zip says at its end what is in it, and most wheels have .dist-info right before that: the last
64 KiB are enough for 466 of the 557 wheels in a set of 887 that are larger. Versions of one project
are alike: what was needed of one is what is asked for of the next.
"""

from __future__ import annotations

from typing import Protocol

from pipwrap import errors
from pipwrap.cache import archive as wheel_archive
from pipwrap.cache.evidence import NO_EVIDENCE
from pipwrap.cache.metadata import CachedMetadata, MetadataCache, origin_identity
from pipwrap.model.link import Link
from pipwrap.network.origins import without_credentials
from pipwrap.network.ranges import Part, RangeRefused, Unchanged

_TAIL = 22 + 0x10000
"""What has the last record of a zip in it, whatever comment follows: no more is looked through."""
_BLOCK = 1024
"""What a version may need more than the one before it, and an eighth of what that needed."""
_REQUESTS = 3
_LARGEST_PART = 2 * 1024 * 1024


class RangeFetcher(Protocol):
    """Gets parts of remote files; raises ``RangeRefused``. Called from many threads."""

    def tail(self, url: str, length: int, etag: str | None = None) -> Part | Unchanged:
        """Return the last bytes of a file; ``Unchanged`` when it still has ``etag``."""

    def between(self, part: Part, start: int, stop: int) -> Part:
        """Return other bytes of the same file."""


class LazyWheels:
    """What wheels on servers say of themselves; kept by origin, and the sha256 that is named.

    Called from many threads.
    """

    def __init__(self, parts: RangeFetcher, kept: MetadataCache, *, offline: bool = False) -> None:
        """Keep the ports; nothing is asked yet."""
        self._parts = parts
        self._kept = kept
        self._offline = offline
        self._first: dict[str, str] = {}
        """By project, the URL of the version that was asked for first."""
        self._needed: dict[str, int] = {}
        """By project, how much of the end was enough for the last version that was read."""

    def metadata(self, link: Link) -> str:
        """Return the text of a wheel's METADATA.

        Raises ``RangeRefused`` with the reason why the whole wheel is to be asked for.
        """
        if link.scheme not in {"http", "https"}:
            raise RangeRefused("it is not on a web server")
        kept = self._kept.find(_identity(link))
        if kept is not None and (link.sha256 or self._offline):
            return kept.text
        if self._offline:
            raise RangeRefused("the network is not to be used")
        project = link.filename.partition("-")[0]
        if link.size is not None and link.size <= _TAIL and self._is_first(project, link):
            raise RangeRefused("it is small")
        length = self._needed.get(project, _TAIL)
        found = self._parts.tail(link.url, length, kept.etag if kept else None)
        if isinstance(found, Unchanged):
            if kept is None:
                raise RangeRefused("its server says that something unknown is unchanged")
            return kept.text
        if link.size not in {None, found.total}:
            raise RangeRefused("it has another size than its index names")
        text, needed = self._read(link, found)
        self._needed[project] = needed + needed // 8 + _BLOCK
        self._keep(link, found, text)
        return text

    def _is_first(self, project: str, link: Link) -> bool:
        """Tell whether a wheel is the first of its project, which is likely to be installed.

        Of a small one the whole costs no more than a part, and is not asked for again. Another
        version means that the first is thrown away, as this one may be.
        """
        return self._first.setdefault(project, link.url) == link.url

    def forget(self, link: Link) -> None:
        """Drop what was kept of a wheel that turned out to say something else."""
        self._kept.discard(_identity(link))

    def _read(self, link: Link, tail: Part) -> tuple[str, int]:
        """Return METADATA, asking for what is missing of the wheel, and how long an end has it."""
        file = _PartialFile(tail)
        for requests_left in reversed(range(_REQUESTS)):
            try:
                return _metadata(file, link)
            except _Missing as missing:
                length = missing.stop - missing.start
                if not requests_left or length > max(_TAIL, min(_LARGEST_PART, tail.total // 2)):
                    raise RangeRefused("too much of it would have to be read") from missing
                file.add(self._parts.between(tail, missing.start, missing.stop))
            except (errors.InvalidDistribution, OSError, ValueError) as error:
                # zipfile raises the last two for offsets that are no offsets.
                raise RangeRefused(f"its parts are no proper wheel's: {error}") from error
        raise RangeRefused("too much of it would have to be read")

    def _keep(self, link: Link, tail: Part, text: str) -> None:
        """Keep it where something can tell later that it is still right."""
        if tail.may_be_kept and (link.sha256 or tail.etag):
            url = without_credentials(link.url)
            described = CachedMetadata(text, url, NO_EVIDENCE, link.sha256, tail.etag)
            self._kept.add(_identity(link), described)


def _identity(link: Link) -> str:
    try:
        return origin_identity(link.url, link.sha256)
    except ValueError as error:
        raise RangeRefused(f"its URL is invalid: {error}") from error


def _metadata(file: _PartialFile, link: Link) -> tuple[str, int]:
    """Return METADATA, and how much of the end of the file is needed for it.

    That is the table alone where METADATA lies far before it. Raises ``_Missing`` for bytes that
    are not there yet. What follows a member in the archive bounds it: its own header has parts of
    unknown length.
    """
    with wheel_archive.opened(file, link.redacted, link.filename) as archive:
        path = f"{archive.dist_info}/METADATA"
        start = archive.zip.start_dir
        info = dict(archive.members).get(path)
        if info is not None:
            offsets = [each.header_offset for each in archive.zip.infolist()]
            following = [each for each in offsets if each > info.header_offset]
            stop = min(following, default=archive.zip.start_dir)
            if info.file_size > _LARGEST_PART or info.compress_size > stop - info.header_offset:
                raise RangeRefused("its table of contents is absurd about METADATA")
            file.require(info.header_offset, stop)
            if start - info.header_offset <= _TAIL:
                start = min(start, info.header_offset)
        return archive.read("METADATA"), file.size - start


class _Missing(Exception):
    """Bytes that have to be asked for."""

    def __init__(self, start: int, stop: int) -> None:
        """Keep where they lie."""
        super().__init__(f"bytes {start}-{stop - 1}")
        self.start = start
        self.stop = stop


class _PartialFile:
    """A file of which some parts are there; to read others raises ``_Missing``."""

    def __init__(self, tail: Part) -> None:
        """Begin with its end."""
        self._parts = [tail]
        self.size = tail.total
        self._position = 0

    def add(self, part: Part) -> None:
        """Take in another part."""
        self._parts.append(part)

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move; ``OSError`` for a place before the first byte, as real files have it."""
        position = offset + (0, self._position, self.size)[whence]
        if position < 0:
            raise OSError("negative seek position")
        self._position = position
        return position

    def read(self, count: int = -1, /) -> bytes:
        """Return bytes; what is missing is asked for with as much before it as the end was long.

        That is where .dist-info is, when the table at the end was too long for the first part.
        """
        stop = self.size if count < 0 else min(self.size, self._position + count)
        content = self._held(self._position, stop, before=len(self._parts[0].content))
        self._position += len(content)
        return content

    def require(self, start: int, stop: int) -> None:
        """Raise ``_Missing`` unless all of it is there."""
        self._held(start, stop, before=0)

    def _held(self, start: int, stop: int, *, before: int) -> bytes:
        pieces, position = [], start
        while position < stop:
            piece = next(
                filter(None, (_overlap(part, position, stop) for part in self._parts)), b""
            )
            if not piece:
                later = [part.start for part in self._parts if part.start > position]
                raise _Missing(max(0, position - before), min([stop, *later]))
            pieces.append(piece)
            position += len(piece)
        return b"".join(pieces)


def _overlap(part: Part, start: int, stop: int) -> bytes:
    """Return what a part has from ``start`` on, up to ``stop``."""
    if start < part.start:
        return b""
    return part.content[start - part.start : stop - part.start]
