"""Direct references: where a distribution is when no index is used (PEP 440, PEP 610); pure."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote, urlsplit, urlunsplit

from msgspec import Struct

from pipwrap.model.link import Link
from pipwrap.model.location import path_to_url

GIT_SCHEMES = ("git+http", "git+https", "git+ssh", "git+git", "git+file")
"""What pip takes for a git repository, by the scheme of its URL."""
_VARIABLES = re.compile(r"\$\{[A-Za-z0-9-_]+\}(:\$\{[A-Za-z0-9-_]+\})?")
"""User information that PEP 610 keeps, as pip reads it."""


class Archive(Struct, frozen=True):
    """A wheel or an sdist, by URL or as a local file."""

    link: Link
    path: str | None = None
    """Of a local file."""
    explicit: bool = False
    """The user named it outright: when it is an sdist it is built again, cache or no cache."""

    @property
    def is_wheel(self) -> bool:
        """Return whether it is a wheel, and no sdist."""
        return self.link.is_wheel

    @property
    def identity(self) -> str:
        """Return what is equal for archives that are the same to pip."""
        return self.link.identity

    @property
    def editable(self) -> bool:
        """Archives never are."""
        return False

    def direct_url(self, identity: str) -> str:
        """Return the content of direct_url.json (PEP 610); ``identity`` is the sha256."""
        info = {"hash": f"sha256={identity}", "hashes": {"sha256": identity}}
        value: dict[str, object] = {"archive_info": info, "url": without_password(self.link.url)}
        if self.link.subdirectory:
            value["subdirectory"] = self.link.subdirectory
        return json.dumps(value, sort_keys=True)


class Directory(Struct, frozen=True):
    """A source tree on disk."""

    path: str
    """Absolute; the project may be in a subdirectory of it, which the link names."""
    link: Link
    editable: bool = False
    """Installed in place (PEP 660)."""

    @property
    def is_wheel(self) -> bool:
        """A directory is never a wheel."""
        return False

    @property
    def identity(self) -> str:
        """Return what is equal for directories that are the same to pip, installed in one way."""
        return f"{self.link.identity} -e" if self.editable else self.link.identity

    def direct_url(self, identity: str) -> str:
        """Return the content of direct_url.json (PEP 610); a directory has no digest."""
        del identity
        if self.editable:
            return editable_direct_url(self.path, self.link.subdirectory)
        value: dict[str, object] = {"dir_info": {}, "url": self.link.url}
        if self.link.subdirectory:
            value["subdirectory"] = self.link.subdirectory
        return json.dumps(value, sort_keys=True)


class Repository(Struct, frozen=True):
    """A source tree under version control, at a revision."""

    link: Link
    """``git+https://host/path@revision``, without fragment."""
    directory_name: str = ""
    """Of an editable: the directory that keeps it, below the one for sources."""

    @property
    def editable(self) -> bool:
        """Return whether it is installed in place (PEP 660)."""
        return bool(self.directory_name)

    @property
    def is_wheel(self) -> bool:
        """A repository is never a wheel."""
        return False

    @property
    def identity(self) -> str:
        """Return what is equal for repositories that are the same to pip, installed in one way."""
        return f"{self.link.identity} -e" if self.editable else self.link.identity

    @property
    def clone_url(self) -> str:
        """Return the URL as git takes it."""
        return self._parts[0]

    @property
    def revision(self) -> str | None:
        """Return the branch, tag, commit or ref that is requested; it may be empty, an error."""
        return self._parts[1]

    @property
    def _parts(self) -> tuple[str, str | None]:
        parts = urlsplit(self.link.url)
        scheme = parts.scheme.partition("+")[2]
        path, at, revision = parts.path.rpartition("@")
        if not at:
            path = parts.path
        if scheme == "file":
            path = unquote(path)
        url = urlunsplit((scheme, parts.netloc, path, parts.query, ""))
        return url, unquote(revision) if at else None

    def direct_url(self, identity: str) -> str:
        """Return the content of direct_url.json (PEP 610).

        ``identity`` is the commit, or the clone's directory for an editable.
        """
        if self.editable:
            return editable_direct_url(identity, self.link.subdirectory)
        info = {"vcs": "git", "commit_id": identity}
        if self.revision:
            info["requested_revision"] = self.revision
        value: dict[str, object] = {"vcs_info": info, "url": without_password(self.clone_url)}
        if self.link.subdirectory:
            value["subdirectory"] = self.link.subdirectory
        return json.dumps(value, sort_keys=True)


Source = Archive | Directory | Repository


def editable_direct_url(directory: str, subdirectory: str | None) -> str:
    """Return the content of direct_url.json for a project that is installed in place."""
    root = f"{directory}/{subdirectory}" if subdirectory else directory
    return json.dumps({"dir_info": {"editable": True}, "url": path_to_url(root)}, sort_keys=True)


def without_password(url: str) -> str:
    """Return ``url`` as PEP 610 stores it: no credentials, unless they are ``${VARIABLES}``."""
    user, at, host = urlsplit(url).netloc.rpartition("@")
    if not at or user == "git" or _VARIABLES.fullmatch(user):
        return url
    return url.replace(f"//{user}@{host}", f"//{host}", 1)
