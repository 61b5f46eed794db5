"""Where a distribution file is, and what its index says of it; pure."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import (
    SplitResult,
    parse_qs,
    quote,
    unquote,
    urlencode,
    urlsplit,
    urlunsplit,
)

from msgspec import Struct
from msgspec.structs import replace

from pipwrap.errors import InvalidDistribution

SUPPORTED_HASHES = ("sha512", "sha384", "sha256", "sha224", "sha1", "md5")
"""The algorithms that a URL's fragment may name, as in pip: each is compared, none but sha256
identifies a file."""

ARCHIVE_EXTENSIONS = (
    ".zip",
    ".whl",
    ".tar.bz2",
    ".tbz",
    ".tar.gz",
    ".tgz",
    ".tar",
    ".tar.xz",
    ".txz",
    ".tlz",
    ".tar.lz",
    ".tar.lzma",
)
"""What pip takes for an archive, by the end of its name."""

_LONGEST = 255
"""Bytes of a file's name; no common filesystem takes more."""
_PLAIN_NAME = re.compile(r"\w[\w.+!~-]*", re.ASCII)
"""What nearly every file's name is, which needs no further check."""

_WHOLE_URL = re.compile(
    r"(?P<before>https?:/+|(?:[a-z][a-z0-9+.-]*:)?//)(?P<user>[^/?#\n]*)@", re.IGNORECASE
)
"""User information ends at the last @ before the path, as for ``urllib.parse.urlsplit``.

A slash too few or too many leaves no URL, and the password in it is one all the same.
"""
_URL_IN_TEXT = re.compile(
    # The second form has a raw delimiter or blank in its password: after the colon is no port.
    r"(?P<before>(?<![a-z0-9+.-])(?:https?:/+|[a-z0-9+.-]+://))(?P<user>[^/?#\s]*"
    r"|[^/?#\s:@\[]*:(?!\d*(?:[\s/?#]|$))(?:(?!://)[^\n])*?)@",
    re.IGNORECASE,
)
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_NO_PASSWORDS = ("", "x", "x-oauth-basic")
"""Passwords that go with a token in the place of the user, as GitHub and others take it."""


def redact(text: str) -> str:
    """Return ``text`` with the credentials of every URL in it hidden, as pip hides them.

    Unlike pip, the user is hidden too where it is a token: its password is empty or a filler.
    Text that begins as a URL is one: its user information may hold blanks.
    """
    if "@" not in text:
        return text
    whole = _WHOLE_URL.match(text)
    if whole:
        return _hidden(whole) + redact(text[whole.end() :])
    return _URL_IN_TEXT.sub(_hidden, text)


def why_invalid(error: ValueError) -> str:
    """Return what is wrong with a URL, without the part of it that an error of urllib quotes.

    What it takes for a port is the beginning of a password that has a raw delimiter.
    """
    return str(error).partition(" as ")[0]


def _hidden(match: re.Match[str]) -> str:
    user, colon, password = match["user"].partition(":")
    if not colon or unquote(password).lower() in _NO_PASSWORDS:
        return f"{match['before']}****@"
    return f"{match['before']}{quote(unquote(user))}:****@"


def digest_of(value: object) -> str:
    """Return a hex digest in lower case; for anything else a word that no file's digest equals."""
    return value.lower() if isinstance(value, str) and _HEX.fullmatch(value) else "invalid"


def split_archive_name(name: str) -> tuple[str, str]:
    """Return ``(stem, extension)`` of an archive's file name; ``extension`` may be empty."""
    if name.endswith(".tar.gz"):
        return name[: -len(".tar.gz")], ".tar.gz"
    lowered = name.lower()
    if not lowered.endswith(ARCHIVE_EXTENSIONS):
        return name, ""
    extension = max(filter(lowered.endswith, ARCHIVE_EXTENSIONS), key=len)
    return name[: -len(extension)], name[-len(extension) :]


def is_plain_file_name(name: str) -> bool:
    """Return whether a name is one segment of a path on any system, and can be printed."""
    if _PLAIN_NAME.fullmatch(name):
        return len(name) <= _LONGEST
    return (
        name not in {"", ".", ".."}
        and not any(mark in name for mark in "/\\")
        and not _has_control_character(name)
        and len(name.encode("utf-8", "surrogatepass")) <= _LONGEST
    )


def checked_file_name(name: str) -> str:
    """Return the name of a file that is to be written; ``InvalidDistribution`` if not plain."""
    if not is_plain_file_name(name):
        raise InvalidDistribution(
            f"{name!r} is not a file name: nothing is written under it.",
            hint="It comes from the distribution or its server: tell those who publish it.",
        )
    return name


def _has_control_character(name: str) -> bool:
    """Return whether a name has a character of Unicode's category Cc: C0, DEL or C1."""
    return not name.isprintable() and any(
        character < " " or "\x7f" <= character < "\xa0" for character in name
    )


def joined_url(parts: SplitResult) -> str:
    """Return ``urlunsplit`` of a URL, with ``file:proj`` left relative (RFC 3986 section 5.3).

    Python 3.10 to 3.12 make it ``file:///proj``.
    """
    if parts.netloc or parts.path.startswith("/") or not parts.scheme:
        return urlunsplit(parts)
    return f"{parts.scheme}:{urlunsplit(parts._replace(scheme=''))}"


class Link(Struct, frozen=True):
    """One file of one page."""

    url: str
    """Absolute, without fragment; credentials are kept and never printed."""
    hashes: tuple[tuple[str, str], ...] = ()
    """(algorithm, lower-case hex digest), as the index names them."""
    requires_python: str | None = None
    yanked: str | None = None
    """The reason, perhaps empty; ``None`` when the file is not yanked (PEP 592)."""
    metadata_hashes: tuple[tuple[str, str], ...] | None = None
    """Of the sidecar (PEP 658, PEP 714); ``()`` has one without a hash, ``None`` has none."""
    upload_time: str | None = None
    """ISO 8601, as the index gives it (PEP 700)."""
    size: int | None = None
    """Bytes (PEP 700)."""
    comes_from: str | None = None
    """URL or path of the page that named it."""
    subdirectory: str | None = None
    """Of the source tree inside the archive."""
    egg: str | None = None
    """The project that the fragment names, for messages alone."""

    @classmethod
    def from_url(cls, url: str, *, comes_from: str | None = None) -> Link:
        """Return the link that a URL with its fragment (``#sha256=``, ``&subdirectory=``) means."""
        parts = urlsplit(url)
        hashes, subdirectory, egg = [], None, None
        for item in parts.fragment.split("&"):
            key, _, value = item.partition("=")
            if key in SUPPORTED_HASHES and value:
                hashes.append((key, digest_of(value)))
            elif key == "subdirectory" and value and subdirectory is None:  # the first, as in pip
                subdirectory = unquote(value)
            elif key == "egg" and value:
                egg = value
        return cls(
            joined_url(parts._replace(fragment="")),
            hashes=tuple(hashes),
            comes_from=comes_from,
            subdirectory=subdirectory,
            egg=egg,
        )

    @property
    def identity(self) -> str:
        """Return what is equal for links that pip takes for the same (its ``links_equivalent``).

        Credentials do not count, nor the order of the query's names, nor ``#egg=``; the
        subdirectory and the digests of the fragment do. RFC 8089: no host is localhost.
        """
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        if parts.scheme == "file":
            host = host or "localhost"
        fragment = sorted(dict(reversed(self.hashes)).items())
        if self.subdirectory:
            fragment.append(("subdirectory", self.subdirectory))
        query = urlencode(sorted(parse_qs(parts.query).items()), doseq=True)
        return urlunsplit((parts.scheme, host, parts.path, query, urlencode(fragment)))

    @property
    def filename(self) -> str:
        """Return the last segment of the unquoted path, or the host where there is none.

        A quoted slash parts segments, as in pip: object stores put one into the URLs of files.
        """
        segment = self._segment
        name = posixpath.basename(segment) if "/" in segment else segment
        return name or urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def names_a_file(self) -> bool:
        """Return whether what the URL ends in can be the name of a file, once it is unquoted."""
        segment = self._segment
        if "/" not in segment and segment:
            return is_plain_file_name(segment)
        return is_plain_file_name(self.filename) and ".." not in segment.split("/")

    @property
    def _segment(self) -> str:
        """Return the last segment of the path, unquoted; slashes that were quoted are in it."""
        name = self.url.rpartition("/")[2]
        if name and "?" not in self.url and "%" not in name and "@" not in self.url:
            return name  # what a page has thousands of
        return unquote(posixpath.basename(urlsplit(self.url).path.rstrip("/")))

    @property
    def scheme(self) -> str:
        """Return the URL's scheme in lower case."""
        return self.url.partition(":")[0].lower()

    @property
    def is_wheel(self) -> bool:
        """Return whether its name is that of a wheel."""
        return self.filename.lower().endswith(".whl")

    @property
    def is_yanked(self) -> bool:
        """Tell whether the index has yanked the file (PEP 592)."""
        return self.yanked is not None

    @property
    def sha256(self) -> str | None:
        """Return the sha256 that the index names, if it does."""
        return dict(self.hashes).get("sha256")

    @property
    def metadata_url(self) -> str:
        """Return where the sidecar is (PEP 658)."""
        return self.url + ".metadata"

    @property
    def redacted(self) -> str:
        """Return the URL as it may be printed."""
        return redact(self.url)

    @property
    def shown(self) -> str:
        """Return the URL with the page that named it and its Requires-Python, as pip prints it."""
        if not self.comes_from:
            return self.redacted_whole
        python = f" (requires-python:{self.requires_python})" if self.requires_python else ""
        return f"{self.redacted} (from {redact(self.comes_from)}){python}"

    @property
    def redacted_whole(self) -> str:
        """Return the same with what the fragment says of the file."""
        fields = [f"egg={self.egg}"] if self.egg else []
        fields += [f"{algorithm}={digest}" for algorithm, digest in self.hashes]
        if self.subdirectory:
            fields.append(f"subdirectory={self.subdirectory}")
        return f"{self.redacted}#{'&'.join(fields)}" if fields else self.redacted

    def with_hashes(self, hashes: tuple[tuple[str, str], ...]) -> Link:
        """Return the same link with these hashes."""
        return replace(self, hashes=hashes)
