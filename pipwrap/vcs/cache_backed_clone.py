"""A clone that is made from the cached clone of its repository (``cache.clones``).

    ls-remote, or a full commit          what the revision means now (``Repositories``)
    git clone --local CACHED             the objects are linked, nothing is transferred
    remote set-url origin URL
    git fetch origin                     where the cached clone is not current
    git checkout                         as for any clone (``clone``)
    the git directory into the cache     where anything was fetched

If any of it fails, the repository is cloned anew. An editable's clone is the user's, and is made
without the cache.
"""

from __future__ import annotations

import os

from msgspec.structs import replace

from pipwrap import errors
from pipwrap.cache.clones import CachedClone, Clones
from pipwrap.events import Event, WarningMessage
from pipwrap.model.link import redact
from pipwrap.model.references import References, is_commit
from pipwrap.model.source import Repository
from pipwrap.vcs.clone import REMOTE, Clone
from pipwrap.vcs.git import Git

_EVERYTHING = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
_PARTIAL = (
    *("-c", "remote.origin.promisor=true"),
    *("-c", "remote.origin.partialclonefilter=blob:none"),
)


class CacheBackedClone(Clone):
    """A clone that reads and writes the cache of clones."""

    def __init__(self, directory: str, git: Git, clones: Clones, listed: References | None) -> None:
        """Store the ports; ``listed`` is what the repository's names mean now, if known."""
        super().__init__(directory, git)
        self._clones = clones
        self._listed = listed

    def _clone(self, repository: Repository) -> str:
        """Check out from the cached clone, or clone anew; store what was fetched."""
        url, clones, listed = repository.clone_url, self._clones, self._listed
        cached = clones.find(url) if listed or is_commit(repository.revision) else None
        if cached and listed and listed.head != cached.references.head:
            cached = None
        resolved = self._from_cache(repository, cached) if cached else None
        if resolved is not None:
            self._store(url, cached)
            return resolved
        resolved = super()._clone(repository)
        if cached is not None:
            clones.warn(url)
        self._store(url, None)
        return resolved

    def _from_cache(self, repository: Repository, cached: CachedClone) -> str | None:
        """Clone the cached clone and check out, as ``Clone`` does; ``None`` where that fails.

        What git prints is passed on if all went well: otherwise the repository is cloned anew.
        """
        events: list[Event] = []
        git = replace(self._git, listener=events.append)
        attempt = CacheBackedClone(self.directory, git, self._clones, self._listed)
        try:
            attempt._populate(repository, cached)
            revision = repository.revision
            resolved = (
                attempt._check_out(repository.clone_url, revision) if revision else self.commit()
            )
        except errors.ProgramFailed:
            return None
        for event in events:
            self._git.listener(event)
        return resolved

    def _populate(self, repository: Repository, cached: CachedClone) -> None:
        """Make the directory what ``git clone`` of the repository itself would make it."""
        listed = self._listed
        head = cached.references.head.removeprefix("refs/heads/")
        partial = _PARTIAL if cached.partial else ()
        with self._clones.locked():
            self._git.run(
                [
                    *("clone", "--quiet", "--local", "--no-checkout", *partial),
                    *(cached.directory, self.directory),
                ]
            )
            has_commit = listed is None and self._has(cached, repository.revision)
        self._here.ask(["remote", "set-url", "origin", repository.clone_url])
        is_current = listed.branches_and_tags == cached.references if listed else has_commit
        if not is_current:
            self._here.run(["fetch", "--quiet", "--force", "--prune", "origin", *_EVERYTHING])
        self._here.run(["checkout", "--quiet", "--force", "-B", head, "--track", f"origin/{head}"])

    def _store(self, url: str, known: CachedClone | None) -> None:
        """Store what was fetched; a repository whose HEAD is no branch is not cached."""
        listed = self._here.answer(["for-each-ref", "--format=%(objectname) %(refname)"])
        if "\\" in listed:
            return  # a name that is no UTF-8
        found = References.parse(listed).objects.items()
        head = self._here.answer(["symbolic-ref", "-q", f"{REMOTE}HEAD"]).strip()
        references = References(
            _as_branch(head),
            {
                _as_branch(name): target
                for name, target in found
                if name.startswith((REMOTE, "refs/tags/")) and name != f"{REMOTE}HEAD"
            },
        )
        if references.head not in references.objects:
            return
        partial = self._here.answer(["config", "remote.origin.partialclonefilter"]).strip()
        try:
            self._clones.store(
                url,
                os.path.join(self.directory, ".git"),
                references,
                partial=partial == "blob:none",
                known=known,
            )
        except OSError as error:
            self._git.listener(
                WarningMessage(f"The clone of {redact(url)} could not be cached: {error}")
            )

    def _has(self, cached: CachedClone, commit: str | None) -> bool:
        """Return whether a commit is in the cached clone, which has no remote to fetch it from."""
        place = ["-C", cached.directory, "--git-dir", "."]
        try:
            self._git.ask([*place, "cat-file", "-e", f"{commit}^{{commit}}"])
        except errors.ProgramFailed:
            return False
        return True


def _as_branch(name: str) -> str:
    """Return a remote's branch under the name that it has there."""
    return name.replace(REMOTE, "refs/heads/", 1) if name.startswith(REMOTE) else name
