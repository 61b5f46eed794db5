"""One clone of a repository: made, or brought to a revision, in pip's steps and words."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

from msgspec.structs import replace

from pipwrap import errors
from pipwrap.cache.clones import CachedClone, Clones
from pipwrap.cache.disk import remove_tree
from pipwrap.events import Event, Info, WarningMessage
from pipwrap.model.link import redact
from pipwrap.model.location import path_to_url
from pipwrap.model.references import References, is_commit
from pipwrap.model.source import Repository
from pipwrap.vcs.git import Git

_SCP = re.compile(r"(\w+@)?([^/:]+):(\w[^:]*)")
"""``git@host:path``, which git takes for ``ssh://git@host/path``."""
_REMOTE = "refs/remotes/origin/"
_EVERYTHING = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
_PARTIAL = (
    *("-c", "remote.origin.promisor=true"),
    *("-c", "remote.origin.partialclonefilter=blob:none"),
)


class Clone:
    """One clone, made or about to be."""

    def __init__(self, directory: str, git: Git) -> None:
        """Remember where; git is not run yet."""
        self.directory = directory
        self._git = git
        self._here = git.within(directory)

    def make(
        self,
        repository: Repository,
        clones: Clones | None = None,
        listed: References | None = None,
    ) -> None:
        """Clone and check out, from the cached clone where that can be; what was fetched is kept.

        ``listed`` is what the repository's names mean now, where it was asked. Raises
        ``errors.ProgramFailed``, and ``errors.NetworkError`` for what offline is not there.
        """
        url, revision = repository.clone_url, repository.revision
        place = self._git.settings.show_path(self.directory)
        self._tell(f"Cloning {redact(url)}{_to_revision(revision)} to {place}")
        resolved = self._cached(repository, clones, listed) if clones else self._anew(repository)
        self._tell(f"Resolved {redact(url)} to commit {resolved}")
        self._update_submodules()

    def update(self, repository: Repository) -> None:
        """Bring a clone that is there to the revision."""
        if not self.is_of(repository):
            raise errors.HandOver(f"a decision about {self.directory}")
        revision = repository.revision
        if revision and self.commit() == revision:
            self._tell("Skipping because already up-to-date.")
            return
        place = self._git.settings.show_path(self.directory)
        self._tell(f"Updating {place} clone{_to_revision(revision)}")
        quiet = self._quiet()
        self._refuse_offline(repository.clone_url, revision)
        self._here.run(["fetch", "--tags", *quiet])
        resolved, _ = self._resolve(repository.clone_url, revision or "HEAD")
        self._here.run(["reset", "--hard", *quiet, resolved])
        self._update_submodules()

    def is_of(self, repository: Repository) -> bool:
        """Tell whether there is a clone of this repository."""
        if not os.path.exists(os.path.join(self.directory, ".git")):
            return False
        listed = self._here.answer(["config", "--get-regexp", r"remote\..*\.url"]).splitlines()
        remotes = dict(line.split(" ", 1) for line in listed if " " in line)
        url = remotes.get("remote.origin.url") or next(iter(remotes.values()), "")
        return _normal(_as_url(url)) == _normal(repository.clone_url)

    def commit(self, revision: str = "HEAD") -> str:
        """Return the commit that a revision is."""
        return self._here.ask(["rev-parse", revision]).strip()

    def named_commit(self, name: str) -> tuple[str, bool] | None:
        """Return what a branch or tag of this name points to, and whether it is a branch."""
        refs = References.parse(self._here.answer(["show-ref", name])).objects
        if branch := refs.get(f"{_REMOTE}{name}"):
            return branch, True
        if tag := refs.get(f"refs/tags/{name}"):
            return tag, False
        return None

    # What pip does, in pip's order

    def _anew(self, repository: Repository) -> str:
        """Clone and check out as pip does; return the commit as pip names it."""
        url, revision = repository.clone_url, repository.revision
        self._refuse_offline(url, revision)
        remove_tree(self.directory)
        partial = ["--filter=blob:none"] if self._git.can_leave_files_out() else []
        self._git.run(["clone", *partial, *self._flags(), url, self.directory])
        return self._check_out(url, revision) if revision else self.commit()

    def _check_out(self, url: str, revision: str) -> str:
        """Check a revision out and return it as pip names it: resolved, if it is a name."""
        resolved, is_branch = self._resolve(url, revision)
        if not is_branch:
            if self.commit() != resolved:
                self._here.run(["checkout", "-q", resolved])
        elif self._here.answer(["symbolic-ref", "-q", "HEAD"]).strip() != f"refs/heads/{revision}":
            self._here.run(["checkout", "-b", revision, "--track", f"origin/{revision}"])
        return resolved

    def _resolve(self, url: str, revision: str) -> tuple[str, bool]:
        """Return the commit of a branch, tag or ref, or the revision itself; and if a branch."""
        named = self.named_commit(revision)
        if named is not None:
            return named
        if not is_commit(revision):
            self._tell(f"Did not find branch or tag '{revision}', assuming revision or ref.")
        if not self._has_to_fetch(revision):
            return revision, False
        self._here.run(["fetch", "-q", url, revision])
        return self.commit("FETCH_HEAD"), False

    def _has_to_fetch(self, revision: str) -> bool:
        """Tell whether a clone may lack it: other refs always, and commits that no branch has."""
        if revision.startswith("refs/"):
            return True
        if not is_commit(revision):
            return False  # git does not fetch abbreviations
        try:
            self._here.run(["rev-parse", "-q", "--verify", revision + "^{commit}"])
        except errors.ProgramFailed:
            return True
        return False

    def _update_submodules(self) -> None:
        if os.path.exists(os.path.join(self.directory, ".gitmodules")):
            self._here.run(["submodule", "update", "--init", "--recursive", *self._quiet()])

    def _refuse_offline(self, url: str, revision: str | None) -> None:
        if not self._git.may_ask(url):
            raise errors.NetworkError(
                f"{redact(url)} at {revision or 'HEAD'} is not in the cache, and the network is "
                "not to be used"
            )

    # The cached clone

    def _cached(self, repository: Repository, clones: Clones, listed: References | None) -> str:
        """Check out from the cached clone, or clone anew; keep what was fetched for other runs."""
        url = repository.clone_url
        cached = clones.find(url) if listed or is_commit(repository.revision) else None
        if cached and listed and listed.head != cached.references.head:
            cached = None
        resolved = self._from_cache(repository, clones, cached, listed) if cached else None
        if resolved is not None:
            self._keep(url, clones, cached)
            return resolved
        resolved = self._anew(repository)
        if cached is not None:
            clones.warn(url)
        self._keep(url, clones, None)
        return resolved

    def _from_cache(
        self,
        repository: Repository,
        clones: Clones,
        cached: CachedClone,
        listed: References | None,
    ) -> str | None:
        """Clone the cached clone and check out, as ``_anew`` does; ``None`` where that fails.

        What git says on the way is passed on if all went well: otherwise it is all done again.
        """
        said: list[Event] = []
        attempt = Clone(self.directory, replace(self._git, listener=said.append))
        try:
            attempt._populate(repository, clones, cached, listed)
            revision = repository.revision
            resolved = (
                attempt._check_out(repository.clone_url, revision) if revision else self.commit()
            )
        except errors.ProgramFailed:
            return None
        for event in said:
            self._git.listener(event)
        return resolved

    def _populate(
        self,
        repository: Repository,
        clones: Clones,
        cached: CachedClone,
        listed: References | None,
    ) -> None:
        """Bring the directory to where ``git clone`` of the repository itself would leave it."""
        head = cached.references.head.removeprefix("refs/heads/")
        partial = _PARTIAL if cached.partial else ()
        with clones.locked():
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

    def _keep(self, url: str, clones: Clones, known: CachedClone | None) -> None:
        """Keep for other runs what was fetched; a HEAD that is no branch is left to pip's way."""
        listed = self._here.answer(["for-each-ref", "--format=%(objectname) %(refname)"])
        if "\\" in listed:
            return  # a name that is no UTF-8
        found = References.parse(listed).objects.items()
        head = self._here.answer(["symbolic-ref", "-q", f"{_REMOTE}HEAD"]).strip()
        references = References(
            _as_branch(head),
            {
                _as_branch(name): target
                for name, target in found
                if name.startswith((_REMOTE, "refs/tags/")) and name != f"{_REMOTE}HEAD"
            },
        )
        if references.head not in references.objects:
            return
        partial = self._here.answer(["config", "remote.origin.partialclonefilter"]).strip()
        try:
            clones.store(
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
        """Tell whether a commit is in the cached clone, which knows nobody to fetch it from."""
        place = ["-C", cached.directory, "--git-dir", "."]
        try:
            self._git.ask([*place, "cat-file", "-e", f"{commit}^{{commit}}"])
        except errors.ProgramFailed:
            return False
        return True

    # Words

    def _flags(self) -> list[str]:
        if self._git.settings.verbosity <= 0:
            return ["--quiet"]
        return [] if self._git.settings.verbosity == 1 else ["--verbose", "--progress"]

    def _quiet(self) -> list[str]:
        return ["-q"] if self._git.settings.verbosity <= 0 else []

    def _tell(self, message: str) -> None:
        self._git.listener(Info(message, indent=1))


def _as_branch(name: str) -> str:
    """Return a remote's branch under the name that it has there."""
    return name.replace(_REMOTE, "refs/heads/", 1) if name.startswith(_REMOTE) else name


def _to_revision(revision: str | None) -> str:
    return f" (to revision {revision})" if revision else ""


def _normal(url: str) -> str:
    return unquote(url).rstrip("/")


def _as_url(remote: str) -> str:
    """Return a remote as a URL: git also has plain paths and ``user@host:path``."""
    if re.match(r"\w+://", remote):
        return remote
    if os.path.exists(remote):
        return path_to_url(os.path.abspath(remote))
    match = _SCP.fullmatch(remote)
    return f"ssh://{match[1] or ''}{match[2]}/{match[3]}" if match else remote
