"""Where a distribution file lies, and what its index says of it."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit, urlunsplit

from pipwrap.values import frozen, replace

STRONG_HASHES = ("sha512", "sha384", "sha256")
"""Algorithms that identify bytes, strongest first; md5 and sha1 identify nothing."""

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

_USER_INFORMATION = re.compile(r"(?P<before>[a-z+]+://)(?P<user>[^/@\s]*)@", re.IGNORECASE)


def redact(text: str) -> str:
    """Return ``text`` with the credentials of every URL in it hidden, as pip hides them."""

    def hide(match: re.Match[str]) -> str:
        user = match["user"]
        if ":" not in user:
            return f"{match['before']}****@"
        return f"{match['before']}{user.partition(':')[0]}:****@"

    return _USER_INFORMATION.sub(hide, text)


def split_archive_name(name: str) -> tuple[str, str]:
    """Return ``(stem, extension)`` of an archive's file name; ``extension`` may be empty."""
    lowered = name.lower()
    if not lowered.endswith(ARCHIVE_EXTENSIONS):
        return name, ""
    extension = max(filter(lowered.endswith, ARCHIVE_EXTENSIONS), key=len)
    return name[: -len(extension)], name[-len(extension) :]


@frozen
class Link:
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
            if key in (*STRONG_HASHES, "sha224", "sha1", "md5") and value:
                hashes.append((key, value.lower()))
            elif key == "subdirectory" and value:
                subdirectory = unquote(value)
            elif key == "egg" and value:
                egg = value
        return cls(
            urlunsplit(parts._replace(fragment="")),
            hashes=tuple(hashes),
            comes_from=comes_from,
            subdirectory=subdirectory,
            egg=egg,
        )

    @property
    def filename(self) -> str:
        """Return the unquoted last segment of the path, or the host where there is none."""
        name = self.url.rpartition("/")[2]
        if name and "?" not in self.url and "%" not in name:
            return name  # what a page has thousands of
        parts = urlsplit(self.url)
        return unquote(posixpath.basename(parts.path.rstrip("/"))) or parts.netloc

    @property
    def scheme(self) -> str:
        """Return the URL's scheme in lower case."""
        return self.url.partition(":")[0].lower()

    @property
    def is_wheel(self) -> bool:
        """Tell a wheel by its name."""
        return self.filename.lower().endswith(".whl")

    @property
    def sha256(self) -> str | None:
        """Return the sha256 that the index names, if it does."""
        return dict(self.hashes).get("sha256")

    @property
    def metadata_url(self) -> str:
        """Return where the sidecar lies (PEP 658)."""
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
        said = [f"egg={self.egg}"] if self.egg else []
        said += [f"{algorithm}={digest}" for algorithm, digest in self.hashes]
        if self.subdirectory:
            said.append(f"subdirectory={self.subdirectory}")
        return f"{self.redacted}#{'&'.join(said)}" if said else self.redacted

    def with_hashes(self, hashes: tuple[tuple[str, str], ...]) -> Link:
        """Return the same link with these hashes."""
        return replace(self, hashes=hashes)
