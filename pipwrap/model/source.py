"""Direct references: where a distribution lies when no index is asked (PEP 440, PEP 610)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pipwrap.model.link import Link


@dataclass(frozen=True, slots=True)
class Archive:
    """A wheel or an sdist, by URL or as a local file."""

    link: Link
    path: str | None = None
    """Of a local file."""
    explicit: bool = False
    """The user named it outright: when it is an sdist it is built again, cache or no cache."""

    @property
    def is_wheel(self) -> bool:
        """Tell wheels from sdists."""
        return self.link.is_wheel

    @property
    def url(self) -> str:
        """Return what identifies it."""
        return self.link.url

    def direct_url(self, sha256: str) -> str:
        """Return the content of direct_url.json (PEP 610) for an archive with this digest."""
        info = {"hash": f"sha256={sha256}", "hashes": {"sha256": sha256}}
        value: dict[str, object] = {"archive_info": info, "url": _without_password(self.link.url)}
        if self.link.subdirectory:
            value["subdirectory"] = self.link.subdirectory
        return json.dumps(value, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Directory:
    """A source tree on disk."""

    path: str
    """Absolute."""
    link: Link

    @property
    def is_wheel(self) -> bool:
        """A directory is never a wheel."""
        return False

    @property
    def url(self) -> str:
        """Return what identifies it."""
        return self.link.url

    def direct_url(self, sha256: str) -> str:
        """Return the content of direct_url.json (PEP 610); a directory has no digest."""
        del sha256
        return json.dumps({"dir_info": {}, "url": self.link.url}, sort_keys=True)


Source = Archive | Directory


def _without_password(url: str) -> str:
    """Return ``url`` as PEP 610 stores it: no credentials, unless they are ``${VARIABLES}``."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if not at or user == "git":
        return url
    if all(part.startswith("${") and part.endswith("}") for part in user.split(":")):
        return url
    return f"{scheme}{separator}{host}{slash}{path}"
