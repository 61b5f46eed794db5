"""The repositories of a run: the commits of their revisions, and checkouts, each once."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256

from msgspec import Struct

from pipwrap import errors
from pipwrap.cache.clones import Clones
from pipwrap.concurrency.once_map import OnceMap
from pipwrap.events import Info, Listener, ignore
from pipwrap.model.link import redact
from pipwrap.model.references import References, is_commit
from pipwrap.model.source import Repository
from pipwrap.vcs.cache_backed_clone import CacheBackedClone
from pipwrap.vcs.clone import Clone
from pipwrap.vcs.git import Git, GitSettings


class Checkout(Struct, frozen=True):
    """A clone at its revision."""

    root: str
    commit: str
    is_fixed: bool
    """The revision does not look like another commit, as a branch's name may."""


class Repositories:
    """The repositories of a run, each queried and cloned once."""

    def __init__(
        self,
        settings: GitSettings,
        clones: Clones,
        scratch: Callable[[str], str],
        listener: Listener,
    ) -> None:
        """Store the ports; git is not run yet."""
        self._settings = settings
        self._clones = clones
        self._scratch = scratch
        self._listener = listener
        self._once = OnceMap()
        self._checkouts: dict[str, Checkout] = {}

    def commit(self, repository: Repository, shown: str) -> str:
        """Return the commit of a revision: a full hash is one, names are looked up on the server.

        Only what the server does not list (an abbreviation) is cloned for it. Raises what
        ``checkout`` raises.
        """
        checkout = self._checkouts.get(repository.identity)
        if checkout is not None:  # the name may mean another commit since
            return checkout.commit
        return self._once(("commit", repository.identity), lambda: self._commit(repository, shown))

    def checkout(self, repository: Repository, shown: str) -> Checkout:
        """Return the clone; one for an editable stays, and is brought up to date.

        ``shown`` is how errors name the project. Raises ``errors.ProgramFailed`` when git fails,
        ``errors.CommandError`` when there is none, ``errors.InvalidRequirement`` for a bad
        revision, ``errors.NetworkError`` for what offline cannot be had, and ``errors.HandOver``
        when the user has to decide about what is there.
        """
        return self._once(repository.identity, lambda: self._checkout(repository, shown))

    def lines(self, repository: Repository, shown: str) -> tuple[Info, ...]:
        """Return the line for the commit of a name, unless a checkout has reported it."""
        if repository.identity in self._checkouts or is_commit(repository.revision):
            return ()
        resolved = f"Resolved {redact(repository.clone_url)} to commit "
        return (Info(resolved + self.commit(repository, shown), indent=1),)

    def tags(self, repository: Repository, shown: str) -> str | None:
        """Return a digest of the tags that lead to the commit: what describes it.

        ``None`` for a full commit that is not on this machine: the network is not used.
        Raises what ``checkout`` raises.
        """
        git, commit = self._git(shown), self.commit(repository, shown)
        if repository.identity not in self._checkouts:
            listed = self._listed(repository, shown)
            cached = self._clones.read(repository.clone_url)
            if cached and (listed is None or listed.tags == cached.references.tags):
                digest = _tags(git, cached.directory, commit)
                if digest is not None:
                    return digest
            if listed is None:
                return None
        checkout = self.checkout(repository, shown)
        return _tags(git, os.path.join(checkout.root, ".git"), checkout.commit)

    def _commit(self, repository: Repository, shown: str) -> str:
        _check_revision(repository)
        revision = repository.revision
        if revision is not None and is_commit(revision):
            return revision.lower()
        listed = self._listed(repository, shown)
        commit = listed.commit(revision) if listed else None
        return commit or self.checkout(repository, shown).commit

    def _listed(self, repository: Repository, shown: str) -> References | None:
        """Return what the server lists; ``None`` for a full commit, or if it does not answer."""
        url, revision = repository.clone_url, repository.revision
        if is_commit(revision):
            return None
        return self._once(("listed", url), lambda: self._ask(url, revision, shown))

    def _ask(self, url: str, revision: str | None, shown: str) -> References | None:
        git = self._git(shown)
        if not git.may_contact(url):
            raise errors.NetworkError(
                f"Which commit {revision or 'HEAD'} of {redact(url)} is only its server knows, and "
                "the network is not to be used",
                hint="A full commit hash can come from the cache.",
            )
        arguments = ["ls-remote", "--symref", url]
        self._listener(Info(f"Running command git {redact(' '.join(arguments))}", 1, 1))
        try:
            return References.parse(git.ask(arguments, prompts=False))
        except errors.ProgramFailed:
            return None  # cloning reports why, or prompts for a password

    def _checkout(self, repository: Repository, shown: str) -> Checkout:
        _check_revision(repository)
        directory, git = self._directory(repository), self._git(shown)
        if repository.editable:
            clone = Clone(directory, git)
        else:
            listed = self._listed(repository, shown)
            clone = CacheBackedClone(directory, git, self._clones, listed)
        if repository.editable and os.path.exists(directory):
            clone.update(repository)
        else:
            clone.make(repository)
        commit, revision = clone.commit(), repository.revision
        fixed = True
        if revision is not None and is_commit(revision):
            fixed = revision.lower() == commit and clone.named_commit(revision) is None
        checkout = Checkout(clone.directory, commit, fixed)
        self._checkouts[repository.identity] = checkout
        return checkout

    def _directory(self, repository: Repository) -> str:
        if repository.editable:
            return editable_directory(repository, self._settings)
        return os.path.join(self._scratch("clone-"), "source")

    def _git(self, shown: str) -> Git:
        return Git(self._settings, self._listener, shown)


def editable_directory(repository: Repository, settings: GitSettings) -> str:
    """Return where the clone of an editable is."""
    return os.path.join(settings.source_directory, repository.directory_name)


def needs_decision(repository: Repository, settings: GitSettings) -> bool:
    """Return whether something else is where the clone of an editable is to be."""
    directory = editable_directory(repository, settings)
    if not os.path.exists(directory):
        return False
    return not Clone(directory, Git(settings, ignore)).is_of(repository)


def _tags(git: Git, directory: str, commit: str) -> str | None:
    """Return a digest of the tags that lead to a commit; ``None`` where git fails."""
    tags = ["for-each-ref", f"--merged={commit}", "--format=%(objectname) %(refname)", "refs/tags"]
    try:
        return sha256(git.ask(["-C", directory, "--git-dir", ".", *tags]).encode()).hexdigest()
    except (errors.ProgramFailed, errors.CommandError):
        return None


def _check_revision(repository: Repository) -> None:
    revision = repository.revision
    if revision == "":
        raise errors.InvalidRequirement(
            f"The URL {redact(f'git+{repository.clone_url}@')!r} has an empty revision (after @) "
            "which is not supported. Include a revision after @ or remove @ from the URL."
        )
    if revision is not None and revision.startswith("-"):
        raise errors.InvalidRequirement(
            f"The URL {repository.link.redacted!r} has a revision that git would take for an option"
        )
