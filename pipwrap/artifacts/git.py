"""Clones of git repositories at the revision that was asked for: the one door to git."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from pipwrap import errors
from pipwrap.artifacts.archives import Once
from pipwrap.events import Listener, ProgramSaid, Told, ignore
from pipwrap.model.link import redact
from pipwrap.model.location import path_to_url
from pipwrap.model.source import Repository

_COMMIT = re.compile(r"[0-9a-fA-F]{40}")
_VERSION = re.compile(r"git version (\d+)\.(\d+)")
_SCP = re.compile(r"(\w+@)?([^/:]+):(\w[^:]*)")
"""``git@host:path``, which git takes for ``ssh://git@host/path``."""
_PARTIAL_CLONE = (2, 17)
"""The first version that leaves files out until they are needed."""
_HIDDEN = ("GIT_DIR", "GIT_WORK_TREE")
"""Variables that would send git to another repository."""
_NO_PARTIAL_CLONE = "PIP_NO_PARTIAL_CLONE_FOR_BROKEN_GIT_SERVER"
_NO = ("", "n", "no", "f", "false", "off", "0")


def is_commit(revision: str | None) -> bool:
    """Tell a full commit hash from names and abbreviations."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


@dataclass(frozen=True, slots=True)
class GitSettings:
    """How git is run."""

    no_input: bool = False
    """Never ask for credentials."""
    verbosity: int = 0
    source_directory: str = ""
    """Where clones of editables live."""
    show_path: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Checkout:
    """A clone at its revision."""

    root: str
    commit: str
    is_fixed: bool
    """The user named the commit itself, and no branch or tag bears that name."""


class Repositories:
    """The clones of a run, each made once."""

    def __init__(
        self, settings: GitSettings, scratch: Callable[[str], str], listener: Listener
    ) -> None:
        """Keep the ports; git is not run yet."""
        self._settings = settings
        self._scratch = scratch
        self._listener = listener
        self._once = Once()

    def checkout(self, repository: Repository, shown: str) -> Checkout:
        """Return the clone; one for an editable stays, and is brought up to date.

        ``shown`` is how errors name the project. Raises ``errors.ProgramFailed`` when git fails,
        ``errors.CommandError`` when there is none, ``errors.InvalidRequirement`` for a bad
        revision, and ``errors.HandOver`` when the user has to decide about what is there.
        """
        return self._once(repository.url, lambda: self._checkout(repository, shown))

    def _checkout(self, repository: Repository, shown: str) -> Checkout:
        _check_revision(repository)
        clone = _Clone(self._directory(repository), self._settings, self._listener, shown)
        if repository.editable and os.path.exists(clone.directory):
            clone.update(repository)
        else:
            clone.make(repository)
        commit = clone.commit()
        revision = repository.revision
        fixed = revision == commit and clone.named_commit(commit) is None
        return Checkout(clone.directory, commit, fixed)

    def _directory(self, repository: Repository) -> str:
        if repository.editable:
            return editable_directory(repository, self._settings)
        return os.path.join(self._scratch("clone-"), "source")


def editable_directory(repository: Repository, settings: GitSettings) -> str:
    """Return where the clone of an editable lives."""
    return os.path.join(settings.source_directory, repository.directory_name)


def needs_decision(repository: Repository, settings: GitSettings) -> bool:
    """Tell whether something else lies where the clone of an editable is to be."""
    directory = editable_directory(repository, settings)
    if not os.path.exists(directory):
        return False
    clone = _Clone(directory, settings, ignore, "")
    return not clone.is_of(repository)


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


class _Clone:
    """One clone, made or about to be."""

    def __init__(
        self, directory: str, settings: GitSettings, listener: Listener, shown: str
    ) -> None:
        self.directory = directory
        self._settings = settings
        self._listener = listener
        self._shown = shown

    # What pip does, in pip's order

    def make(self, repository: Repository) -> None:
        """Clone and check out."""
        url, revision = repository.clone_url, repository.revision
        place = self._settings.show_path(self.directory)
        self._tell(f"Cloning {redact(url)}{_to_revision(revision)} to {place}")
        partial = ["--filter=blob:none"] if self._can_leave_files_out() else []
        self._run(["clone", *partial, *self._flags(), url, self.directory])
        resolved = self._check_out(url, revision) if revision else self.commit()
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
        place = self._settings.show_path(self.directory)
        self._tell(f"Updating {place} clone{_to_revision(revision)}")
        quiet = self._quiet()
        self._run_here(["fetch", "--tags", *quiet])
        resolved, _ = self._resolve(repository.clone_url, revision or "HEAD")
        self._run_here(["reset", "--hard", *quiet, resolved])
        self._update_submodules()

    def is_of(self, repository: Repository) -> bool:
        """Tell whether there is a clone of this repository."""
        if not os.path.exists(os.path.join(self.directory, ".git")):
            return False
        listed = self._ask(["config", "--get-regexp", r"remote\..*\.url"]).splitlines()
        remotes = dict(line.split(" ", 1) for line in listed if " " in line)
        url = remotes.get("remote.origin.url") or next(iter(remotes.values()), "")
        return _normal(_as_url(url)) == _normal(repository.clone_url)

    def commit(self, revision: str = "HEAD") -> str:
        """Return the commit that a revision is."""
        return self._ask(["rev-parse", revision], must_succeed=True).strip()

    def named_commit(self, name: str) -> tuple[str, bool] | None:
        """Return what a branch or tag of this name points to, and whether it is a branch."""
        # Not splitlines(): a name may hold separators that only Unicode knows.
        lines = (line.rstrip("\r") for line in self._ask(["show-ref", name]).split("\n"))
        refs = {line.split(" ", 1)[1]: line.split(" ", 1)[0] for line in lines if " " in line}
        if branch := refs.get(f"refs/remotes/origin/{name}"):
            return branch, True
        if tag := refs.get(f"refs/tags/{name}"):
            return tag, False
        return None

    def _check_out(self, url: str, revision: str) -> str:
        """Check a revision out and return it as pip names it: resolved, if it is a name."""
        resolved, is_branch = self._resolve(url, revision)
        if not is_branch:
            if self.commit() != resolved:
                self._run_here(["checkout", "-q", resolved])
        elif self._ask(["symbolic-ref", "-q", "HEAD"]).strip() != f"refs/heads/{revision}":
            self._run_here(["checkout", "-b", revision, "--track", f"origin/{revision}"])
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
        self._run_here(["fetch", "-q", url, revision])
        return self.commit("FETCH_HEAD"), False

    def _has_to_fetch(self, revision: str) -> bool:
        """Tell whether a clone may lack it: other refs always, and commits that no branch has."""
        if revision.startswith("refs/"):
            return True
        if not is_commit(revision):
            return False  # git does not fetch abbreviations
        try:
            self._run_here(["rev-parse", "-q", "--verify", revision + "^{commit}"])
        except errors.ProgramFailed:
            return True
        return False

    def _update_submodules(self) -> None:
        if os.path.exists(os.path.join(self.directory, ".gitmodules")):
            self._run_here(["submodule", "update", "--init", "--recursive", *self._quiet()])

    # Running git

    def _can_leave_files_out(self) -> bool:
        if os.environ.get(_NO_PARTIAL_CLONE, "").lower() not in _NO:
            return False
        found = _VERSION.match(self._ask(["version"], cwd=""))
        return found is not None and (int(found[1]), int(found[2])) >= _PARTIAL_CLONE

    def _flags(self) -> list[str]:
        if self._settings.verbosity <= 0:
            return ["--quiet"]
        return [] if self._settings.verbosity == 1 else ["--verbose", "--progress"]

    def _quiet(self) -> list[str]:
        return ["-q"] if self._settings.verbosity <= 0 else []

    def _tell(self, message: str) -> None:
        self._listener(Told(message, indent=1))

    def _run_here(self, arguments: Sequence[str]) -> None:
        self._run(arguments, self.directory)

    def _run(self, arguments: Sequence[str], cwd: str | None = None) -> None:
        """Run git and pass on what it says, line by line."""
        command = " ".join(redact(shlex.quote(part)) for part in ("git", *arguments))
        self._listener(ProgramSaid(f"Running command {command}"))
        with self._started(arguments, cwd, subprocess.STDOUT) as process:
            for line in process.stdout or ():
                self._listener(ProgramSaid(redact(line.rstrip())))
        if process.returncode:
            raise errors.ProgramFailed(command, process.returncode, self._shown)

    def _ask(
        self, arguments: Sequence[str], *, must_succeed: bool = False, cwd: str | None = None
    ) -> str:
        """Return what git answers; nothing when it fails, unless that is an error."""
        where = self.directory if cwd is None else cwd or None
        with self._started(arguments, where, subprocess.DEVNULL) as process:
            output = process.stdout.read() if process.stdout else ""
        if process.returncode:
            if must_succeed:
                command = shlex.join(("git", *arguments))
                raise errors.ProgramFailed(command, process.returncode, self._shown)
            return ""
        return output

    def _started(
        self, arguments: Sequence[str], cwd: str | None, stderr: int
    ) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                ["git", *arguments],
                cwd=cwd,
                env=self._environ(),
                stdin=subprocess.DEVNULL if self._settings.no_input else None,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                errors="backslashreplace",
            )
        except PermissionError as error:
            raise errors.CommandError(
                "No permission to execute 'git' - install it locally, globally (ask admin), or "
                "check your PATH. See possible solutions at "
                "https://pip.pypa.io/en/latest/reference/pip_freeze/#fixing-permission-denied."
            ) from error
        except (FileNotFoundError, NotADirectoryError) as error:
            raise errors.CommandError(
                "Cannot find command 'git' - do you have 'git' installed and in your PATH?"
            ) from error

    def _environ(self) -> dict[str, str]:
        environ = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
        if self._settings.no_input:
            environ |= {
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
            }
        return environ


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
