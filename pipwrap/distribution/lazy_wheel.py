"""METADATA of wheels on a server, read in parts instead of whole.

A zip has its table of contents at its end (central directory, APPNOTE.TXT 4.3.12), and most wheels
have .dist-info right before it: of 887 wheels, 557 are larger than 64 KiB, and for 466 of these the
last 64 KiB are enough. Versions of one project are alike: the length that one version needed is
requested of the next.

    tail             the last 64 KiB, or what the version before needed
    table complete?  else request what precedes the tail
    METADATA there?  else request its bytes: the table says where they are
    at most 3 requests and 2 MiB; beyond that RangeRefused: the whole wheel is cheaper
"""

from __future__ import annotations

from pipwrap import errors
from pipwrap.cache import archive as wheel_archive
from pipwrap.cache.evidence import NO_EVIDENCE
from pipwrap.cache.metadata import CachedMetadata, MetadataCache, origin_identity
from pipwrap.model.link import Link
from pipwrap.network.origins import without_credentials
from pipwrap.network.ranges import Part, RangeRefused, Ranges, Unchanged

_TAIL = 22 + 0x10000
"""The last record of a zip (22 bytes) with the longest comment: it is within this length."""
_BLOCK = 1024
"""A version may need this, and an eighth, more than the version before it."""
_REQUESTS = 3
_LARGEST_PART = 2 * 1024 * 1024


class LazyWheels:
    """Reads METADATA of remote wheels; cached by URL and the sha256 that the index names.

    Used from many threads.
    """

    def __init__(self, ranges: Ranges, cache: MetadataCache, *, offline: bool = False) -> None:
        """Store the ports; nothing is requested yet."""
        self._ranges = ranges
        self._cached = cache
        self._offline = offline
        self._first: dict[str, str] = {}
        """By project, the URL of the version that was read first."""
        self._needed: dict[str, int] = {}
        """By project, how much of the end was enough for the version that was read last."""

    def metadata(self, link: Link) -> str:
        """Return the text of a wheel's METADATA.

        Raises ``RangeRefused`` with the reason why the whole wheel has to be fetched.
        """
        if link.scheme not in {"http", "https"}:
            raise RangeRefused("it is not on a web server")
        cached = self._cached.find(_identity(link))
        if cached is not None and (link.sha256 or self._offline):
            return cached.text
        if self._offline:
            raise RangeRefused("the network is not to be used")
        project = link.filename.partition("-")[0]
        if link.size is not None and link.size <= _TAIL and self._is_first(project, link):
            raise RangeRefused("it is small")
        length = self._needed.get(project, _TAIL)
        found = self._ranges.tail(link.url, length, cached.etag if cached else None)
        if isinstance(found, Unchanged):
            if cached is None:
                raise RangeRefused("its server says that something unknown is unchanged")
            return cached.text
        if link.size not in {None, found.total}:
            raise RangeRefused("it has another size than its index names")
        text, needed = self._read(link, found)
        self._needed[project] = needed + needed // 8 + _BLOCK
        self._store(link, found, text)
        return text

    def _is_first(self, project: str, link: Link) -> bool:
        """Return whether a wheel is the first that is read of its project.

        It is likely to be installed, and the whole of a small one costs no more than a part. A
        second version means that the first is rejected, as the second may be.
        """
        return self._first.setdefault(project, link.url) == link.url

    def forget(self, link: Link) -> None:
        """Remove what was cached of a wheel whose file contradicts it."""
        self._cached.discard(_identity(link))

    def _read(self, link: Link, tail: Part) -> tuple[str, int]:
        """Return METADATA, requesting missing parts, and the length of the end that holds it."""
        file = _PartialFile(tail)
        for requests_left in reversed(range(_REQUESTS)):
            try:
                return _metadata(file, link)
            except _Missing as missing:
                length = missing.stop - missing.start
                if not requests_left or length > max(_TAIL, min(_LARGEST_PART, tail.total // 2)):
                    raise RangeRefused("too much of it would have to be read") from missing
                file.add(self._ranges.between(tail, missing.start, missing.stop))
            except (errors.InvalidDistribution, OSError, ValueError) as error:
                # zipfile raises the last two for offsets that are no offsets.
                raise RangeRefused(f"its parts are no proper wheel's: {error}") from error
        raise RangeRefused("too much of it would have to be read")

    def _store(self, link: Link, tail: Part, text: str) -> None:
        """Cache it where a digest or an ETag can identify the same file later."""
        if tail.may_be_stored and (link.sha256 or tail.etag):
            url = without_credentials(link.url)
            self._cached.add(
                _identity(link), CachedMetadata(text, url, NO_EVIDENCE, link.sha256, tail.etag)
            )


def _identity(link: Link) -> str:
    try:
        return origin_identity(link.url, link.sha256)
    except ValueError as error:
        raise RangeRefused(f"its URL is invalid: {error}") from error


def _metadata(file: _PartialFile, link: Link) -> tuple[str, int]:
    """Return METADATA, and the length of the end of the file that is needed for it.

    That is the table alone where METADATA is far before it. Raises ``_Missing`` for bytes that were
    not received yet. A member is bounded by the one that follows it in the file: its own header has
    parts of unknown length.
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
    """Bytes that have to be requested."""

    def __init__(self, start: int, stop: int) -> None:
        """Store their offsets."""
        super().__init__(f"bytes {start}-{stop - 1}")
        self.start = start
        self.stop = stop


class _PartialFile:
    """A file of which some parts were received; reading others raises ``_Missing``."""

    def __init__(self, tail: Part) -> None:
        """Start with its end."""
        self._parts = [tail]
        self.size = tail.total
        self._position = 0

    def add(self, part: Part) -> None:
        """Add another part."""
        self._parts.append(part)

    def seekable(self) -> bool:
        """Return ``True``."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move; raise ``OSError`` for an offset before the first byte, as real files do."""
        position = offset + (0, self._position, self.size)[whence]
        if position < 0:
            raise OSError("negative seek position")
        self._position = position
        return position

    def read(self, count: int = -1, /) -> bytes:
        """Return bytes; what is missing is requested with as much before it as the end was long.

        That is where .dist-info is when the table of contents was too long for the first part.
        """
        stop = self.size if count < 0 else min(self.size, self._position + count)
        content = self._received(self._position, stop, before=len(self._parts[0].content))
        self._position += len(content)
        return content

    def require(self, start: int, stop: int) -> None:
        """Raise ``_Missing`` unless all these bytes were received."""
        self._received(start, stop, before=0)

    def _received(self, start: int, stop: int, *, before: int) -> bytes:
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
    """Return the bytes that a part has from ``start`` up to ``stop``."""
    if start < part.start:
        return b""
    return part.content[start - part.start : stop - part.start]
