"""One HTTP exchange as bytes: what was asked, and head and extent of the answer; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

PAGE_HEADERS = {"Cache-Control": "max-age=600, public", "Vary": "Accept, Accept-Encoding"}
FILE_HEADERS = {"Cache-Control": "max-age=365000000, immutable, public", "Accept-Ranges": "bytes"}
"""What the public index sends with pages, and with files and their metadata."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]

    @classmethod
    def parse(cls, head: bytes) -> Asked:
        """Return the request of a head without its empty line; ValueError when it is none."""
        first, *fields = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        pairs = (field.partition(":") for field in fields)
        return cls(method, path, {name.lower(): value.strip() for name, _, value in pairs})

    @property
    def takes_gzip(self) -> bool:
        """Whether the answer may be compressed."""
        return "gzip" in self.headers.get("accept-encoding", "")


@dataclass(frozen=True, slots=True)
class Extent:
    """Which part of a body is sent."""

    status: HTTPStatus
    start: int
    length: int


def extent(asked: Asked, etag: str, size: int) -> Extent:
    """Return what of a body answers a request: 304 (RFC 9110 13.1.2), a range (14.2), or all."""
    if etag in [one.strip() for one in asked.headers.get("if-none-match", "").split(",")]:
        return Extent(HTTPStatus.NOT_MODIFIED, 0, 0)
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.headers.get("range", ""))
    if wanted is None or asked.headers.get("if-range", etag) != etag or not any(wanted.groups()):
        return Extent(HTTPStatus.OK, 0, size)
    first, last = wanted.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Extent(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, 0)
    return Extent(HTTPStatus.PARTIAL_CONTENT, start, end - start + 1)


def head(part: Extent, size: int, headers: Mapping[str, str]) -> bytes:
    """Return the head of an answer, its empty line included."""
    lines = [f"HTTP/1.1 {part.status.value} {part.status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if part.status is HTTPStatus.PARTIAL_CONTENT:
        end = part.start + part.length - 1
        lines.append(f"Content-Range: bytes {part.start}-{end}/{size}")
    if part.status is not HTTPStatus.NOT_MODIFIED:
        lines.append(f"Content-Length: {part.length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
