"""Pages of the simple repository API to files (PEP 503, 592, 629, 658, 691, 700, 714); pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder

from pipwrap.index.page_types import JSON_TYPE, InvalidPage
from pipwrap.model.link import SUPPORTED_HASHES, Link, digest_of

_QUOTED = re.compile(r"[a-z]+://[\w.:@%-]*/[\w.~/@-]*(?:[?#]|$)", re.ASCII)
"""A URL whose path has nothing to quote: what pages are full of."""
_RELATIVE = re.compile(r"([\w./~-]*/)(\w[\w.~-]*)", re.ASCII)
"""A path without a host, its directory and its name: what the pages of many indexes are full of."""
_RESERVED = re.compile("@|%2F", re.IGNORECASE)
_SIMPLE_URL = re.compile(
    r"(?:https://[\w.:-]+/|/(?!/))?(?:[\w.~-]+/)*\w[\w.~-]{0,240}\.(?:whl|tar\.gz|zip)", re.ASCII
)
"""The URL of a wheel or common sdist, the same however it is unquoted, joined and split."""


Pairs = tuple[tuple[str, str], ...]
_NULL = Raw(b"null")
_NOTHING = (_NULL, Raw(b"false"))


class File(Struct, frozen=True, gc=False, rename="kebab"):
    """One of ``files`` (PEP 691); what only used files need stays undecoded."""

    url: str
    """Perhaps relative to its page."""
    hashes: Raw = _NULL
    requires_python: str | None = None
    yanked: bool | str | None = None
    core_metadata: Raw = _NULL
    dist_info_metadata: Raw = _NULL
    upload_time: str | None = None
    size: int | float | None = None


class _Page(Struct):
    files: list[File] = []


_PAGE = Decoder(_Page)
_SHA256 = re.compile(rb'\{"sha256": ?"([0-9a-f]{64})"\}')
"""What nearly every page says of nearly every file."""
_HASHES = Decoder(dict[str, str] | bool | None)


def parse_page(content: bytes, content_type: str, url: str) -> Sequence[File | Link]:
    """Return the files of a page in their order; ``InvalidPage`` when it cannot be read."""
    if content_type.lower().startswith(JSON_TYPE):
        return _parse_json(content)
    from pipwrap.index import anchors  # noqa: PLC0415 - most indexes answer with JSON

    try:
        base, found = anchors.read(content, content_type)
    except (UnicodeDecodeError, LookupError, AssertionError) as error:  # html.parser asserts
        raise InvalidPage(str(error)) from error
    base = _absolute(url, base) or url if base else url
    links = (_link_from_anchor(anchor, base, url) for anchor in found)
    return [link for link in links if link is not None]


def _parse_json(content: bytes) -> list[File]:
    try:
        if not content.isascii():
            content.decode()  # the decoder skips what has no field without looking at its bytes
        return _PAGE.decode(content).files
    except (UnicodeDecodeError, DecodeError, RecursionError):
        return _parse_loosely(content)


def _parse_loosely(content: bytes) -> list[File]:
    """Return the files of a page that is not quite what the PEPs say.

    What has another type than they say counts as absent, but for digests: they never match.
    """
    try:
        page = json.loads(content)
    except RecursionError:
        raise InvalidPage("its JSON is nested too deeply") from None
    except ValueError as error:
        raise InvalidPage(str(error)) from error
    files = page.get("files", []) if isinstance(page, dict) else None
    if not isinstance(files, list):
        raise InvalidPage("it has no list of files (PEP 691)")
    if not all(isinstance(file, dict) for file in files):
        raise InvalidPage("one of its files is no object (PEP 691)")
    return [_loose_file(file) for file in files if file.get("url") is not None]


def _loose_file(file: Mapping[str, Any]) -> File:
    url, yanked, size = file["url"], file.get("yanked"), file.get("size")
    if not isinstance(url, str):
        raise InvalidPage(f"one of its files has a URL that is no text: {url!r} (PEP 691)")
    return File(
        url,
        hashes=_raw(file.get("hashes")),
        requires_python=_word(file.get("requires-python")),
        yanked=yanked if isinstance(yanked, str) else bool(yanked),
        core_metadata=_raw(file.get("core-metadata")),
        dist_info_metadata=_raw(file.get("dist-info-metadata")),
        upload_time=_word(file.get("upload-time")),
        size=size if type(size) is int else None,
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _raw(value: object) -> Raw:
    return Raw(json.dumps(value).encode("ascii"))


class ListedFile(Struct, frozen=True, gc=False):
    """A file with the page that lists it; what most files of a page are ever needed as."""

    file: File
    page_url: str

    def __hash__(self) -> int:
        """Return a hash; what is undecoded has none."""
        return hash((self.file.url, self.page_url))

    @property
    def link(self) -> Link:
        """Return its link, made anew."""
        link = link_of(self.file, self.page_url)
        if link is None:
            raise InvalidPage(f"one of its files has a URL that is none: {self.file.url!r}")
        return link

    @property
    def is_yanked(self) -> bool:
        """Tell whether the page says so (PEP 592)."""
        return bool(self.file.yanked)


def simple_name(file: File) -> str | None:
    """Return the name of a file whose URL is proper at a glance; ``None`` for any other."""
    return file.url.rpartition("/")[2] if _SIMPLE_URL.fullmatch(file.url) is not None else None


def link_of(file: File, page_url: str) -> Link | None:
    """Return the link that a file of a page is; ``None`` without a proper URL."""
    absolute = _absolute(page_url, file.url)
    if absolute is None:
        return None
    yanked, size = file.yanked, file.size
    is_named_anew = file.core_metadata != _NULL  # PEP 714
    digests, subdirectory = _digests(file.hashes), None
    hashes = digests if isinstance(digests, tuple) else ()
    if "#" in absolute:
        # A fragment says the same as on HTML pages, and comes after all that JSON says.
        link = Link.from_url(absolute)
        absolute, subdirectory = link.url, link.subdirectory
        hashes = tuple({**dict(hashes), **dict(link.hashes[:1])}.items())
    return Link(
        absolute,
        hashes,
        file.requires_python or None,
        None if not yanked else (yanked if isinstance(yanked, str) else ""),
        _metadata(file.core_metadata if is_named_anew else file.dist_info_metadata),
        file.upload_time or None,
        size if isinstance(size, int) and size >= 0 else None,
        page_url,
        subdirectory,
    )


_UNREADABLE = {"sha256": None}
"""A digest that no file has: what cannot be read must not count as no digest at all."""


def _decoded(raw: Raw) -> object:
    """Return what should be digests by algorithm, or a boolean, whatever it is."""
    try:
        return _HASHES.decode(raw)
    except DecodeError:
        pass
    try:
        return json.loads(bytes(raw), parse_int=float)  # an integer may have too many digits
    except RecursionError:
        return _UNREADABLE


def _digests(raw: Raw) -> Pairs | bool:
    """Return digests by algorithm; of anything else, whether it is true."""
    if raw in _NOTHING:
        return False
    only = _SHA256.fullmatch(raw)
    if only is not None:
        return (("sha256", str(only[1], "ascii")),)
    value = _decoded(raw)
    if isinstance(value, dict):
        return tuple((str(name), digest_of(digest)) for name, digest in value.items())
    return bool(value)


def _metadata(raw: Raw) -> Pairs | None:
    """Return the sidecar's digests; ``true`` has a sidecar whose digest is not given."""
    digests = _digests(raw)
    if isinstance(digests, tuple):
        return _supported(digests)
    return () if digests else None


def _supported(hashes: Pairs) -> Pairs:
    """Return what pip compares of a sidecar's digests: other algorithms count as not given."""
    return tuple(pair for pair in hashes if pair[0] in SUPPORTED_HASHES)


def _link_from_anchor(anchor: Mapping[str, str | None], base: str, page_url: str) -> Link | None:
    href = anchor.get("href")
    absolute = _absolute(base, href) if href else None
    if absolute is None:
        return None
    link = Link.from_url(absolute)
    sidecar = anchor.get("data-core-metadata", anchor.get("data-dist-info-metadata"))
    return Link(
        link.url,
        link.hashes,
        anchor.get("data-requires-python") or None,
        anchor.get("data-yanked") or "" if "data-yanked" in anchor else None,
        _metadata_attribute(sidecar),
        comes_from=page_url,
        subdirectory=link.subdirectory,
    )


def _metadata_attribute(value: str | None) -> Pairs | None:
    """Read ``data-core-metadata``: ``true``, or ``sha256=<digest>`` (PEP 658, PEP 714)."""
    if value is None:
        return None
    name, separator, digest = value.partition("=")
    return _supported(((name, digest_of(digest)),)) if separator and digest else ()


def _absolute(base: str, url: str) -> str | None:
    """Return ``url`` seen from its page, with a path that is quoted once and once only.

    ``None`` for what is no URL at all: one bad anchor does not spoil the others.
    """
    try:
        joined = _joined(base, url)
        if _QUOTED.match(joined):
            return joined
        parts = urlsplit(joined)
        # As pip: a plus, too, which some servers take for a space.
        pieces = [quote(unquote(piece)) for piece in _RESERVED.split(parts.path)]
    except ValueError:  # half a surrogate is one, too
        return None
    reserved = (mark.upper() for mark in _RESERVED.findall(parts.path))
    path = "".join(chain.from_iterable(zip_longest(pieces, reserved, fillvalue="")))
    return urlunsplit(parts._replace(path=path))


def _joined(base: str, url: str) -> str:
    """Return ``urljoin(base, url)``; joining is slow, and whole pages name one directory."""
    if url.startswith("https://"):
        return url
    relative = _RELATIVE.fullmatch(url)
    if relative is None or url.startswith("//"):
        return urljoin(base, url)
    directory, name = relative.groups()
    return _joined_directory(base, directory) + name


@lru_cache(maxsize=64)
def _joined_directory(base: str, directory: str) -> str:
    return urljoin(base, directory)
