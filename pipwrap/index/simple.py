"""Pages of the simple repository API to links (PEP 503, 592, 629, 658, 691, 700, 714); pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import chain, zip_longest
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from pipwrap.model.link import Link

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
PAGE_TYPES = (JSON_TYPE, "application/vnd.pypi.simple.v1+html", "text/html")
_QUOTED = re.compile(r"[a-z]+://[^/?#[\]\\]*/[\w.~/@-]*(?:[?#]|$)", re.ASCII)
"""A URL whose path has nothing to quote: what pages are full of."""
_RESERVED = re.compile("@|%2F", re.IGNORECASE)


class InvalidPage(ValueError):
    """The bytes are not a page of the API."""


def is_page(content_type: str) -> bool:
    """Tell whether a Content-Type is one that a page of the API may have."""
    return content_type.lower().startswith(PAGE_TYPES)


def parse_page(content: bytes, content_type: str, url: str) -> tuple[Link, ...]:
    """Return the links of a page in their order; ``InvalidPage`` when it cannot be read."""
    if content_type.lower().startswith(JSON_TYPE):
        return _parse_json(content, url)
    from pipwrap.index import anchors  # noqa: PLC0415 - most indexes speak JSON

    try:
        base, found = anchors.read(content, content_type)
    except (UnicodeDecodeError, LookupError) as error:
        raise InvalidPage(str(error)) from error
    base = _absolute(url, base) or url if base else url
    links = (_link_from_anchor(anchor, base, url) for anchor in found)
    return tuple(link for link in links if link is not None)


def _parse_json(content: bytes, url: str) -> tuple[Link, ...]:
    try:
        page = json.loads(content)
        files = page.get("files", [])
        return tuple(link for file in files if (link := _link_from_json(file, url)) is not None)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise InvalidPage(str(error)) from error


def _link_from_json(file: Mapping[str, Any], page_url: str) -> Link | None:
    """Return the link of one entry of ``files`` (PEP 691), or nothing without a proper URL."""
    url = file.get("url")
    if url is None:
        return None
    absolute = _absolute(page_url, url)
    if absolute is None:
        return None
    yanked = file.get("yanked")
    sidecar = file.get("core-metadata")
    if sidecar is None:
        sidecar = file.get("dist-info-metadata")
    return Link(
        absolute.partition("#")[0],
        hashes=_hashes(file.get("hashes")) or (),
        requires_python=file.get("requires-python") or None,
        yanked=None if not yanked else (yanked if isinstance(yanked, str) else ""),
        metadata_hashes=_metadata(sidecar),
        upload_time=file.get("upload-time"),
        size=file.get("size"),
        comes_from=page_url,
    )


def _hashes(value: object) -> tuple[tuple[str, str], ...] | None:
    if not isinstance(value, Mapping):
        return None
    return tuple((str(name), str(digest).lower()) for name, digest in value.items())


def _metadata(value: object) -> tuple[tuple[str, str], ...] | None:
    """Return the sidecar's digests; ``True`` has a sidecar whose digest is not told."""
    return _hashes(value) if isinstance(value, Mapping) else (() if value else None)


def _link_from_anchor(anchor: Mapping[str, str | None], base: str, page_url: str) -> Link | None:
    href = anchor.get("href")
    absolute = _absolute(base, href) if href else None
    if absolute is None:
        return None
    link = Link.from_url(absolute, comes_from=page_url)
    yanked = anchor.get("data-yanked") or "" if "data-yanked" in anchor else None
    sidecar = anchor.get("data-core-metadata", anchor.get("data-dist-info-metadata"))
    return Link(
        link.url,
        hashes=link.hashes,
        requires_python=anchor.get("data-requires-python") or None,
        yanked=yanked,
        metadata_hashes=_metadata_attribute(sidecar),
        comes_from=page_url,
        subdirectory=link.subdirectory,
    )


def _metadata_attribute(value: str | None) -> tuple[tuple[str, str], ...] | None:
    """Read ``data-core-metadata``: ``true``, or ``sha256=<digest>`` (PEP 658, PEP 714)."""
    if value is None:
        return None
    name, separator, digest = value.partition("=")
    return ((name, digest.lower()),) if separator and digest else ()


def _absolute(base: str, url: str) -> str | None:
    """Return ``url`` seen from its page, with a path that is quoted once and once only.

    ``None`` for what is no URL at all: one bad anchor says nothing of the others.
    """
    try:
        joined = url if url.startswith("https://") else urljoin(base, url)
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
