"""Pages of the simple repository API to rows (PEP 503, 592, 629, 658, 691, 700, 714); pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from pipwrap.model.link import SUPPORTED_HASHES, Link, digest_of

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
PAGE_TYPES = (JSON_TYPE, "application/vnd.pypi.simple.v1+html", "text/html")
_QUOTED = re.compile(r"[a-z]+://[^/?#[\]\\]*/[\w.~/@-]*(?:[?#]|$)", re.ASCII)
"""A URL whose path has nothing to quote: what pages are full of."""
_RELATIVE = re.compile(r"([\w./~-]*/)(\w[\w.~-]*)", re.ASCII)
"""A path without a host, its directory and its name: what the pages of many indexes are full of."""
_RESERVED = re.compile("@|%2F", re.IGNORECASE)


class InvalidPage(ValueError):
    """The bytes are not a page of the API."""


def is_page(content_type: str) -> bool:
    """Tell whether a Content-Type is one that a page of the API may have."""
    return content_type.lower().startswith(PAGE_TYPES)


Pairs = tuple[tuple[str, str], ...]
Row = tuple[str, Pairs, Any, str | None, Pairs | None, Any, Any, str | None]
"""What a page says of one file: the fields of ``Link`` but for the page itself."""


def parse_page(content: bytes, content_type: str, url: str) -> tuple[Row, ...]:
    """Return the rows of a page in their order; ``InvalidPage`` when it cannot be read."""
    if content_type.lower().startswith(JSON_TYPE):
        return _parse_json(content, url)
    from pipwrap.index import anchors  # noqa: PLC0415 - most indexes speak JSON

    try:
        base, found = anchors.read(content, content_type)
    except (UnicodeDecodeError, LookupError) as error:
        raise InvalidPage(str(error)) from error
    base = _absolute(url, base) or url if base else url
    rows = (_row_from_anchor(anchor, base) for anchor in found)
    return tuple(row for row in rows if row is not None)


def _parse_json(content: bytes, url: str) -> tuple[Row, ...]:
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
    rows = (_row_from_json(file, url) for file in files)
    return tuple(row for row in rows if row is not None)


def _row_from_json(file: Mapping[str, Any], page_url: str) -> Row | None:
    """Return the row of one entry of ``files`` (PEP 691), or nothing without a proper URL.

    What has another type than the PEPs say counts as absent, but for digests: they never match.
    """
    url = file.get("url")
    if url is None:
        return None
    if not isinstance(url, str):
        raise InvalidPage(f"one of its files has a URL that is no text: {url!r} (PEP 691)")
    absolute = _absolute(page_url, url)
    if absolute is None:
        return None
    yanked = file.get("yanked")
    sidecar = file.get("core-metadata")
    if sidecar is None:
        sidecar = file.get("dist-info-metadata")
    hashes, subdirectory = _hashes(file.get("hashes")) or (), None
    if "#" in absolute:
        # A fragment says the same as on HTML pages, and comes after all that JSON says.
        link = Link.from_url(absolute)
        absolute, subdirectory = link.url, link.subdirectory
        hashes = tuple({**dict(hashes), **dict(link.hashes[:1])}.items())
    return (
        absolute,
        hashes,
        _word(file.get("requires-python")),
        None if not yanked else (yanked if isinstance(yanked, str) else ""),
        _metadata(sidecar),
        _word(file.get("upload-time")),
        _size(file.get("size")),
        subdirectory,
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _size(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _hashes(value: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(value, Mapping):
        return None
    return tuple((str(name), digest_of(digest)) for name, digest in value.items())


def _metadata(value: object) -> tuple[tuple[str, str], ...] | None:
    """Return the sidecar's digests; ``True`` has a sidecar whose digest is not told."""
    hashes = _hashes(value)
    return (() if value else None) if hashes is None else _supported(hashes)


def _supported(hashes: Pairs) -> Pairs:
    """Return what pip compares of a sidecar's digests: other algorithms count as not told."""
    return tuple(pair for pair in hashes if pair[0] in SUPPORTED_HASHES)


def _row_from_anchor(anchor: Mapping[str, str | None], base: str) -> Row | None:
    href = anchor.get("href")
    absolute = _absolute(base, href) if href else None
    if absolute is None:
        return None
    link = Link.from_url(absolute)
    yanked = anchor.get("data-yanked") or "" if "data-yanked" in anchor else None
    sidecar = anchor.get("data-core-metadata", anchor.get("data-dist-info-metadata"))
    return (
        link.url,
        link.hashes,
        anchor.get("data-requires-python") or None,
        yanked,
        _metadata_attribute(sidecar),
        None,
        None,
        link.subdirectory,
    )


def _metadata_attribute(value: str | None) -> tuple[tuple[str, str], ...] | None:
    """Read ``data-core-metadata``: ``true``, or ``sha256=<digest>`` (PEP 658, PEP 714)."""
    if value is None:
        return None
    name, separator, digest = value.partition("=")
    return _supported(((name, digest_of(digest)),)) if separator and digest else ()


def _absolute(base: str, url: str) -> str | None:
    """Return ``url`` seen from its page, with a path that is quoted once and once only.

    ``None`` for what is no URL at all: one bad anchor says nothing of the others.
    """
    try:
        joined = _joined(base, url)
        if _QUOTED.match(joined):
            return joined
        parts = urlsplit(joined)
    except ValueError:
        return None
    # As pip: a plus, too, which some servers take for a space.
    pieces = (quote(unquote(piece)) for piece in _RESERVED.split(parts.path))
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
