"""One clone of a repository: made, or updated to a revision, by pip's commands and messages."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

from pipwrap import errors
from pipwrap.cache.disk import remove_tree
from pipwrap.events import Info
from pipwrap.model.link import redact
from pipwrap.model.location import path_to_url
from pipwrap.model.references import References, is_commit
from pipwrap.model.source import Repository
from pipwrap.vcs.git import Git

_SCP = re.compile(r"(\w+@)?([^/:]+):(\w[^:]*)")
"""``git@host:path``, which git takes for ``ssh://git@host/path``."""
REMOTE = "refs/remotes/origin/"


class Clone:
    """A clone in a directory, or what will be one."""

    def __init__(self, directory: str, git: Git) -> None:
        """Store the directory; git is not run yet."""
        self.directory = directory
        self._git = git
        self._here = git.within(directory)

    def make(self, repository: Repository) -> None:
        """Clone and check out.

        Raises ``errors.ProgramFailed``, and ``errors.NetworkError`` for what is not on this machine
        in offline mode.
        """
        url, revision = repository.clone_url, repository.revision
        place = self._git.settings.show_path(self.directory)
        self._report(f"Cloning {redact(url)}{_to_revision(revision)} to {place}")
        resolved = self._clone(repository)
        self._report(f"Resolved {redact(url)} to commit {resolved}")
        self._update_submodules()

    def update(self, repository: Repository) -> None:
        """Update an existing clone to the revision."""
        if not self.is_of(repository):
            raise errors.HandOver(f"a decision about {self.directory}")
        revision = repository.revision
        if revision and self.commit() == revision:
            self._report("Skipping because already up-to-date.")
            return
        place = self._git.settings.show_path(self.directory)
        self._report(f"Updating {place} clone{_to_revision(revision)}")
        quiet = _quiet(self._git)
        self._refuse_offline(repository.clone_url, revision)
        self._here.run(["fetch", "--tags", *quiet])
        resolved, _ = self._resolve(repository.clone_url, revision or "HEAD")
        self._here.run(["reset", "--hard", *quiet, resolved])
        self._update_submodules()

    def is_of(self, repository: Repository) -> bool:
        """Return whether there is a clone of this repository."""
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
        if branch := refs.get(f"{REMOTE}{name}"):
            return branch, True
        if tag := refs.get(f"refs/tags/{name}"):
            return tag, False
        return None

    def _clone(self, repository: Repository) -> str:
        """Clone and check out by pip's commands; return the commit as pip names it."""
        url, revision = repository.clone_url, repository.revision
        self._refuse_offline(url, revision)
        remove_tree(self.directory)
        partial = ["--filter=blob:none"] if self._git.can_clone_partially() else []
        self._git.run(["clone", *partial, *_flags(self._git), url, self.directory])
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
            self._report(f"Did not find branch or tag '{revision}', assuming revision or ref.")
        if not self._has_to_fetch(revision):
            return revision, False
        self._here.run(["fetch", "-q", url, revision])
        return self.commit("FETCH_HEAD"), False

    def _has_to_fetch(self, revision: str) -> bool:
        """Return whether a clone may lack a revision: another ref, a commit that no branch has."""
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
            self._here.run(["submodule", "update", "--init", "--recursive", *_quiet(self._git)])

    def _refuse_offline(self, url: str, revision: str | None) -> None:
        if not self._git.may_contact(url):
            raise errors.NetworkError(
                f"{redact(url)} at {revision or 'HEAD'} is not in the cache, and the network is "
                "not to be used"
            )

    def _report(self, message: str) -> None:
        self._git.listener(Info(message, indent=1))


def _flags(git: Git) -> list[str]:
    if git.settings.verbosity <= 0:
        return ["--quiet"]
    return [] if git.settings.verbosity == 1 else ["--verbose", "--progress"]


def _quiet(git: Git) -> list[str]:
    return ["-q"] if git.settings.verbosity <= 0 else []


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
